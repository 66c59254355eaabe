"""Every decision's confidence, by calibrators that were fitted on pairs its fold never contributed to."""

import logging

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.scores.bounds import supported_range
from whyface.scores.calibrators import METHODS, Calibrator, PaperScore, from_json, to_json
from whyface.scores.decisions import SAME, Reference, distances_and_labels, split_folds

logger = logging.getLogger("whyface")


def fit_confidence(
    decisions: pd.DataFrame, reference: Reference | None, dataset: str, method: str, bins: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every decision its confidence, and fit every other method too.

    Parameters
    ----------
    decisions : pandas.DataFrame
        A decisions table.
    reference : Reference or None
        The dataset that serves pairs without a fold.
    dataset : str
        The pairs' own dataset.
    method : str
        What is behind p_same: one of `calibrators.METHODS`.
    bins : int
        Histogram bins on distances 0 to 2, for the methods that count.

    Returns
    -------
    tuple of pandas.DataFrame
        A scores table and a confidence table.
    """
    fits = []
    for fold, judged, teaching, fitted_on in split_folds(decisions, reference, dataset):
        threshold = float(decisions.loc[judged[0], "threshold"])
        for name in METHODS:
            fitted = fit_bounded(name, *distances_and_labels(teaching), bins)
            fits.append((fold, name, *fitted, threshold, fitted_on, len(teaching)))
    columns = ["fold", "method", "parameters", "llr_low", "llr_high", "threshold", "fitted_on", "n_fit"]
    confidence = pd.DataFrame(fits, columns=columns)
    llr = log_odds(decisions, confidence, method) / np.log(10)
    p_same = expit(llr * np.log(10))
    scores = decisions.assign(p_same=p_same, llr=llr, paper_score=_paper_scores(decisions, confidence))
    scores["confidence"] = scores["p_same"].where(scores["decision"] == SAME, 1 - scores["p_same"])
    return scores, confidence


def fit_bounded(
    method: str, distances: np.ndarray, is_genuine: np.ndarray, bins: int
) -> tuple[str | None, float, float]:
    """Fit one method, and bound it to the likelihood ratios that its pairs support.

    Returns
    -------
    tuple
        Parameters as JSON, null if the fit failed; lowest and highest log10 likelihood ratio, NaN for `paper`: what was
        published has no bounds.
    """
    fitted = METHODS[method](distances, is_genuine, bins)
    if fitted is None:
        return None, np.nan, np.nan
    if method == "paper":
        return to_json(fitted), np.nan, np.nan
    return to_json(fitted), *supported_range(fitted.log_odds(distances), is_genuine)


def log_odds(pairs: pd.DataFrame, confidence: pd.DataFrame, method: str) -> np.ndarray:
    """Evaluate one method's fits on the pairs that each is for, within its bounds.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns fold, cosine_distance.
    confidence : pandas.DataFrame
        A confidence table.

    Returns
    -------
    numpy.ndarray
        Natural log likelihood ratios; NaN without a distance or a fit.
    """
    distances = pairs["cosine_distance"].to_numpy(np.float64)
    found = np.full(len(pairs), np.nan)
    for fit in confidence[confidence["method"] == method].itertuples():
        own = rows_of_fold(pairs, fit.fold)
        if fit.parameters:
            found[own] = bounded(from_json(method, fit.parameters), fit.llr_low, fit.llr_high, distances[own])
    return found


def bounded(calibrator: Calibrator, llr_low: float, llr_high: float, distances: np.ndarray) -> np.ndarray:
    """Natural log likelihood ratios within bounds given as log10; NaN bounds are none."""
    found = calibrator.log_odds(distances)
    if np.isnan(llr_low) or np.isnan(llr_high):
        return found
    return np.clip(found, llr_low * np.log(10), llr_high * np.log(10))


def rows_of_fold(pairs: pd.DataFrame, fold: float | None) -> np.ndarray:
    """Mask of the pairs of a fold; null: of those without one."""
    return (pairs["fold"].isna() if pd.isna(fold) else pairs["fold"] == fold).to_numpy()


def _paper_scores(decisions: pd.DataFrame, confidence: pd.DataFrame) -> np.ndarray:
    """Confidence as published, 0.5 to 1."""
    distances = decisions["cosine_distance"].to_numpy(np.float64)
    found = np.full(len(decisions), np.nan)
    for fit in confidence[confidence["method"] == "paper"].itertuples():
        own = rows_of_fold(decisions, fit.fold)
        paper = from_json("paper", fit.parameters) if fit.parameters else None
        if isinstance(paper, PaperScore):
            found[own] = paper.score(distances[own])
    return found
