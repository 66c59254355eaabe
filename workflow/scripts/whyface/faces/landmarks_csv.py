"""Landmarks that a collection brings: `landmarks.csv`, `image_id` and x and y of five points."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from whyface.lists.csv_rows import read_rows
from whyface.lists.official_pair_lists import read_text
from whyface.mistakes import shorten

NAME = "landmarks.csv"
POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
COLUMNS = ("image_id", *(f"{point}_{axis}" for point in POINTS for axis in "xy"))


def read_landmarks(root: Path, image_ids: set[str]) -> dict[str, np.ndarray]:
    """Read a collection's `landmarks.csv`, if there is one.

    Parameters
    ----------
    root : path
        The collection's folder; the list is at its top.
    image_ids : set of str
        The collection's images; not all need be listed.

    Returns
    -------
    dict of str to numpy.ndarray
        By image_id, 5 x 2: x and y of left eye, right eye, nose, left and right mouth corner, in pixels of the image as
        displayed; left and right as seen in the image.

    Raises
    ------
    ValueError
        A line is malformed, the columns are others than `COLUMNS`, an image is not in the collection or listed twice, a
        coordinate is not a finite number, or the five points coincide. The message names file and line.
    """
    file = Path(root) / NAME
    if not file.is_file():
        return {}
    rows = read_rows(read_text(file), file, {*COLUMNS})
    where, header = next(rows, (f"{file}:1", {}))
    if {*header} != {*COLUMNS}:
        raise ValueError(f"{where}: columns {str([*header])[:500]}, wanted these and no others: {', '.join(COLUMNS)}")
    known: dict[str, np.ndarray] = {}
    for where, row in rows:
        image_id = row["image_id"]
        if image_id not in image_ids:
            raise ValueError(f"{where}: image {shorten(image_id)} is not in the collection")
        if image_id in known:
            raise ValueError(f"{where}: image {image_id!r} is listed again")
        known[image_id] = _read_points(where, row)
    return known


def _read_points(where: str, row: Mapping[str, str]) -> np.ndarray:
    points = np.array([_read_number(where, name, row[name]) for name in COLUMNS[1:]]).reshape(len(POINTS), 2)
    if (points == points[0]).all():
        raise ValueError(f"{where}: all five points lie at {tuple(points[0].tolist())}, wanted points that differ")
    return points


def _read_number(where: str, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(f"{where}: {name} is {shorten(text)}, wanted a finite number, in pixels of the image")
    return number
