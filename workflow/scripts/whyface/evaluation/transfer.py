"""What the confidence is worth on a dataset that it was not fitted on."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.evaluation import bootstrap, metrics
from whyface.evaluation.weighted_metrics import ALL, ECE_BINS
from whyface.scores.bounds import fit_bounded
from whyface.scores.confidence import log_odds, rows_of_fold
from whyface.scores.decisions import distances_and_labels, fitting_pairs


class ScoredDataset(NamedTuple):
    """A dataset as one model scored it.

    Attributes
    ----------
    collection : str
        The collection of its images; datasets of one collection share people.
    pairs : pandas.DataFrame
        Tables pairs and scores, joined.
    confidence : pandas.DataFrame
        The confidence table.
    """

    collection: str
    pairs: pd.DataFrame
    confidence: pd.DataFrame


def judge_transfer(datasets: Mapping[str, ScoredDataset], method: str, bins: int) -> pd.DataFrame:
    """Judge, on every dataset, the fits of all datasets (its own out of fold) and one fit over all of them.

    Parameters
    ----------
    datasets : mapping of str to ScoredDataset
        By name.
    method : str
        The confidence method.
    bins : int
        Histogram bins, for the methods that count.

    Returns
    -------
    pandas.DataFrame
        A transfer table. Nothing is judged on datasets without labelled pairs of both classes, and nothing is fitted
        on those without such pairs in folds.
    """
    training = {name: fitting_pairs(one.pairs) for name, one in datasets.items()}
    training = {name: pairs for name, pairs in training.items() if pairs["is_genuine"].nunique() == 2}
    fits = {name: fit_bounded(method, *distances_and_labels(pairs), bins) for name, pairs in training.items()}
    tables = [pd.DataFrame(columns=_COLUMNS)]
    for name, one in datasets.items():
        known = one.pairs["is_genuine"].notna() & one.pairs["cosine_distance"].notna()
        judged = one.pairs[known].reset_index(drop=True)
        if judged["is_genuine"].nunique() < 2:
            continue
        distances = judged["cosine_distance"].to_numpy(np.float64)
        ratios = {other: fit.log_odds(distances) for other, fit in fits.items() if other != name}
        if set(one.confidence["fitted_on"]) == {name}:
            ratios[name] = log_odds(judged, one.confidence, method)
        if training:
            ratios[ALL] = _by_all(name, judged, datasets, training, method, bins)
        tables.append(_judge(judged, ratios).assign(judged_on=name, method=method))
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


_COLUMNS = ["fitted_on", "judged_on", "method", "cllr", "ci_low", "ci_high", "log_loss", "ece", "n"]


def _by_all(
    name: str,
    judged: pd.DataFrame,
    datasets: Mapping[str, ScoredDataset],
    training: Mapping[str, pd.DataFrame],
    method: str,
    bins: int,
) -> np.ndarray:
    """Fit all datasets together for each fold, leaving that fold out of every dataset of the same collection."""
    ratios = np.full(len(judged), np.nan)
    collection = datasets[name].collection
    for fold in judged["fold"].unique():
        own = rows_of_fold(judged, fold)
        parts = [
            pairs[pairs["fold"] != fold] if datasets[other].collection == collection else pairs
            for other, pairs in training.items()
        ]
        together = pd.concat([part[["cosine_distance", "is_genuine"]].astype(float) for part in parts])
        if together["is_genuine"].nunique() == 2:
            fit = fit_bounded(method, *distances_and_labels(together), bins)
            ratios[own] = fit.log_odds(judged.loc[own, "cosine_distance"].to_numpy(np.float64))
    return ratios


def _judge(judged: pd.DataFrame, ratios: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compute the metrics of every fit's log odds of the same pairs."""
    genuine = judged["is_genuine"].to_numpy(bool)
    costs = np.stack([metrics.pair_costs(one, genuine) for one in ratios.values()], axis=1)

    def cllr(weights: np.ndarray) -> np.ndarray:
        taken = weights * genuine
        return (taken @ costs / taken.sum() + (weights - taken) @ costs / (weights - taken).sum()) / 2

    ones = np.ones(len(judged))
    errors = bootstrap.standard_errors(cllr, bootstrap.replicate_weights(judged))
    rows = []
    for name, value, error, pair_costs in zip(ratios, cllr(ones), errors, costs.T, strict=True):
        p = expit(ratios[name])
        ece = np.nan
        if np.isfinite(p).all():
            ece = metrics.calibration_error(p - genuine, metrics.equal_mass_bins(p, ECE_BINS), ones)
        log_loss = pair_costs.mean() * np.log(2)
        rows.append((name, value, *bootstrap.cost_interval(value, error), log_loss, ece, len(judged)))
    return pd.DataFrame(rows, columns=["fitted_on", "cllr", "ci_low", "ci_high", "log_loss", "ece", "n"])
