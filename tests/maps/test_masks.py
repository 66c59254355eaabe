"""Patches lie where they should, in both variants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test_config import SCHEMA, changed
from whyface.config_check import check_config
from whyface.maps.masks import make_filler, make_masks, patch_starts

PUBLISHED = {"variant": "paper", "shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}
CROP = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)


def masks(side, patch, stride, variant="corrected", shape="square"):
    return make_masks(side, {"variant": variant, "shape": shape, "patch_px": [patch], "stride_px": stride})[0].covered


def test_published_numbers_of_masks():
    assert [len(mask_set.covered) for mask_set in make_masks(112, PUBLISHED)] == [441, 400, 289]


def test_paper_paints_one_pixel_too_many_and_never_the_last_rows():
    covered = masks(112, 14, 5, "paper")
    assert (covered.sum(axis=(1, 2)) == 15 * 15).all()
    assert covered[0, :15, :15].all()
    assert covered[1, :15, 5:20].all(), "rows vary slowest"
    assert not covered[:, 110:].any() and covered[:, 109].any()


def test_corrected_reaches_the_last_row_and_column_with_exact_patches():
    covered = masks(112, 14, 5)
    assert (covered.sum(axis=(1, 2)) == 14 * 14).all()
    assert covered.any(axis=0).all()
    assert patch_starts(112, 14, 5, "corrected")[-2:] == [95, 98]
    assert patch_starts(112, 7, 5, "corrected")[-2:] == [100, 105], "no position twice"


def first_whole_disc(side, patch):
    """Return the first circle that does not hang over the edge, cut out."""
    layout = {"variant": "corrected", "shape": "circle", "patch_px": [patch], "stride_px": patch}
    mask_set = make_masks(side, layout)[0]
    place, first = next((i, left) for i, (top, left) in enumerate(mask_set.corners) if top == left >= 0)
    rows = slice(first, first + patch)
    covered = mask_set.covered[place]
    assert covered.sum() == covered[rows, rows].sum()
    return covered[rows, rows]


def test_circles_are_centred_in_their_cell():
    disc = first_whole_disc(12, 4)
    expected = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 0]], bool)
    np.testing.assert_array_equal(disc, expected)
    for patch in (5, 7, 28):
        disc = first_whole_disc(112, patch)
        np.testing.assert_array_equal(disc, disc[::-1, ::-1])
        np.testing.assert_array_equal(disc, disc.T)


def test_fills():
    assert (make_filler(CROP, "black", "x") == 0).all()
    np.testing.assert_array_equal(make_filler(CROP, "mean", "x")[3, 4], CROP.reshape(-1, 3).mean(axis=0).round())
    blurred = make_filler(CROP, "blur", "x")
    assert blurred.std() < CROP.std() / 2 and abs(blurred.mean() - CROP.mean()) < 5
    np.testing.assert_array_equal(make_filler(CROP, "noise", "x"), make_filler(CROP, "noise", "x"))
    assert (make_filler(CROP, "noise", "x") != make_filler(CROP, "noise", "y")).any()
    with pytest.raises(ValueError, match="allowed: black, mean, blur, noise"):
        make_filler(CROP, "red", "x")


def accepts(config):
    try:
        return bool(check_config(config, SCHEMA))
    except ValueError as error:
        assert "occlusion.stride_px" in str(error)
        return False


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 48), st.lists(st.integers(1, 30), min_size=1, max_size=2), st.integers(1, 30), st.booleans())
def test_a_config_that_is_accepted_covers_every_pixel(side, patches, stride, is_round):
    patches = sorted({min(patch, side - 1) for patch in patches})
    occlusion = {"shape": "circle" if is_round else "square", "patch_px": patches, "stride_px": stride, "map_px": 8}
    config = changed("occlusion", occlusion)
    config["models"]["net"]["input_px"] = side
    holes = any((~masks(side, patch, stride, shape=occlusion["shape"]).any(axis=0)).any() for patch in patches)
    assert not (accepts(config) and holes)


@pytest.mark.parametrize(("shape", "patch", "largest"), [("square", 7, 7), ("circle", 16, 12), ("circle", 4, 2)])
def test_the_largest_stride_is_accepted_and_a_larger_one_leaves_holes(shape, patch, largest):
    assert accepts(changed("occlusion", {"shape": shape, "patch_px": [patch], "stride_px": largest}))
    assert masks(112, patch, largest, shape=shape).any(axis=0).all()
    assert not masks(112, patch, largest + 1, shape=shape).any(axis=0)[20:80, 20:80].all()
    with pytest.raises(ValueError, match=rf"occlusion\.stride_px: {largest + 1}.*at most {largest}"):
        check_config(changed("occlusion", {"shape": shape, "patch_px": [patch], "stride_px": largest + 1}), SCHEMA)
