"""Indices that sum up how error rates differ between groups, and whether they differ more than chance makes them.

Every function takes rates whose last axis is the groups, so that thousands of shuffled sets are computed at once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from whyface.evaluation.intervals import NONE, Interval, cost_interval, plain_interval
from whyface.evaluation.people import Spread

WEIGHT = 0.5  # of false matches beside false non-matches, where an index weighs them: alpha


class Rates(NamedTuple):
    """An error rate of each group.

    Attributes
    ----------
    values : numpy.ndarray
        ... x groups, the rates.
    sizes : numpy.ndarray
        ... x groups, what they are shares of: impostor pairs, or people whose mean they are.
    errors : numpy.ndarray
        ... x groups, their standard errors.
    inverse : numpy.ndarray or None
        ... x groups x groups, the inverse of the correlations of these errors; None if groups share nobody.
    """

    values: np.ndarray
    sizes: np.ndarray
    errors: np.ndarray
    inverse: np.ndarray | None = None

    @property
    def above_zero(self) -> np.ndarray:
        """The rates; a group without errors has half an error, as ratios and logarithms need some."""
        return np.where(self.values > 0, self.values, 0.5 / np.maximum(self.sizes, 1))

    @property
    def relative_errors(self) -> np.ndarray:
        """Standard errors of the logarithms of the rates; 1 where half an error stands for none."""
        return np.where((self.values > 0) & (self.errors > 0), self.errors / self.above_zero, 1.0)


def max_min(rates: Rates) -> np.ndarray:
    """Highest rate over lowest; 1 is fair."""
    values = rates.above_zero
    return values.max(-1) / values.min(-1)


def max_mean(rates: Rates) -> np.ndarray:
    """Highest rate over the geometric mean (Grother 2022, NISTIR 8429); 1 is fair."""
    values = rates.above_zero
    return values.max(-1) / np.exp(np.log(values).mean(-1))


def gini(rates: Rates) -> np.ndarray:
    """Gini coefficient for few groups (Howard et al. 2022, section 4): 0 is fair, 1 if one group has all errors."""
    values = rates.values
    n, mean = values.shape[-1], values.mean(-1)
    apart = np.abs(values[..., :, None] - values[..., None, :]).sum((-2, -1))
    return n / (n - 1) * apart / (2 * n**2 * np.where(mean > 0, mean, 1))


def wald(rates: Rates) -> np.ndarray:
    """Wald's statistic of equal rates, of their logarithms: squared distances from the common one; 0 is fair.

    Each counts by how well it is known, and errors that go together are taken together. As its scale is that of the
    errors, the statistic means the same for groups of any size, and shuffled labels may have other errors than true
    ones (Chung and Romano 2013).
    """
    values, known = np.log(rates.above_zero), 1 / rates.relative_errors
    inverse = np.eye(values.shape[-1]) if rates.inverse is None else rates.inverse
    weights = (known[..., None, :] @ inverse)[..., 0, :] * known
    apart = (values - (weights * values).sum(-1, keepdims=True) / weights.sum(-1, keepdims=True)) * known
    return ((apart[..., None, :] @ inverse)[..., 0, :] * apart).sum(-1)


def discrepancy(fmr: Rates, fnmr: Rates) -> np.ndarray:
    """Fairness discrepancy rate (de Freitas Pereira and Marcel 2021, equation 3): 1 is fair."""
    return 1 - WEIGHT * np.ptp(fmr.values, -1) - (1 - WEIGHT) * np.ptp(fnmr.values, -1)


def inequity(fmr: Rates, fnmr: Rates) -> np.ndarray:
    """Inequity rate (Grother; Howard et al. 2022, equation 3): 1 is fair."""
    return max_min(fmr) ** WEIGHT * max_min(fnmr) ** (1 - WEIGHT)


def garbe(fmr: Rates, fnmr: Rates) -> np.ndarray:
    """Gini aggregation rate for biometric equitability (Howard et al. 2022): 0 is fair."""
    return WEIGHT * gini(fmr) + (1 - WEIGHT) * gini(fnmr)


OF_ONE: dict[str, Callable[[Rates], np.ndarray]] = {
    "wald": wald,
    "max_min": max_min,
    "max_mean": max_mean,
    "gini": gini,
}
OF_BOTH: dict[str, Callable[[Rates, Rates], np.ndarray]] = {
    "fdr": discrepancy,
    "inequity_rate": inequity,
    "garbe": garbe,
}
TESTED = "wald"  # the index that the verdict rests on
RATIOS = ("max_min", "max_mean", "inequity_rate")
HIGH_IS_FAIR = ("fdr",)
STEP = 0.01  # of the logarithm of a rate, to see how an index follows


def compute_index(index: str, rates: Sequence[Rates]) -> np.ndarray:
    """Compute an index by name, of the one rate or the two that it is of."""
    return (OF_ONE[index] if index in OF_ONE else OF_BOTH[index])(*rates)


def index_interval(index: str, rates: Sequence[Rates], spreads: Sequence[Spread]) -> Interval:
    """95 % interval of an index, from how it follows each group's rate (the delta method).

    Parameters
    ----------
    index : str
        Its name; the test statistic has no interval, and no index has one where nobody erred.
    rates : sequence of Rates
        One or both rates of the groups, which are taken to be independent.
    spreads : sequence of Spread
        Those of all these rates.
    """
    if index == TESTED or not all(one.values.any() for one in rates):
        return NONE
    plain = [Rates(one.above_zero, one.sizes, one.errors) for one in rates]
    slopes = [
        (compute_index(index, _step(plain, part, group, STEP)) - compute_index(index, _step(plain, part, group, -STEP)))
        / (2 * STEP)
        for part in range(len(rates))
        for group in range(len(rates[part].values))
    ]
    error = float(np.linalg.norm(np.array(slopes) * np.concatenate([one.relative_errors for one in rates])))
    spread = Spread(error, 0, np.nan, min(one.freedom for one in spreads))
    value = float(compute_index(index, rates))
    if index in RATIOS:
        low, high = cost_interval(value, spread)
        return max(1.0, low), high
    low, high = plain_interval(value, spread)
    return max(0.0, low), min(1.0, high)


def _step(rates: Sequence[Rates], part: int, group: int, step: float) -> list[Rates]:
    """Move the logarithm of one group's rate."""
    values = rates[part].values.copy()
    values[group] *= np.exp(step)
    return [one if place != part else one._replace(values=values) for place, one in enumerate(rates)]
