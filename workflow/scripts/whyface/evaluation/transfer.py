"""What the confidence is worth on a dataset that it was not fitted on."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.evaluation import intervals, metrics
from whyface.evaluation.pair_metrics import ALL, ECE_BINS
from whyface.evaluation.people import People, mean_part
from whyface.evaluation.shared_people import count_shared, count_shared_by_folds, number_people, shows_any
from whyface.scores.bounds import fit_bounded
from whyface.scores.confidence import log_odds, rows_of_fold
from whyface.scores.decisions import distances_and_labels, fitting_pairs


class ScoredDataset(NamedTuple):
    """A dataset as one model scored it.

    Attributes
    ----------
    collection : str
        The collection of its images; in datasets of one collection, a name is one person.
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
        related = {other: pairs for other, pairs in training.items() if datasets[other].collection == one.collection}
        people, taught = number_people(judged, related)
        if training:
            ratios[ALL] = _by_all(name, judged, people, taught, training, method, bins)
        shared = _count_shared(name, judged, people, taught, training)
        judgement = _judge(judged, ratios).assign(judged_on=name, method=method)
        tables.append(judgement.assign(shared_people=judgement["fitted_on"].map(shared).astype("Int32")))
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


_COLUMNS = [
    "fitted_on",
    "judged_on",
    "method",
    "cllr",
    "ci_low",
    "ci_high",
    "log_loss",
    "ece",
    "n",
    "people",
    "shared_people",
]


def _by_all(
    name: str,
    judged: pd.DataFrame,
    people: np.ndarray,
    taught: Mapping[str, np.ndarray],
    training: Mapping[str, pd.DataFrame],
    method: str,
    bins: int,
) -> np.ndarray:
    """Fit all datasets together for each fold, without that fold and, elsewhere in the collection, without its people.

    `people` and `taught` are those of `number_people`, for the datasets of the same collection.
    """
    ratios = np.full(len(judged), np.nan)
    for fold in judged["fold"].unique():
        own = rows_of_fold(judged, fold)
        kept = {other: ~shows_any(theirs, people[own]) for other, theirs in taught.items()}
        if name in training:
            kept[name] = (training[name]["fold"] != fold).to_numpy(bool)
        parts = [pairs[kept[other]] if other in kept else pairs for other, pairs in training.items()]
        together = pd.concat([part[["cosine_distance", "is_genuine"]].astype(float) for part in parts])
        if together["is_genuine"].nunique() == 2:
            fit = fit_bounded(method, *distances_and_labels(together), bins)
            ratios[own] = fit.log_odds(judged.loc[own, "cosine_distance"].to_numpy(np.float64))
    return ratios


def _count_shared(
    name: str,
    judged: pd.DataFrame,
    people: np.ndarray,
    taught: Mapping[str, np.ndarray],
    training: Mapping[str, pd.DataFrame],
) -> dict[str, int]:
    """Count the people judged whom each fit of the collection saw; arguments as in `_by_all`."""
    shared = {other: count_shared(people, theirs) for other, theirs in taught.items() if other != name}
    own = count_shared_by_folds(judged, people, training[name], taught[name]) if name in taught else 0
    return {**shared, name: own, ALL: own}


def _judge(judged: pd.DataFrame, ratios: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compute the metrics of every fit's log odds of the same pairs."""
    genuine = judged["is_genuine"].to_numpy(bool)
    classes, everyone = (np.flatnonzero(genuine), np.flatnonzero(~genuine)), People(judged)
    rows = []
    for name, log_odds_of_pairs in ratios.items():
        p, costs = expit(log_odds_of_pairs), metrics.pair_costs(log_odds_of_pairs, genuine)
        spread = everyone.spread([mean_part(own, costs[own], 1 / 2) for own in classes])
        ece = np.nan
        if np.isfinite(p).all():
            ece, _ = metrics.calibration_error(p - genuine, metrics.equal_mass_bins(p, ECE_BINS))
        value, log_loss = metrics.cllr(costs, genuine), costs.mean() * np.log(2)
        rows.append((name, value, *intervals.cost_interval(value, spread), log_loss, ece, len(judged), spread.people))
    return pd.DataFrame(rows, columns=["fitted_on", "cllr", "ci_low", "ci_high", "log_loss", "ece", "n", "people"])
