"""The bring-your-own pair list: `image_a,image_b[,is_genuine][,fold][,any group columns]`."""

import re
from pathlib import Path

import pandas as pd

from whyface.lists.csv_rows import read_rows

_OWN = ("image_a", "image_b", "is_genuine", "fold")
_LABELS = {"1": True, "0": False, "": None}


def parse_pairs_csv(text: str, file: Path) -> pd.DataFrame:
    """Parse a comma-separated pair list with a header.

    Parameters
    ----------
    text : str
        The list. `image_a` and `image_b` are image_ids; `is_genuine` is 1, 0 or empty; `fold` is a whole number from 0
        or empty; further columns are kept as text, for breakdowns: see `column_names` for what they may be called.
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
    rows = read_rows(text, file, {"image_a", "image_b"}, _OWN)
    _, header = next(rows, ("", {}))
    groups = [name for name in header if name not in _OWN]
    parsed = [_parse_row(row, where) for where, row in rows]
    return pd.DataFrame(parsed, columns=["where", *_OWN, *groups], dtype=object)


def _parse_row(row: dict[str, str], where: str) -> dict[str, object]:
    label, fold = row.get("is_genuine", "").strip(), row.get("fold", "").strip()
    if label not in _LABELS:
        raise ValueError(f"{where}: is_genuine is {label!r}, allowed are 1, 0 and empty")
    if not re.fullmatch(r"[0-9]{0,9}", fold):
        raise ValueError(f"{where}: fold is {fold!r}, allowed are whole numbers from 0 and empty")
    return {**row, "where": where, "is_genuine": _LABELS[label], "fold": int(fold) if fold else None}
