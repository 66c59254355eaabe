"""Slices of a pair list in which a model errs more often than in the rest, guarded for how many were looked at.

A slice is all pairs of one class under a condition. Its difference from the rest of the class is studentised with the
spread over people, and compared with what shuffled errors give: errors are dealt out anew to the pairs of the class,
and the smallest p-value of all slices counts (Westfall and Young 1993, min-P, step-down). Studentising keeps the
comparison fair although pairs that share people err together, which shuffling forgets (Janssen 1997; Chung and Romano
2013).
Two conditions together are looked at within slices that stood the test only, and must be worse than both alone (Holm).
"""

from functools import partial
from itertools import combinations, groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.evaluation.contrast import p_value
from whyface.evaluation.dealt_errors import DealtErrors
from whyface.evaluation.findable import critical_p, findable_rate
from whyface.evaluation.intervals import share_interval
from whyface.evaluation.people import People, mean_part
from whyface.tables.schemas import SLICES

LEAST_PAIRS = 30  # in a slice, and in the rest
LEVEL = 0.05
SHUFFLES, AT_ONCE = 500, 50
MOST_AT_ONCE = 2_500_000  # pairs times shuffles in memory
SEED = 20
CLASSES = {"genuine": True, "impostor": False}


class Slice(NamedTuple):
    """Pairs of one class under a condition or two. There may be many slices, so which pairs is worked out when asked.

    Attributes
    ----------
    kind : str
        genuine or impostor.
    conditions : tuple of str
        "column=value", one or two.
    of_class : numpy.ndarray
        n, bool: the pairs of the class.
    held : tuple of tuple of numpy.ndarray and int
        For each condition, the codes of all pairs' values, n, and the code that meets it.
    """

    kind: str
    conditions: tuple[str, ...]
    of_class: np.ndarray
    held: tuple[tuple[np.ndarray, int], ...]

    @property
    def is_inside(self) -> np.ndarray:
        """Tell which of the n pairs are in it."""
        return np.logical_and.reduce([self.of_class, *(codes == code for codes, code in self.held)])

    @property
    def inside(self) -> np.ndarray:
        """Rows of its pairs."""
        return np.flatnonzero(self.is_inside)

    @property
    def rest(self) -> np.ndarray:
        """Rows of the other pairs of the class."""
        return np.flatnonzero(self.of_class & ~self.is_inside)


def list_slices(kinds: np.ndarray, conditions: pd.DataFrame) -> list[Slice]:
    """List the slices of one condition with enough pairs inside and outside, column by column.

    Parameters
    ----------
    kinds : numpy.ndarray
        n, bool: genuine.
    conditions : pandas.DataFrame
        n rows, as `find_conditions` gives them.
    """
    coded = {name: pd.factorize(conditions[name], sort=True) for name in conditions}
    found = []
    for kind, label in CLASSES.items():
        of_class = kinds == label
        for name, (codes, values) in coded.items():
            for code, value in enumerate(values):
                one = Slice(kind, (f"{name}={value}",), of_class, ((codes, code),))
                n = np.count_nonzero(one.is_inside)
                if min(n, np.count_nonzero(of_class) - n) >= LEAST_PAIRS:
                    found.append(one)
    return found


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
    tested = np.array([p_value(people, one.inside, one.rest, wrong) for one in singles])
    dealt = {label: DealtErrors(people, np.flatnonzero(kinds == label)) for label in CLASSES.values()}
    shuffled = _shuffled(dealt, singles, wrong, kinds)
    adjusted = guard(tested, shuffled)
    found = [one for one, p in zip(singles, adjusted, strict=True) if p <= LEVEL]
    both, joint_tested = _join(people, singles, found, wrong)
    rates = [*_findable(dealt, singles, wrong, tested, shuffled), *np.full(len(both), np.nan)]
    p_values = [*tested, *joint_tested], [*adjusted, *holm(joint_tested)]
    rows = [(*_row(people, one, wrong), *more) for one, *more in zip(singles + both, *p_values, rates, strict=True)]
    return pd.DataFrame(rows, columns=SLICES.schema.names)


