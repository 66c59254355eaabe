"""Maps of pairs, read some pairs at a time, and their display scales."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from whyface.site.content.evaluation import Evaluation
from whyface.tables.parquet import read_about

PAIRS_AT_ONCE = 64


@dataclass(frozen=True)
class PairMaps:
    """The maps of one pair.

    Attributes
    ----------
    pair_id : str
        Which pair.
    values : numpy.ndarray
        methods x 2 x side x side, float32, face a before face b.
    """

    pair_id: str
    values: np.ndarray


def map_side(one: Evaluation) -> int:
    """Return the side of an evaluation's maps, in pixels."""
    return int(read_about(one.explanations)["map_px"])


def display_scale(peaks: Iterable[float]) -> float:
    """Choose the value of full colour: the 99th percentile of the maps' largest absolute values, 1 if all are 0."""
    known = np.asarray([peak for peak in peaks if peak > 0], float)
    return float(np.percentile(known, 99)) if known.size else 1.0


def display_scales(one: Evaluation) -> dict[str, float]:
    """Measure the display scale of each method in one pass over the maps."""
    if not one.methods:
        return {}
    peaks = np.concatenate([map_peaks(batch) for _, batch in iter_maps(one)])
    return {method: display_scale(peaks[:, place].ravel()) for place, method in enumerate(one.map_methods)}


def iter_maps(one: Evaluation, first: str = "", last: str = "") -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield the maps of an evaluation, some pairs at a time.

    Parameters
    ----------
    one : Evaluation
        Whose maps.
    first, last : str
        The pairs wanted; a few neighbours come along. All pairs if `last` is empty.

    Yields
    ------
    list of str
        pair_id of each pair.
    numpy.ndarray
        pairs x methods x 2 x side x side, float32: methods in the order of `one.map_methods`, face a before face b.

    Raises
    ------
    ValueError
        A pair lacks a map.
    """
    if not one.methods:
        return
    side, per_pair = map_side(one), 2 * len(one.map_methods)
    with pq.ParquetFile(one.explanations, pre_buffer=False) as file:  # otherwise it holds the whole file in memory
        groups = [i for i in range(file.num_row_groups) if _overlaps(file.metadata.row_group(i), first, last)]
        columns = ["pair_id", "method", "side", "map"]
        for batch in file.iter_batches(PAIRS_AT_ONCE * per_pair, row_groups=groups, columns=columns):
            batch = batch.filter(batch.column("map").is_valid())  # either all maps of a pair failed, or none
            names = batch.column("pair_id")[::per_pair].to_pylist()
            if not names:
                continue
            if last and names[0] > last:
                return
            yield names, _values(one, batch).reshape(len(names), -1, 2, side, side)


def read_pair_maps(one: Evaluation, pair_ids: Sequence[str]) -> Iterator[PairMaps]:
    """Yield the maps of those pairs that have any, with at most `PAIRS_AT_ONCE` pairs in memory.

    Parameters
    ----------
    one : Evaluation
        Whose maps.
    pair_ids : sequence of str
        In order.
    """
    if not pair_ids:
        return
    wanted = set(pair_ids)
    for names, batch in iter_maps(one, pair_ids[0], pair_ids[-1]):
        yield from (PairMaps(name, values) for name, values in zip(names, batch, strict=True) if name in wanted)


def map_peaks(values: np.ndarray) -> np.ndarray:
    """Find the largest absolute value of maps, over their last two axes."""
    return np.maximum(values.max(axis=(-2, -1)), -values.min(axis=(-2, -1)))


def _overlaps(group: pq.RowGroupMetaData, first: str, last: str) -> bool:
    """Whether a row group may hold pairs from first to last; without a last pair, all do."""
    known = group.column(0).statistics
    return not last or known is None or (known.min <= last and first <= known.max)


def _values(one: Evaluation, batch: pa.RecordBatch) -> np.ndarray:
    """Read a batch's maps in order of pair, method and side, the order of the table's key."""
    methods = sorted(one.map_methods)
    expected = [(method, side) for method in methods for side in "ab"] * (len(batch) // (2 * len(methods)))
    if list(zip(batch.column("method").to_pylist(), batch.column("side").to_pylist(), strict=True)) != expected:
        raise ValueError(f"{one.explanations}: a pair lacks a map of one of {methods}, side a or b; run again")
    maps = batch.column("map").flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    if not np.isfinite(maps).all():
        np.nan_to_num(maps, copy=False)
    places = [methods.index(method) for method in one.map_methods]
    return maps.reshape(-1, len(methods), 2 * len(maps) // len(batch))[:, places]
