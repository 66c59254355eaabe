"""Intervals by a bootstrap over subjects: pairs share people, so people are drawn, not pairs.

Each replicate gives every subject the weight 1/2 or 3/2 at random, and a genuine pair its subject's weight. Twice a
metric's standard deviation over the replicates is its standard error (Fay's variant of the half-sample: Judkins 1990).
An impostor pair has two subjects, and no weights suit all pairs. The sum of both deviations gives pairs that share one
person the covariance they have, but a pair that shares nobody twice its variance. The sum divided by sqrt(2) gives such
a pair its own variance, but pairs that share a person half of their covariance. `TWO_PEOPLE` lies between. (The usual
way, drawing subjects with replacement and multiplying their counts, gives a pair that shares nobody three times its
variance.) The tests check that the intervals hold the truth as often as they say, however many people pairs share.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

REPLICATES, FEWER_REPLICATES = 300, 100
MANY_PAIRS = 100_000
HALF = 0.5
TWO_PEOPLE = 0.75**0.5
Z = 1.959963984540054  # 97.5 % of a normal distribution lie below
SEED = 0
RULE_OF_THREE = 3  # no error in n trials: the rate is below 3 / n at 95 %


def replicates(pairs: int) -> int:
    """Choose how many replicates to draw: fewer of many pairs, where each costs more and errors are small."""
    return REPLICATES if pairs < MANY_PAIRS else FEWER_REPLICATES


def subject_codes(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Give the subjects of both sides numbers in order of their names; an image without a subject gets its own.

    The order makes the same people get the same draws in every table, whatever the order of its pairs.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns subject_a, subject_b, image_a, image_b.

    Returns
    -------
    tuple
        Codes of side a and of side b, and how many subjects there are.
    """
    names = [pairs[f"subject_{s}"].where(pairs[f"subject_{s}"] != "", "\0" + pairs[f"image_{s}"]) for s in "ab"]
    codes, known = pd.factorize(pd.concat(names), sort=True)
    return codes[: len(pairs)], codes[len(pairs) :], len(known)


def replicate_weights(pairs: pd.DataFrame) -> Iterator[np.ndarray]:
    """Yield the weights of pairs in each replicate; `pairs` as in `subject_codes`."""
    return draw_weights(*subject_codes(pairs), replicates(len(pairs)), SEED)


def draw_weights(
    code_a: np.ndarray, code_b: np.ndarray, subjects: int, replicates: int, seed: int
) -> Iterator[np.ndarray]:
    """Yield the pairs' weights of each replicate."""
    rng = np.random.default_rng(seed)
    own = code_a == code_b
    for _ in range(replicates):
        deviation = rng.integers(0, 2, subjects) - HALF
        first = deviation[code_a]
        yield 1 + np.where(own, first, TWO_PEOPLE * (first + deviation[code_b]))


def standard_errors(compute: Callable[[np.ndarray], np.ndarray], weights: Iterator[np.ndarray]) -> np.ndarray:
    """Estimate the standard error of every metric that `compute` makes of weights; NaN where a replicate has none."""
    return np.stack([compute(one) for one in weights]).std(axis=0) / HALF


def share_interval(value: float, error: float, n: float) -> tuple[float, float]:
    """95 % interval of a share, 0 to 1: Wilson's (1927), for as many trials as would have this standard error.

    A share of 0 or 1, or one that is the same in every replicate, has no such trials: the rule of three then reaches
    3 / n to either side.

    Parameters
    ----------
    value : float
        The share.
    error : float
        Its standard error.
    n : float
        Pairs behind it.
    """
    if np.isnan(value) or np.isnan(error):
        return np.nan, np.nan
    if value <= 0 or value >= 1 or error == 0:
        reach = min(1.0, RULE_OF_THREE / n)
        return max(0.0, value - reach), min(1.0, value + reach)
    trials = value * (1 - value) / error**2
    return wilson(value, trials)


def wilson(share: float, trials: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of independent trials."""
    centre = (share + Z**2 / (2 * trials)) / (1 + Z**2 / trials)
    reach = Z / (1 + Z**2 / trials) * np.sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
    low, high = max(0.0, centre - reach), min(1.0, centre + reach)
    return (0.0 if share == 0 else float(low)), (1.0 if share == 1 else float(high))  # exactly, whatever is rounded


def cost_interval(value: float, error: float) -> tuple[float, float]:
    """95 % interval of a positive metric: symmetric in its logarithm; none for 0."""
    if not value > 0 or np.isnan(error):
        return np.nan, np.nan
    reach = np.exp(min(Z * error / value, 50.0))
    return float(value / reach), float(value * reach)


def plain_interval(value: float, error: float) -> tuple[float, float]:
    """95 % interval of a metric without limits."""
    return value - Z * error, value + Z * error
