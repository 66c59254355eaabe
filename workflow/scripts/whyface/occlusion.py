"""Occludes every image with every mask, once, and stores the embeddings.

The occluded embeddings of an image do not depend on its partner, so one pass over the images serves every pair, every
method and every protocol. They are stored as memory-mapped Arrow files, one image a record, in shards: memory is
bounded by one image on the writing side and by what the reader touches on the other.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from whyface.masks import MaskSet
from whyface.models import Embedder
from whyface.tables import atomic_path

BATCH = 64


def embed_occluded(
    embedder: Embedder, crop: np.ndarray, filler: np.ndarray, masks: Sequence[MaskSet], label: str
) -> np.ndarray:
    """Embed one image under every mask: exactly one forward pass a mask.

    Parameters
    ----------
    embedder : Embedder
        The model.
    crop, filler : numpy.ndarray
        uint8, side x side x 3: the image, and what shows through the patches.
    masks : sequence of MaskSet
        n masks in all.
    label : str
        The image's id, for messages.

    Returns
    -------
    numpy.ndarray
        float32, n x dimension, L2-normalised, masks in order.
    """
    parts = []
    for mask_set in masks:
        for start in range(0, len(mask_set.covered), BATCH):
            covered = mask_set.covered[start : start + BATCH, :, :, None]
            labels = [f"{label}, patch {mask_set.patch_px} px, mask {start + i}" for i in range(len(covered))]
            parts.append(embedder.embed(np.where(covered, filler, crop), labels))
    return np.concatenate(parts)


def split_shard(image_ids: Sequence[str], shard: int, shards: int) -> list[str]:
    """Images of shard `shard`, 1 to `shards`: contiguous, as even as can be, in order."""
    ends = [len(image_ids) * i // shards for i in range(shards + 1)]
    return list(image_ids[ends[shard - 1] : ends[shard]])


def selected_images(pairs: Sequence[pd.DataFrame], selections: Sequence[pd.DataFrame]) -> list[str]:
    """Images of all selected pairs, each once, sorted.

    Parameters
    ----------
    pairs, selections : sequence of pandas.DataFrame
        Tables of the same datasets, in the same order.
    """
    chosen = [p[p["pair_id"].isin(s["pair_id"])] for p, s in zip(pairs, selections, strict=True)]
    return sorted({image_id for part in chosen for side in ("image_a", "image_b") for image_id in part[side]})


def write_shard(path: Path | str, embeddings: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write occluded embeddings image by image; a shard without images is an empty file of the right kind.

    Parameters
    ----------
    path : path
        Appears only when complete.
    embeddings : iterable of (str, numpy.ndarray)
        image_id, and float32 of masks x dimension, the same for all.
    """
    rows = iter(embeddings)
    first = next(rows, None)
    size = first[1].size if first else 0
    schema = pa.schema([("image_id", pa.string()), ("embeddings", pa.list_(pa.float32(), size))])
    with atomic_path(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
        for image_id, values in chain([first] if first else [], rows):
            flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
            columns = [pa.array([image_id]), pa.FixedSizeListArray.from_arrays(flat, size)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


class OccludedEmbeddings:
    """Random access to the shards of a collection, memory-mapped.

    Parameters
    ----------
    paths : iterable of path
        All shards.
    n_masks : int
        Masks an image.
    """

    def __init__(self, paths: Iterable[Path | str], n_masks: int):
        self._n_masks = n_masks
        self._where: dict[str, tuple[pa.ipc.RecordBatchFileReader, int]] = {}
        for path in paths:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
            for record in range(reader.num_record_batches):
                self._where[reader.get_batch(record).column("image_id")[0].as_py()] = (reader, record)

    def __getitem__(self, image_id: str) -> np.ndarray:
        """Map in the unit vectors of an image, float32, masks x dimension, without a copy."""
        reader, record = self._where[image_id]
        values = reader.get_batch(record).column("embeddings").values
        return values.to_numpy(zero_copy_only=True).reshape(self._n_masks, -1)
