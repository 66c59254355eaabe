"""How far figures of pairs can be trusted: pairs share people, so the people count, not the pairs.

The variance of a mean over pairs adds up the products of all two pairs that share a person (dyadic-robust: Aronow,
Samii and Assenova 2015). A figure that is no mean is one to first order: each pair has an influence on it, what
the figure gains if the pair weighs more, and the influences take the place of the deviations from the mean (the
infinitesimal jackknife). Someone in many of the pairs pulls the mean their way, so their deviations are too small:
dividing them by the share of the pairs without that person leaves the person out of the mean, as the jackknife does.
The pairs of two people are counted once, and the variance is at least that of independent pairs.

Few people, or a few in most of the pairs, tell little about how people differ, and so do many of whom a few make all
the difference. Intervals take Student's t with as many degrees of freedom as either leaves. If the people could make
fewer than `LEAST_PAIRS` pairs that share nobody, there is no interval. `tests/evaluation/test_coverage.py` checks how
often intervals hold the truth.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import stdtrit

LEAST_PAIRS = 10  # that share nobody; the intervals of fewer hold the truth too rarely
# Degrees of freedom for each person who matters, counted as if all mattered alike; and the least of them, as a single
# error is always one person's and yet no sign that people differ. Both were chosen by simulation.
FREE, LEAST_FREE = 1.5, 4.0
MOST_SHARE = 1 - 1e-9  # of the pairs, that one person counts as being in: someone in all cannot be left out


class Spread(NamedTuple):
    """How far a figure spreads from one set of people to another.

    Attributes
    ----------
    error : float
        Its standard error; NaN for too few people.
    people : int
        People in the pairs behind it.
    apart : float
        How many pairs that share nobody would tell as much: so many can people make who are in equally many pairs each.
    freedom : float
        Degrees of freedom of the standard error.
    """

    error: float
    people: int
    apart: float
    freedom: float

    @property
    def reach(self) -> float:
        """Standard errors to either end of a 95 % interval; NaN for too few people."""
        return self.quantile(0.975)

    def quantile(self, level: float) -> float:
        """Quantile of Student's t; NaN for too few people."""
        return float(stdtrit(self.freedom, level)) if np.isfinite(self.error) else np.nan


NOBODY = Spread(np.nan, 0, 0.0, np.nan)


class Part(NamedTuple):
    """Pairs that a figure averages over; one that compares two classes of pairs has two parts.

    Attributes
    ----------
    rows : numpy.ndarray
        Which pairs: their m places.
    influence : numpy.ndarray
        m, what the figure gains by each pair, to first order; they sum to 0.
    share : numpy.ndarray or None
        m, each pair's share of the average, 1 together; None: the same for all.
    """

    rows: np.ndarray
    influence: np.ndarray
    share: np.ndarray | None = None


def mean_part(rows: np.ndarray, values: np.ndarray, factor: float = 1.0) -> Part:
    """Make the part of `factor` times the mean of `values` over `rows`."""
    return Part(rows, factor * (values - values.mean()) / len(values) if len(values) else values)


def name_people(pairs: pd.DataFrame) -> list[pd.Series]:
    """Name the person on each side of pairs; an image without a subject is a person of its own."""
    return [
        pairs[f"subject_{s}"].where(pairs[f"subject_{s}"] != "", "\0" + pairs[f"image_{s}"].astype(str)) for s in "ab"
    ]


class People:
    """The people of pairs.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns subject_a, subject_b, image_a, image_b; an image without a subject is a person of its own.
    """

    def __init__(self, pairs: pd.DataFrame):
        names = name_people(pairs)
        codes, known = pd.factorize(pd.concat(names))
        self._a, self._b, self._count = codes[: len(pairs)], codes[len(pairs) :], len(known)
        low, high = np.minimum(self._a, self._b), np.maximum(self._a, self._b)
        self._two, dyads = pd.factorize(low.astype(np.int64) * self._count + high)
        self._dyads = len(dyads)
        self._has_two = self._a != self._b

    def count(self, rows: np.ndarray) -> int:
        """Count the people in some of the pairs."""
        return len(np.union1d(self._a[rows], self._b[rows]))

    def spread(self, parts: Sequence[Part]) -> Spread:
        """Estimate how far a figure spreads.

        Parameters
        ----------
        parts : sequence of Part
            The pairs behind it, and their influence.
        """
        parts = [part for part in parts if len(part.rows)]
        if not parts:
            return NOBODY
        shares = [self._shares(part) for part in parts]
        people = int(np.count_nonzero(np.sum(shares, axis=0)))
        apart = float(min(share.sum() / (share**2).sum() for share in shares))
        if apart < LEAST_PAIRS * (1 - 1e-9):
            return Spread(np.nan, people, apart, np.nan)
        own = self.effects(parts)
        twice = np.sum([self._by_two(part) for part in parts], axis=0)
        alone = sum(len(one.rows) / (len(one.rows) - 1) * float(one.influence @ one.influence) for one in parts)
        error = float(np.sqrt(max(own @ own - twice @ twice, alone)))
        return Spread(error, people, apart, min(apart - 1, max(LEAST_FREE, FREE * count_equal(own**2) - 1)))

    def effects(self, parts: Sequence[Part]) -> np.ndarray:
        """Sum up what each person does to a figure; how alike that is for two figures says how they move together."""
        own = np.zeros(self._count)
        for part in parts:
            if len(part.rows):
                with np.errstate(divide="ignore", invalid="ignore"):  # someone in all pairs cannot be left out
                    own += np.nan_to_num(self._by_person(part.rows, part.influence) / (1 - self._shares(part)))
        return own

    def covariance(self, parts: Sequence[Part]) -> np.ndarray:
        """Estimate how figures of different pairs, one for each part, move together; as `spread` does for one."""
        own = np.array([self.effects([part]) for part in parts])
        rows = np.concatenate([part.rows for part in parts])
        figures = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        two = self._has_two[rows]
        influence = np.concatenate([part.influence for part in parts])[two]
        twice = csr_array((influence, (figures[two], self._two[rows][two])), (len(parts), self._dyads))
        return own @ own.T - (twice @ twice.T).toarray()

    def numbers(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the numbers of the people in m of the pairs, 2 x m, and of the two, m; -1 where it is one person."""
        two = self._has_two[rows]
        sides = np.stack([self._a[rows], np.where(two, self._b[rows], -1)])
        return sides, np.where(two, self._two[rows], -1)

    def _shares(self, part: Part) -> np.ndarray:
        """Share of the pairs that each person is in; they sum to 1 if no pair has two people, to 2 if all have."""
        n = len(part.rows)
        return self._by_person(part.rows, np.full(n, 1 / n) if part.share is None else part.share)

    def _by_person(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Sum over the pairs that each person is in."""
        sums = np.bincount(self._a[rows], values, self._count)
        two = self._has_two[rows]
        return sums + np.bincount(self._b[rows][two], values[two], self._count)

    def _by_two(self, part: Part) -> np.ndarray:
        """Sum over the pairs of each two people, who would be counted twice."""
        two = self._has_two[part.rows]
        return np.bincount(self._two[part.rows][two], part.influence[two], self._dyads)


def count_equal(values: np.ndarray) -> float:
    """How many equal values would have the same sum and the same sum of squares; infinity for none above 0."""
    return float(values.sum() ** 2 / (values**2).sum()) if values.any() else np.inf
