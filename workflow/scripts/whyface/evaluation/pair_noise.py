"""What a fair system would show on a pair list: every group's error rate is drawn from the common one.

A list has no labels that could be shuffled: its pairs may all be within groups, and its people known from pairs alone.
So the errors of each group are drawn as those of independent pairs, as many as would tell as much: pairs divided by the
design effect, how much larger the variances over people are than those of independent pairs (Kish 1965), over all
groups. What variances have beyond those of independent pairs is an estimate, and drawn by its degrees of freedom. Rates
that move together because groups share people are drawn so, by a normal copula; what is estimated of that, by Wishart's
law.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from whyface.evaluation.group_indices import OF_ONE, TESTED, Rates
from whyface.evaluation.group_noise import FOUND, MOST_FACTOR

DRAWS = 999
MOST_FREEDOM = 200  # of correlations, which the people of all groups tell; more are as good as known
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
        draws x groups x groups, the inverse of the correlations that would be estimated.
    """

    rate: float
    sizes: np.ndarray
    chances: np.ndarray
    scales: np.ndarray
    inverse: np.ndarray | None

    def rates(self, factors: np.ndarray | float = 1.0) -> Rates:
        """Give the rates of every draw, were those of the groups multiplied."""
        values = binom.ppf(self.chances, self.sizes, np.minimum(factors * self.rate, 1)) / self.sizes
        errors = np.sqrt(values * (1 - values) / self.sizes) * self.scales
        return Rates(values, np.broadcast_to(self.sizes, values.shape), errors, self.inverse)

    def multiplied(self, group: int, factor: float) -> Rates:
        """Give the rates if one group's were `factor` times that of the others; a threshold keeps the rate of all."""
        factors = np.where(np.arange(len(self.sizes)) == group, factor, 1.0)
        return self.rates(factors * self.sizes.sum() / (factors @ self.sizes))


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
    return _steady(found)


def _steady(covariances: np.ndarray) -> np.ndarray:
    """Make correlations, ... x groups x groups, none of whose eigenvalues is nearly 0."""
    scale = np.sqrt(np.einsum("...ii->...i", covariances))
    roots, axes = np.linalg.eigh(covariances / (scale[..., :, None] * scale[..., None, :]))
    found = (axes * np.maximum(roots, LEAST_OWN)[..., None, :]) @ np.swapaxes(axes, -1, -2)
    scale = np.sqrt(np.einsum("...ii->...i", found))
    return found / (scale[..., :, None] * scale[..., None, :])


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
    excess, inverse = rng.chisquare(freedom, normal.shape) / freedom, None
    if correlation is not None:
        root, free = np.linalg.cholesky(correlation), int(min(np.sum(freedom), MOST_FREEDOM))
        normal, seen = normal @ root.T, rng.normal(size=(DRAWS, free, len(pairs))) @ root.T
        inverse = np.linalg.inv(_steady(np.swapaxes(seen, -1, -2) @ seen))
    scales = np.sqrt((1 + (design - 1) * excess) / design)
    return Fair(rate, np.maximum(np.rint(pairs / design), 1), ndtr(normal), scales, inverse)


def found_factor(fair: Fair, group: int, level: float) -> float:
    """Find how many times the rate of the others a group's must be for the difference to be found 80 times in 100.

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
    limit = np.quantile(OF_ONE[TESTED](fair.rates()), 1 - level)
    most = min(MOST_FACTOR, MOST_RATE / fair.rate) if fair.rate > 0 else 1.0

    def is_found(log_factor: float) -> bool:
        values = OF_ONE[TESTED](fair.multiplied(group, np.exp(log_factor)))
        return bool((values > limit).mean() >= FOUND)

    low, high = 0.0, np.log(max(most, 1.0))
    if not is_found(high):
        return np.nan
    while high - low > 0.02:
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return float(np.exp(high))
