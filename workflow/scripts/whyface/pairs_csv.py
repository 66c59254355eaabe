"""The bring-your-own pair list: `image_a,image_b[,is_genuine][,fold][,any group columns]`."""

import csv
import io
import re
from pathlib import Path

import pandas as pd

from whyface.schemas import PAIRS, SCORES

_OWN = ("image_a", "image_b", "is_genuine", "fold")
# Names that the tables use for something else, partitions included: `scores` is read with the pairs' groups beside it.
_TAKEN = {*PAIRS.schema.names, *SCORES.schema.names, *PAIRS.partitions, *SCORES.partitions, "where"} - {*_OWN}
_LABELS = {"1": True, "0": False, "": None}


def parse_pairs_csv(text: str, file: Path) -> pd.DataFrame:
    """Parse a comma-separated pair list with a header.

    Parameters
    ----------
    text : str
        The list. `image_a` and `image_b` are image_ids; `is_genuine` is 1, 0 or empty; `fold` is a whole number from 0
        or empty; further columns are kept as text, to break results down by.
    file : path
        Where it comes from, for messages.

    Returns
    -------
    pandas.DataFrame
        where (file:line), image_a, image_b, is_genuine (None if unlabelled), fold (None if none) and group columns.

    Raises
    ------
    ValueError
        Names file, line, value and what is allowed.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows = []
    where = f"{file}:1"
    try:
        for fields in reader:
            if not fields:
                pass
            elif not header:
                header = _check_header(fields, where)
            else:
                rows.append(_parse_row(fields, header, where))
            # A quoted field may span lines: a row begins after the last line of the one before.
            where = f"{file}:{reader.line_num + 1}"
    except csv.Error as error:
        raise ValueError(f"{where}: malformed CSV: {error}") from error
    groups = [name for name in header if name not in _OWN]
    return pd.DataFrame(rows, columns=["where", *_OWN, *groups], dtype=object)


def _check_header(header: list[str], where: str) -> list[str]:
    if not {"image_a", "image_b"} <= {*header}:
        raise ValueError(
            f"{where}: the first line must name the columns image_a and image_b, comma-separated: {header}"
        )
    if "" in header or len({*header}) < len(header):
        raise ValueError(f"{where}: every column needs a name of its own: {header}")
    taken = sorted(_TAKEN & {*header})
    if taken:
        raise ValueError(f"{where}: columns {taken} would hide the tables' own; rename them. Taken: {sorted(_TAKEN)}")
    return header


def _parse_row(fields: list[str], header: list[str], where: str) -> dict[str, object]:
    if len(fields) != len(header):
        raise ValueError(f"{where}: {len(fields)} fields, the header has {len(header)}: {fields}")
    row: dict[str, object] = dict(zip(header, fields, strict=True))
    label, fold = str(row.get("is_genuine", "")).strip(), str(row.get("fold", "")).strip()
    if label not in _LABELS:
        raise ValueError(f"{where}: is_genuine is {label!r}, allowed are 1, 0 and empty")
    if not re.fullmatch(r"[0-9]{0,9}", fold):
        raise ValueError(f"{where}: fold is {fold!r}, allowed are whole numbers from 0 and empty")
    return {**row, "where": where, "is_genuine": _LABELS[label], "fold": int(fold) if fold else None}
