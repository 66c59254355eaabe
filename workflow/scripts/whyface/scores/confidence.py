"""Every decision's confidence, by calibrators that were fitted without the pair's own fold."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.scores.bounds import BoundedCalibrator, fit_bounded
from whyface.scores.calibrators import CALIBRATORS, PaperScore
from whyface.scores.decisions import SAME, Reference, distances_and_labels, split_folds
from whyface.scores.plausibility import implausible

logger = logging.getLogger("whyface")


def fit_confidence(
    decisions: pd.DataFrame, reference: Reference | None, dataset: str, method: str, bins: int, model: str = "the model"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every decision its confidence, and fit every other method too.

    Parameters
    ----------
    decisions : pandas.DataFrame
        A decisions table.
    reference : Reference or None
        The dataset to fit on for pairs without a fold.
    dataset : str
        The pairs' own dataset.
    method : str
        The method behind p_same: one of `calibrators.CALIBRATORS`.
    bins : int
        Histogram bins on distances 0 to 2, for the methods that count.
    model : str
        Its name, for messages.

    Returns
    -------
    tuple of pandas.DataFrame
        A scores table and a confidence table.
    """
    for sentence in implausible(decisions):
        logger.warning("%s on %s: %s", model, dataset, sentence)
    rows = []
    for fold, held_out, training, fitted_on in split_folds(decisions, reference, dataset):
        threshold = float(decisions.loc[held_out[0], "threshold"])
        distances, is_genuine = distances_and_labels(training)
        counts = {"n_fit": len(training), "n_genuine": is_genuine.sum(), "n_impostor": (~is_genuine).sum()}
        about = {"threshold": threshold, "fitted_on": fitted_on, **counts}
        for name in CALIBRATORS:
            fit = fit_bounded(name, distances, is_genuine, bins)
            rows.append({"fold": fold, "method": name, **fit.to_row(), **about})
    confidence = pd.DataFrame(rows)
    llr = log_odds(decisions, confidence, method) / np.log(10)
    p_same = expit(llr * np.log(10))
    scores = decisions.assign(p_same=p_same, llr=llr, paper_score=_paper_scores(decisions, confidence))
    scores["confidence"] = scores["p_same"].where(scores["decision"] == SAME, 1 - scores["p_same"])
    return scores, confidence


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
    ratios = np.full(len(pairs), np.nan)
    for own, fit in fits_of_pairs(pairs, confidence, method):
        ratios[own] = fit.log_odds(distances[own])
    return ratios


def rows_of_fold(pairs: pd.DataFrame, fold: float | None) -> np.ndarray:
    """Mask of the pairs of a fold; null: of those without one."""
    return (pairs["fold"].isna() if pd.isna(fold) else pairs["fold"] == fold).to_numpy()


def fits_of_pairs(
    pairs: pd.DataFrame, confidence: pd.DataFrame, method: str
) -> Iterator[tuple[np.ndarray, BoundedCalibrator]]:
    """Give each fit of a method, after the mask of the pairs that it is for; `pairs` has a column fold."""
    for row in confidence[confidence["method"] == method].itertuples():
        yield rows_of_fold(pairs, row.fold), BoundedCalibrator.from_row(row)


def _paper_scores(decisions: pd.DataFrame, confidence: pd.DataFrame) -> np.ndarray:
    """Confidence as published, 0.5 to 1; NaN where its fit failed."""
    distances = decisions["cosine_distance"].to_numpy(np.float64)
    scores = np.full(len(decisions), np.nan)
    for own, fit in fits_of_pairs(decisions, confidence, "paper"):
        if isinstance(fit.calibrator, PaperScore):
            scores[own] = fit.calibrator.score(distances[own])
    return scores
