"""From a distance to a probability: the published score, and a calibrated one.

Both are fitted on pairs that the judged pair's fold never contributed to. `paper` is what Knoche et al. (WACV
workshops 2023) publish, reproduced exactly; it is no probability. `logistic` is: p_same at a prior of 0.5.
"""

import json
import logging
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from whyface.decisions import SAME, Reference, distances_and_labels, split_folds, threshold_grid

logger = logging.getLogger("whyface")

# Weak enough to leave the fit alone (Cllr changes in no printed digit), strong enough that separable pairs have one.
RIDGE_C = 1e4


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


@dataclass(frozen=True)
class Logistic:
    """Logistic regression of genuine on the distance: logit p_same = intercept + slope x distance, prior 0.5."""

    intercept: float
    slope: float

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Natural log of the likelihood ratio, genuine over impostor: at prior 0.5 the log odds."""
        return self.intercept + self.slope * np.asarray(distances, np.float64)

    def p_same(self, distances: np.ndarray) -> np.ndarray:
        """Probability of genuine at a prior of 0.5."""
        return expit(self.log_odds(distances))

    def llr(self, distances: np.ndarray) -> np.ndarray:
        """log10 likelihood ratio."""
        return self.log_odds(distances) / np.log(10)


def fit_paper_score(distances: np.ndarray, is_genuine: np.ndarray, threshold: float, bins: int) -> PaperScore | None:
    """Fit the published score (seed method, confidence score, steps 3 and 4).

    Parameters
    ----------
    distances : numpy.ndarray
        n, 0 to 2.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    threshold : float
        Of the same pairs, from `fit_threshold` with the same `bins`.
    bins : int
        Bins of the density histograms on [0, 2].

    Returns
    -------
    PaperScore or None
        None, with a warning, where the published least-squares fit does not converge.
    """
    genuine, _ = np.histogram(distances[is_genuine], bins=bins, range=(0, 2), density=True)
    impostor, _ = np.histogram(distances[~is_genuine], bins=bins, range=(0, 2), density=True)
    empty = np.where(np.arange(bins) < int(threshold / (2 / bins)), 1.0, 0.0)
    total = genuine + impostor
    ratio = np.divide(genuine, total, out=empty, where=total > 0)
    start = [ratio.max(), threshold, -20, ratio.min()]
    try:
        (a, x0, k, b), _ = curve_fit(_sigmoid, threshold_grid(bins), ratio, p0=start, method="dogbox")
    except RuntimeError as error:
        logger.warning("the published score's fit fails on these pairs, paper_score stays empty: %s", error)
        return None
    return PaperScore(float(a), float(x0), float(k), float(b), threshold)


def fit_logistic(distances: np.ndarray, is_genuine: np.ndarray) -> Logistic:
    """Fit a logistic regression in which both classes weigh the same, whatever their numbers: prior 0.5.

    Parameters
    ----------
    distances : numpy.ndarray
        n, 0 to 2.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    """
    regression = LogisticRegression(C=RIDGE_C, class_weight="balanced", tol=1e-8, max_iter=1000)
    # Centred and scaled, the optimiser converges on any model's distances.
    centre, scale = distances.mean(), distances.std() or 1.0
    regression.fit(((distances - centre) / scale)[:, None], is_genuine)
    slope = float(regression.coef_[0, 0] / scale)
    return Logistic(float(regression.intercept_[0]) - slope * float(centre), slope)


def fit_confidence(
    decisions: pd.DataFrame, reference: Reference | None, dataset: str, method: str, bins: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every decision its confidence, fitted on pairs of other folds.

    Parameters
    ----------
    decisions : pandas.DataFrame
        A decisions table.
    reference : Reference or None
        The dataset that serves pairs without a fold.
    dataset : str
        The pairs' own dataset.
    method : str
        What is behind p_same; `logistic`.
    bins : int
        Of the published score.

    Returns
    -------
    tuple of pandas.DataFrame
        A scores table and a confidence table.
    """
    scores = decisions.assign(p_same=np.nan, llr=np.nan, paper_score=np.nan)
    fits = []
    for fold, judged, teaching, fitted_on in split_folds(decisions, reference, dataset):
        taught = distances_and_labels(teaching)
        threshold = float(decisions.loc[judged[0], "threshold"])
        calibrated, paper = fit_logistic(*taught), fit_paper_score(*taught, threshold, bins)
        distances = decisions.loc[judged, "cosine_distance"].to_numpy(np.float64)
        scores.loc[judged, "p_same"] = calibrated.p_same(distances)
        scores.loc[judged, "llr"] = calibrated.llr(distances)
        scores.loc[judged, "paper_score"] = paper.score(distances) if paper else np.nan
        for name, fit in ((method, calibrated), ("paper", paper)):
            parameters = json.dumps(asdict(fit)) if fit else None
            fits.append((fold, name, parameters, threshold, fitted_on, len(teaching)))
    scores["confidence"] = scores["p_same"].where(scores["decision"] == SAME, 1 - scores["p_same"])
    columns = ["fold", "method", "parameters", "threshold", "fitted_on", "n_fit"]
    return scores, pd.DataFrame(fits, columns=columns)


def _sigmoid(x, a, x0, k, b):
    # The fit strays to arguments where exp overflows to infinity, whose reciprocal is the right 0.
    with np.errstate(over="ignore"):
        return a / (1 + np.exp(-k * (x - x0))) + b
