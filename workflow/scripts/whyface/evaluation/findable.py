"""What a search for worst slices could have found: the error rate at which a slice stands out in 80 of 100 cases."""

from collections.abc import Callable

import numpy as np

POWER = 0.8
DEALS, HALVINGS = 200, 9
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
    test: Callable[[np.ndarray], np.ndarray], inside: np.ndarray, wrong: np.ndarray, elsewhere: float, critical: float
) -> float:
    """Find by halving the error rate of a slice that is found with `POWER`.

    Parameters
    ----------
    test : callable
        From n x deals errors, to the p-values of the slice.
    inside : numpy.ndarray
        Its rows.
    wrong : numpy.ndarray
        n, bool: errors, which are dealt out at the rate `elsewhere`, and in the slice at the rate tried.
    elsewhere : float
        Error rate outside the slice.
    critical : float
        From `critical_p`.

    Returns
    -------
    float
        NaN if it would not be found although every pair were an error.
    """
    draws = np.random.default_rng(SEED).random((len(wrong), DEALS))
    dealt = draws < elsewhere

    def is_found(rate: float) -> bool:
        dealt[inside] = draws[inside] < rate
        return bool(np.mean(test(dealt) < critical) >= POWER)

    if not is_found(1.0):
        return float("nan")
    low, high = 0.0, 1.0  # the root of the share of the way from the rate elsewhere to 1: fine steps for small rates
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(elsewhere + (1 - elsewhere) * middle**2) else (middle, high)
    return elsewhere + (1 - elsewhere) * high**2
