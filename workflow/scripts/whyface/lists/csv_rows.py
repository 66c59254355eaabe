"""Reads comma-separated lists with a header; errors name file and line."""

import csv
import io
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from whyface.lists.column_names import check_names, one_name
from whyface.mistakes import shorten


def read_rows(
    text: str, file: Path, required: set[str], optional: Collection[str] = (), taken: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the header and then every row of a list, without blank lines.

    Parameters
    ----------
    text : str
        The list.
    file : path
        Where it comes from, for messages.
    required : set of str
        Columns that must be present.
    optional : collection of str
        Columns that the list may have. Any others are the user's own: see `column_names` for what they may be called.
    taken : collection of str
        Names that the user's own columns must not use, besides those that are always reserved.

    Yields
    ------
    tuple of str and dict
        file:line, and the fields by column; for the header, each field is its column's name. Values of the user's own
        columns come without outer and repeated spaces.

    Raises
    ------
    ValueError
        Names file, line, value and what is allowed.
    """
    fields = read_fields(io.StringIO(text, newline=""), file)
    known = {*required, *optional}
    header: list[str] = []
    for where, values in fields:
        header = header or _check_header(values, where, required, known, taken)
        row = zip(header, values, strict=True)
        yield where, {name: value if name in known else tidy(where, name, value) for name, value in row}


def read_fields(lines: Iterable[str], file: Path, separator: str = ",") -> Iterator[tuple[str, list[str]]]:
    """Yield file:line and the fields of every line that is not blank, the header's first.

    Raises
    ------
    ValueError
        A line has another number of fields than the header, or its quotes are wrong. Names file and line.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True)
    width, where = 0, f"{file}:1"
    try:
        for fields in reader:
            if fields:
                width = width or len(fields)
                if len(fields) != width:
                    found = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
                    raise ValueError(f"{where}: {found}, the header has {width}: {shorten(fields)}")
                yield where, fields
            # A quoted field may span lines: a row begins after the last line of the one before.
            where = f"{file}:{reader.line_num + 1}"
    except csv.Error as error:
        raise ValueError(f"{where}: malformed CSV: {error}") from error


def _check_header(
    header: list[str], where: str, required: set[str], known: set[str], taken: Collection[str]
) -> list[str]:
    if not required <= {*header}:
        names = " and ".join(sorted(required))
        raise ValueError(f"{where}: the first line must name the columns {names}, comma-separated: {shorten(header)}")
    check_distinct(header, where)
    check_names([name for name in header if name not in known], taken, where)
    return header


def check_distinct(header: Collection[str], where: str) -> None:
    """Check that every column has a name of its own; ValueError with file and line if not."""
    if "" in header or len({*map(one_name, header)}) < len(header):
        raise ValueError(f"{where}: every column needs a name of its own, in whatever case: {shorten([*header])}")


def tidy(where: str, name: str, value: str) -> str:
    """Take outer and repeated spaces away, which pages do not show; refuse what browsers replace."""
    tidy = " ".join(value.split())
    if not tidy.isprintable() and any(unicodedata.category(letter) == "Cc" for letter in tidy):
        raise ValueError(f"{where}: {name} is {shorten(value)}, allowed is text without control characters")
    return tidy
