"""Reads a pair list as columns of text: comma, tab or semicolon-separated, UTF-8 or UTF-16, or a Parquet file.

Neither is read as a whole: lists of a million pairs must not take gigabytes.
"""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa

from whyface.lists.column_roles import find_roles
from whyface.lists.csv_rows import read_fields
from whyface.lists.official_pair_lists import read_text
from whyface.sources.pair_parquet import open_parquet

SEPARATORS = (",", "\t", ";")
LONGEST_LINE = 1 << 20  # characters
MOST_ROWS = 5_000_000
_BATCH_ROWS = 10_000
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_list(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the header of a list and then its rows.

    Yields
    ------
    tuple of str and list of str
        file:line (for Parquet, file:row, from 1), and the fields; an empty one for a null.

    Raises
    ------
    ValueError
        The file is unreadable, damaged, of another encoding, or too long. Names file and line.
    """
    try:
        with file.open("rb") as opened:
            start = opened.read(4)
        if start == b"PK\x03\x04":
            read_text(file)  # says what a zip archive is not
        rows = _read_parquet(file) if start == b"PAR1" else _read_text(file, _BOMS.get(start[:2], "utf-8-sig"))
        for number, row in enumerate(rows):
            if number > MOST_ROWS:
                raise ValueError(f"{file}: more than {MOST_ROWS:,} pairs, which is the most that is read")
            yield row
    except OSError as error:
        raise ValueError(f"{file}: unreadable pair list: {error.strerror or error}") from error


# --- text ---


def _read_text(file: Path, encoding: str) -> Iterator[tuple[str, list[str]]]:
    try:
        with file.open(encoding=encoding, newline="") as opened:
            lines = _lines(opened, file)
            blank, header = [], ""
            while not header.strip() and (header := next(lines, "")):
                blank.append(header)
            yield from read_fields(itertools.chain(blank, lines), file, _choose_separator(header))
    except UnicodeError as error:
        if encoding != "utf-16":
            read_text(file)  # says in which line
        raise ValueError(f"{file}: neither UTF-8 nor UTF-16: {error}") from error


def _lines(opened: IO[str], file: Path) -> Iterator[str]:
    for number, line in enumerate(iter(lambda: opened.readline(LONGEST_LINE), ""), start=1):
        if len(line) == LONGEST_LINE:
            raise ValueError(f"{file}:{number}: a line of {LONGEST_LINE:,} characters or more; is this a pair list?")
        yield line


def _choose_separator(header: str) -> str:
    """Choose the separator with which the header names two columns of images; a comma if none does."""
    for separator in SEPARATORS:
        try:
            find_roles(next(csv.reader([header], delimiter=separator), []), "")
        except ValueError:
            continue
        return separator
    return ","


# --- Parquet ---


def _read_parquet(file: Path) -> Iterator[tuple[str, list[str]]]:
    try:
        with open_parquet(file) as opened:
            schema = opened.schema_arrow
            yield f"{file}:header", schema.names
            leaves = [_leaf(field, file) for field in schema]
            row = itertools.count(1)
            for batch in opened.iter_batches(_BATCH_ROWS, columns=leaves, use_threads=False):
                columns = [_texts(batch.column(name)) for name in schema.names]
                for fields in zip(*columns, strict=True):
                    yield f"{file}:row {next(row)}", [*fields]
    except pa.ArrowException as error:
        raise ValueError(f"{file}: damaged, or not a Parquet file: {' '.join(str(error).split())}") from error


def _leaf(field: pa.Field, file: Path) -> str:
    """Name what is read of a column: itself, or the path of a struct; images inside are not for this protocol."""
    kind = field.type
    if (
        pa.types.is_struct(kind)
        and "path" in {one.name for one in kind}
        and pa.types.is_string(kind.field("path").type)
    ):
        return f"{field.name}.path"
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    if is_text or pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        return str(field.name)
    raise ValueError(
        f"{file}: column {field.name!r} is of type {kind}; allowed in a list: text, numbers, true or false, and "
        "structs with a path. A file with the images inside is read with layout parquet and protocol parquet"
    )


def _texts(column: pa.Array) -> Iterator[str]:
    if pa.types.is_struct(column.type):
        column = column.field("path")
    return map(_text, column.to_pylist())


def _text(value: object) -> str:
    if value is None or value != value:  # NaN is what pandas writes for nothing
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
