"""What a collection states about its images beyond its layout: `images.csv`, `image_id[,any group columns]`."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from whyface.lists.csv_rows import read_rows
from whyface.lists.lookup import nfc
from whyface.lists.official_pair_lists import read_text
from whyface.mistakes import shorten

NAME = "images.csv"
JOIN, JOINS = " + ", "it joins the values of a pair's two images"
# Longer ones may differ and yet be the same floating-point number.
NUMBER = r"[+-]?[0-9]{1,15}(\.[0-9]+)?"


def add_columns(images: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Add the columns of a collection's `images.csv` to its images, if there is one.

    Parameters
    ----------
    images : pandas.DataFrame
        From `layouts.list_images`.
    root : path
        The collection's folder; the list is at its top, or that of the one folder which holds all the rest.

    Returns
    -------
    pandas.DataFrame
        The images with the list's further columns: numbers if every entry is a number, else text; null for images that
        are not listed and for empty entries.

    Raises
    ------
    ValueError
        A line is malformed, the column image_id is missing, a name is refused by `column_names` or the images already
        have such a column, a value reads like those of two images, or an image is not in the collection or listed
        twice. The message names file and line.
    """
    file = _find(Path(root))
    if not file.is_file():
        return images
    rows = read_rows(read_text(file), file, {"image_id"}, taken=[*images.columns])
    _, header = next(rows, ("", {}))
    if not header:
        raise ValueError(f"{file}:1: the list is empty, wanted a header with the column image_id")
    listed = _index_rows(rows, {*images["image_id"]}, file.parent.relative_to(root).as_posix())
    groups = {name: [listed.get(one, {}).get(name) or None for one in images["image_id"]] for name in header}
    return images.assign(**{name: _as_numbers(groups[name]) for name in header if name != "image_id"})


def _find(root: Path) -> Path:
    """Look for the list at the top, and while there is but one folder, in that."""
    while not (root / NAME).is_file():
        inside = [path for path in root.iterdir() if not path.name.startswith(".") and path.name != "__MACOSX"]
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
            break
        root = inside[0]
    return root / NAME


def _index_rows(rows: Iterable[tuple[str, dict[str, str]]], known: set[str], folder: str) -> dict[str, dict[str, str]]:
    """Index the rows by image; in a folder that holds everything, names may begin below it."""
    listed: dict[str, dict[str, str]] = {}
    for where, row in rows:
        image_id = nfc(row["image_id"])
        if image_id not in known:
            image_id = f"{folder}/{image_id}"
        if image_id not in known:
            raise ValueError(f"{where}: image {shorten(row['image_id'])} is not in the collection")
        if image_id in listed:
            raise ValueError(f"{where}: image {image_id!r} is listed again")
        _check_values(where, row)
        listed[image_id] = row
    return listed


def _check_values(where: str, row: dict[str, str]) -> None:
    for name, value in row.items():
        if name != "image_id" and JOIN in f" {value} ":
            raise ValueError(
                f"{where}: {name} is {shorten(value)}, allowed is text without a '+' that stands alone: {JOINS}"
            )


def _as_numbers(entries: list[str | None]) -> pd.Series:
    known = [entry for entry in entries if entry is not None]
    is_number = bool(known) and all(re.fullmatch(NUMBER, entry) for entry in known)
    return pd.Series(entries, dtype=object).astype("Float64" if is_number else object)
