"""How fast errors go when the pairs of the worst images are left out: error against discard (Grother and Tabassi 2007).

The threshold stays the one that the pair was decided by. A quality that knows nothing leaves the error rate where it
is; the best one conceivable discards the errors first. Pairs of equal quality are discarded in equal parts; unknown
quality counts as the worst.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.evaluation.intervals import NONE, cost_interval, share_interval
from whyface.evaluation.people import Part, People
from whyface.scores.decisions import SAME
from whyface.scores.qualities import pair_qualities

SHARES = np.arange(31) / 100  # discarded
UP_TO = 0.2  # end of the area
NEAR = 0.05  # to either side: errors there say what a cut that moves lets in
LEAST_ERRORS = 10  # that an area needs for an interval
CONFIDENCE = "confidence"


class Discards:
    """The error rate of pairs of one class, as those of the lowest quality are discarded.

    Parameters
    ----------
    wrong : numpy.ndarray
        n, bool: decided wrongly.
    quality : numpy.ndarray
        n, higher is better; NaN is worst.

    Attributes
    ----------
    rates : numpy.ndarray
        Error rate of the pairs that are left, for each of `SHARES`.
    """

    def __init__(self, wrong: np.ndarray, quality: np.ndarray):
        self._wrong = wrong.astype(np.float64)
        _, place = np.unique(np.where(np.isnan(quality), -np.inf, quality), return_inverse=True)
        counts, errors = np.bincount(place), np.bincount(place, self._wrong)
        self._ends = np.concatenate([[0], np.cumsum(counts)]) / len(wrong)  # discarded up to and with each quality
        self._gone = np.concatenate([[0], np.cumsum(errors)]) / len(wrong)  # errors among them, of all pairs
        self._low, self._high = self._ends[place], self._ends[place + 1]
        self.rates = np.array([self._rate(share) for share in SHARES])

    @property
    def errors(self) -> float:
        """Pairs decided wrongly."""
        return float(self._wrong.sum())

    @property
    def discarded_errors(self) -> float:
        """Those among the pairs discarded up to `UP_TO`."""
        return float(np.interp(UP_TO, self._ends, self._gone)) * len(self._wrong)

    @property
    def area(self) -> float:
        """Mean error rate up to `UP_TO`, over that of all pairs: 1 if the quality knows nothing; NaN without errors."""
        return _mean(self.rates) / self.rates[0] if self.rates[0] > 0 else np.nan

    @property
    def ideal(self) -> float:
        """The area of a quality that discards every error first."""
        best = Discards(self._wrong > 0, -self._wrong) if self.rates[0] > 0 else None
        return best.area if best else np.nan

    def influence(self, at: int) -> np.ndarray:
        """Tell what the rate at one of `SHARES` gains by each pair, to first order.

        Another pair changes the mean of those left, and moves the cut: what lies there comes in or goes.
        """
        share = SHARES[at]
        kept = 1 - np.clip((share - self._low) / (self._high - self._low), 0, 1)
        ends = max(0.0, share - NEAR), share + NEAR
        marginal = np.diff(np.interp(ends, self._ends, self._gone))[0] / (ends[1] - ends[0])
        moved = kept * (self._wrong - marginal) + (1 - share) * (marginal - self.rates[at])
        return moved / (len(kept) * (1 - share))

    def area_influence(self) -> np.ndarray:
        """Tell what the area gains by each pair, to first order."""
        each = np.array([self.influence(at) for at in range(_end())])
        return (_mean(each) - self.area * each[0]) / self.rates[0]

    def _rate(self, share: float) -> float:
        return float(self._gone[-1] - np.interp(share, self._ends, self._gone)) / (1 - share)


def judge_qualities(pairs: pd.DataFrame, qualities: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trace FNMR and FMR against the share of pairs discarded, by each quality and by the confidence.

    Parameters
    ----------
    pairs : pandas.DataFrame
        pairs and scores joined.
    qualities : pandas.DataFrame
        From `image_qualities`.

    Returns
    -------
    tuple of pandas.DataFrame
        The tables discards and discard_areas; without rows where no labelled pair was decided.
    """
    decided = pairs[pairs["is_genuine"].notna() & pairs["decision"].notna()].reset_index(drop=True)
    genuine = decided["is_genuine"].to_numpy(bool)
    wrong = (decided["decision"] == SAME).to_numpy() != genuine
    people, curves, areas = People(decided), [], []
    for name, quality in _all_qualities(decided, qualities):
        for error, rows in (("fmr", np.flatnonzero(~genuine)), ("fnmr", np.flatnonzero(genuine))):
            if len(rows):
                found, key = Discards(wrong[rows], quality[rows]), {"error": error, "quality": name}
                curves += [{**key, **row} for row in _curve(found, people, rows)]
                areas.append({**key, **_area(found, people, rows)})
    return pd.DataFrame(curves, columns=CURVE), pd.DataFrame(areas, columns=AREA)


CURVE = ["error", "quality", "discarded", "rate", "ci_low", "ci_high", "n", "people"]
AREA = ["error", "quality", "area", "ci_low", "ci_high", "ideal", "n", "people"]


def _all_qualities(pairs: pd.DataFrame, qualities: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    if pairs["confidence"].notna().any():
        yield CONFIDENCE, pairs["confidence"].to_numpy(np.float64)
    for name, worse, _ in pair_qualities(pairs, qualities):
        if len(np.unique(worse[~np.isnan(worse)])) > 1:
            yield name, worse


def _curve(found: Discards, people: People, rows: np.ndarray) -> Iterator[dict]:
    for at, rate in enumerate(found.rates):
        spread = people.spread([Part(rows, found.influence(at))])
        low, high = share_interval(rate, spread)
        left = round(len(rows) * (1 - SHARES[at]))
        yield {
            "discarded": SHARES[at],
            "rate": rate,
            "ci_low": low,
            "ci_high": high,
            "n": left,
            "people": spread.people,
        }


def _area(found: Discards, people: People, rows: np.ndarray) -> dict:
    known = found.errors >= LEAST_ERRORS and found.discarded_errors >= 1
    spread = people.spread([Part(rows, found.area_influence() if known else np.zeros(len(rows)))])
    low, high = cost_interval(found.area, spread) if known else NONE
    about = {"ideal": found.ideal, "n": len(rows), "people": spread.people}
    return {"area": found.area, "ci_low": low, "ci_high": high, **about}


def _end() -> int:
    return int(np.searchsorted(SHARES, UP_TO * (1 + 1e-9)))


def _mean(rates: np.ndarray) -> np.ndarray:
    """Average over the shares up to `UP_TO`, by trapezoids."""
    return np.trapezoid(rates[: _end()], SHARES[: _end()], axis=0) / UP_TO
