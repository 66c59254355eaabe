"""Image and mirror image: raw outputs are combined as said, in every way in which the model is run."""

import numpy as np
import pandas as pd
import pytest
from onnx import helper

from networks import write_convolutions, write_onnx
from whyface.evidence.covered_images import embed_directions
from whyface.maps.engines.engine import open_engine, trace_model
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_covered, embed_images

ENTRY = {"kind": "onnx", "input_px": 8, "channels": "rgb", "pixel_mean": 0, "pixel_std": 1}
# Two values of an image whose left half is `left` and whose right half is `right`: three sums over the left half's
# red and green, and over the right half's red.
LEFT, RIGHT = 3, 1


@pytest.fixture
def halves(tmp_path):
    """Save a network that gives the mean red of the left half, and twice that of the right half."""
    weights = np.zeros((3, 8, 8, 2))
    weights[0, :, :4, 0], weights[0, :, 4:, 1] = 1 / 32, 2 / 32
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
    return write_onnx(tmp_path / "net.onnx", nodes, {"w": weights.reshape(-1, 2)}, 8)


def crop(left=LEFT, right=RIGHT):
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, :4, 0], image[:, 4:, 0] = left, right
    return image


# The image gives (3, 2), its mirror image (1, 6).
HANDS = {"none": [3, 2], "mean": [2, 4], "sum": [4, 8], "concatenate": [3, 2, 1, 6]}
NORMS = {"none": 13, "mean": 20, "sum": 80, "concatenate": 50}  # squared


@pytest.mark.parametrize("flip", HANDS)
def test_raw_outputs_of_image_and_mirror_are_combined_before_the_norm(halves, flip):
    embedder = Embedder("net", ENTRY | {"flip": flip}, halves, "cpu")
    expected = np.array([HANDS[flip]])
    np.testing.assert_allclose(embedder.run(embedder.to_batch(crop()[None])), expected, atol=1e-6)
    unit = expected / NORMS[flip] ** 0.5
    np.testing.assert_allclose(embedder.embed(crop()[None], ["a"]), unit, atol=1e-6)
    np.testing.assert_allclose(embed_covered(embedder, crop()[None]), unit, atol=1e-6)
    np.testing.assert_allclose(embed_directions(embedder, crop()[None]), unit, atol=1e-6)


@pytest.mark.parametrize("flip", HANDS)
def test_the_table_keeps_norms_and_where_asked_the_sum_with_the_mirror_whatever_the_flip(halves, flip):
    embedder = Embedder("net", ENTRY | {"flip": flip}, halves, "cpu")
    faces = pd.DataFrame({"image_id": ["a", "b", "c"], "status": ["ok", "failed", "ok"]})
    crops = np.stack([crop(), crop(), crop(LEFT * 2, RIGHT * 2)])
    table = embed_images(embedder, faces, crops, with_mirror=True)
    np.testing.assert_allclose([table["norm"][0], table["norm"][2]], np.sqrt(NORMS[flip]) * np.array([1, 2]), rtol=1e-6)
    np.testing.assert_allclose(table["with_mirror"][0], np.array([4, 8]) / 80**0.5, atol=1e-6)
    np.testing.assert_allclose(table["embedding"][2], np.array(HANDS[flip]) / NORMS[flip] ** 0.5, atol=1e-6)
    assert table.loc[1, ["embedding", "norm", "with_mirror"]].isna().all()
    assert embed_images(embedder, faces, crops)["with_mirror"].isna().all()


def test_an_image_that_its_mirror_cancels_has_no_sum(tmp_path):
    weights = np.zeros((3, 8, 8, 1))
    weights[0, :, :4], weights[0, :, 4:] = 1, -1
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
    path = write_onnx(tmp_path / "net.onnx", nodes, {"w": weights.reshape(-1, 1)}, 8)
    faces = pd.DataFrame({"image_id": ["a"], "status": ["ok"]})
    table = embed_images(Embedder("net", ENTRY, path, "cpu"), faces, crop()[None], with_mirror=True)
    assert table["with_mirror"][0] is None and table["embedding"][0] == [1]


SIDE = 32


@pytest.mark.parametrize("flip", ["mean", "sum", "concatenate"])
@pytest.mark.parametrize("shape", ["square", "circle"])
def test_every_engine_covers_the_face_and_then_mirrors_it(tmp_path, flip, shape):
    masks = make_masks(SIDE, {"variant": "corrected", "shape": shape, "patch_px": [5, 12], "stride_px": 3})
    entry = ENTRY | {"input_px": SIDE, "pixel_std": 255, "flip": flip}
    embedder = Embedder("net", entry, write_convolutions(tmp_path / "net.onnx", SIDE), "cpu")
    crops = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    covered = np.concatenate([np.zeros((1, SIDE, SIDE), bool), *(one.covered for one in masks)])
    painted = np.where(covered[..., None], crops[1], crops[0])
    slowly = np.concatenate([embedder.run(embedder.to_batch(one[None])) for one in painted])
    one_way = Embedder("net", entry | {"flip": "none"}, tmp_path / "net.onnx", "cpu")
    straight, mirrored = (one_way.run(one_way.to_batch(each)) for each in (painted, painted[:, :, ::-1]))
    by_hand = {"mean": (straight + mirrored) / 2, "sum": straight + mirrored}
    by_hand["concatenate"] = np.concatenate([straight, mirrored], axis=1)
    np.testing.assert_allclose(slowly, by_hand[flip], atol=1e-5)
    layers = trace_model(embedder)
    for engine in ("own", "full", "windows"):
        found = open_engine(embedder, masks, engine, 7, layers).embed(*embedder.scale(crops))
        np.testing.assert_allclose(found, slowly, atol=1e-5 * np.abs(slowly).max())
