"""Fast maps: the right positions are left out, and smooth shifts are restored."""

import numpy as np
import pytest

from whyface.maps.masks import make_masks
from whyface.maps.thinning import Interpolation, embedded_masks, kept_positions, thin

PUBLISHED = {"variant": "corrected", "shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}


def test_small_patches_are_all_kept_and_large_ones_at_every_second_position():
    masks = make_masks(112, PUBLISHED)
    kept = [len(kept_positions(mask_set)) for mask_set in masks]
    assert [len(mask_set.starts) for mask_set in masks] == [22, 21, 18]
    assert kept == [22, 11, 10]
    assert kept_positions(masks[2])[-2:] == [16, 17], "the last position, at the edge, too"


def test_thinned_masks_are_the_masks_at_their_positions():
    dense, sparse = (sets[1] for sets in (make_masks(112, PUBLISHED), thin(make_masks(112, PUBLISHED))))
    assert sparse.starts == dense.starts[::2]
    np.testing.assert_array_equal(sparse.covered[12], dense.covered[2 * 21 + 2])


def test_exactness_decides_which_masks_are_embedded():
    counts = {
        kind: sum(len(m.covered) for m in embedded_masks(112, {**PUBLISHED, "exactness": kind}))
        for kind in ("exact", "fast")
    }
    assert counts == {"exact": 484 + 441 + 324, "fast": 484 + 121 + 100}


@pytest.mark.parametrize("variant", ["paper", "corrected"])
def test_cubic_shifts_are_restored_exactly_and_kept_ones_unchanged(variant):
    masks = make_masks(112, {**PUBLISHED, "variant": variant})
    parts = []
    for mask_set in masks:
        y, x = np.meshgrid(*(np.array(mask_set.starts) / 112,) * 2, indexing="ij")
        smooth = np.stack([y**3 - 2 * y * x**2 + x, (1 - y) ** 2 * x**3], axis=-1)
        parts.append(smooth.reshape(-1, 2))
    kept = [
        part.reshape(len(m.starts), len(m.starts), 2)[np.ix_(kept_positions(m), kept_positions(m))].reshape(-1, 2)
        for m, part in zip(masks, parts, strict=True)
    ]
    found = Interpolation(masks).fill(np.concatenate(kept))
    np.testing.assert_allclose(found, np.concatenate(parts), atol=1e-9)


def test_few_positions_need_lower_degrees():
    masks = make_masks(16, {"variant": "corrected", "shape": "square", "patch_px": [8], "stride_px": 4})
    assert kept_positions(masks[0]) == [0, 2]
    values = np.array([[0.0], [2], [4], [6]])
    assert Interpolation(masks).fill(values).ravel().tolist() == [0, 1, 2, 2, 3, 4, 4, 5, 6]
