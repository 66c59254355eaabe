"""Every operating point of "same iff distance < threshold", and the figures read off them with their influence.

A figure at a threshold that the pairs themselves set moves with it. By how much, the curve of operating points says:
between half of an FMR and twice as much, FNMR is taken to fall in a straight line.
"""

from typing import NamedTuple

import numpy as np

from whyface.evaluation import metrics
from whyface.evaluation.people import Part, mean_part

ACCEPTS_ALL = 2.0  # the largest distance


class Estimate(NamedTuple):
    """A figure, and the influence of each pair on it."""

    value: float
    parts: list[Part]


class _Slope(NamedTuple):
    """How much FMR rises, FNMR falls and the threshold rises around an operating point."""

    fmr: float
    fnmr: float
    threshold: float


class OperatingPoints:
    """The operating points of pairs.

    Parameters
    ----------
    distances : numpy.ndarray
        n, 0 to 2.
    genuine : numpy.ndarray
        n, bool; both classes.

    Attributes
    ----------
    fmr, fnmr, thresholds : numpy.ndarray
        m + 1 each, for m distinct distances: FMR rising from 0 to 1, FNMR falling from 1 to 0.
    tallies : tuple of numpy.ndarray
        Genuine and impostor pairs at each distinct distance, m each.
    """

    def __init__(self, distances: np.ndarray, genuine: np.ndarray):
        distinct, self._place = np.unique(distances, return_inverse=True)
        self._genuine, self._impostor = np.flatnonzero(genuine), np.flatnonzero(~genuine)
        self.tallies = metrics.tally(self._place, genuine, len(distinct))
        self.fmr, self.fnmr = metrics.det_points(*self.tallies)
        self.thresholds = np.append(distinct, ACCEPTS_ALL)

    def equal_error(self) -> tuple[Estimate, Estimate]:
        """Rate at which FMR and FNMR meet, between two operating points, and the threshold of the second of them."""
        value, after = metrics.equal_error_rate(self.fmr, self.fnmr)
        before, gap = after - 1, self.fmr - self.fnmr
        between = -gap[before] / (gap[after] - gap[before])
        accepted = (self._place < before) + between * (self._place == before)
        slope = self._slope(value)
        both = slope.fmr + slope.fnmr
        rate = self._parts(accepted, slope.fnmr / both, slope.fmr / both)
        threshold = self._parts(accepted, -slope.threshold / both, slope.threshold / both)
        return Estimate(value, rate), Estimate(float(self.thresholds[after]), threshold)

    def fnmr_at(self, fmr: float) -> Estimate:
        """Lowest FNMR among the operating points whose FMR does not exceed a target."""
        point = metrics.point_at_fmr(self.fmr, fmr)
        slope = self._slope(fmr)
        return Estimate(float(self.fnmr[point]), self._parts(self._place < point, slope.fnmr / slope.fmr, 1))

    def threshold_at(self, fmr: float) -> Estimate:
        """Threshold of that operating point."""
        point = metrics.point_at_fmr(self.fmr, fmr)
        slope = self._slope(fmr)
        parts = self._parts(self._place < point, -slope.threshold / slope.fmr, 0)[:1]
        return Estimate(float(self.thresholds[point]), parts)

    def area(self) -> Estimate:
        """How often a genuine pair is closer than an impostor pair, ties counting one half (area under the ROC)."""
        genuine, impostor = self.tallies
        closer = (np.cumsum(genuine) - genuine / 2) / genuine.sum()
        further = 1 - (np.cumsum(impostor) - impostor / 2) / impostor.sum()
        parts = [mean_part(self._genuine, further[self._place[self._genuine]])]
        parts.append(mean_part(self._impostor, closer[self._place[self._impostor]]))
        return Estimate(metrics.area_under_roc(genuine, impostor), parts)

    def _parts(self, accepted: np.ndarray, of_fmr: float, of_fnmr: float) -> list[Part]:
        """Influence on `of_fmr` x FMR + `of_fnmr` x FNMR where `accepted` says which pairs are accepted."""
        accepted = accepted.astype(np.float64)
        impostor = mean_part(self._impostor, accepted[self._impostor], of_fmr)
        return [impostor, mean_part(self._genuine, accepted[self._genuine], -of_fnmr)]

    def _slope(self, fmr: float) -> _Slope:
        at = max(fmr, 1 / len(self._impostor))
        ends = [at / 2, min(2 * at, 1.0)]
        fnmr, threshold = (np.diff(np.interp(ends, self.fmr, values))[0] for values in (self.fnmr, self.thresholds))
        return _Slope(ends[1] - ends[0], -float(fnmr), float(threshold))
