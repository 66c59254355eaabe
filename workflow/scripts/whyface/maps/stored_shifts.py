"""Stores shifts of embeddings in Arrow files, one record per image, and holds one image in memory at a time."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from whyface.tables.files import atomic_path


def write_shard(path: Path | str, shifts: Iterable[tuple[str, str, np.ndarray]], stored_as: str) -> None:
    """Write shifts image by image; a shard without images becomes a valid file without records.

    Parameters
    ----------
    path : path
        The file to write; it appears only when complete.
    shifts : iterable of (str, str, numpy.ndarray)
        Each image's id, the engine that embedded it, and its shifts, masks x dimension; all have the same shape.
    stored_as : str
        float32 or float16.
    """
    rows = iter(shifts)
    first = next(rows, None)
    size = first[2].size if first else 1
    kind = pa.list_(pa.from_numpy_dtype(stored_as), size)
    schema = pa.schema([("image_id", pa.string()), ("engine", pa.string()), ("shifts", kind)])
    with atomic_path(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
        for image_id, engine, values in chain([first] if first else [], rows):
            flat = pa.array(np.ascontiguousarray(values, stored_as).ravel())
            columns = [pa.array([image_id]), pa.array([engine]), pa.FixedSizeListArray.from_arrays(flat, size)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def count_undefined(shifts: np.ndarray) -> int:
    """Count the masks under which an image has no embedding: rows of `shifts` that are not finite."""
    return int((~np.isfinite(shifts).all(axis=1)).sum())


class StoredShifts:
    """Random access to the shards of a collection.

    Parameters
    ----------
    paths : iterable of path
        All shards.
    n_masks : int
        Number of masks per image.

    Attributes
    ----------
    engine : str
        The engine that embedded the images; all of them if several did.
    """

    def __init__(self, paths: Iterable[Path | str], n_masks: int):
        self._n_masks = n_masks
        self._where: dict[str, tuple[pa.ipc.RecordBatchFileReader, int]] = {}
        engines = set()
        for path in paths:
            # Ids and engines are read through a memory map, which loads nothing else. Shifts are not: their pages would
            # stay resident and count as memory of this process.
            mapped, reader = pa.ipc.open_file(pa.memory_map(str(path))), pa.ipc.open_file(pa.OSFile(str(path)))
            for record in range(mapped.num_record_batches):
                row = mapped.get_batch(record)
                self._where[row.column("image_id")[0].as_py()] = (reader, record)
                engines.add(row.column("engine")[0].as_py())
        self.engine = "; ".join(sorted(engines))

    def __getitem__(self, image_id: str) -> np.ndarray:
        """Read the shifts of an image, masks x dimension, in the stored type."""
        reader, record = self._where[image_id]
        values = reader.get_batch(record).column("shifts").values
        return values.to_numpy(zero_copy_only=True).reshape(self._n_masks, -1)
