"""Figures of merit of a model on a dataset, in the terms of ISO/IEC 19795-1 and Bruemmer and du Preez (2006)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

FMR_TARGETS = {"1e-1": 0.1, "1e-2": 0.01, "1e-3": 0.001}
ECE_BINS = 15
LOG_FLOOR = 1e-15


def summarise_scores(scores: pd.DataFrame, faces: pd.DataFrame, method: str) -> pd.DataFrame:
    """Compute every metric of one model on one dataset.

    Parameters
    ----------
    scores : pandas.DataFrame
        A scores table.
    faces : pandas.DataFrame
        The faces of the images that the dataset uses: column status.
    method : str
        The confidence method behind p_same.

    Returns
    -------
    pandas.DataFrame
        A metrics table; value is null where the pairs cannot support a figure. No intervals yet: ci_low and ci_high
        are null.
    """
    rows = [("fta_rate", "", (faces["status"] != "ok").mean(), len(faces))]
    judged = scores[scores["is_genuine"].notna() & scores["cosine_distance"].notna()]
    genuine = judged["is_genuine"].to_numpy(bool)
    if genuine.any() and not genuine.all():
        distances = judged["cosine_distance"].to_numpy()
        rows += [(name, "", value, len(judged)) for name, value in _measure_decisions(judged)]
        rows += [(name, "", value, len(judged)) for name, value in _measure_distances(distances, genuine)]
        log_odds = judged["llr"].to_numpy() * np.log(10)
        rows += [(name, method, value, len(judged)) for name, value in _measure_calibration(log_odds, genuine)]
    frame = pd.DataFrame(rows, columns=["metric", "method", "value", "n"])
    return frame.assign(group="all", ci_low=np.nan, ci_high=np.nan)


def fold_accuracies(judged: pd.DataFrame) -> pd.Series:
    """Share of right decisions in each fold; pairs without a fold form one of their own."""
    right = judged["outcome"].isin(["true-match", "true-non-match"])
    return right.groupby(judged["fold"].astype("Int64").fillna(-1)).mean()


def det_points(distances: np.ndarray, is_genuine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every operating point of "same iff distance < threshold".

    Returns
    -------
    tuple of numpy.ndarray
        FMR, rising from 0 to 1, and FNMR, falling from 1 to 0; ties move both at once.
    """
    thresholds = np.append(np.unique(distances), np.inf)
    fmr = np.searchsorted(np.sort(distances[~is_genuine]), thresholds) / np.sum(~is_genuine)
    fnmr = 1 - np.searchsorted(np.sort(distances[is_genuine]), thresholds) / np.sum(is_genuine)
    return fmr, fnmr


def equal_error_rate(fmr: np.ndarray, fnmr: np.ndarray) -> float:
    """Where FMR and FNMR meet, by linear interpolation between the two points around it."""
    gap = fmr - fnmr  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    weight = -gap[before] / (gap[after] - gap[before])
    return float(fmr[before] + weight * (fmr[after] - fmr[before]))


def fnmr_at_fmr(fmr: np.ndarray, fnmr: np.ndarray, target: float) -> float:
    """Lowest FNMR among the thresholds whose FMR does not exceed `target`."""
    return float(fnmr[fmr <= target].min())


def d_prime(distances: np.ndarray, is_genuine: np.ndarray) -> float:
    """Distance of the two means in units of the root mean variance (decidability, Daugman 2000); null if none."""
    genuine, impostor = distances[is_genuine], distances[~is_genuine]
    spread = np.sqrt((genuine.var() + impostor.var()) / 2)
    return float(abs(impostor.mean() - genuine.mean()) / spread) if spread > 0 else np.nan


def cllr(log_odds: np.ndarray, is_genuine: np.ndarray) -> float:
    """Cost of the log likelihood ratios, in bits (Bruemmer and du Preez 2006, eq. 12).

    Parameters
    ----------
    log_odds : numpy.ndarray
        Natural log likelihood ratios, genuine over impostor.
    """
    missed = np.logaddexp(0, -log_odds[is_genuine]).mean()
    accepted = np.logaddexp(0, log_odds[~is_genuine]).mean()
    return float((missed + accepted) / 2 / np.log(2))


def cllr_min(log_odds: np.ndarray, is_genuine: np.ndarray) -> float:
    """Cllr after the best monotone recalibration on the same pairs (PAV): what discrimination alone costs."""
    weights = np.where(is_genuine, 1 / is_genuine.sum(), 1 / (~is_genuine).sum())
    p = IsotonicRegression(y_min=0, y_max=1).fit_transform(log_odds, is_genuine, sample_weight=weights)
    with np.errstate(divide="ignore"):
        return cllr(np.log(p) - np.log1p(-p), is_genuine)


def expected_calibration_error(p: np.ndarray, is_genuine: np.ndarray, bins: int = ECE_BINS) -> float:
    """Mean absolute gap between p and the share of genuine pairs, over bins of equal mass."""
    parts = np.array_split(np.argsort(p, kind="stable"), min(bins, len(p)))
    return float(sum(abs(p[part].mean() - is_genuine[part].mean()) * len(part) for part in parts) / len(p))


def _measure_decisions(judged: pd.DataFrame) -> Iterator[tuple[str, float]]:
    accuracies = fold_accuracies(judged)
    yield "accuracy", float(accuracies.mean())
    # LFW's rule: the standard error of the folds' mean.
    yield "accuracy_se", float(accuracies.std(ddof=1) / np.sqrt(len(accuracies))) if len(accuracies) > 1 else np.nan


def _measure_distances(distances: np.ndarray, genuine: np.ndarray) -> Iterator[tuple[str, float]]:
    fmr, fnmr = det_points(distances, genuine)
    yield "eer", equal_error_rate(fmr, fnmr)
    yield "auc", float(roc_auc_score(genuine, -distances))
    yield "d_prime", d_prime(distances, genuine)
    impostors = int((~genuine).sum())
    for name, target in FMR_TARGETS.items():
        # Rule of three: n impostor pairs without an error still allow an FMR of 3 / n at 95 %.
        supported = impostors * target >= 3
        yield f"fnmr_at_fmr_{name}", fnmr_at_fmr(fmr, fnmr, target) if supported else np.nan


def _measure_calibration(log_odds: np.ndarray, genuine: np.ndarray) -> Iterator[tuple[str, float]]:
    p = expit(log_odds)
    surprise = -np.log(np.maximum(np.where(genuine, p, expit(-log_odds)), LOG_FLOOR))
    yield "ece", expected_calibration_error(p, genuine)
    yield "brier", float(np.mean((p - genuine) ** 2))
    yield "log_loss", float(surprise.mean())
    yield "cllr", cllr(log_odds, genuine)
    yield "cllr_min", cllr_min(log_odds, genuine)
