"""Thresholds for false match rates that too few pairs show, extrapolated from the closest ones: an option.

Distances below a low one fall off like a generalised Pareto distribution, whatever the law they come from (Pickands
1975). That holds for people who are strangers; relatives and twins, who make most false matches at such rates in a
large population, follow no law that strangers tell of. So this says what strangers would do, and refuses where
simulation found that its intervals do not hold the truth (docs/method.md).
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import genpareto

from whyface.evaluation.all_pairs import AllPairs, spread_few

SHARE = 0.02  # of the impostor pairs, the closest: those the law is fitted to
LEAST, MOST = 200, 5_000  # of them
LEAST_PEOPLE = 50
DEPTH = 100.0  # how far below the rate of one pair in all it may reach
WIDER = 1.25  # than standard errors say, as the law is approached only in the limit; chosen by simulation
WIDEST = 30.0  # factor to either end of an interval that still says something
SHORTEST = -0.5  # below this shape, likelihood has no standard errors (Smith 1985)


class Tail(NamedTuple):
    """A generalised Pareto distribution of how far distances lie below a limit.

    Attributes
    ----------
    limit : float
        The distance below which pairs are fitted.
    share : float
        Share of the impostor pairs below it.
    shape, scale : float
        Of the distribution; a shape below 0 has an end.
    """

    limit: float
    share: float
    shape: float
    scale: float

    def threshold(self, fmr: float) -> float:
        """Return the distance below which this share of the impostor pairs lies; may be below 0, where none can lie."""
        ratio = np.log(self.share / fmr)
        return self.limit - self.scale * (np.expm1(self.shape * ratio) / self.shape if self.shape else ratio)


def fit_tail(found: AllPairs) -> Tail | None:
    """Fit the closest impostor pairs of a collection; None if there are too few, or no standard errors."""
    impostors = int(found.impostor.sum())
    fitted = min(max(LEAST, round(SHARE * impostors)), MOST)
    if len(found.distances) <= 2 * fitted:
        return None
    limit = float(found.distances[fitted])
    below = limit - found.distances[found.distances < limit].astype(np.float64)
    shape, _, scale = genpareto.fit(below, floc=0, scale=below.mean())
    return Tail(limit, len(below) / impostors, float(shape), float(scale)) if shape > SHORTEST else None


def extrapolate(found: AllPairs, people: np.ndarray, tail: Tail, fmr: float) -> tuple[float, float, float] | None:
    """Find the threshold for a false match rate, and what its rate may be.

    Parameters
    ----------
    found : AllPairs
        The pairs.
    people : numpy.ndarray
        n, who is shown in each image: whole numbers from 0.
    tail : Tail
        Fitted to them.
    fmr : float
        The rate, below that at `tail.limit`.

    Returns
    -------
    tuple of float or None
        The threshold, and the ends of the 95 % interval over people of the rate there. None where intervals cannot be
        trusted or say nothing: too few people, too deep, too wide, or no distance is so low.
    """
    threshold = tail.threshold(fmr)
    if fmr * found.impostor.sum() * DEPTH < 1 or threshold <= 0:
        return None
    matches = int(np.searchsorted(found.distances, np.float32(tail.limit)))
    below = tail.limit - found.distances[:matches].astype(np.float64)
    values = _influence(tail, below, tail.limit - threshold, int(found.impostor.sum()))
    spread = spread_few(people, found.a[:matches], found.b[:matches], values)
    if not np.isfinite(spread.error) or spread.people < LEAST_PEOPLE:
        return None
    reach = float(np.exp(WIDER * spread.reach * spread.error))
    return (threshold, fmr / reach, fmr * reach) if reach <= WIDEST else None


def _influence(tail: Tail, below: np.ndarray, depth: float, impostors: int) -> np.ndarray:
    """Compute what log FMR at `depth` below the limit gains by each pair below the limit, to first order.

    log FMR = log share - log(1 + shape depth / scale) / shape. The parameters move by the inverse of the expected
    information times a pair's score (Smith 1984, in Tiago de Oliveira, Statistical Extremes and Applications).
    """
    shape, scale = tail.shape or 1e-9, tail.scale
    grown, far = 1 + shape * below / scale, 1 + shape * depth / scale
    score = np.stack(
        [
            np.log(grown) / shape**2 - (1 + 1 / shape) * below / scale / grown,
            ((1 + shape) * below / scale / grown - 1) / scale,
        ]
    )
    inverse = (1 + shape) * np.array([[1 + shape, -scale], [-scale, 2 * scale**2]])
    slope = np.array([np.log(far) / shape**2 - depth / scale / far / shape, depth / scale**2 / far])
    return (1 - tail.share) / (impostors * tail.share) + slope @ inverse @ score / len(below)
