"""Embeds a collection's crops, batch by batch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whyface.models.embedder import Embedder
from whyface.tables.logs import progress

BATCH = 64
COMPUTED = ("embedding", "norm", "with_mirror")


def embed_images(embedder: Embedder, faces: pd.DataFrame, crops: np.ndarray, with_mirror: bool = False) -> pd.DataFrame:
    """Embed every image that could be read.

    Parameters
    ----------
    embedder : Embedder
        The model.
    faces : pandas.DataFrame
        A faces table.
    crops : numpy.ndarray
        uint8, n x side x side x 3, in the table's order; may be a memory map.
    with_mirror : bool
        Whether to add the unit vector of the sum of image and mirror image, whatever the model's `flip` says.

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
    table = pd.DataFrame({"image_id": image_ids, **dict.fromkeys(COMPUTED)}, dtype=object)
    starts = range(0, len(rows), BATCH)
    for start in progress(starts, len(starts), f"batches of {BATCH} images embedded"):
        part = rows[start : start + BATCH]
        found = _embed(embedder, crops[part], [image_ids[i] for i in part], with_mirror)
        for name, values in zip(COMPUTED, found, strict=True):
            for row, value in zip(part, values, strict=True):
                table.at[row, name] = value
    return table


def _embed(
    embedder: Embedder, crops: np.ndarray, labels: list[str], with_mirror: bool
) -> tuple[np.ndarray, np.ndarray, Sequence[np.ndarray | None]]:
    """Embed a batch: `COMPUTED`."""
    batch = embedder.to_batch(crops)
    if not with_mirror:
        raw = embedder.run(batch)
        return embedder.normalise(raw, labels), _norms(raw), [None] * len(raw)
    raw, total = embedder.run_and_add_mirror(batch)
    sums = [unit if np.isfinite(unit).all() else None for unit in embedder.directions(total)]
    return embedder.normalise(raw, labels), _norms(raw), sums


def _norms(raw: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.asarray(raw, np.float64), axis=-1)


def embed_covered(embedder: Embedder, crops: np.ndarray) -> np.ndarray:
    """Embed any number of covered faces, batch by batch; float32, n x dimension, zeros where the model sees nothing."""
    parts = np.split(crops, range(BATCH, len(crops), BATCH))
    return np.concatenate([embedder.embed(part, ["covered face"] * len(part), zero_is_error=False) for part in parts])
