"""What a fair system would show: group labels are shuffled over people, so that any difference is chance.

Faces of one group are more alike than others in every system, so shuffled groups would have fewer false matches than
real ones. Hence the pairs are made alike first: within and between all groups, the closest pairs count as matches, as
many as give the rate that is common to all groups. Who resembles whom within a cell, and so how unevenly matches fall
on people, stays as it is.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.evaluation.group_cells import Matches, by_two, possible_pairs
from whyface.evaluation.group_indices import OF_ONE, TESTED, Rates

SHUFFLES = 999
FOUND = 0.8  # how often a difference should be found that a list is said to find
MOST_FACTOR = 64.0  # a larger one is not worth telling


class Impostors(NamedTuple):
    """The closest impostor pairs of a collection.

    Attributes
    ----------
    first, second : numpy.ndarray
        Their people, nearest first.
    images : numpy.ndarray
        How many images each person has.
    all_kept : bool
        Whether these are all impostor pairs.
    """

    first: np.ndarray
    second: np.ndarray
    images: np.ndarray
    all_kept: bool


def alike(impostors: Impostors, groups: np.ndarray, number: int, rate: float) -> Matches | None:
    """Take the closest pairs within and between groups, so that each such cell has one rate.

    Parameters
    ----------
    impostors : Impostors
        The pairs.
    groups : numpy.ndarray
        Each person's group, -1 if unknown.
    number : int
        How many groups there are.
    rate : float
        The false match rate of every cell.

    Returns
    -------
    Matches or None
        The pairs by their people; None if more would be needed than are kept.
    """
    sides = groups[impostors.first], groups[impostors.second]
    cells = np.where(np.minimum(*sides) < 0, -1, np.minimum(*sides) * number + np.maximum(*sides))
    wanted = np.rint(rate * possible_pairs(impostors.images, groups, number)).ravel()
    kept = np.bincount(cells[cells >= 0], minlength=number**2)
    upper = np.triu(np.ones((number, number), bool)).ravel()
    if not impostors.all_kept and (wanted > kept)[upper].any():
        return None
    rank = pd.Series(cells).groupby(cells).cumcount().to_numpy()
    closest = (cells >= 0) & (rank < wanted[cells])
    return by_two(impostors.first[closest], impostors.second[closest], len(groups))


def shuffled_fmr(
    matches: Matches, images: np.ndarray, groups: np.ndarray, number: int, rng: np.random.Generator
) -> Rates:
    """Find the false match rate within each group for labels that are shuffled over people: shuffles x groups."""
    known = groups >= 0
    labels, found = groups.copy(), []
    for _ in range(SHUFFLES):
        labels[known] = rng.permutation(groups[known])
        found.append(rates_within(matches, images, labels, number))
    return Rates(*(np.array(one) for one in zip(*found, strict=True)))


def rates_within(matches: Matches, images: np.ndarray, groups: np.ndarray, number: int) -> Rates:
    """Find the false match rate within each group and its error, as `group_cells.fmr_cells` does, for all at once."""
    of_first = groups[matches.first]
    same = (of_first >= 0) & (of_first == groups[matches.second])
    first, second, counts = (one[same] for one in matches)
    known, own_group = groups >= 0, np.maximum(groups, 0)

    def by_group(values: np.ndarray) -> np.ndarray:
        return np.bincount(groups[known], values[known], number)

    def by_match(values: np.ndarray) -> np.ndarray:
        return np.bincount(of_first[same], values, number)

    sums, squares = by_group(images), by_group(images**2.0)
    pairs_of = np.where(known, images * (sums[own_group] - images), 0)
    totals = np.maximum((sums**2 - squares) / 2, 2)
    rates = by_match(counts) / totals
    found = np.bincount(first, counts, len(images)) + np.bincount(second, counts, len(images))
    total = totals[own_group]
    own = (found - rates[own_group] * pairs_of) / total / np.maximum(1 - pairs_of / total, 0.5 / total)
    expected = by_match(counts * images[first] * images[second])
    dyads = (squares**2 - by_group(images**4.0)) / 2
    twice = (by_match(counts**2.0) - 2 * rates * expected + rates**2 * dyads) / totals**2
    alone = rates * (1 - rates) / (totals - 1)
    return Rates(rates, totals, np.sqrt(np.maximum(by_group(own**2) - twice, alone)))


def shuffled_fnmr(rates: np.ndarray, groups: np.ndarray, number: int, rng: np.random.Generator) -> Rates:
    """Find each group's mean rate for labels that are shuffled over people: shuffles x groups.

    Parameters
    ----------
    rates : numpy.ndarray
        Each person's share of rejected pairs; NaN without pairs.
    groups : numpy.ndarray
        Each person's group; -1 if unknown.
    number : int
        How many groups there are.
    rng : numpy.random.Generator
        Source of chance.
    """
    has = (groups >= 0) & np.isfinite(rates)
    found = [mean_rates(rates[has], rng.permutation(groups[has]), number) for _ in range(SHUFFLES)]
    return Rates(*(np.array(one) for one in zip(*found, strict=True)))


def mean_rates(rates: np.ndarray, groups: np.ndarray, number: int) -> Rates:
    """Find each group's mean rate over people, and its error."""
    sizes = np.bincount(groups, minlength=number).astype(float)
    means = np.bincount(groups, rates, number) / np.maximum(sizes, 1)
    squares = np.bincount(groups, (rates - means[groups]) ** 2, number)
    return Rates(means, sizes, np.sqrt(squares) / np.maximum(sizes - 1, 1))


