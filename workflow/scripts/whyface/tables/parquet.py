"""The only functions that read and write tables: they check and sort rows and store their provenance."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whyface.tables.files import atomic_path
from whyface.tables.schemas import Table


def write_table(frame: pd.DataFrame, path: Path | str, table: Table, about: Mapping[str, str] | None = None) -> None:
    """Check `frame` against `table`, sort it by key and write it atomically.

    Parameters
    ----------
    frame : pandas.DataFrame
        Exactly the table's columns, in any order, plus group columns if the table allows them.
    path : path
        The Parquet file, below the partition folders.
    table : Table
        The table it must fit.
    about : mapping of str to str, optional
        Provenance (model, dataset, weights hash, map size, ...) stored in the file's metadata.

    Raises
    ------
    ValueError
        A column is missing, extra or of the wrong type, a key repeats, or a value is null where nulls are not allowed.
    """
    write_parts([frame], path, table, about)


def write_parts(
    frames: Iterable[pd.DataFrame], path: Path | str, table: Table, about: Mapping[str, str] | None = None
) -> None:
    """Write a table that is too large for memory: each frame becomes a row group, in the order given.

    Parameters and errors are those of `write_table`. Keys are sorted and checked only within each frame, so frames must
    come in the order of their keys. At least one frame is needed; it may be empty.
    """
    metadata = {f"whyface:{key}": str(value) for key, value in {**(about or {}), "table": table.name}.items()}
    with atomic_path(path) as temporary, ExitStack() as stack:
        writer = None
        for frame in frames:
            arrow = _to_arrow(frame, table)
            arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **metadata})
            if writer is None:
                # Values of maps and embeddings hardly repeat: a dictionary would make them four times slower to read.
                few = [field.name for field in arrow.schema if not pa.types.is_nested(field.type)]
                writer = pq.ParquetWriter(temporary, arrow.schema, compression="zstd", use_dictionary=few)
                stack.enter_context(writer)
            writer.write_table(arrow)


def read_table(
    path: Path | str, table: Table, columns: list[str] | None = None, keep: Mapping[str, Iterable[str]] | None = None
) -> pd.DataFrame:
    """Read one file of a table; list columns hold one NumPy array per row.

    Parameters
    ----------
    path : path
        The Parquet file.
    table : Table
        The table that it must belong to.
    columns : list of str, optional
        Which columns to read.
    keep : mapping of str to iterable of str, optional
        Allowed values by column: other rows are not read.

    Raises
    ------
    ValueError
        The file does not belong to this table.
    """
    with pq.ParquetFile(path) as file:
        _check_read(file.schema_arrow, path, table)
        if not keep:
            return file.read(columns=columns).to_pandas()
    # Typed, as Arrow cannot tell what an empty list would hold.
    wanted = [(name, "in", pa.array(list(values), pa.string())) for name, values in keep.items()]
    return pq.read_table(path, columns=columns, filters=wanted, partitioning=None).to_pandas()


def read_about(path: Path | str) -> dict[str, str]:
    """Read the provenance that `write_table` stored in a file."""
    metadata = pq.read_schema(path).metadata or {}
    return {k.decode()[8:]: v.decode() for k, v in metadata.items() if k.startswith(b"whyface:")}


def stack(column: pd.Series) -> np.ndarray:
    """Stack the rows of a list column into one array, rows x length; null rows become NaN.

    Raises
    ------
    ValueError
        Every row is null, so the length is unknown.
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
    fields += [_group_field(frame[name]) for name in extra]
    columns = [_array(frame[field.name], field, table) for field in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema([_stored(field) for field in fields]))


def _group_field(column: pd.Series) -> pa.Field:
    is_number = pd.api.types.is_numeric_dtype(column)
    kind = pa.float64() if is_number else pa.string()
    return pa.field(column.name, kind, metadata={"description": "group column", "unit": ""})


def _sized(field: pa.Field, column: pd.Series) -> pa.Field:
    """Give a list of floats without a fixed size the size and float width of its data: Parquet files state both.

    A column without data states them in its dtype. Arrow cannot read lists of size 0. Lists of whole numbers may have
    any length.
    """
    if not pa.types.is_list(field.type) or not pa.types.is_floating(field.type.value_type):
        return field
    if isinstance(column.dtype, pd.ArrowDtype):
        return field.with_type(column.dtype.pyarrow_dtype)
    known = column.dropna()
    first = np.asarray(known.iloc[0]) if len(known) else np.zeros(1, np.float32)
    value = pa.float16() if first.dtype == np.float16 else pa.float32()
    return field.with_type(pa.list_(value, len(first)))


def _stored(field: pa.Field) -> pa.Field:
    """Turn lists of one size that may be null into plain lists: Arrow before 26 can read no file of the former."""
    if not (pa.types.is_fixed_size_list(field.type) and field.nullable):
        return field
    return field.with_type(pa.list_(field.type.value_type))


def _array(column: pd.Series, field: pa.Field, table: Table) -> pa.Array:
    if pa.types.is_fixed_size_list(field.type):
        array = _list_array(column, field)
    else:
        try:
            array = pa.array(column, type=field.type, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
            raise ValueError(f"table {table.name}, column {field.name}: {error}") from error
    if array.null_count and not field.nullable:
        raise ValueError(f"table {table.name}, column {field.name}: {array.null_count} values are missing")
    return array


def _list_array(column: pd.Series, field: pa.Field) -> pa.Array:
    kind, known = field.type, column.notna().to_numpy()
    values = np.zeros((int(known.sum()), kind.list_size), kind.value_type.to_pandas_dtype())
    for row, value in enumerate(column[known]):
        values[row] = value
    flat = pa.array(values.ravel())
    if not field.nullable and known.all():
        return pa.FixedSizeListArray.from_arrays(flat, type=kind)
    ends = np.concatenate([[0], np.cumsum(known * kind.list_size)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), flat, _stored(field).type, mask=pa.array(~known))


def _check_read(schema: pa.Schema, path: Path | str, table: Table) -> None:
    found = (schema.metadata or {}).get(b"whyface:table", b"").decode()
    if found != table.name:
        raise ValueError(f"{path}: is {found or 'no WhyFace table'}, wanted {table.name}; remove it and run again")
    missing = [name for name in table.schema.names if name not in schema.names]
    if missing:
        raise ValueError(f"{path}: table {table.name} without columns {missing}: from another version; remove it")
