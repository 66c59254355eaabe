"""Full passes: what a batch holds makes no difference, and each mask shows the right pixels."""

import numpy as np
import pytest
import torch

from whyface.maps.engines.full_passes import FullPasses
from whyface.maps.masks import make_masks

SIDE = 12
MASKS = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [3, 6], "stride_px": 3})
IMAGE, FILLER = np.random.default_rng(0).random((2, SIDE, SIDE, 3)).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_batches_span_patch_sizes_and_give_what_each_mask_gives_alone(batch):
    sizes = []

    def network(images):
        sizes.append(len(images))
        return images.flatten(1)

    found = FullPasses(network, MASKS, batch, torch.device("cpu")).embed(IMAGE, FILLER)
    covered = np.concatenate([mask_set.covered for mask_set in MASKS])[..., None]
    expected = np.concatenate([IMAGE[None], np.where(covered, FILLER, IMAGE)]).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(found, expected.reshape(len(expected), -1))
    assert sizes == [batch] * (26 // batch) + [26 % batch] * (26 % batch > 0), "16 + 9 masks and the clean image"


def test_images_are_painted_in_the_wanted_type():
    def network(images):
        assert images.dtype is torch.float16
        return images.flatten(1)

    engine = FullPasses(network, MASKS, 8, torch.device("cpu"), torch.float16)
    assert engine.embed(IMAGE, FILLER).dtype == np.float32
