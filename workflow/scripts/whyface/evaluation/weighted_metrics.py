"""All metrics of one model on one dataset, as a function of the weights of its pairs."""

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
    """What names a metric in the metrics table."""

    metric: str
    method: str = ""
    group: str = ALL


class WeightedMetrics:
    """The metrics of labelled pairs, prepared so that many sets of weights are cheap.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Labelled pairs of both classes or of one: is_genuine, fold, cosine_distance (null if an image failed), decision,
        found (whether a face was found in both images).
    log_odds : mapping of str to numpy.ndarray
        Natural log likelihood ratios of the pairs by method; a method with NaN at a pair with a distance is left out.
    method : str
        The method behind the confidence: groups get its Cllr.
    groups : pandas.DataFrame
        Group columns of the same pairs, null where a pair has no value.
    points : int
        Distinct scores to keep apart; if there are more, neighbours are merged.

    Attributes
    ----------
    keys : list of Key
        Names of the metrics.
    counts : list of int
        Pairs behind each metric.
    band : numpy.ndarray
        FMR at which `compute` gives FNMR, after the metrics.
    distances, genuine, right, folds : numpy.ndarray
        Of the decided pairs, those with a distance, by rising distance: the distance, whether the pair is genuine and
        the decision right, and the code of the fold.
    log_odds : dict of str to numpy.ndarray
        Natural log likelihood ratios of the decided pairs, likewise, by method.
    has_both : bool
        Whether both classes have decided pairs.
    fmr_floor : float
        The lowest FMR that so many impostor pairs can support a claim about.
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
        decided = int(np.isfinite(distances).sum())
        pairs = pairs.iloc[:decided]
        self.distances = pairs["cosine_distance"].to_numpy(np.float64)
        self.genuine = self._all_genuine[:decided]
        self._found = pairs["found"].to_numpy(bool)
        self.right = (pairs["decision"] == SAME).to_numpy() == self.genuine
        self.folds, self._fold_names = pd.factorize(pairs["fold"].astype("Int64").fillna(-1), sort=True)
        self._place, self._thresholds = _rank(self.distances, points)
        self.log_odds = {name: values[self._order][:decided] for name, values in log_odds.items()}
        self.log_odds = {name: values for name, values in self.log_odds.items() if np.isfinite(values).all()}
        self.method = method
        self._groups = {
            str(name): _cells(column.iloc[self._order].iloc[:decided], self.genuine) for name, column in groups.items()
        }
        self.has_both = bool(self.genuine.any() and not self.genuine.all())
        ratios = self.log_odds.items() if self.has_both else ()
        self._methods = {name: _Calibration(values, self.genuine, points) for name, values in ratios}
        impostors = int((~self.genuine).sum())
        self.fmr_floor = RULE_OF_THREE / impostors if impostors else np.nan
        supported = self.has_both and self.fmr_floor < 1
        self.band = np.geomspace(self.fmr_floor, 1, BAND_POINTS) if supported else np.empty(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            named = list(self._metrics(np.ones(len(self._order))))
        self.keys = [key for key, _, _ in named]
        self.counts = [count for _, _, count in named]

    @property
    def fold_names(self) -> list[int | None]:
        """Folds by code; None: pairs without one."""
        return [None if fold < 0 else int(fold) for fold in self._fold_names]

    def compute(self, weights: np.ndarray) -> np.ndarray:
        """Compute every metric of `keys`, and FNMR at every FMR of `band`.

        Parameters
        ----------
        weights : numpy.ndarray
            Of the pairs, in the order in which they were given; not negative.
        """
        if not self._in_order:
            weights = weights[self._order]
        with np.errstate(divide="ignore", invalid="ignore"):
            values = [value for _, value, _ in self._metrics(weights)]
            return np.concatenate([values, self._fnmr_at_band(weights[: len(self.genuine)])])

    def tally(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tallies of the decided pairs by rising distance."""
        return _tally(self._place, self.genuine, weights, len(self._thresholds))

    def _metrics(self, weights: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        decided = weights[: len(self.genuine)]
        yield from self._decisions(decided, weights)
        if self.has_both:
            yield from self._ranking(decided)
            for name, calibration in self._methods.items():
                for metric, value in calibration.compute(decided):
                    yield Key(metric, name), value, len(decided)
        for column in self._groups:
            yield from self._group(column, decided)

    def _decisions(self, decided: np.ndarray, weights: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        right = np.bincount(self.folds, decided * self.right) / np.bincount(self.folds, decided)
        yield Key("accuracy"), float(np.nanmean(right)) if len(right) else np.nan, len(decided)
        # LFW's rule: the standard error of the folds' mean.
        yield Key("accuracy_se"), right.std(ddof=1) / np.sqrt(len(right)) if len(right) > 1 else np.nan, len(decided)
        for metric, kind in (("fmr", ~self.genuine), ("fnmr", self.genuine)):
            yield Key(metric), _share(decided[kind], ~self.right[kind]), int(kind.sum())
        acquired = self.genuine & self._found
        yield Key("fnmr_acquired"), _share(decided[acquired], ~self.right[acquired]), int(acquired.sum())
        everyone = self._all_genuine
        yield Key("frr"), _share(weights[everyone], self._refused[everyone]), int(everyone.sum())

    def _ranking(self, decided: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        genuine, impostor = self.tally(decided)
        fmr, fnmr = metrics.det_points(genuine, impostor)
        n, impostors = len(decided), int((~self.genuine).sum())
        fewer = min(impostors, n - impostors)
        eer, at = metrics.equal_error_rate(fmr, fnmr)
        yield Key("eer"), eer, fewer
        yield Key("eer_threshold"), self._threshold(at), n
        yield Key("auc"), metrics.area_under_roc(genuine, impostor), fewer
        yield Key("d_prime"), metrics.d_prime(self.distances, self.genuine, decided), n
        points = metrics.point_at_fmr(fmr, np.array(list(FMR_TARGETS.values())))
        for (name, target), point in zip(FMR_TARGETS.items(), points, strict=True):
            supported = target >= self.fmr_floor * (1 - 1e-9)
            yield Key(f"fnmr_at_fmr_{name}"), fnmr[point] if supported else np.nan, n - impostors
            yield Key(f"threshold_at_fmr_{name}"), self._threshold(point) if supported else np.nan, impostors

    def _threshold(self, point: int) -> float:
        """Distance at an operating point; the last one accepts all, which the largest distance, 2, does."""
        return float(self._thresholds[point]) if point < len(self._thresholds) else 2.0

    def _fnmr_at_band(self, decided: np.ndarray) -> np.ndarray:
        if not len(self.band):
            return self.band
        fmr, fnmr = metrics.det_points(*self.tally(decided))
        return fnmr[metrics.point_at_fmr(fmr, self.band)]

    def _group(self, column: str, decided: np.ndarray) -> Iterator[tuple[Key, float, int]]:
        cells, names = self._groups[column]
        known, size = cells >= 0, 2 * len(names)

        def sums(values: np.ndarray) -> np.ndarray:
            """Totals by class and group: impostors, genuine pairs."""
            return np.bincount(cells[known], values[known], size).reshape(2, -1)

        counts, mass = sums(np.ones(len(cells))).astype(int), sums(decided)
        wrong = sums(decided * ~self.right)
        yield from self._name("accuracy", "", column, 1 - wrong.sum(axis=0) / mass.sum(axis=0), counts.sum(axis=0))
        for kind, metric in enumerate(("fmr", "fnmr")):
            yield from self._name(metric, "", column, wrong[kind] / mass[kind], counts[kind])
        if self.method in self._methods:
            cost = (sums(decided * self._methods[self.method].costs) / mass).mean(axis=0)
            yield from self._name("cllr", self.method, column, cost, counts.sum(axis=0))

    def _name(
        self, metric: str, method: str, column: str, values: np.ndarray, counts: np.ndarray
    ) -> Iterator[tuple[Key, float, int]]:
        names = self._groups[column][1]
        for name, value, count in zip(names, values, counts, strict=True):
            yield Key(metric, method, f"{column}={name}"), value, int(count)


class _Calibration:
    """The metrics of one method's likelihood ratios."""

    def __init__(self, log_odds: np.ndarray, genuine: np.ndarray, points: int | None):
        p = 1 / (1 + np.exp(-log_odds))
        self.costs = metrics.pair_costs(log_odds, genuine)
        self._genuine = genuine
        self._gaps = p - genuine
        self._bins = metrics.equal_mass_bins(p, ECE_BINS)
        self._place, ranks = _rank(-log_odds, points)
        self._ranks = len(ranks)

    def compute(self, weights: np.ndarray) -> Iterator[tuple[str, float]]:
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
    """Give the distinct values numbers in rising order, neighbours merged beyond `points`; and a value of each."""
    distinct, place = np.unique(values, return_inverse=True)
    if points and len(distinct) > points:
        merged = np.arange(len(distinct)) * points // len(distinct)
        return merged[place], distinct[np.unique(merged, return_index=True)[1]]
    return place, distinct


def _cells(column: pd.Series, genuine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each pair the number of its class and group, impostors first, -1 without a group; and name the groups."""
    codes, names = pd.factorize(column, sort=True)
    return np.where(codes >= 0, codes + genuine * len(names), -1), np.asarray(names)


def _tally(place: np.ndarray, genuine: np.ndarray, weights: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    impostor, of_genuine = np.bincount(place + length * genuine, weights, 2 * length).reshape(2, -1)
    return of_genuine, impostor


def _share(weights: np.ndarray, wrong: np.ndarray) -> float:
    return float(weights @ wrong / weights.sum()) if len(weights) else np.nan
