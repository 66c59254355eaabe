"""All figures of merit of one model on one dataset, as a function of the weights of its pairs."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.evaluation import metrics
from whyface.evaluation.bootstrap import RULE_OF_THREE
from whyface.scores.decisions import SAME

FMR_TARGETS = {"1e-1": 0.1, "1e-2": 0.01, "1e-3": 0.001}
ECE_BINS = 15
BAND_POINTS = 40
ALL = "all"


class Key(NamedTuple):
    """What a figure is called in the metrics table."""

    metric: str
    method: str = ""
    group: str = ALL


class Judgement:
    """Labelled pairs, made ready to be measured under many sets of weights.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Labelled pairs of both classes or of one: is_genuine, fold, cosine_distance (null if an image failed), decision,
        found (whether a face was found in both images).
    log_odds : mapping of str to numpy.ndarray
        Natural log likelihood ratios of the pairs by method; a method with NaN at a pair with a distance is left out.
    method : str
        The one behind the confidence: groups get its Cllr.
    groups : pandas.DataFrame
        Group columns of the same pairs, null where a pair has no value.
    points : int
        Distinct scores that are told apart; more are merged with their neighbours.

    Attributes
    ----------
    keys : list of Key
        Names of the figures.
    counts : list of int
        Pairs behind each figure.
    band : numpy.ndarray
        FMR at which `measure` gives FNMR, after the figures.
    distances, genuine, right, folds : numpy.ndarray
        Of the judged pairs, by rising distance: the distance, whether the pair is genuine and the decision right, and
        the code of the fold.
    log_odds : dict of str to numpy.ndarray
        Natural log likelihood ratios of the judged pairs, likewise, by method.
    has_both : bool
        Whether both classes were judged.
    fmr_floor : float
        The lowest FMR that the impostors can claim anything of.
    """

    def __init__(
        self,
        pairs: pd.DataFrame,
        log_odds: Mapping[str, np.ndarray],
        method: str,
        groups: pd.DataFrame,
        points: int | None = None,
    ):
        distances = pairs["cosine_distance"].to_numpy(np.float64)
        self._order = np.argsort(distances, kind="stable")  # NaN last
        self._in_order = bool((np.diff(self._order) == 1).all())
        pairs = pairs.iloc[self._order]
        self._all_genuine = pairs["is_genuine"].to_numpy(bool)
        self._refused = ~pairs["found"].to_numpy(bool) | (pairs["decision"] != SAME).to_numpy()
        judged = int(np.isfinite(distances).sum())
        pairs = pairs.iloc[:judged]
        self.distances = pairs["cosine_distance"].to_numpy(np.float64)
        self.genuine = self._all_genuine[:judged]
        self._found = pairs["found"].to_numpy(bool)
        self.right = (pairs["decision"] == SAME).to_numpy() == self.genuine
        self.folds, self._fold_names = pd.factorize(pairs["fold"].astype("Int64").fillna(-1), sort=True)
        self._place, self._thresholds = _rank(self.distances, points)
        self.log_odds = {name: values[self._order][:judged] for name, values in log_odds.items()}
        self.log_odds = {name: values for name, values in self.log_odds.items() if np.isfinite(values).all()}
        self.method = method
        self._groups = {
            str(name): _cells(column.iloc[self._order].iloc[:judged], self.genuine) for name, column in groups.items()
        }
        self.has_both = bool(self.genuine.any() and not self.genuine.all())
        ratios = self.log_odds.items() if self.has_both else ()
        self._methods = {name: _Calibration(values, self.genuine, points) for name, values in ratios}
        impostors = int((~self.genuine).sum())
        self.fmr_floor = RULE_OF_THREE / impostors if impostors else np.nan
        supported = self.has_both and self.fmr_floor < 1
        self.band = np.geomspace(self.fmr_floor, 1, BAND_POINTS) if supported else np.empty(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            named = list(self._figures(np.ones(len(self._order))))
        self.keys = [key for key, _, _ in named]
        self.counts = [count for _, _, count in named]

    @property
    def fold_names(self) -> list[int | None]:
        """Folds by code; None: pairs without one."""
        return [None if fold < 0 else int(fold) for fold in self._fold_names]

    def measure(self, weights: np.ndarray) -> np.ndarray:
        """Compute every figure of `keys`, and FNMR at every FMR of `band`.

        Parameters
        ----------
        weights : numpy.ndarray
            Of the pairs, in the order they were given in; not negative.
        """
        if not self._in_order:
            weights = weights[self._order]
        with np.errstate(divide="ignore", invalid="ignore"):
            figures = [value for _, value, _ in self._figures(weights)]
            return np.concatenate([figures, self._measure_band(weights[: len(self.genuine)])])

    def tally(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tallies of the judged pairs by rising distance."""
        return _tally(self._place, self.genuine, weights, len(self._thresholds))

    def _figures(self, weights: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        judged = weights[: len(self.genuine)]
        yield from self._decisions(judged, weights)
        if self.has_both:
            yield from self._ranking(judged)
            for name, calibration in self._methods.items():
                for metric, value in calibration.measure(judged):
                    yield Key(metric, name), value, len(judged)
        for column in self._groups:
            yield from self._group(column, judged)

    def _decisions(self, judged: np.ndarray, weights: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        right = np.bincount(self.folds, judged * self.right) / np.bincount(self.folds, judged)
        yield Key("accuracy"), float(np.nanmean(right)) if len(right) else np.nan, len(judged)
        # LFW's rule: the standard error of the folds' mean.
        yield Key("accuracy_se"), right.std(ddof=1) / np.sqrt(len(right)) if len(right) > 1 else np.nan, len(judged)
        for metric, kind in (("fmr", ~self.genuine), ("fnmr", self.genuine)):
            yield Key(metric), _share(judged[kind], ~self.right[kind]), int(kind.sum())
        acquired = self.genuine & self._found
        yield Key("fnmr_acquired"), _share(judged[acquired], ~self.right[acquired]), int(acquired.sum())
        everyone = self._all_genuine
        yield Key("frr"), _share(weights[everyone], self._refused[everyone]), int(everyone.sum())

    def _ranking(self, judged: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        genuine, impostor = self.tally(judged)
        fmr, fnmr = metrics.det_points(genuine, impostor)
        n, impostors = len(judged), int((~self.genuine).sum())
        fewer = min(impostors, n - impostors)
        eer, at = metrics.equal_error_rate(fmr, fnmr)
        yield Key("eer"), eer, fewer
        yield Key("eer_threshold"), self._threshold(at), n
        yield Key("auc"), metrics.area_under_roc(genuine, impostor), fewer
        yield Key("d_prime"), metrics.d_prime(self.distances, self.genuine, judged), n
        points = metrics.point_at_fmr(fmr, np.array(list(FMR_TARGETS.values())))
        for (name, target), point in zip(FMR_TARGETS.items(), points, strict=True):
            supported = target >= self.fmr_floor * (1 - 1e-9)
            yield Key(f"fnmr_at_fmr_{name}"), fnmr[point] if supported else np.nan, n - impostors
            yield Key(f"threshold_at_fmr_{name}"), self._threshold(point) if supported else np.nan, impostors

    def _threshold(self, point: int) -> float:
        """Distance at an operating point; the last one accepts all, which the largest distance, 2, does."""
        return float(self._thresholds[point]) if point < len(self._thresholds) else 2.0

    def _measure_band(self, judged: np.ndarray) -> np.ndarray:
        if not len(self.band):
            return self.band
        fmr, fnmr = metrics.det_points(*self.tally(judged))
        return fnmr[metrics.point_at_fmr(fmr, self.band)]

    def _group(self, column: str, judged: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        cells, names = self._groups[column]
        known, size = cells >= 0, 2 * len(names)

        def sums(values: np.ndarray) -> np.ndarray:
            """Totals by class and group: impostors, genuine pairs."""
            return np.bincount(cells[known], values[known], size).reshape(2, -1)

        counts, mass = sums(np.ones(len(cells))).astype(int), sums(judged)
        wrong = sums(judged * ~self.right)
        yield from self._name("accuracy", "", column, 1 - wrong.sum(axis=0) / mass.sum(axis=0), counts.sum(axis=0))
        for kind, metric in enumerate(("fmr", "fnmr")):
            yield from self._name(metric, "", column, wrong[kind] / mass[kind], counts[kind])
        if self.method in self._methods:
            cost = (sums(judged * self._methods[self.method].costs) / mass).mean(axis=0)
            yield from self._name("cllr", self.method, column, cost, counts.sum(axis=0))

    def _name(
        self, metric: str, method: str, column: str, values: np.ndarray, counts: np.ndarray
    ) -> Iterator[tuple[Key, float, int]]:
        names = self._groups[column][1]
        for name, value, count in zip(names, values, counts, strict=True):
            yield Key(metric, method, f"{column}={name}"), value, int(count)


class _Calibration:
    """One method's likelihood ratios, measured."""

    def __init__(self, log_odds: np.ndarray, genuine: np.ndarray, points: int | None):
        p = 1 / (1 + np.exp(-log_odds))
        self.costs = metrics.pair_costs(log_odds, genuine)
        self._genuine = genuine
        self._gaps = p - genuine
        self._bins = metrics.equal_mass_bins(p, ECE_BINS)
        self._place, ranks = _rank(-log_odds, points)
        self._ranks = len(ranks)

    def measure(self, weights: np.ndarray) -> Iterator[tuple[str, float]]:
        total = weights.sum()
        cost = metrics.cllr(self.costs, self._genuine, weights)
        least = metrics.cllr_min(*_tally(self._place, self._genuine, weights, self._ranks))
        yield "ece", metrics.calibration_error(self._gaps, self._bins, weights)
        yield "brier", float(weights @ self._gaps**2 / total)
        yield "log_loss", float(weights @ self.costs / total * np.log(2))
        yield "cllr", cost
        yield "cllr_min", least
        yield "cllr_cal", cost - least


def _rank(values: np.ndarray, points: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Give the distinct values numbers, rising, merging neighbours beyond `points`; and name a value of each."""
    distinct, place = np.unique(values, return_inverse=True)
    if points and len(distinct) > points:
        merged = np.arange(len(distinct)) * points // len(distinct)
        return merged[place], distinct[np.unique(merged, return_index=True)[1]]
    return place, distinct


def _cells(column: pd.Series, genuine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the cells of group and class numbers, impostors first, -1 without a group; and name the groups."""
    codes, names = pd.factorize(column, sort=True)
    return np.where(codes >= 0, codes + genuine * len(names), -1), np.asarray(names)


def _tally(place: np.ndarray, genuine: np.ndarray, weights: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    impostor, of_genuine = np.bincount(place + length * genuine, weights, 2 * length).reshape(2, -1)
    return of_genuine, impostor


def _share(weights: np.ndarray, wrong: np.ndarray) -> float:
    return float(weights @ wrong / weights.sum()) if len(weights) else np.nan
