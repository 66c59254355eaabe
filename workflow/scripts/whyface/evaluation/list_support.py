"""Which figures a pair list can support, before any model has seen it.

Two bounds are given. If pairs were independent, n of them without an error would support a rate of 3 / n at 95 % (the
rule of three: Hanley and Lippman-Hand 1983, "If nothing goes wrong, is everything all right?"; ISO/IEC 19795-1), and
Wilson's interval (1927) would hold. But pairs share people, and all pairs of a person may come out alike. Then only so
many count as people can make that share nobody; see `whyface.evaluation.people`. The truth lies between the two.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
import pandas as pd

from whyface.evaluation.intervals import RULE_OF_THREE, wilson
from whyface.evaluation.people import LEAST_PAIRS, People, mean_part
from whyface.lists.findings import NOTE, OK, Finding
from whyface.lists.label_checks import labelled

REACH = 1.959964  # standard errors to either side of a 95 % interval
# Rates at which the width of an interval is stated, and false match rates that one may aim for.
STATED = {"accuracy": (0.9, 0.99), "fnmr": (0.01, 0.1), "fmr": (0.001, 0.01)}
AIMS = (1e-3, 1e-4, 1e-6)
CLASSES = {"accuracy": None, "fnmr": True, "fmr": False}


def supported_figures(pairs: pd.DataFrame) -> Iterator[Finding]:
    """Say which rates labelled pairs can tell from zero, how wide intervals will be, and what lower rates would need.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The table.
    """
    people = People(pairs)
    for rate, label in CLASSES.items():
        is_known = pairs["is_genuine"].notna().to_numpy() if label is None else labelled(pairs, label)
        rows = np.flatnonzero(is_known)
        if not len(rows):
            continue
        spread = people.spread([mean_part(rows, np.zeros(len(rows)))])
        yield from _supported(rate, len(rows), spread.people, spread.apart)
        if rate == "fmr":
            yield from _missing(len(rows), spread.people, spread.apart)


def _supported(rate: str, pairs: int, people: int, apart: float) -> Iterator[Finding]:
    """Give the lowest rate and the widths, once as if pairs were independent, once by people."""
    too_few = apart < LEAST_PAIRS * (1 - 1e-9)
    yield Finding(f"{rate}_pairs_apart", apart, people, NOTE if too_few else OK)
    for suffix, n, trials in (("", pairs, pairs), ("_by_people", people, apart)):
        if rate != "accuracy":
            yield Finding(f"lowest_{rate}{suffix}", min(1.0, RULE_OF_THREE / trials), n)
        for stated in STATED[rate]:
            low, high = wilson(stated, trials, REACH)
            width = None if suffix and too_few else high - low
            yield Finding(f"{rate}_interval_width{suffix}", width, n, group=f"{stated:g}")


def _missing(pairs: int, people: int, apart: float) -> Iterator[Finding]:
    """Count the impostor pairs, and people, that are missing for a false match rate to be distinguishable from zero.

    m people in equally many impostor pairs make m / 2 pairs that share nobody.
    """
    for aim in AIMS:
        wanted = RULE_OF_THREE / aim
        yield Finding("impostor_pairs_missing", _at_least(wanted - pairs), pairs, group=f"{aim:g}")
        yield Finding("people_missing", _at_least(2 * (wanted - apart)), people, group=f"{aim:g}")


def _at_least(number: float) -> int:
    return max(0, ceil(round(number, 6)))
