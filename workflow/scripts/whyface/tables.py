"""The public tables: their schemas, and the only functions that read and write them.

Every table is one upper-case constant. Its columns carry a description and a unit as metadata, from which
`docs/tables.md` and the site's legends are made. Tables are hive-partitioned: the partition columns live in the
path (`model=.../dataset=...`) and not in the file, so `pd.read_parquet("results/tables/scores")` yields them once.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Table:
    """One kind of table.

    Attributes
    ----------
    name : str
        Folder below `results/tables`.
    description : str
        What a row is.
    partitions : tuple of str
        Columns that live in the path.
    key : tuple of str
        Columns that identify a row; rows are sorted by them.
    schema : pyarrow.Schema
        Columns with description and unit. A list column without a fixed size takes the size of its data.
    group_columns : bool
        Whether further text columns (pose, age gap, ...) may follow; they are kept for breakdowns.
    """

    name: str
    description: str
    partitions: tuple[str, ...]
    key: tuple[str, ...]
    schema: pa.Schema
    group_columns: bool = False


def _column(name: str, kind: pa.DataType, description: str, unit: str = "", nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable, metadata={"description": description, "unit": unit})


_TEXT, _WHOLE, _REAL, _YES_NO = pa.string(), pa.int32(), pa.float64(), pa.bool_()

IMAGES = Table(
    name="images",
    description="An image of a collection.",
    partitions=("collection",),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "name of the image in its collection, as pair lists use it"),
            _column("subject_id", _TEXT, "person shown; empty where the layout does not say"),
            _column("path", _TEXT, "file, relative to the collection's folder"),
            _column("width_px", _WHOLE, "width as displayed, null if unreadable", "px", nullable=True),
            _column("height_px", _WHOLE, "height as displayed, null if unreadable", "px", nullable=True),
            _column("sha256", _TEXT, "hash of the file"),
        ]
    ),
    group_columns=True,
)

PAIRS = Table(
    name="pairs",
    description="A pair of images that a protocol compares.",
    partitions=("dataset",),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "position in the pair list, zero-padded"),
            _column("image_a", _TEXT, "first image, an image_id"),
            _column("image_b", _TEXT, "second image, an image_id"),
            _column("subject_a", _TEXT, "person in the first image"),
            _column("subject_b", _TEXT, "person in the second image"),
            _column("is_genuine", _YES_NO, "same person; null if unlabelled", nullable=True),
            _column("fold", _WHOLE, "cross-validation fold, from 0; null if none", nullable=True),
            _column("known_label_error", _TEXT, "what is known to be wrong with the label, empty if nothing"),
        ]
    ),
    group_columns=True,
)

FACES = Table(
    name="faces",
    description="The face found in an image, and how it was cropped.",
    partitions=("collection", "alignment"),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "image"),
            _column("status", _TEXT, "ok; centre-crop: no face found; failed: unreadable image"),
            _column("detail", _TEXT, "why the status is not ok, else empty"),
            _column("probability", _REAL, "the detector's, null without detection", "0 to 1", nullable=True),
            _column(
                "box", pa.list_(pa.float32(), 4), "left, top, right, bottom; null", "px of the image", nullable=True
            ),
            _column(
                "landmarks",
                pa.list_(pa.float32(), 10),
                "x, y of left eye, right eye, nose, left and right mouth corner (left as seen)",
                "px of the image",
                nullable=True,
            ),
        ]
    ),
)

EMBEDDINGS = Table(
    name="embeddings",
    description="A model's embedding of an aligned face.",
    partitions=("model", "collection"),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "image"),
            _column("embedding", pa.list_(pa.float32()), "L2-normalised; null if the image failed", nullable=True),
        ]
    ),
)

DECISIONS = Table(
    name="decisions",
    description="Distance and decision of a pair, before any confidence; `scores` repeats its columns.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("is_genuine", _YES_NO, "same person; null if unlabelled", nullable=True),
            _column("fold", _WHOLE, "cross-validation fold, from 0; null if none", nullable=True),
            _column(
                "cosine_distance", _REAL, "1 - cosine similarity; null if an image failed", "0 to 2", nullable=True
            ),
            _column("threshold", _REAL, "from the other folds, or from the reference dataset", "0 to 2"),
            _column("decision", _TEXT, "same iff cosine_distance < threshold, else different", nullable=True),
            _column(
                "outcome",
                _TEXT,
                "true-match, false-match, true-non-match or false-non-match; null without label",
                nullable=True,
            ),
        ]
    ),
)

SCORES = Table(
    name="scores",
    description="Distance, decision and confidence of a pair.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            *DECISIONS.schema,
            _column("p_same", _REAL, "calibrated probability of genuine, prior 0.5, own fold unseen", "0 to 1", True),
            _column("llr", _REAL, "log10 likelihood ratio, genuine over impostor", "log10", True),
            _column("confidence", _REAL, "probability that the decision is right", "0 to 1", True),
            _column("paper_score", _REAL, "confidence as published (WACVW 2023), not a probability", "0.5 to 1", True),
        ]
    ),
)

CONFIDENCE = Table(
    name="confidence",
    description="Threshold and parameters of one confidence method, for the pairs of one fold.",
    partitions=("model", "dataset"),
    key=("fold", "method"),
    schema=pa.schema(
        [
            _column(
                "fold", _WHOLE, "the fold judged (fitted on all others); null: pairs without a fold", nullable=True
            ),
            _column("method", _TEXT, "confidence method"),
            _column("parameters", _TEXT, "fitted parameters by name, as JSON; null if the fit failed", nullable=True),
            _column("threshold", _REAL, "decision threshold on the distance", "0 to 2"),
            _column("fitted_on", _TEXT, "dataset whose pairs were used"),
            _column("n_fit", _WHOLE, "pairs used", "pairs"),
        ]
    ),
)

SELECTION = Table(
    name="selection",
    description="A pair that gets maps, and why.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("reason", _TEXT, "all, error, least-sure or sample"),
        ]
    ),
)

EXPLANATIONS = Table(
    name="explanations",
    description="A saliency map: which regions of one image speak for same (positive) or different (negative).",
    partitions=("model", "dataset"),
    key=("pair_id", "method", "side"),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("side", _TEXT, "a or b: the image of the pair that the map lies over"),
            _column("method", _TEXT, "all-to-all, clean-to-all or one-to-one"),
            _column("variant", _TEXT, "corrected or paper"),
            _column("map", pa.list_(pa.float32()), "map_px x map_px, row by row, not normalised", "distance / px^2"),
        ]
    ),
)

METRICS = Table(
    name="metrics",
    description="One figure of merit.",
    partitions=("model", "dataset"),
    key=("metric", "method", "group"),
    schema=pa.schema(
        [
            _column("metric", _TEXT, "name of the measure"),
            _column("method", _TEXT, "confidence method judged; empty for measures of the distance"),
            _column("group", _TEXT, "all, or column=value of a group column"),
            _column("value", _REAL, "the measure; null where the set is too small to claim it", nullable=True),
            _column("ci_low", _REAL, "lower end of the 95 % interval; null where none is computed", nullable=True),
            _column("ci_high", _REAL, "upper end of the 95 % interval; null where none is computed", nullable=True),
            _column("n", _WHOLE, "pairs (images, for fta_rate) behind it"),
        ]
    ),
)

CURVES = Table(
    name="curves",
    description="A point of a curve or a bar of a histogram.",
    partitions=("model", "dataset"),
    key=("curve", "x"),
    schema=pa.schema(
        [
            _column("curve", _TEXT, "histogram-genuine, histogram-impostor, det, confidence-..."),
            _column("x", _REAL, "distance (left edge of a bar), or FMR for det"),
            _column("y", _REAL, "count, FNMR for det, or probability of same"),
        ]
    ),
)

TABLES = (
    IMAGES,
    PAIRS,
    FACES,
    EMBEDDINGS,
    DECISIONS,
    SCORES,
    CONFIDENCE,
    SELECTION,
    EXPLANATIONS,
    METRICS,
    CURVES,
)


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place on success and vanishes on failure."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(frame: pd.DataFrame, path: Path | str, table: Table, about: Mapping[str, str] | None = None) -> None:
    """Check `frame` against `table`, sort it by key and write it atomically.

    Parameters
    ----------
    frame : pandas.DataFrame
        Exactly the table's columns, in any order, and group columns where the table admits them.
    path : path
        The Parquet file, below the partition folders.
    table : Table
        What it must be.
    about : mapping of str to str, optional
        Provenance (model, dataset, weights hash, map size, ...) stored in the file's metadata.

    Raises
    ------
    ValueError
        A column is missing, extra or of the wrong kind, a key repeats, or a value is null where none may be.
    """
    write_parts([frame], path, table, about)


def write_parts(
    frames: Iterable[pd.DataFrame], path: Path | str, table: Table, about: Mapping[str, str] | None = None
) -> None:
    """Write a table that is too large to hold: each frame becomes a row group, in the order given.

    Parameters and errors are `write_table`'s; keys are sorted and checked within each frame, so frames must come in
    the order of their keys. At least one frame is needed, if an empty one.
    """
    metadata = {f"whyface:{key}": str(value) for key, value in {**(about or {}), "table": table.name}.items()}
    with atomic_path(path) as temporary, ExitStack() as stack:
        writer = None
        for frame in frames:
            arrow = _to_arrow(frame, table)
            arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **metadata})
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(temporary, arrow.schema, compression="zstd"))
            writer.write_table(arrow)


def read_table(path: Path | str, table: Table, columns: list[str] | None = None) -> pd.DataFrame:
    """Read one file of a table; list columns come as one NumPy array a row.

    Raises
    ------
    ValueError
        The file is not of this table.
    """
    with pq.ParquetFile(path) as file:
        _check_read(file.schema_arrow, path, table)
        return file.read(columns=columns).to_pandas()


def read_about(path: Path | str) -> dict[str, str]:
    """Provenance that `write_table` stored in a file."""
    metadata = pq.read_schema(path).metadata or {}
    return {k.decode()[8:]: v.decode() for k, v in metadata.items() if k.startswith(b"whyface:")}


def stack(column: pd.Series) -> np.ndarray:
    """Rows of a list column as one array, rows x length; null rows become NaN.

    Raises
    ------
    ValueError
        Every row is null, so that the length is unknown.
    """
    known = column.dropna()
    if known.empty:
        raise ValueError(f"column {column.name}: every row is null")
    first = np.asarray(known.iloc[0])
    stacked = np.full((len(column), len(first)), np.nan, dtype=np.result_type(first.dtype, np.float32))
    stacked[column.notna().to_numpy()] = np.stack(list(known))
    return stacked


def _to_arrow(frame: pd.DataFrame, table: Table) -> pa.Table:
    names = table.schema.names
    missing = [name for name in names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in names]
    if missing or (extra and not table.group_columns):
        raise ValueError(f"table {table.name}: columns missing: {missing}; unknown: {extra}; wanted: {names}")
    repeated = frame.duplicated(list(table.key))
    if repeated.any():
        row = frame.loc[repeated, list(table.key)].iloc[0].to_dict()
        raise ValueError(f"table {table.name}: {int(repeated.sum())} repeated keys, the first is {row}")
    frame = frame.sort_values(list(table.key), kind="stable", ignore_index=True)
    fields = [_sized(field, frame[field.name]) for field in table.schema]
    fields += [pa.field(name, pa.string(), metadata={"description": "group column", "unit": ""}) for name in extra]
    columns = [_array(frame[field.name], field, table) for field in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _sized(field: pa.Field, column: pd.Series) -> pa.Field:
    """Give an open list column the size and float width of its data: Parquet files say both."""
    if not pa.types.is_list(field.type):
        return field
    known = column.dropna()
    first = np.asarray(known.iloc[0]) if len(known) else np.empty(0, np.float32)
    value = pa.float16() if first.dtype == np.float16 else pa.float32()
    return field.with_type(pa.list_(value, len(first)))


def _array(column: pd.Series, field: pa.Field, table: Table) -> pa.Array:
    if pa.types.is_fixed_size_list(field.type):
        array = _list_array(column, field.type)
    else:
        try:
            array = pa.array(column, type=field.type, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
            raise ValueError(f"table {table.name}, column {field.name}: {error}") from error
    if array.null_count and not field.nullable:
        raise ValueError(f"table {table.name}, column {field.name}: {array.null_count} values are missing")
    return array


def _list_array(column: pd.Series, kind: pa.FixedSizeListType) -> pa.Array:
    values = np.zeros((len(column), kind.list_size), kind.value_type.to_pandas_dtype())
    missing = column.isna().to_numpy()
    for row, value in enumerate(column):
        if not missing[row]:
            values[row] = value
    mask = pa.array(missing) if missing.any() else None
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), type=kind, mask=mask)


def _check_read(schema: pa.Schema, path: Path | str, table: Table) -> None:
    found: Any = (schema.metadata or {}).get(b"whyface:table", b"").decode()
    if found != table.name:
        raise ValueError(f"{path}: is {found or 'no WhyFace table'}, wanted {table.name}; remove it and run again")
    missing = [name for name in table.schema.names if name not in schema.names]
    if missing:
        raise ValueError(f"{path}: table {table.name} without columns {missing}: from another version; remove it")
