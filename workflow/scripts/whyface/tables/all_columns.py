"""Makes a table whose files differ readable as one: readers take the columns of a folder from its first file.

That file has no rows, the columns of all others, and a name that sorts before any partition.
"""

import logging
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from whyface.tables.schemas import Table

ALL_COLUMNS = "all-columns.parquet"
_LOG = logging.getLogger("whyface")


def partition_files(tables: Path, table: Table) -> list[Path]:
    """List a table's files, of this run and of earlier ones, below the folder of all tables."""
    pattern = "/".join([table.name, *(f"{name}=*" for name in table.partitions), f"{table.name}.parquet"])
    return sorted(Path(tables).glob(pattern))


def all_columns(files: Iterable[Path]) -> bytes:
    """Make a Parquet file without rows that has every column of these files.

    Parameters
    ----------
    files : iterable of Path
        Parquet files. One that cannot be read is named in the log and left out.

    Returns
    -------
    bytes
        The file, for the folder of the whole table, under the name `ALL_COLUMNS`. A column that is a number in one file
        and a word in another is text, and a list whose length differs has any length.
    """
    fields: dict[str, pa.Field] = {}
    for file in files:
        for field in _read_schema(file):
            fields[field.name] = _common(fields.get(field.name, field), field)
    made = BytesIO()
    pq.write_table(pa.schema(fields.values()).empty_table(), made)
    return made.getvalue()


def _read_schema(file: Path) -> Iterable[pa.Field]:
    try:
        return pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        _LOG.warning("%s is unreadable, so that its whole table is: delete it (%s)", file, error)
        return ()


def _common(one: pa.Field, other: pa.Field) -> pa.Field:
    """Find a field that both can be read as; nullable, as a file may lack it."""
    if one.type == other.type:
        kind = one.type
    elif pa.types.is_nested(one.type):
        kind = pa.list_(pa.float32())
    else:
        kind = pa.string()
    return one.with_type(kind).with_nullable(True)
