"""Every two models fused by logistic regression on both distances: what that gives over the better of the two.

Each fold is judged by fits on the others: the fusion, and the better of the two models alone, which the other folds
choose too. A model alone has the same regression on its one distance, so that only the second distance differs. All
are kept within what the pairs of the fit support, as the calibrators are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy  # loads scipy.optimize when it is used
from scipy.special import expit

from whyface.evaluation import metrics
from whyface.evaluation.comparison import p_value, some_error
from whyface.evaluation.estimates import class_mean, difference, fold_accuracy
from whyface.evaluation.intervals import plain_interval, widen
from whyface.evaluation.operating_points import Estimate, OperatingPoints
from whyface.evaluation.people import People
from whyface.evaluation.ranking import shared_pairs
from whyface.evaluation.simultaneous import joint_level
from whyface.scores.bounds import supported_range
from whyface.scores.calibrators import RIDGE

_FIGURES = ("cllr", "eer", "accuracy")
COLUMNS = [
    *("model_a", "model_b", *_FIGURES, *(f"single_{name}" for name in _FIGURES)),
    *("difference", "ci_low", "ci_high", "p_value", "helps", "n", "people"),
]


@dataclass(frozen=True)
class Fused:
    """Log odds of genuine: intercept + slopes x distances, within what the pairs of the fit support (log10)."""

    intercept: float
    slopes: np.ndarray
    llr_low: float = -np.inf
    llr_high: float = np.inf

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Evaluate at distances, n x models."""
        ratios = self.intercept + distances @ self.slopes
        return np.clip(ratios, self.llr_low * np.log(10), self.llr_high * np.log(10))


def fit_fused(distances: np.ndarray, is_genuine: np.ndarray) -> Fused:
    """Fit the plane that minimises Cllr, the balanced log loss (Bruemmer and du Preez 2006).

    Parameters
    ----------
    distances : numpy.ndarray
        n x models.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    """
    centre, scale = distances.mean(axis=0), np.maximum(distances.std(axis=0), 1e-9)
    x = np.column_stack([np.ones(len(distances)), (distances - centre) / scale])
    sign, weights = (
        np.where(is_genuine, 1.0, -1.0),
        np.where(is_genuine, 0.5 / is_genuine.sum(), 0.5 / (~is_genuine).sum()),
    )

    def loss(plane: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (x @ plane)
        ridge = np.array([0.0, *plane[1:]]) * RIDGE
        return weights @ np.logaddexp(0, -margin) + ridge @ plane, 2 * ridge - x.T @ (weights * sign * expit(-margin))

    found = scipy.optimize.minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    slopes = found[1:] / scale
    free = Fused(float(found[0] - centre @ slopes), slopes)
    return Fused(free.intercept, slopes, *supported_range(free.log_odds(distances), is_genuine))


def fuse_models(pairs: pd.DataFrame, scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Fuse every two models on the labelled pairs with a fold that all models decided.

    Parameters
    ----------
    pairs : pandas.DataFrame
        A pairs table.
    scores : mapping of str to pandas.DataFrame
        Scores tables of the same dataset, by model.

    Returns
    -------
    pandas.DataFrame
        A fusions table; null where the folds are too few, or lack one class outside them.
    """
    shared, decided, _ = shared_pairs(pairs[pairs["fold"].notna()], scores)
    both = list(combinations(scores, 2))
    if not _can_hold_out(shared):
        return (
            pd.DataFrame([(a, b) for a, b in both], columns=COLUMNS[:2])
            .reindex(columns=COLUMNS)
            .fillna({"n": 0, "people": 0})
        )
    people, judged = People(shared), _Folds(shared)
    found = [judged.fuse([decided[name]["cosine_distance"].to_numpy(np.float64) for name in two]) for two in both]
    level = joint_level(np.stack([people.effects(one.gain.parts) for one in found]))
    rows = [(*two, *_row(one, people, level), len(shared)) for two, one in zip(both, found, strict=True)]
    return pd.DataFrame(rows, columns=[*COLUMNS[:-2], "people", "n"])


class _Fusion(NamedTuple):
    """The figures of a fusion, those of the better model alone, and the difference of their Cllr."""

    fused: list[float]
    single: list[float]
    gain: Estimate


class _Folds:
    """The folds of labelled pairs."""

    def __init__(self, shared: pd.DataFrame):
        self._genuine = shared["is_genuine"].to_numpy(bool)
        self._folds, _ = pd.factorize(shared["fold"])

    def fuse(self, distances: list[np.ndarray]) -> _Fusion:
        """Judge each fold by fits on the others: on both distances, and on the better one."""
        fused, single = np.empty(len(self._genuine)), np.empty(len(self._genuine))
        for fold in range(self._folds.max() + 1):
            own, others = self._folds == fold, self._folds != fold
            fused[own] = self._fit(np.column_stack(distances), others)[1][own]
            _, single[own] = min(
                ((cost, odds[own]) for cost, odds in (self._fit(d[:, None], others) for d in distances)),
                key=lambda one: one[0],
            )
        return _Fusion(self._figures(fused), self._figures(single), difference(self._cost(fused), self._cost(single)))

    def _fit(self, distances: np.ndarray, training: np.ndarray) -> tuple[float, np.ndarray]:
        """Fit on some of the pairs: their Cllr, and the log odds of all pairs."""
        genuine = self._genuine[training]
        odds = fit_fused(distances[training], genuine).log_odds(distances)
        return metrics.cllr(metrics.pair_costs(odds[training], genuine), genuine), odds

    def _cost(self, odds: np.ndarray) -> Estimate:
        return class_mean(metrics.pair_costs(odds, self._genuine), self._genuine)

    def _figures(self, odds: np.ndarray) -> list[float]:
        """Cllr, EER, and accuracy where "same" is said above a likelihood ratio of 1."""
        error, _ = OperatingPoints(-odds, self._genuine).equal_error()
        return [self._cost(odds).value, error.value, fold_accuracy((odds > 0) == self._genuine, self._folds).value]


def _row(one: _Fusion, people: People, level: float) -> tuple:
    spread = some_error(people.spread(one.gain.parts))
    low, high = plain_interval(one.gain.value, widen(spread, level))
    chance = p_value(one.gain.value, spread)
    return (
        *one.fused,
        *one.single,
        one.gain.value,
        low,
        high,
        chance,
        bool(high < 0) if np.isfinite(high) else None,
        spread.people,
    )


def _can_hold_out(shared: pd.DataFrame) -> bool:
    """Whether there are several folds, and both classes outside each of them."""
    folds = shared["fold"].unique()
    return len(folds) > 1 and all(shared.loc[shared["fold"] != fold, "is_genuine"].nunique() == 2 for fold in folds)
