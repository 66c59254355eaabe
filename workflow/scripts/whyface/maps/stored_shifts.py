"""Stores shifts of embeddings in Arrow files, one record per image, and holds one image in memory at a time."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from whyface.maps.prediction import Prediction
from whyface.tables.files import atomic_path


def write_shard(path: Path | str, shifts: Iterable[tuple[str, str, np.ndarray]], stored_as: str) -> None:
    """Write shifts image by image; a shard without images becomes a valid file without records.

    Parameters
    ----------
    path : path
        The file to write; it appears only when complete.
    shifts : iterable of (str, str, numpy.ndarray)
        Each image's id, the engine that embedded it, and its shifts, masks x dimension.
    stored_as : str
        float32 or float16.
    """
    kind = pa.large_list(pa.from_numpy_dtype(stored_as))
    schema = pa.schema([("image_id", pa.string()), ("engine", pa.string()), ("masks", pa.int32()), ("shifts", kind)])
    with atomic_path(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
        for image_id, engine, values in shifts:
            flat = pa.array(np.ascontiguousarray(values, stored_as).ravel())
            columns = [pa.array([image_id]), pa.array([engine]), pa.array([len(values)], pa.int32())]
            columns.append(pa.LargeListArray.from_arrays([0, len(flat)], flat))
            writer.write_batch(pa.record_batch(columns, schema=schema))


def count_undefined(shifts: np.ndarray) -> int:
    """Count the masks under which an image has no embedding: rows of `shifts` that are not finite."""
    return int((~np.isfinite(shifts).all(axis=1)).sum())


class StoredShifts:
    """Random access to the shards of a collection, by image_id.

    Parameters
    ----------
    paths : iterable of path
        All shards.
    prediction : Prediction or None
        Predicts the shifts of masks that were not measured; None if all were.

    Attributes
    ----------
    engine : str
        The engine that embedded the images; all of them if several did.
    """

    def __init__(self, paths: Iterable[Path | str], prediction: Prediction | None = None):
        self._prediction = prediction
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
        """Read the measured shifts of an image and predict the others: all masks x dimension."""
        reader, record = self._where[image_id]
        row = reader.get_batch(record)
        values = row.column("shifts").values.to_numpy(zero_copy_only=True)
        measured = values.reshape(row.column("masks")[0].as_py(), -1)
        return self._prediction.fill(measured) if self._prediction else measured

    def predictor(self, image_ids: Iterable[str]) -> Prediction | None:
        """Return what predicted some of the shifts of these images; None if all were measured."""
        rows = [reader.get_batch(record) for reader, record in map(self._where.__getitem__, image_ids)]
        fewest = min(row.column("masks")[0].as_py() for row in rows)
        return self._prediction if self._prediction and fewest < len(self._prediction.covariance) else None
