"""Embeds a collection's crops, batch by batch."""

import numpy as np
import pandas as pd

from whyface.models.embedder import Embedder
from whyface.tables.logs import progress

BATCH = 64


def embed_images(embedder: Embedder, faces: pd.DataFrame, crops: np.ndarray) -> pd.DataFrame:
    """Embed every image that could be read.

    Parameters
    ----------
    embedder : Embedder
        The model.
    faces : pandas.DataFrame
        A faces table.
    crops : numpy.ndarray
        uint8, n x side x side x 3, in the table's order; may be a memory map.

    Returns
    -------
    pandas.DataFrame
        An embeddings table; null for images that failed.

    Raises
    ------
    ValueError
        No image can be read, or the model fails on one.
    """
    rows = np.flatnonzero(faces["status"] != "failed")
    if not len(rows):
        raise ValueError(f"model {embedder.name}: none of the {len(faces)} images that pairs name can be read")
    image_ids = faces["image_id"].tolist()
    embeddings = pd.Series([None] * len(faces), dtype=object)
    starts = range(0, len(rows), BATCH)
    for start in progress(starts, len(starts), f"batches of {BATCH} images embedded"):
        part = rows[start : start + BATCH]
        for row, embedding in zip(part, embedder.embed(crops[part], [image_ids[i] for i in part]), strict=True):
            embeddings[row] = embedding
    return pd.DataFrame({"image_id": image_ids, "embedding": embeddings})


def embed_covered(embedder: Embedder, crops: np.ndarray) -> np.ndarray:
    """Embed any number of covered faces, batch by batch; float32, n x dimension, zeros where the model sees nothing."""
    parts = np.split(crops, range(BATCH, len(crops), BATCH))
    return np.concatenate([embedder.embed(part, ["covered face"] * len(part), zero_is_error=False) for part in parts])
