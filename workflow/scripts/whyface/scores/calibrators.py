"""Five ways from a distance to a likelihood ratio: each fits a function of the distance to labelled pairs.

A calibrator is a frozen dataclass of what was fitted, with one method, `log_odds`: the natural log of the likelihood
ratio, genuine over impostor, which at a prior of 0.5 are the log odds of genuine. Both classes weigh the same in every
fit, whatever their numbers. `whyface.scores.bounds` keeps ratios within what the pairs of the fit support.

They use SciPy: scikit-learn takes five seconds to load in every job, and lir, the field's own library, compares every
pair with every threshold, too slow for a million pairs. The tests compare with both.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple, Protocol

import numpy as np
import scipy  # loads scipy.optimize when it is used, which most jobs never do
from scipy.special import expit, logit

from whyface.scores.decisions import first_threshold, threshold_grid
from whyface.scores.densities import LEAST_SPREAD, Beta, Kde, fit_beta, fit_kde

logger = logging.getLogger("whyface")

# Weak enough to leave the fit alone (Cllr changes in no printed digit), strong enough that separable pairs have one.
RIDGE = 1e-8
SURE = 1e-12  # the published sigmoid can leave 0 .. 1: its log odds end here


class Calibrator(Protocol):
    """What fitting gives."""

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Natural log of the likelihood ratio, genuine over impostor."""
        ...


Fit = Callable[[np.ndarray, np.ndarray, int], Calibrator | None]


@dataclass(frozen=True)
class PaperScore:
    """The published sigmoid s(x) = a / (1 + exp(-k (x - x0))) + b (seed method, confidence score, step 4)."""

    a: float
    x0: float
    k: float
    b: float
    threshold: float

    def sigmoid(self, distances: np.ndarray) -> np.ndarray:
        """Evaluate s; not bounded to 0 .. 1."""
        return _sigmoid(np.asarray(distances, np.float64), self.a, self.x0, self.k, self.b)

    def score(self, distances: np.ndarray) -> np.ndarray:
        """Report the published confidence, 0.5 to 1: s, or 1 - s above the threshold, clipped (step 5)."""
        same = self.sigmoid(distances)
        return np.clip(np.where(distances > self.threshold, 1 - same, same), 0.5, 1)

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Read s as the probability of genuine, which it was never fitted to be."""
        return logit(np.clip(self.sigmoid(distances), SURE, 1 - SURE))


@dataclass(frozen=True)
class Logistic:
    """Logistic regression of genuine on the distance: log odds = intercept + slope x distance, which never rise."""

    intercept: float
    slope: float

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Evaluate the line."""
        return self.intercept + self.slope * np.asarray(distances, np.float64)


