"""Slices of a pair list in which a model errs more often than in the rest, guarded for how many were looked at.

A slice is all pairs of one class under a condition. Its difference from the rest of the class is studentised with the
spread over people, and compared with what shuffled errors give: errors are dealt out anew to the pairs of the class,
and the smallest p-value of all slices counts (Westfall and Young 1993, min-P, step-down). Studentising keeps the
comparison fair although pairs that share people err together, which shuffling forgets (Janssen 1997; Chung and Romano
2013).
Two conditions together are looked at within slices that stood the test only, and must be worse than both alone (Holm).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr

from whyface.evaluation.findable import critical_p, findable_rate
from whyface.evaluation.intervals import share_interval
from whyface.evaluation.people import FREE, LEAST_FREE, People, mean_part
from whyface.evaluation.people import LEAST_PAIRS as LEAST_APART
from whyface.tables.schemas import SLICES

LEAST_PAIRS = 30  # in a slice, and in the rest
LEVEL = 0.05
SHUFFLES, AT_ONCE = 500, 50
MOST_AT_ONCE = 2_500_000  # pairs times shuffles in memory
SEED = 20
CLASSES = {"genuine": True, "impostor": False}


class Slice(NamedTuple):
    """Pairs of one class under one condition or two, and what they are compared with.

    Attributes
    ----------
    kind : str
        genuine or impostor.
    conditions : tuple of str
        "column=value", one or two.
    inside : numpy.ndarray
        Rows of its pairs.
    rest : numpy.ndarray
        Rows of the other pairs of the class.
    """

    kind: str
    conditions: tuple[str, ...]
    inside: np.ndarray
    rest: np.ndarray


def list_slices(kinds: np.ndarray, conditions: pd.DataFrame) -> list[Slice]:
    """List the slices of one condition with enough pairs inside and outside.

    Parameters
    ----------
    kinds : numpy.ndarray
        n, bool: genuine.
    conditions : pandas.DataFrame
        n rows, as `find_conditions` gives them.
    """
    found = []
    for kind, label in CLASSES.items():
        for column in conditions:
            values = conditions[column]
            for value in sorted({*values[kinds == label].dropna()}):
                own = (values == value).to_numpy()
                one = Slice(kind, (f"{column}={value}",), *(np.flatnonzero((kinds == label) & m) for m in (own, ~own)))
                if min(len(one.inside), len(one.rest)) >= LEAST_PAIRS:
                    found.append(one)
    return found


class Contrast:
    """The error rate in a slice less that in the rest, tested with its spread over people, for many deals of errors.

    `People.spread` for one deal, written as products of matrices.
    """

    def __init__(self, people: People, one: Slice):
        self._rows = np.concatenate([one.inside, one.rest])
        self._inside = len(one.inside)
        everyone, self._met = people.memberships(self._rows)
        share = [everyone[:, part].sum(axis=1) / (part.stop - part.start) for part in self._parts]
        self._apart = min(float(each.sum() / (each**2).sum()) for each in share)
        leave = np.where(np.arange(len(self._rows)) < self._inside, 1.0, 0.0)
        weights = everyone.tocoo()
        gone = np.where(leave[weights.col] > 0, share[0][weights.row], share[1][weights.row])
        weights.data = 1 / (1 - np.minimum(gone, 1 - 1e-9))
        self._own = weights.tocsr()

    @property
    def _parts(self) -> tuple[slice, slice]:
        """The slice and the rest among the rows."""
        return slice(0, self._inside), slice(self._inside, len(self._rows))

    def p_values(self, wrong: np.ndarray) -> np.ndarray:
        """One-sided p-value that the slice is no worse; NaN for too few people, whatever the errors.

        Parameters
        ----------
        wrong : numpy.ndarray
            n x deals, bool: which pairs of the list are errors.
        """
        if self._apart < LEAST_APART * (1 - 1e-9):
            return np.full(wrong.shape[1], np.nan)
        influence, means, alone = wrong[self._rows].astype(np.float64), [], np.zeros(wrong.shape[1])
        for part, sign in zip(self._parts, (1, -1), strict=True):
            size = part.stop - part.start
            means.append(influence[part].mean(axis=0))
            influence[part] = sign * (influence[part] - means[-1]) / size
            alone += size / (size - 1) * (influence[part] ** 2).sum(axis=0)
        own, met = self._own @ influence, self._met @ influence
        squares = own**2
        variance = np.maximum(squares.sum(axis=0) - (met**2).sum(axis=0), alone)
        equal = np.divide(
            squares.sum(axis=0) ** 2, (squares**2).sum(axis=0), out=np.full(len(alone), 1e9), where=alone > 0
        )
        freedom = np.minimum(self._apart - 1, np.maximum(LEAST_FREE, FREE * equal - 1))
        t = np.divide(means[0] - means[1], np.sqrt(variance), out=np.zeros(len(alone)), where=variance > 0)
        return stdtr(freedom, -t)


def find_slices(pairs: pd.DataFrame, conditions: pd.DataFrame) -> pd.DataFrame:
    """Test every slice: the table slices.

    Parameters
    ----------
    pairs : pandas.DataFrame
        n labelled and decided pairs: is_genuine, outcome, and the columns that `People` needs.
    conditions : pandas.DataFrame
        n rows, from `find_conditions`.
    """
    people, kinds = People(pairs), pairs["is_genuine"].to_numpy(bool)
    wrong = pairs["outcome"].isin(["false-match", "false-non-match"]).to_numpy()
    singles = list_slices(kinds, conditions)
    tested = _test(people, singles, wrong[:, None])[:, 0]
    shuffled = _shuffled(people, singles, wrong, kinds)
    adjusted = guard(tested, shuffled)
    found = [one for one, p in zip(singles, adjusted, strict=True) if p <= LEVEL]
    joint = _join(singles, found)
    joint_tested = np.array([_worse_than_both(people, *each, wrong) for each in joint])
    both = [Slice(a.kind, (*a.conditions, *b.conditions), *_within(a, b)) for a, b in joint]
    rates = [*_findable(people, singles, wrong, tested, shuffled), *np.full(len(both), np.nan)]
    p_values = [*tested, *joint_tested], [*adjusted, *holm(joint_tested)]
    rows = [(*_row(people, one, wrong), *more) for one, *more in zip(singles + both, *p_values, rates, strict=True)]
    return pd.DataFrame(rows, columns=SLICES.schema.names)


def _findable(
    people: People, slices: list[Slice], wrong: np.ndarray, tested: np.ndarray, shuffled: np.ndarray
) -> np.ndarray:
    """Rate at which the slice of median size of each class would be found; NaN for the others."""
    rates = np.full(len(slices), np.nan)
    for kind in CLASSES:
        own = [k for k, one in enumerate(slices) if one.kind == kind and not np.isnan(tested[k])]
        if own:
            k = sorted(own, key=lambda k: len(slices[k].inside))[len(own) // 2]
            test, elsewhere = Contrast(people, slices[k]).p_values, float(wrong[slices[k].rest].mean())
            rates[k] = findable_rate(test, slices[k].inside, wrong, elsewhere, critical_p(shuffled, LEVEL))
    return rates


def _test(people: People, slices: list[Slice], wrong: np.ndarray) -> np.ndarray:
    """p-values, slices x deals."""
    return np.array([Contrast(people, one).p_values(wrong) for one in slices]).reshape(len(slices), wrong.shape[1])


def _shuffled(people: People, slices: list[Slice], wrong: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """p-values, slices x `SHUFFLES`, of errors dealt out anew within each class."""
    rng, deals = np.random.default_rng(SEED), []
    most = min(AT_ONCE, max(1, MOST_AT_ONCE // max(len(wrong), 1)))
    for start in range(0, SHUFFLES, most):
        dealt = np.repeat(wrong[:, None], min(most, SHUFFLES - start), axis=1)
        for label in (True, False):
            rows = np.flatnonzero(kinds == label)
            dealt[rows] = rng.permuted(dealt[rows], axis=0)
        deals.append(_test(people, slices, dealt))
    return np.concatenate(deals, axis=1)


def guard(tested: np.ndarray, shuffled: np.ndarray) -> np.ndarray:
    """Adjust p-values for the number of slices: step-down minP.

    Parameters
    ----------
    tested : numpy.ndarray
        k p-values; NaN if not tested.
    shuffled : numpy.ndarray
        k x deals, the same for shuffled errors.

    Returns
    -------
    numpy.ndarray
        k: how often, of the deals and the list itself, the smallest of those not more extreme is as small; never below
        that of a more extreme one.
    """
    order = np.argsort(np.where(np.isnan(tested), np.inf, tested), kind="stable")
    order = order[: np.count_nonzero(~np.isnan(tested))]
    smallest = np.minimum.accumulate(shuffled[order][::-1], axis=0)[::-1]
    counts = (smallest <= tested[order][:, None] * (1 + 1e-9)).sum(axis=1)
    adjusted = np.full(len(tested), np.nan)
    adjusted[order] = np.maximum.accumulate((1 + counts) / (1 + shuffled.shape[1]))
    return adjusted


def holm(tested: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number (Holm 1979); NaN, not tested, does not count."""
    order = np.argsort(tested, kind="stable")[: np.count_nonzero(~np.isnan(tested))]
    adjusted = np.full(len(tested), np.nan)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(tested[order] * np.arange(len(order), 0, -1)))
    return adjusted


