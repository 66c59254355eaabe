"""How far the distances of groups of people lie from those of all, and how often no face is found in their photos."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.evaluation.group_cells import Cell
from whyface.evaluation.people import FREE, LEAST_FREE, LEAST_PAIRS, People, Spread, count_equal, mean_part
from whyface.evaluation.people_groups import Grouping


def genuine_shifts(shown: np.ndarray, distances: np.ndarray, grouping: Grouping) -> Iterator[Cell]:
    """Yield the mean genuine distance of each group less that of all, each a mean over people.

    Parameters
    ----------
    shown, distances : numpy.ndarray
        The person in each genuine pair, and its distance.
    grouping : Grouping
        The groups.
    """
    size = len(grouping.groups)
    pairs = np.bincount(shown, minlength=size)
    has = (pairs > 0) & (grouping.groups >= 0)
    sums, groups = np.bincount(shown, distances, size)[has], grouping.groups[has]
    means, own_all = _of_mean(sums, pairs[has], np.ones(len(groups), bool), over_people=True)
    for group in range(len(grouping.values)):
        inside = groups == group
        mean, own = _of_mean(sums, pairs[has], inside, over_people=True)
        shares = inside / max(inside.sum(), 1)
        yield Cell(group, -1, mean - means, _spread(own - own_all, shares), int(pairs[has][inside].sum()), 0)


def impostor_shifts(vectors: np.ndarray, people: np.ndarray, grouping: Grouping) -> Iterator[Cell]:
    """Yield the mean distance of impostor pairs within each group less that of such pairs of all groups.

    The sum of the products of all vectors is the product of their sums: no pair need be looked at.

    Parameters
    ----------
    vectors : numpy.ndarray
        n x d, unit vectors.
    people : numpy.ndarray
        n, who is shown: whole numbers from 0.
    grouping : Grouping
        The groups of these people.
    """
    number, groups = len(grouping.values), grouping.groups
    of_people = np.zeros((len(groups), vectors.shape[1]))
    np.add.at(of_people, people, vectors)
    images, known = np.bincount(people, minlength=len(groups)), groups >= 0
    of_groups, counts = np.zeros((number, vectors.shape[1])), np.bincount(groups[known], images[known], number)
    np.add.at(of_groups, groups[known], of_people[known])
    own_group = np.maximum(groups, 0)
    pairs = np.where(known, images * (counts[own_group] - images), 0)
    sums = pairs - np.where(known, (of_people * (of_groups[own_group] - of_people)).sum(1), 0)
    mean_all, own_all = _of_mean(sums, pairs, known, over_people=False)
    for group in range(number):
        inside = groups == group
        mean, own = _of_mean(sums, pairs, inside, over_people=False)
        total = pairs[inside].sum() / 2
        spread = _spread(own - own_all, np.where(inside, pairs, 0) / max(total, 1))
        yield Cell(group, -1, mean - mean_all, spread, int(total), 0)


def _of_mean(sums: np.ndarray, pairs: np.ndarray, inside: np.ndarray, over_people: bool) -> tuple[float, np.ndarray]:
    """Give a mean distance, and what each person adds to it: over people, or over pairs, which two people share."""
    if not pairs[inside].sum():
        return np.nan, np.zeros(len(sums))
    weights = inside / inside.sum() if over_people else np.where(inside, pairs, 0) / (pairs[inside].sum() / 2)
    values = np.divide(sums, pairs, out=np.zeros(len(sums)), where=pairs > 0)
    mean = float(weights @ values / weights.sum())
    return mean, weights * (values - mean) / np.maximum(1 - weights, 1e-9)


def _spread(own: np.ndarray, shares: np.ndarray) -> Spread:
    """Estimate the spread from what each person adds; pairs of two people count twice, so it is never too narrow."""
    apart = float(shares.sum() / (shares**2).sum()) if shares.any() else 0.0
    people = int(np.count_nonzero(shares))
    if apart < LEAST_PAIRS * (1 - 1e-9):
        return Spread(np.nan, people, apart, np.nan)
    return Spread(
        float(np.sqrt(own @ own)), people, apart, min(apart - 1, max(LEAST_FREE, FREE * count_equal(own**2) - 1))
    )


def fta_cells(faces: pd.DataFrame, images: pd.DataFrame, values: pd.Series) -> Iterator[tuple[str, Cell]]:
    """Yield each group, and the share of its images in which no face was found.

    Parameters
    ----------
    faces, images : pandas.DataFrame
        The tables of a collection.
    values : pandas.Series
        Each person's group by subject_id; null if unknown.
    """
    seen = faces[["image_id", "status"]].merge(images[["image_id", "subject_id"]], on="image_id")
    seen = seen.assign(value=seen["subject_id"].map(values)).dropna(subset="value")
    for value, own in seen.groupby("value"):
        is_lost = own["status"].ne("ok").to_numpy(np.float64)
        sides = {f"{name}_{side}": own[f"{name}_id"] for name in ("subject", "image") for side in "ab"}
        spread = People(pd.DataFrame(sides).reset_index(drop=True)).spread([mean_part(np.arange(len(own)), is_lost)])
        yield str(value), Cell(-1, -1, float(is_lost.mean()), spread, len(own), int(is_lost.sum()))
