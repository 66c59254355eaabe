"""Calibrators that fit a density to the distances of each class; the likelihood ratio is their ratio.

Their densities are drawn over the histograms.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # loads scipy.optimize when it is used, which most jobs never do
from scipy.special import betaln, digamma, logsumexp

NARROWEST_KERNEL = 0.005  # of the distance; equal distances have no bandwidth of their own
KERNEL_GRID = np.linspace(0, 2, 1001)
SMALLEST_SHARE = 1e-6  # keeps off the ends of the range, where a log density can be infinite
LEAST_SPREAD = 1e-5  # standard deviation; what spreads less is equal but for the rounding of float32 embeddings


@dataclass(frozen=True)
class Kde:
    """Densities of genuine and impostor distances, each a sum of Gaussian kernels; their log ratio.

    Where the ratio would rise with the distance, as it does far out if the genuine kernels are the wider ones, it is
    that of the two classes' shares in the stretch that has to be pooled for it to fall (pool adjacent violators).

    Attributes
    ----------
    genuine, impostor : tuple of float
        Natural log of either density on `KERNEL_GRID`.
    """

    genuine: tuple[float, ...]
    impostor: tuple[float, ...]

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Interpolate the log ratio."""
        return np.interp(distances, KERNEL_GRID, self._falling)

    @cached_property
    def _falling(self) -> np.ndarray:
        """Log ratio on `KERNEL_GRID`, pooled where it would rise."""
        pooled: list[tuple[float, float, int]] = []  # log shares of both classes, grid points
        for genuine, impostor in zip(self.genuine, self.impostor, strict=True):
            length = 1
            while pooled and genuine - impostor > pooled[-1][0] - pooled[-1][1]:
                before = pooled.pop()
                genuine, impostor = np.logaddexp(genuine, before[0]), np.logaddexp(impostor, before[1])
                length += before[2]
            pooled.append((genuine, impostor, length))
        shares, lengths = np.array(pooled)[:, :2], [one[2] for one in pooled]
        return np.repeat(shares[:, 0] - shares[:, 1], lengths)

    def densities(self, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Genuine and impostor density at these distances."""
        genuine, impostor = (np.exp(np.interp(distances, KERNEL_GRID, log)) for log in (self.genuine, self.impostor))
        return genuine, impostor


@dataclass(frozen=True)
class Beta:
    """Beta distributions of half the distance of genuine and of impostor pairs; the log ratio of their densities.

    The ratio falls, rises, or turns once between distances 0 and 2. Where it rises, a larger distance would speak more
    for the same person. We put that down to the shape of the distributions: there the ratio keeps its value at the
    turn, and a ratio that never falls is replaced by 1.

    Attributes
    ----------
    genuine, impostor : tuple of float
        The parameters a and b of either distribution.
    """

    genuine: tuple[float, float]
    impostor: tuple[float, float]

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Evaluate the log ratio, constant where it would rise."""
        x = share_of_range(distances)
        # The log ratio's slope is a / x - b / (1 - x).
        a, b = np.subtract(self.genuine, self.impostor)
        if a >= 0 >= b:
            return np.zeros_like(x)
        if a * b > 0:
            turn = a / (a + b)
            x = np.minimum(x, turn) if a < 0 else np.maximum(x, turn)
        return _log_density(x, self.genuine) - _log_density(x, self.impostor)

    def densities(self, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Genuine and impostor density at these distances."""
        x = share_of_range(distances)
        # The distance has twice the range of its half, so half the density.
        return np.exp(_log_density(x, self.genuine)) / 2, np.exp(_log_density(x, self.impostor)) / 2


def fit_kde(distances: np.ndarray, is_genuine: np.ndarray, bins: int) -> Kde:
    """Estimate both densities with Gaussian kernels of Silverman's width (1986, eq. 3.31).

    Distances are first counted in `bins` bins, so that a million cost no more than a thousand.
    """
    logs = []
    for sample in (distances[is_genuine], distances[~is_genuine]):
        spread = min(sample.std(), float(np.subtract(*np.quantile(sample, [0.75, 0.25]))) / 1.349)
        width = max(0.9 * spread * len(sample) ** -0.2, NARROWEST_KERNEL)
        counts, edges = np.histogram(sample, bins=bins, range=(0, 2))
        filled = counts > 0
        centres = ((edges[1:] + edges[:-1]) / 2)[filled]
        exponent = -0.5 * ((KERNEL_GRID[:, None] - centres) / width) ** 2
        scale = len(sample) * width * np.sqrt(2 * np.pi)
        logs.append(tuple((logsumexp(exponent, b=counts[filled], axis=1) - np.log(scale)).tolist()))
    return Kde(*logs)


def fit_beta(distances: np.ndarray, is_genuine: np.ndarray, bins: int = 0) -> Beta:
    """Fit both beta distributions by maximum likelihood."""
    share = share_of_range(distances)
    return Beta(_most_likely_beta(share[is_genuine]), _most_likely_beta(share[~is_genuine]))


def share_of_range(distances: np.ndarray) -> np.ndarray:
    """Half the distance, kept off 0 and 1."""
    return np.clip(np.asarray(distances, np.float64) / 2, SMALLEST_SHARE, 1 - SMALLEST_SHARE)


def _log_density(x: np.ndarray, parameters: tuple[float, float]) -> np.ndarray:
    a, b = parameters
    return (a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - betaln(a, b)


def _most_likely_beta(share: np.ndarray) -> tuple[float, float]:
    """Fit a and b; the likelihood depends on the sample only through the means of log x and log (1 - x)."""
    log_x, log_rest = np.log(share).mean(), np.log1p(-share).mean()
    mean, variance = share.mean(), max(share.var(), LEAST_SPREAD**2)
    start = np.log(np.array([mean, 1 - mean]) * max(mean * (1 - mean) / variance - 1, 1e-3))

    def surprise(logs: np.ndarray) -> tuple[float, np.ndarray]:
        a, b = np.exp(logs)
        slope = np.array([digamma(a) - digamma(a + b) - log_x, digamma(b) - digamma(a + b) - log_rest])
        return betaln(a, b) - (a - 1) * log_x - (b - 1) * log_rest, slope * (a, b)

    # A sample without spread has no most likely distribution: take the one with its mean and the least spread.
    if share.var() <= LEAST_SPREAD**2:
        a, b = np.exp(start)
    else:
        a, b = np.exp(scipy.optimize.minimize(surprise, start, jac=True, method="BFGS", options={"gtol": 1e-8}).x)
    return float(a), float(b)
