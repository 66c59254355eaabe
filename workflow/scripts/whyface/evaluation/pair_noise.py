"""What a fair system would show on a pair list: every group's error rate is drawn from the common one.

A list has no labels that could be shuffled: its pairs may all be within groups, and its people known from pairs alone.
So the errors of each group are drawn as those of independent pairs, as many as would tell as much: pairs divided by the
design effect, how much larger the variances over people are than those of independent pairs (Kish 1965), over all
groups. What variances have beyond those of independent pairs is an estimate, and drawn by its degrees of freedom. Rates
that move together because groups share people are drawn so, by a normal copula.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from whyface.evaluation.group_indices import OF_ONE, TESTED, Rates
from whyface.evaluation.group_noise import FOUND, MOST_FACTOR

DRAWS = 999
MOST_RATE = 0.95  # of a group whose rate is multiplied
LEAST_OWN = 0.05  # least eigenvalue of correlations: what is left of a group's error if the others are known


class Fair(NamedTuple):
    """A fair system, drawn many times.

    Attributes
    ----------
    rate : float
        The error rate of all groups.
    sizes : numpy.ndarray
        groups, whole: independent pairs that would tell as much as each group's.
    chances : numpy.ndarray
        draws x groups, uniform: where a drawn rate lies among all.
    scales : numpy.ndarray
        draws x groups: a drawn standard error over the true one.
    inverse : numpy.ndarray or None
        groups x groups, the inverse of the correlations.
    """

    rate: float
    sizes: np.ndarray
    chances: np.ndarray
    scales: np.ndarray
    inverse: np.ndarray | None

    def rates(self) -> Rates:
        """Give the rates of every draw."""
        return Rates(*self._draw(self.rate, slice(None)), self.inverse)

    def multiplied(self, rates: Rates, group: int, factor: float) -> Rates:
        """Give these rates if one group's errors were `factor` times as frequent."""
        values, errors = rates.values.copy(), rates.errors.copy()
        values[:, group], _, errors[:, group] = self._draw(factor * self.rate, group)
        return rates._replace(values=values, errors=errors)

    def _draw(self, rate: float, groups: slice | int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw rates of some groups, and give their sizes and errors."""
        sizes = self.sizes[groups]
        values = binom.ppf(self.chances[:, groups], sizes, rate) / sizes
        errors = np.sqrt(values * (1 - values) / sizes) * self.scales[:, groups]
        return values, np.broadcast_to(sizes, values.shape), errors


def design_effect(values: np.ndarray, pairs: np.ndarray, errors: np.ndarray) -> float:
    """Find how much larger variances are than those of independent pairs, over all groups; at least 1.

    Parameters
    ----------
    values, pairs, errors : numpy.ndarray
        groups: the rates, pairs and standard errors.
    """
    alone = (pairs * values * (1 - values)).sum()
    return float(max(1.0, (pairs**2 * errors**2).sum() / alone)) if alone > 0 else 1.0


def correlate(covariance: np.ndarray, errors: np.ndarray) -> np.ndarray | None:
    """Turn covariances of the rates into correlations that can be inverted; None if the groups share nobody."""
    both = np.outer(errors, errors)
    found = np.divide(covariance, both, out=np.zeros_like(both), where=both > 0)
    np.fill_diagonal(found, 1.0)
    if not np.triu(found, 1).any():
        return None
    roots, axes = np.linalg.eigh(found)
    found = (axes * np.maximum(roots, LEAST_OWN)) @ axes.T
    scale = np.sqrt(np.diag(found))
    return found / np.outer(scale, scale)


def draw_fair(
    rate: float,
    pairs: np.ndarray,
    design: float,
    freedom: np.ndarray,
    correlation: np.ndarray | None,
    rng: np.random.Generator,
) -> Fair:
    """Draw fair systems.

    Parameters
    ----------
    rate : float
        The error rate of all groups.
    pairs : numpy.ndarray
        groups, their pairs.
    design : float
        As `design_effect` gives it.
    freedom : numpy.ndarray
        groups, degrees of freedom of the standard errors.
    correlation : numpy.ndarray or None
        groups x groups, as `correlate` gives them.
    rng : numpy.random.Generator
        Source of chance.
    """
    normal = rng.normal(size=(DRAWS, len(pairs)))
    if correlation is not None:
        normal = normal @ np.linalg.cholesky(correlation).T
    excess = rng.chisquare(freedom, normal.shape) / freedom
    scales = np.sqrt((1 + (design - 1) * excess) / design)
    inverse = None if correlation is None else np.linalg.inv(correlation)
    return Fair(rate, np.maximum(np.rint(pairs / design), 1), ndtr(normal), scales, inverse)


def found_factor(fair: Fair, group: int, level: float) -> float:
    """Find by how much a group's rate must be multiplied for the difference to be found 80 times in 100.

    Parameters
    ----------
    fair : Fair
        The fair system.
    group : int
        Place of the group.
    level : float
        Share of fair systems in which a difference is found all the same.

    Returns
    -------
    float
        NaN beyond `MOST_FACTOR` and `MOST_RATE`.
    """
    rates = fair.rates()
    limit = np.quantile(OF_ONE[TESTED](rates), 1 - level)
    most = min(MOST_FACTOR, MOST_RATE / fair.rate) if fair.rate > 0 else 1.0

    def is_found(log_factor: float) -> bool:
        values = OF_ONE[TESTED](fair.multiplied(rates, group, np.exp(log_factor)))
        return bool((values > limit).mean() >= FOUND)

    low, high = 0.0, np.log(max(most, 1.0))
    if not is_found(high):
        return np.nan
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return float(np.exp(high))