def _within(a: Slice, b: Slice) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the pairs in both, and of all others of the class."""
    inside = np.intersect1d(a.inside, b.inside)
    return inside, np.setdiff1d(np.concatenate([a.inside, a.rest]), inside)


def _join(singles: list[Slice], found: list[Slice]) -> list[tuple[Slice, Slice]]:
    """List two slices of different columns, one of them found, that share and leave enough pairs."""
    names = {one.conditions for one in found}
    return [
        (a, b)
        for place, a in enumerate(singles)
        for b in singles[place + 1 :]
        if a.kind == b.kind and ({a.conditions, b.conditions} & names) and _column(a) != _column(b)
        if min(len(x) for x in (_within(a, b)[0], *_without(a, b))) >= LEAST_PAIRS
    ]


def _column(one: Slice) -> str:
    return one.conditions[0].partition("=")[0]


def _without(a: Slice, b: Slice) -> list[np.ndarray]:
    """Rows of either slice that the other lacks."""
    return [np.setdiff1d(a.inside, b.inside), np.setdiff1d(b.inside, a.inside)]


def _worse_than_both(people: People, a: Slice, b: Slice, wrong: np.ndarray) -> float:
    """p-value that the pairs in both are no worse than the others of one of them: the larger of two tests."""
    inside = _within(a, b)[0]
    tests = [Contrast(people, Slice(a.kind, (), inside, rest)).p_values(wrong[:, None]) for rest in _without(a, b)]
    return float(np.max(tests))


def _row(people: People, one: Slice, wrong: np.ndarray) -> tuple:
    rate, rest = float(wrong[one.inside].mean()), float(wrong[one.rest].mean())
    spread = people.spread([mean_part(one.inside, wrong[one.inside].astype(np.float64))])
    errors, n = int(wrong[one.inside].sum()), len(one.inside)
    condition, and_condition = (*one.conditions, "")[:2]
    return (
        *(one.kind, condition, and_condition, errors, n, spread.people),
        *(rate, *share_interval(rate, spread), rest, errors - n * rest),
    )
