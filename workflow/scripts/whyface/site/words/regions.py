"""The regions of a pair that mattered most, in words."""

from collections.abc import Sequence

import numpy as np

# Each word holds up to this share of the dataset's display scale; pages and their scripts share the list.
STRENGTHS = ((0.05, "hardly"), (0.15, "weakly"), (0.4, "clearly"), (1e9, "strongly"))
ALIKE = 0.5  # one face's value counts with the other's if it is at least this share of it
MOST = 3


def strength(value: float, scale: float) -> str:
    """Say how strong a map's value is, on the display scale of its dataset."""
    return next(word for share, word in STRENGTHS if abs(value) <= share * scale)


def region_words(names: Sequence[str], means: np.ndarray, scale: float) -> list[dict[str, str]]:
    """Name the regions that mattered most, at most three, in order; none whose mean hardly matters.

    Parameters
    ----------
    names : sequence of str
        The regions.
    means : numpy.ndarray
        2 x len(names): mean of the map over each region of face a and of face b.
    scale : float
        The method's display scale.

    Returns
    -------
    list of dict
        `name`, and `says`, which completes the sentence "The <name> ...".
    """
    largest = np.abs(means).max(axis=0)
    order = np.argsort(-largest, kind="stable")[:MOST]
    return [
        _words(names[i], means[0, i], means[1, i], scale)
        for i in order
        if strength(largest[i], scale) != STRENGTHS[0][1]
    ]


def _words(name: str, a: float, b: float, scale: float) -> dict[str, str]:
    both_matter = min(abs(a), abs(b)) >= ALIKE * max(abs(a), abs(b))
    faces, value = ("A", a) if abs(a) >= abs(b) else ("B", b)
    if both_matter and a * b > 0:
        return {"name": name, "says": f"of both faces {_speaks(name, (a + b) / 2, scale)}"}
    says = f"of face {faces} {_speaks(name, value, scale)}"
    if both_matter:
        says += f", that of face {'B' if faces == 'A' else 'A'} for {_direction(-value)}"
    return {"name": name, "says": says}


def _speaks(name: str, value: float, scale: float) -> str:
    verb = "speak" if " and " in name else "speaks"
    return f"{verb} {strength(value, scale)} for {_direction(value)}"


def _direction(value: float) -> str:
    return "“same”" if value > 0 else "“different”"
