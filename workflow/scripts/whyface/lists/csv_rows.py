"""Reads comma-separated lists with a header; errors name file and line."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path


def read_rows(text: str, file: Path, required: set[str], taken: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the header and then every row of a list, without blank lines.

    Parameters
    ----------
    text : str
        The list.
    file : path
        Where it comes from, for messages.
    required : set of str
        Columns that must be present.
    taken : set of str
        Names that further columns must not use, because the tables use them for something else.

    Yields
    ------
    tuple of str and dict
        file:line, and the fields by column; for the header, each field is its column's name.

    Raises
    ------
    ValueError
        Names file, line, value and what is allowed.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    where = f"{file}:1"
    try:
        for fields in reader:
            if fields:
                header = header or _check_header(fields, where, required, taken)
                if len(fields) != len(header):
                    raise ValueError(f"{where}: {len(fields)} fields, the header has {len(header)}: {fields}")
                yield where, dict(zip(header, fields, strict=True))
            # A quoted field may span lines: a row begins after the last line of the one before.
            where = f"{file}:{reader.line_num + 1}"
    except csv.Error as error:
        raise ValueError(f"{where}: malformed CSV: {error}") from error


def _check_header(header: list[str], where: str, required: set[str], taken: set[str]) -> list[str]:
    if not required <= {*header}:
        names = " and ".join(sorted(required))
        raise ValueError(f"{where}: the first line must name the columns {names}, comma-separated: {header}")
    if "" in header or len({*header}) < len(header):
        raise ValueError(f"{where}: every column needs a name of its own: {header}")
    hidden = sorted(taken & {*header})
    if hidden:
        raise ValueError(f"{where}: columns {hidden} would hide the tables' own; rename them. Taken: {sorted(taken)}")
    return header
