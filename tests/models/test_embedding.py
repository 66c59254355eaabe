"""Embedding a collection: every readable image gets a vector in its row, the others a null."""

import numpy as np
import pandas as pd
import pytest

from networks import write_black_box
from whyface.models import embedding
from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_covered, embed_images

SIDE = 16


@pytest.fixture
def embedder(tmp_path):
    config = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 0, "pixel_std": 255}
    return Embedder("net", config, write_black_box(tmp_path / "net.onnx", SIDE), "cpu")


def test_rows_keep_their_images_across_batches(embedder, monkeypatch):
    monkeypatch.setattr(embedding, "BATCH", 3)
    crops = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 3), np.uint8)
    status = ["ok", "failed", "centre-crop", "ok", "ok", "failed", "ok", "ok"]
    faces = pd.DataFrame({"image_id": [f"i{row}" for row in range(8)], "status": status})
    found = embed_images(embedder, faces, crops)
    assert found["image_id"].tolist() == faces["image_id"].tolist()
    for row, (one, vector) in enumerate(zip(status, found["embedding"], strict=True)):
        if one == "failed":
            assert vector is None
        else:
            assert np.allclose(vector, embedder.embed(crops[row : row + 1], ["alone"])[0], atol=1e-6)


def test_a_collection_without_a_readable_image_is_refused(embedder):
    faces = pd.DataFrame({"image_id": ["a", "b"], "status": ["failed", "failed"]})
    with pytest.raises(ValueError, match="none of the 2 images that pairs name can be read"):
        embed_images(embedder, faces, np.zeros((2, SIDE, SIDE, 3), np.uint8))


def test_covered_faces_are_embedded_in_batches_and_may_leave_nothing_to_see(embedder, monkeypatch):
    sizes = []

    def mean_colour(batch):
        sizes.append(len(batch))
        return batch.mean(axis=(2, 3))

    monkeypatch.setattr(embedding, "BATCH", 3)
    monkeypatch.setattr(embedder, "run", mean_colour)
    crops = np.zeros((7, SIDE, SIDE, 3), np.uint8)
    crops[:6, ..., 1] = 200
    found = embed_covered(embedder, crops)
    np.testing.assert_allclose(found, [[0, 1, 0]] * 6 + [[0, 0, 0]], atol=1e-6)
    assert sizes == [3, 3, 1]
    with pytest.raises(ValueError, match="zero vector for image black"):
        embedder.embed(crops[6:], ["black"])
    monkeypatch.setattr(embedder, "run", lambda batch: np.full((len(batch), 3), np.nan))
    with pytest.raises(ValueError, match="NaN or infinite values for image covered face"):
        embed_covered(embedder, crops)