def p_value(value: float, fair: np.ndarray, high_is_fair: bool = False) -> float:
    """Share of fair systems that are at least as far off, this one among them (Phipson and Smyth 2010)."""
    if high_is_fair:
        value, fair = -value, -fair
    return float((1 + np.count_nonzero(fair >= value - 1e-9 * abs(value))) / (1 + len(fair)))


def found_factors(fair: Rates, level: float) -> np.ndarray:
    """Find by how much each group's rate must be multiplied for the difference to be found 80 times in 100.

    Parameters
    ----------
    fair : Rates
        Of shuffled labels, shuffles x groups.
    level : float
        Share of fair systems in which a difference is found all the same.

    Returns
    -------
    numpy.ndarray
        By group; NaN beyond `MOST_FACTOR`, and for a rate without errors, which multiplies to nothing.
    """
    if not fair.values.any():
        return np.full(fair.values.shape[1], np.nan)
    limit = np.quantile(OF_ONE[TESTED](fair), 1 - level)
    return np.array([_found_factor(fair, group, limit) for group in range(fair.values.shape[1])])


def _found_factor(fair: Rates, group: int, limit: float) -> float:
    low, high = 0.0, np.log(MOST_FACTOR)
    if _power(fair, group, limit, high) < FOUND:
        return np.nan
    while high - low > 0.005:
        middle = (low + high) / 2
        low, high = (low, middle) if _power(fair, group, limit, middle) >= FOUND else (middle, high)
    return float(np.exp(high))


def _power(fair: Rates, group: int, limit: float, log_factor: float) -> float:
    """How often a difference is found if one group's rates are multiplied."""
    return float((OF_ONE[TESTED](_multiply(fair, group, np.exp(log_factor))) > limit).mean())


def _multiply(fair: Rates, group: int, factor: float) -> Rates:
    """Multiply one group's rates; the part of their relative variance that is due to few errors falls by the factor."""
    values, errors = fair.values.copy(), fair.errors.copy()
    before, relative = np.log(fair.above_zero[:, group]), fair.relative_errors[:, group]
    fewer = (1 - 1 / factor) / (fair.above_zero * fair.sizes)[:, group]
    after = np.sqrt(np.maximum(relative**2 / factor, relative**2 - fewer))
    centre = before.mean()
    values[:, group] = factor * np.exp(centre + (before - centre) * after / relative)
    errors[:, group] = values[:, group] * after
    return Rates(values, fair.sizes, errors)
