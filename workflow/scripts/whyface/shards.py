"""Occluded embeddings on disk: memory-mapped Arrow files, one image a record.

Writing holds one image at a time; reading maps the files, so that memory is what the reader touches.
"""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from whyface.files import atomic_path


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
    size = first[1].size if first else 1
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
