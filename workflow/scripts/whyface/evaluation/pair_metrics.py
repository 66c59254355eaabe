"""All metrics of one model on one dataset, each with its spread over people."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.evaluation import metrics
from whyface.evaluation.estimates import fold_accuracy
from whyface.evaluation.intervals import RULE_OF_THREE
from whyface.evaluation.operating_points import Estimate, OperatingPoints
from whyface.evaluation.people import NOBODY, Part, People, Spread, mean_part
from whyface.scores.decisions import SAME

FMR_TARGETS = {"1e-1": 0.1, "1e-2": 0.01, "1e-3": 0.001}
ECE_BINS = 15
SURE = 0.99  # probability of a statement that nobody takes for doubtful
BAND_POINTS = 40
ALL = "all"


class Key(NamedTuple):
    """What names a metric in the metrics table."""

    metric: str
    method: str = ""
    group: str = ALL


class Figure(NamedTuple):
    """A metric: its key, its value, the pairs behind it, and how far it spreads over people."""

    key: Key
    value: float
    n: int
    spread: Spread


class PairMetrics:
    """The metrics of labelled pairs.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Labelled pairs of both classes or of one: is_genuine, fold, cosine_distance (null if an image failed), decision,
        found (whether a face was found in both images), and the columns of `People`.
    log_odds : mapping of str to numpy.ndarray
        Natural log likelihood ratios of the pairs by method; a method with NaN at a pair with a distance is left out.
    method : str
        The method behind the confidence: groups get its Cllr.
    groups : pandas.DataFrame
        Group columns of the same pairs, null where a pair has no value.

    Attributes
    ----------
    distances, genuine, right, folds : numpy.ndarray
        Of the decided pairs, those with a distance, by rising distance: the distance, whether the pair is genuine and
        the decision right, and the code of the fold.
    log_odds : dict of str to numpy.ndarray
        Natural log likelihood ratios of the decided pairs, likewise, by method.
    has_both : bool
        Whether both classes have decided pairs.
    fmr_floor : float
        The lowest FMR that so many impostor pairs can support a claim about.
    people : People
        Of all pairs, decided ones first, by rising distance.
    """

    def __init__(self, pairs: pd.DataFrame, log_odds: Mapping[str, np.ndarray], method: str, groups: pd.DataFrame):
        distances = pairs["cosine_distance"].to_numpy(np.float64)
        order = np.argsort(distances, kind="stable")  # NaN last
        pairs = pairs.iloc[order]
        self.people = People(pairs)
        self._all_genuine = pairs["is_genuine"].to_numpy(bool)
        self._refused = ~pairs["found"].to_numpy(bool) | (pairs["decision"] != SAME).to_numpy()
        decided = int(np.isfinite(distances).sum())
        pairs = pairs.iloc[:decided]
        self.distances = pairs["cosine_distance"].to_numpy(np.float64)
        self.genuine = self._all_genuine[:decided]
        self._found = pairs["found"].to_numpy(bool)
        self.right = (pairs["decision"] == SAME).to_numpy() == self.genuine
        self.folds, self._fold_names = pd.factorize(pairs["fold"].astype("Int64").fillna(-1), sort=True)
        self.log_odds = {name: values[order][:decided] for name, values in log_odds.items()}
        self.log_odds = {name: values for name, values in self.log_odds.items() if np.isfinite(values).all()}
        self.method = method
        self._groups = groups.iloc[order].iloc[:decided]
        self._classes = np.flatnonzero(self.genuine), np.flatnonzero(~self.genuine)
        self.has_both = bool(self.genuine.any() and not self.genuine.all())
        impostors = len(self._classes[1])
        self.fmr_floor = RULE_OF_THREE / impostors if impostors else np.nan

    @property
    def fold_names(self) -> list[int | None]:
        """Folds by code; None: pairs without one."""
        return [None if fold < 0 else int(fold) for fold in self._fold_names]

    @cached_property
    def points(self) -> OperatingPoints:
        """The operating points, if both classes have decided pairs."""
        return OperatingPoints(self.distances, self.genuine)

    def figures(self) -> Iterator[Figure]:
        """Compute every metric."""
        yield from self._decisions()
        if self.has_both:
            yield from self._ranking()
            for name, values in self.log_odds.items():
                yield from self._calibration(name, values)
        for name, column in self._groups.items():
            for value in sorted(column.dropna().unique()):
                yield from self._group(f"{name}={value}", np.flatnonzero(column == value))

    def worth(self) -> Iterator[Figure]:
        """Compute what percentages are compared by, if both classes have decided pairs: Cllr, ECE, wrong at 99 %."""
        for name, values in self.log_odds.items() if self.has_both else ():
            yield from (figure for figure in self._calibration(name, values) if figure.key.metric in ("cllr", "ece"))
            p = expit(values)
            yield self._mean(
                Key("wrong_at_99", name), np.flatnonzero(np.abs(p - 0.5) >= SURE - 0.5), (p >= 0.5) != self.genuine
            )

    def band(self) -> Iterator[tuple[float, float, Spread]]:
        """Compute FNMR at a range of FMR: both, and the spread of FNMR."""
        if self.has_both and self.fmr_floor < 1:
            for fmr in np.geomspace(self.fmr_floor, 1, BAND_POINTS):
                fnmr, parts = self.points.fnmr_at(fmr)
                yield float(fmr), fnmr, self.people.spread(parts)

    def _figure(self, key: Key, value: float, n: int, *parts: Part) -> Figure:
        return Figure(key, float(value), n, self.people.spread(parts))

    def _mean(self, key: Key, rows: np.ndarray, values: np.ndarray) -> Figure:
        """Average values over some of the pairs; NaN without any."""
        own = values[rows].astype(np.float64)
        return self._figure(key, own.mean() if len(own) else np.nan, len(own), mean_part(rows, own))

    def _decisions(self) -> Iterator[Figure]:
        genuine, impostor = self._classes
        accuracy, error = self._accuracy()
        yield accuracy
        yield accuracy._replace(key=Key("accuracy_se"), value=error)
        yield self._mean(Key("fmr"), impostor, ~self.right)
        yield self._mean(Key("fnmr"), genuine, ~self.right)
        yield self._mean(Key("fnmr_acquired"), genuine[self._found[genuine]], ~self.right)
        yield self._mean(Key("frr"), np.flatnonzero(self._all_genuine), self._refused)

    def _accuracy(self) -> tuple[Figure, float]:
        """Average the accuracy of the folds; and the standard error of that mean, by LFW's rule."""
        if not len(self.right):
            return Figure(Key("accuracy"), np.nan, 0, NOBODY), np.nan
        right = np.bincount(self.folds, self.right) / np.bincount(self.folds)
        error = right.std(ddof=1) / np.sqrt(len(right)) if len(right) > 1 else np.nan
        value, parts = fold_accuracy(self.right, self.folds)
        return self._figure(Key("accuracy"), value, len(self.right), *parts), float(error)

    def _ranking(self) -> Iterator[Figure]:
        genuine, impostor = (len(rows) for rows in self._classes)
        error, threshold = self.points.equal_error()
        value, influence = metrics.d_prime(self.distances, self.genuine)
        spread = Estimate(value, [Part(rows, influence[rows]) for rows in self._classes])
        both = genuine + impostor
        for metric, estimate, n in (
            ("eer", error, min(genuine, impostor)),
            ("eer_threshold", threshold, both),
            ("auc", self.points.area(), min(genuine, impostor)),
            ("d_prime", spread, both),
        ):
            yield self._figure(Key(metric), estimate.value, n, *estimate.parts)
        for name, target in FMR_TARGETS.items():
            supported = target >= self.fmr_floor * (1 - 1e-9)
            rate, limit = self.points.fnmr_at(target), self.points.threshold_at(target)
            for metric, estimate, n in (("fnmr", rate, genuine), ("threshold", limit, impostor)):
                value = estimate.value if supported else np.nan
                yield self._figure(Key(f"{metric}_at_fmr_{name}"), value, n, *estimate.parts)

    def _calibration(self, method: str, log_odds: np.ndarray) -> Iterator[Figure]:
        """Compute the metrics of one method's likelihood ratios."""
        p, every = expit(log_odds), np.arange(len(log_odds))
        costs, best = metrics.pair_costs(log_odds, self.genuine), metrics.best_costs(log_odds, self.genuine)
        gaps = p - self.genuine
        _, turned = metrics.calibration_error(gaps, metrics.equal_mass_bins(p, ECE_BINS))
        for metric, values in (("ece", turned), ("brier", gaps**2), ("log_loss", costs * np.log(2))):
            yield self._mean(Key(metric, method), every, values)
        for metric, values in (("cllr", costs), ("cllr_min", best), ("cllr_cal", costs - best)):
            yield self._of_both(Key(metric, method), self._classes, values)

    def _of_both(self, key: Key, classes: Sequence[np.ndarray], values: np.ndarray) -> Figure:
        """Average values over either class, then over both; NaN without one of them."""
        n = sum(map(len, classes))
        if not all(map(len, classes)):
            return self._figure(key, np.nan, n, *(mean_part(rows, values[rows]) for rows in classes))
        parts = [mean_part(rows, values[rows], 1 / 2) for rows in classes]
        return self._figure(key, np.mean([values[rows].mean() for rows in classes]), n, *parts)

    def _group(self, group: str, rows: np.ndarray) -> Iterator[Figure]:
        classes = rows[self.genuine[rows]], rows[~self.genuine[rows]]
        yield self._mean(Key("accuracy", "", group), rows, self.right)
        yield self._mean(Key("fmr", "", group), classes[1], ~self.right)
        yield self._mean(Key("fnmr", "", group), classes[0], ~self.right)
        if self.has_both and self.method in self.log_odds:
            costs = metrics.pair_costs(self.log_odds[self.method], self.genuine)
            yield self._of_both(Key("cllr", self.method, group), classes, costs)