@dataclass(frozen=True)
class Isotonic:
    """The falling function nearest to the labels (pool adjacent violators), linear between its steps.

    Attributes
    ----------
    distances, p_same : tuple of float
        First and last distance of every step, rising, and its probability of genuine, falling.
    """

    distances: tuple[float, ...]
    p_same: tuple[float, ...]

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Interpolate the probability."""
        return logit(np.interp(distances, self.distances, self.p_same))


def fit_paper(distances: np.ndarray, is_genuine: np.ndarray, bins: int) -> PaperScore | None:
    """Fit the published score (seed method, confidence score, steps 2 to 4).

    Parameters
    ----------
    distances : numpy.ndarray
        n, 0 to 2.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    bins : int
        Bins of the density histograms on [0, 2], and candidate thresholds.

    Returns
    -------
    PaperScore or None
        None, with a warning, where the published least-squares fit does not converge, or gives a sigmoid that rises:
        the further apart, the surer that it is one person. Models that tell nobody apart end there.
    """
    threshold = first_threshold(distances, is_genuine, bins)
    genuine, _ = np.histogram(distances[is_genuine], bins=bins, range=(0, 2), density=True)
    impostor, _ = np.histogram(distances[~is_genuine], bins=bins, range=(0, 2), density=True)
    empty = np.where(np.arange(bins) < int(threshold / (2 / bins)), 1.0, 0.0)
    total = genuine + impostor
    ratio = np.divide(genuine, total, out=empty, where=total > 0)
    start = [ratio.max(), threshold, -20, ratio.min()]
    try:
        fitted, _ = scipy.optimize.curve_fit(_sigmoid, threshold_grid(bins), ratio, p0=start, method="dogbox")
    except (RuntimeError, ValueError) as error:  # no convergence; a matrix without decomposition
        why = str(error)
    else:
        a, x0, k, b = map(float, fitted)
        if a * k <= 0 and np.isfinite(fitted).all():
            return PaperScore(a, x0, k, b, threshold)
        why = "it rises with the distance"
    logger.warning("the published score's fit fails on these pairs, paper_score stays empty: %s", why)
    return None


def fit_logistic(distances: np.ndarray, is_genuine: np.ndarray, bins: int = 0) -> Logistic:
    """Fit the line, never rising, that minimises Cllr, the balanced log loss (Bruemmer and du Preez 2006).

    Where genuine pairs are not the closer ones, and where all distances are equal, it is constant: a ratio of 1.
    """
    # Centring and scaling let the optimiser converge on any model's distances.
    centre, scale = distances.mean(), distances.std()
    if scale <= LEAST_SPREAD:
        return Logistic(0.0, 0.0)
    x, sign, weights = (distances - centre) / scale, np.where(is_genuine, 1.0, -1.0), _balanced(is_genuine)

    def loss(line: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (line[0] + line[1] * x)
        pull = -weights * sign * expit(-margin)
        value = weights @ np.logaddexp(0, -margin) + RIDGE * line[1] ** 2
        return value, np.array([pull.sum(), pull @ x + 2 * RIDGE * line[1]])

    intercept, slope = scipy.optimize.minimize(loss, [0.0, 0.0], jac=True, method="BFGS", options={"gtol": 1e-9}).x
    if slope >= 0:
        return Logistic(0.0, 0.0)
    slope = float(slope / scale)
    return Logistic(float(intercept) - slope * float(centre), slope)


def fit_isotonic(distances: np.ndarray, is_genuine: np.ndarray, bins: int = 0) -> Isotonic:
    """Fit by pool adjacent violators, with one pair added that misleads at either end.

    Without them the ends would be certain, which no number of pairs can show.
    """
    place, index = np.unique(distances, return_inverse=True)
    weights = _balanced(is_genuine)
    mass = np.bincount(index, weights)
    genuine = np.bincount(index, weights * is_genuine)
    # An impostor closer than all pairs, a genuine pair further away; each weighs as one of its class.
    mass = np.concatenate([[weights[~is_genuine][0]], mass, [weights[is_genuine][0]]])
    genuine = np.concatenate([[0.0], genuine, [weights[is_genuine][0]]])
    pooled = scipy.optimize.isotonic_regression(genuine / mass, weights=mass, increasing=False)
    p_same = pooled.x[1:-1]
    ends = np.flatnonzero(np.diff(p_same))
    keep = np.unique(np.concatenate([[0], ends, ends + 1, [len(place) - 1]]))
    return Isotonic(tuple(place[keep].tolist()), tuple(p_same[keep].tolist()))


class Method(NamedTuple):
    """A way to calibrate: the function that fits it, and the class of what it fits."""

    fit: Fit
    fitted: Callable[..., Calibrator]


# By the names of config key and table column; the order is that of the legends.
CALIBRATORS: dict[str, Method] = {
    "logistic": Method(fit_logistic, Logistic),
    "paper": Method(fit_paper, PaperScore),
    "isotonic": Method(fit_isotonic, Isotonic),
    "kde": Method(fit_kde, Kde),
    "beta": Method(fit_beta, Beta),
}


def to_json(calibrator: Calibrator) -> str:
    """Write what was fitted; `from_json` reads it."""
    return json.dumps(asdict(calibrator))  # type: ignore[call-overload]


def from_json(method: str, parameters: str) -> Calibrator:
    """Make the calibrator that `to_json` wrote."""
    return CALIBRATORS[method].fitted(**json.loads(parameters))


def _balanced(is_genuine: np.ndarray) -> np.ndarray:
    """Weigh the pairs so that each class has half of the total."""
    return np.where(is_genuine, 0.5 / is_genuine.sum(), 0.5 / (~is_genuine).sum())


def _sigmoid(x, a, x0, k, b):
    # The fit strays to arguments where exp overflows to infinity, whose reciprocal is the right 0.
    with np.errstate(over="ignore"):
        return a / (1 + np.exp(-k * (x - x0))) + b
