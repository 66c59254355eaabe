"""The bring-your-own pair list: `image_a,image_b[,is_genuine][,fold][,any group columns]`, or columns of like names.

See `column_roles` for the names, `list_files` for the forms of the file.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from whyface.lists.column_names import check_names, one_name
from whyface.lists.column_roles import PLACES, find_roles, is_own, plain, report_roles
from whyface.lists.csv_rows import check_distinct, tidy
from whyface.lists.list_files import read_list
from whyface.mistakes import shorten

logger = logging.getLogger("whyface")

_OWN = ("image_a", "image_b", "is_genuine", "fold")
_LABELS = {
    **dict.fromkeys(("1", "true", "same", "genuine"), True),
    **dict.fromkeys(("0", "false", "different", "impostor"), False),
    "": None,
}
MOST_SHARED = 10_000  # different texts of a column
PAIR_ID, LISTED_ID = "pair_id", "listed_pair_id"  # the tables number pairs themselves


def read_pairs_csv(file: Path) -> pd.DataFrame:
    """Read a pair list with a header.

    Parameters
    ----------
    file : path
        The list. `image_a` and `image_b` are image_ids; `is_genuine` is 1, 0 or empty, or a word of `_LABELS` in any
        case; `fold` is a whole number from 0 or empty; further columns are kept as text, for breakdowns: see
        `column_names` for what they may be called. Of a list that calls its images otherwise, a column that only
        counts the rows is left out, and another `pair_id` is kept as `listed_pair_id`.

    Returns
    -------
    pandas.DataFrame
        where (file:line), image_a, image_b, is_genuine (None if unlabelled), fold (None if none) and group columns.

    Raises
    ------
    ValueError
        Names file, line, value and what is allowed.
    """
    rows = read_list(file)
    where, header = next(rows, ("", []))
    if not header:
        return pd.DataFrame()
    roles = find_roles(header, where)
    names = _name_groups(header, roles, where)
    report_roles(header, roles, file)
    columns = _read_columns(rows, header, roles)
    left_out = [] if is_own(header) else [place for place in names if _is_left_out(header[place], columns[place], file)]
    kept = {name: columns[place] for place, name in names.items() if place not in left_out}
    if "" in kept:
        raise ValueError(f"{where}: the first column needs a name, as it does not count the rows")
    own = {str(name): columns[name] for name in ("where", *_OWN)}
    return pd.DataFrame({**own, **kept}, dtype=object)


def _name_groups(header: list[str], roles: dict[str, int], where: str) -> dict[int, str]:
    """Name the group columns by their places, and check the names; the first of a foreign list may have none."""
    names = {place: name for place, name in enumerate(header) if place not in roles.values()}
    if not is_own(header):
        names = {place: LISTED_ID if one_name(name) == PAIR_ID else name for place, name in names.items()}
    named = [name for place, name in names.items() if name or place or is_own(header)]
    check_distinct([*roles, *named], where)
    check_names(named, [*roles], where)
    return names


def _is_left_out(name: str, values: list[object], file: Path) -> bool:
    """Whether a column only counts the rows, from 0 or 1, as `pair_id` does."""
    is_count = plain(name) in PLACES and values[:1] in (["0"], ["1"])
    if is_count and all(value == str(place) for place, value in enumerate(values, start=int(str(values[0])))):
        logger.info("%s: column %r counts the rows and is left out", file, name)
        return True
    if one_name(name) == PAIR_ID:
        logger.info("%s: column %r is kept as %s, because the tables number pairs themselves", file, name, LISTED_ID)
    return False


def _read_columns(
    rows: Iterator[tuple[str, list[str]]], header: list[str], roles: dict[str, int]
) -> dict[str | int, list[object]]:
    """Read the columns by role, the others by place. Equal texts are held once: in a million pairs, few differ."""
    others = [place for place in range(len(header)) if place not in roles.values()]
    names: list[str | int] = ["where", *_OWN, *others]
    columns: dict[str | int, list[object]] = {name: [] for name in names}
    images: dict[str, str] = {}
    texts: dict[int, dict[str, str]] = {place: {} for place in others}
    for where, fields in rows:
        given = {role: fields[place] for role, place in roles.items()}
        columns["where"].append(where)
        for role in ("image_a", "image_b"):
            columns[role].append(images.setdefault(given[role], given[role]))
        columns["is_genuine"].append(_read_label(where, given.get("is_genuine", "").strip()))
        columns["fold"].append(_read_fold(where, given.get("fold", "").strip()))
        for place in others:
            columns[place].append(_tidy_once(where, header[place], fields[place], texts[place]))
    return columns


def _tidy_once(where: str, name: str, value: str, known: dict[str, str]) -> str:
    if value not in known and len(known) >= MOST_SHARED:  # numbers, most likely, of which few are equal
        return tidy(where, name, value)
    return known[value] if value in known else known.setdefault(value, tidy(where, name, value))


def _read_label(where: str, text: str) -> bool | None:
    if text.casefold() not in _LABELS:
        words = ", ".join(word for word in _LABELS if word.isalpha())
        raise ValueError(f"{where}: is_genuine is {shorten(text)}, allowed are 1, 0 and empty, or {words} in any case")
    return _LABELS[text.casefold()]


def _read_fold(where: str, text: str) -> int | None:
    if not re.fullmatch(r"[0-9]{0,9}", text):
        raise ValueError(f"{where}: fold is {shorten(text)}, allowed are whole numbers from 0 and empty")
    return int(text) if text else None
