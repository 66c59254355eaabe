"""The sanity checks of maps move what they say they move."""

import sys

import numpy as np
import pytest
import torch

from conftest import REPOSITORY
from networks import write_convolutions
from whyface.models.embedder import Embedder

sys.path.append(str(REPOSITORY / "benchmarks"))

import sanity

SIDE = 28
ENTRY = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 128.0}


def test_a_crop_is_shifted_and_its_edge_repeated():
    crop = np.arange(4)[:, None, None] * np.ones((1, 4, 3), int)
    assert sanity.shift(crop, 2, 0)[:, 0, 0].tolist() == [0, 0, 0, 1]
    assert sanity.shift(crop.transpose(1, 0, 2), 1, 1)[0, :, 0].tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("axis", [0, 1])
def test_a_map_that_follows_its_crop_is_told_from_one_that_stays(axis):
    still = np.random.default_rng(0).normal(size=(9, 9))
    moved = sanity.shift(still[..., None], 2, axis)[..., 0]
    assert sanity.follow(still, moved, 2, axis) == pytest.approx(1)
    assert abs(sanity.follow(still, still, 2, axis)) < 0.5


def test_weights_are_shuffled_from_the_last_layer_on(tmp_path):
    embedder = Embedder("net", ENTRY, write_convolutions(tmp_path / "net.onnx", SIDE), "cpu")
    before = sanity.layer_weights(embedder.module())
    assert [weight.numel() for weight in before] == [162, 432, 8 * 7 * 7 * 16]
    for share, changed in ((0.0, 1), (2 / 3, 2), (1.0, 3)):
        other = sanity.randomised(embedder, share)
        after = sanity.layer_weights(other.module())
        same = [torch.equal(one, two) for one, two in zip(before, after, strict=True)]
        assert same == [True] * (3 - changed) + [False] * changed
        assert all(
            torch.equal(one.flatten().sort()[0], two.flatten().sort()[0])
            for one, two in zip(before, after, strict=True)
        )
        crop = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)
        assert not np.allclose(embedder.embed(crop, ["x"]), other.embed(crop, ["x"]), atol=0.1)
