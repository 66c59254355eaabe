"""Error rates of groups of people, over every two images of a collection, each with how far it spreads."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from whyface.evaluation.all_pairs import spread_fnmr
from whyface.evaluation.people import FREE, LEAST_FREE, LEAST_PAIRS, Spread, count_equal


class Cell(NamedTuple):
    """A rate of one group, or of the pairs between two.

    Attributes
    ----------
    group_a, group_b : int
        Places of the groups; group_b is -1 where the rate is of one group.
    value : float
        The rate; NaN without pairs.
    spread : Spread
        How far it spreads.
    n, errors : int
        Pairs, and errors among them.
    """

    group_a: int
    group_b: int
    value: float
    spread: Spread
    n: int
    errors: int


class Matches(NamedTuple):
    """False matches by the two people they show.

    Attributes
    ----------
    first, second : numpy.ndarray
        The people of every two who have any.
    counts : numpy.ndarray
        How many.
    """

    first: np.ndarray
    second: np.ndarray
    counts: np.ndarray


def by_two(first: np.ndarray, second: np.ndarray, people: int) -> Matches:
    """Count pairs of images by the two people they show."""
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second)
    codes, counts = np.unique(low * people + high, return_counts=True)
    return Matches(codes // people, codes % people, counts)


def possible_pairs(images: np.ndarray, groups: np.ndarray, number: int) -> np.ndarray:
    """Count the impostor pairs within and between groups: number x number, symmetric.

    Parameters
    ----------
    images : numpy.ndarray
        How many each person has.
    groups : numpy.ndarray
        Each person's group; -1 if unknown.
    number : int
        How many groups there are.
    """
    known = groups >= 0
    sums = np.bincount(groups[known], images[known], number)
    squares = np.bincount(groups[known], images[known] ** 2.0, number)
    pairs = np.outer(sums, sums)
    np.fill_diagonal(pairs, (sums**2 - squares) / 2)
    return pairs


def fmr_cells(images: np.ndarray, groups: np.ndarray, number: int, matches: Matches) -> Iterator[Cell]:
    """Yield the false match rate within each group and between every two."""
    sides = groups[matches.first], groups[matches.second]
    low, high = np.minimum(*sides), np.maximum(*sides)
    for a in range(number):
        for b in range(a, number):
            inside = (low == a) & (high == b)
            yield _fmr_cell(images, groups == a, groups == b, Matches(*(one[inside] for one in matches)), (a, b))


def _fmr_cell(images: np.ndarray, in_a: np.ndarray, in_b: np.ndarray, matches: Matches, place: tuple[int, int]) -> Cell:
    """Do what `all_pairs.spread_fmr` does, for the pairs of two groups or within one."""
    own, own_b = (np.where(one, images, 0).astype(np.float64) for one in (in_a, in_b))
    same = place[0] == place[1]
    pairs_of = own * (own.sum() - own) if same else own * own_b.sum() + own_b * own.sum()
    total = pairs_of.sum() / 2
    people, errors = int(np.count_nonzero(pairs_of)), int(matches.counts.sum())
    if not total:
        return Cell(*place, np.nan, Spread(np.nan, people, 0.0, np.nan), 0, errors)
    squares = (own**2).sum() * (own_b**2).sum()
    squares = (squares - (own**4).sum()) / 2 if same else squares
    return Cell(*place, errors / total, _spread(images, pairs_of, squares, matches), int(total), errors)


def _spread(images: np.ndarray, pairs_of: np.ndarray, squares: float, matches: Matches) -> Spread:
    """Estimate the spread of a share of false matches; `squares` sums the squared pairs of every two people."""
    first, second, counts = matches
    total, errors = pairs_of.sum() / 2, counts.sum()
    shares, rate = pairs_of / total, errors / total
    apart, people = float(shares.sum() / (shares**2).sum()), int(np.count_nonzero(pairs_of))
    if apart < LEAST_PAIRS:
        return Spread(np.nan, people, apart, np.nan)
    size = len(pairs_of)
    found = np.bincount(first, counts, size) + np.bincount(second, counts, size)
    own = (found - rate * pairs_of) / total / (1 - shares)
    expected = (counts * images[first] * images[second]).sum()
    twice = ((counts**2.0).sum() - 2 * rate * expected + rate**2 * squares) / total**2
    alone = total / (total - 1) * errors * (1 - rate) / total**2
    error = float(np.sqrt(max(own @ own - twice, alone)))
    return Spread(error, people, apart, min(apart - 1, max(LEAST_FREE, FREE * count_equal(own**2) - 1)))


def fnmr_cells(shown: np.ndarray, is_rejected: np.ndarray, groups: np.ndarray, number: int) -> Iterator[Cell]:
    """Yield each group's false non-match rate, a mean over its people.

    Parameters
    ----------
    shown, is_rejected : numpy.ndarray
        The person in each genuine pair, and whether it is rejected.
    groups : numpy.ndarray
        Each person's group; -1 if unknown.
    number : int
        How many groups there are.
    """
    for group in range(number):
        own = groups[shown] == group
        rate, spread = spread_fnmr(shown[own], is_rejected[own])
        yield Cell(group, -1, rate, spread, int(own.sum()), int(is_rejected[own].sum()))
