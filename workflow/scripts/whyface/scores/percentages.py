"""Percentages that people are shown elsewhere, made of the same distances: judged beside ours, never used.

Each formula is applied as its users apply it, with the threshold of the pair's fold. None of them claims to be a
likelihood ratio; but whoever reads "97 %" takes it for a probability, and as one it is judged.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from whyface.scores.confidence import log_odds

SLOPE = 10.0
# DeepFace rounds to 0.01 %: a statement of 100 % may mean 99.995 %.
CERTAIN = 5e-5


def stated_log_odds(pairs: pd.DataFrame, confidence: pd.DataFrame) -> dict[str, np.ndarray]:
    """Turn distances into what each formula states.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns fold, cosine_distance and threshold.
    confidence : pandas.DataFrame
        A confidence table: DeepFace's logistic regression is fitted as ours, without the pair's own fold.

    Returns
    -------
    dict of str to numpy.ndarray
        Natural log odds of "same person" by formula, within those of `CERTAIN`; NaN without a distance. cosine: the
        similarity as a percentage. sigmoid: of ten times the distance below the threshold. face-recognition: the
        formula in the wiki of the package face_recognition. deepface: logistic regression, stretched to 51 to 100 % for
        "same" and 0 to 49 % for "different", as in DeepFace's `find_confidence`.
    """
    distances = pairs["cosine_distance"].to_numpy(np.float64)
    thresholds = pairs["threshold"].to_numpy(np.float64)
    stated = {
        "cosine": 1 - distances,
        "sigmoid": expit(SLOPE * (thresholds - distances)),
        "face-recognition": _face_recognition(distances, thresholds),
        "deepface": _deepface(pairs, expit(log_odds(pairs, confidence, "logistic"))),
    }
    return {name: logit(np.clip(p, CERTAIN, 1 - CERTAIN)) for name, p in stated.items()}


def _face_recognition(distances: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Apply the wiki's formula, for distances from 0 to 1 and a threshold between; NaN for any other threshold."""
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = (1 - distances) / (2 * (1 - thresholds))
        within = 1 - distances / (2 * thresholds)
        bent = within + (1 - within) * np.maximum(2 * within - 1, 0) ** 0.2
    known = (thresholds > 0) & (thresholds < 1)
    return np.where(known, np.where(distances > thresholds, beyond, bent), np.nan)


def _deepface(pairs: pd.DataFrame, fitted: np.ndarray) -> np.ndarray:
    """Stretch probabilities so that those of each decision fill its range, from that of the other folds.

    Pairs without a fold are stretched by all.
    """
    percent, stretched = 100 * fitted, np.full(len(pairs), np.nan)
    same = (pairs["cosine_distance"] < pairs["threshold"]).to_numpy()
    folds = pairs["fold"].astype("Int64").fillna(-1).to_numpy(np.int64)
    for fold in np.unique(folds):
        others = (folds != fold) | (fold < 0)
        for verified in (True, False):
            rows, seen = (folds == fold) & (same == verified), percent[others & (same == verified)]
            stretched[rows] = _stretch(percent[rows], seen[np.isfinite(seen)], verified)
    return np.where(np.isfinite(percent), stretched / 100, np.nan)


def _stretch(percent: np.ndarray, seen: np.ndarray, verified: bool) -> np.ndarray:
    if not len(seen) or seen.max() == seen.min():
        return np.full(len(percent), 51.0 if verified else 49.0)
    low, high = (max(51, seen.min()), 100) if verified else (0, min(49, seen.max()))
    moved = (percent - seen.min()) / (seen.max() - seen.min()) * (high - low) + low
    return np.round(np.clip(moved, 51 if verified else 0, 100 if verified else 49), 2)
