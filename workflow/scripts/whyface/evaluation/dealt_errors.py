"""Tests slices under many deals of errors, by counts of errors.

The errors of a slice all have one influence on the difference of two rates, and its other pairs another. So what
`People.spread` sums up pair by pair follows from how many of each person's pairs are errors. Only errors are counted
for each deal: nothing has the size of pairs times deals.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from whyface.evaluation.people import FREE, LEAST_FREE, LEAST_PAIRS, MOST_SHARE, People

MOST_COUNTS = 200_000  # at a time


class _Counts(NamedTuple):
    """Errors of d deals, or one deal of all pairs, counted in k parts; a place is a person, or two who meet repeatedly.

    Attributes
    ----------
    places : numpy.ndarray
        d x k x places, how many at each place.
    everywhere : numpy.ndarray
        d x places, the same for all parts together.
    parts : numpy.ndarray
        d x k, how many in each part.
    once : numpy.ndarray
        d x k, those of them whose two people meet in no other pair.
    """

    places: np.ndarray
    everywhere: np.ndarray
    parts: np.ndarray
    once: np.ndarray


class DealtErrors:
    """The pairs of one class, among which errors are dealt out.

    Parameters
    ----------
    people : People
        The people of all pairs.
    rows : numpy.ndarray
        The m rows of the class.
    """

    def __init__(self, people: People, rows: np.ndarray):
        sides, two = people.numbers(rows)
        sides, self._people = _renumber(sides)
        meetings = np.bincount(two[two >= 0], minlength=1)[two]
        self._once = (two >= 0) & (meetings == 1)
        together, several = _renumber(np.where((two >= 0) & (meetings > 1), two, -1))
        self._nowhere = self._people + several
        together[together >= 0] += self._people
        places = [place for place in (*sides, together) if (place >= 0).any()]
        places = [np.where(place < 0, self._nowhere, place).astype(np.int32) for place in places]
        self._places = np.stack(places) if places else np.empty((0, len(rows)), np.int32)

    def p_values(self, part: np.ndarray, slices: Sequence[int], deals: Iterable[np.ndarray]) -> np.ndarray:
        """One-sided p-values that a part is no worse than all others; NaN for too few people, whatever the errors.

        Parameters
        ----------
        part : numpy.ndarray
            m, the part of the class that each pair is in: whole numbers from 0.
        slices : sequence of int
            The k parts to test.
        deals : iterable of numpy.ndarray
            For each deal, which of the m pairs are errors: their places.

        Returns
        -------
        numpy.ndarray
            k x deals.
        """
        pairs, found = self._count(part, [np.arange(len(part))]), [np.empty((len(slices), 0))]
        tests = [_Test(one, pairs, self._people) for one in slices]
        deals, at_once = iter(deals), max(1, MOST_COUNTS // pairs.places.size)
        while some := [*islice(deals, at_once)]:
            errors = self._count(part, some)
            found.append(np.array([test.p_values(errors) for test in tests]).reshape(-1, len(some)))
        return np.concatenate(found, axis=1)

    def _count(self, part: np.ndarray, deals: Sequence[np.ndarray]) -> _Counts:
        """Count some of the pairs for each deal."""
        rows, parts, width = np.concatenate(deals), int(part.max(initial=0)) + 1, self._nowhere + 1
        own = np.repeat(np.arange(len(deals)) * parts, [*map(len, deals)]) + part[rows]
        shape, several = (len(deals), parts), len(deals) * parts
        places = np.bincount((self._places[:, rows] + own * width).ravel(), minlength=several * width)
        places = places.reshape(*shape, width)[:, :, :-1]
        once = np.bincount(own[self._once[rows]], minlength=several)
        parts_of = np.bincount(own, minlength=several)
        return _Counts(places, places.sum(axis=1), parts_of.reshape(shape), once.reshape(shape))


class _Test:
    """Tests one part against all others.

    Parameters
    ----------
    part : int
        The part.
    pairs : _Counts
        All pairs of the class.
    people : int
        How many of the places are people: the first ones.
    """

    def __init__(self, part: int, pairs: _Counts, people: int):
        self._part, self._people = part, people
        self._n, self._once = self._split(pairs.parts), self._split(pairs.once)
        both = self._split(pairs.places, pairs.everywhere)
        shares = [own[0, :people] / n for own, n in zip(both, self._n, strict=True)]
        self._apart = min(float(share.sum() / (share**2).sum()) for share in shares)
        together = np.ones(pairs.everywhere.shape[1] - people)
        self._weights = [
            np.concatenate([1 / (1 - np.minimum(share, MOST_SHARE)), together]) / n
            for share, n in zip(shares, self._n, strict=True)
        ]
        self._expected = [own * weight for own, weight in zip(both, self._weights, strict=True)]

    def p_values(self, errors: _Counts) -> np.ndarray:
        """Test each deal of errors."""
        if self._apart < LEAST_PAIRS * (1 - 1e-9):
            return np.full(len(errors.parts), np.nan)
        rates = [wrong / n for wrong, n in zip(self._split(errors.parts), self._n, strict=True)]
        inside, rest = self._split(errors.places, errors.everywhere)
        effects = inside * self._weights[0]
        effects -= rest * self._weights[1]
        effects -= rates[0][:, None] * self._expected[0]
        effects += rates[1][:, None] * self._expected[1]
        own, met = effects[:, : self._people], effects[:, self._people :]
        squares = own * own
        total, fourth = squares.sum(axis=1), np.einsum("ij,ij->i", squares, squares)
        variance, alone = total - np.einsum("ij,ij->i", met, met), np.zeros(len(total))
        for rate, n, pairs, wrong in zip(rates, self._n, self._once, self._split(errors.once), strict=True):
            variance -= (wrong * (1 - rate) ** 2 + (pairs - wrong) * rate**2) / n**2
            alone += rate * (1 - rate) / (n - 1)
        differ = alone > 0
        equal = np.divide(total**2, fourth, out=np.full(len(total), np.inf), where=differ & (fourth > 0))
        freedom = np.minimum(self._apart - 1, np.maximum(LEAST_FREE, FREE * equal - 1))
        error = np.sqrt(np.maximum(variance, alone))
        return stdtr(freedom, np.divide(rates[1] - rates[0], error, out=np.zeros(len(total)), where=differ))

    def _split(self, counts: np.ndarray, total: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Split counts into those of the part and those of all others."""
        inside = counts[:, self._part]
        return inside, (counts.sum(axis=1) if total is None else total) - inside


def _renumber(numbers: np.ndarray) -> tuple[np.ndarray, int]:
    """Give what occurs numbers from 0, but keep -1 for nothing; and say how many there are."""
    occurs = np.bincount(numbers[numbers >= 0], minlength=1) > 0
    return np.where(numbers < 0, -1, (np.cumsum(occurs) - 1)[numbers]), int(occurs.sum())
