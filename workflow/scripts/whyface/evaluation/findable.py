"""What a search for worst slices could have found: the error rate at which a slice stands out in 80 of 100 cases."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

POWER = 0.8
DEALS, STEPS = 200, 512
AT_ONCE = 10_000  # pairs to which numbers are dealt at a time
SEED = 20


def critical_p(shuffled: np.ndarray, level: float) -> float:
    """Find the p-value below which the most extreme slice stands the guard.

    Parameters
    ----------
    shuffled : numpy.ndarray
        k x deals: p-values of shuffled errors; NaN if not tested.
    level : float
        0 to 1; adjusted p-values up to it stand out.
    """
    smallest = np.sort(np.fmin.reduce(shuffled))
    return float(smallest[int(level * (1 + len(smallest)) + 1e-9) - 1])


def findable_rate(
    test: Callable[[Iterator[np.ndarray]], np.ndarray],
    rows: np.ndarray,
    inside: np.ndarray,
    elsewhere: float,
    critical: float,
) -> float:
    """Find by halving the error rate of a slice that is found with `POWER`.

    Parameters
    ----------
    test : callable
        From the errors of each deal, as places among the m pairs of the class, to the p-values of the slice.
    rows : numpy.ndarray
        The m pairs of the class, ascending: their places in the list.
    inside : numpy.ndarray
        m, bool: in the slice. Errors are dealt out there at the rate tried, elsewhere at the rate `elsewhere`.
    elsewhere : float
        Error rate outside the slice.
    critical : float
        From `critical_p`.

    Returns
    -------
    float
        NaN if it would not be found although every pair were an error.
    """
    # Fine steps for small rates: the root of the share of the way from the rate elsewhere to 1 is halved.
    rates = elsewhere + (1 - elsewhere) * (np.arange(STEPS + 1) / STEPS) ** 2
    least = _least_steps(rows, inside, rates)

    def is_found(step: int) -> bool:
        return bool(np.mean(test(np.flatnonzero(deal <= step) for deal in least) < critical) >= POWER)

    if not is_found(STEPS):
        return float("nan")
    low, high = 0, STEPS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return float(rates[high])


def _least_steps(rows: np.ndarray, inside: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Deal numbers out to all pairs, and say from which of the rates on each pair of the class is an error.

    Returns
    -------
    numpy.ndarray
        uint16, deals x m. Outside the slice, 0 for an error at the first rate, else beyond all.
    """
    rng, least = np.random.default_rng(SEED), np.empty((DEALS, len(rows)), np.uint16)
    ends = np.searchsorted(rows, np.arange(0, rows.max(initial=-1) + 1 + AT_ONCE, AT_ONCE))
    for block, (first, last) in enumerate(pairwise(ends)):
        draws = rng.random((AT_ONCE, DEALS))[rows[first:last] - block * AT_ONCE].T
        own = inside[first:last]
        least[:, first:last][:, own] = np.searchsorted(rates, draws[:, own], "right")
        least[:, first:last][:, ~own] = np.where(draws[:, ~own] < rates[0], 0, len(rates))
    return least