def _findable(
    dealt: dict[bool, DealtErrors], slices: list[Slice], wrong: np.ndarray, tested: np.ndarray, shuffled: np.ndarray
) -> np.ndarray:
    """Rate at which the slice of median size of each class would be found; NaN for the others."""
    rates = np.full(len(slices), np.nan)
    for kind, label in CLASSES.items():
        own = [k for k, one in enumerate(slices) if one.kind == kind and not np.isnan(tested[k])]
        if own:
            k = sorted(own, key=lambda k: np.count_nonzero(slices[k].is_inside))[len(own) // 2]
            rows, rest = np.flatnonzero(slices[k].of_class), slices[k].rest
            inside = slices[k].is_inside[rows]
            test = partial(dealt[label].p_values, inside.astype(np.int8), [1])
            rates[k] = findable_rate(test, rows, inside, float(wrong[rest].mean()), critical_p(shuffled, LEVEL))
    return rates


def _shuffled(dealt: dict[bool, DealtErrors], slices: list[Slice], wrong: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """p-values, slices x `SHUFFLES`, of errors dealt out anew within each class."""
    deals, found = _deal(wrong, kinds), [np.empty((0, SHUFFLES))]
    for (label, _), of_column in groupby(slices, key=lambda one: (CLASSES[one.kind], id(one.held[0][0]))):
        own, rows = [*of_column], np.flatnonzero(kinds == label)
        part = own[0].held[0][0][rows] + 1  # 0: null
        errors = (np.flatnonzero(np.unpackbits(deal, count=len(rows))) for deal in deals[label])
        found.append(dealt[label].p_values(part, [one.held[0][1] + 1 for one in own], errors))
    return np.concatenate(found)


def _deal(wrong: np.ndarray, kinds: np.ndarray) -> dict[bool, np.ndarray]:
    """Deal errors out anew to the pairs of each class: `SHUFFLES` x pairs, packed into bits."""
    rng, deals = np.random.default_rng(SEED), {label: list[np.ndarray]() for label in CLASSES.values()}
    most = min(AT_ONCE, max(1, MOST_AT_ONCE // max(len(wrong), 1)))
    for start in range(0, SHUFFLES, most):
        for label, packed in deals.items():
            own = np.repeat(wrong[kinds == label, None], min(most, SHUFFLES - start), axis=1)
            packed.append(np.packbits(rng.permuted(own, axis=0).T, axis=1))
    return {label: np.concatenate(packed) for label, packed in deals.items()}


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


def _join(
    people: People, singles: list[Slice], found: list[Slice], wrong: np.ndarray
) -> tuple[list[Slice], np.ndarray]:
    """Test two slices of different columns, one of them found, that share and leave enough pairs.

    Returns
    -------
    tuple
        k slices of the pairs in both, and k p-values that these are no worse than the others of one of them: the larger
        of two tests.
    """
    names, both, tested = {one.conditions for one in found}, [], []
    for a, b in combinations(singles, 2):
        if a.kind == b.kind and ({a.conditions, b.conditions} & names) and a.held[0][0] is not b.held[0][0]:
            of_a, of_b = a.is_inside, b.is_inside
            parts = [np.flatnonzero(own) for own in (of_a & of_b, of_a & ~of_b, of_b & ~of_a)]
            if min(map(len, parts)) >= LEAST_PAIRS:
                both.append(Slice(a.kind, a.conditions + b.conditions, a.of_class, a.held + b.held))
                tested.append(np.max([p_value(people, parts[0], rest, wrong) for rest in parts[1:]]))
    return both, np.array(tested)


def _row(people: People, one: Slice, wrong: np.ndarray) -> tuple:
    rate, rest = float(wrong[one.inside].mean()), float(wrong[one.rest].mean())
    spread = people.spread([mean_part(one.inside, wrong[one.inside].astype(np.float64))])
    errors, n = int(wrong[one.inside].sum()), len(one.inside)
    condition, and_condition = (*one.conditions, "")[:2]
    return (
        *(one.kind, condition, and_condition, errors, n, spread.people),
        *(rate, *share_interval(rate, spread), rest, errors - n * rest),
    )
