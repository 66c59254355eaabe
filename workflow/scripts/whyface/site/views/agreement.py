"""How far fast maps can be from maps of all masks, in words; exact runs have none of it."""

from collections.abc import Iterable
from math import floor
from typing import Any

import numpy as np

from whyface.site.content.agreement import Agreements
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import MISSING, missing

DIGITS = 3
# Estimates are rounded down; so much is not lost to floating point.
ROUNDING = 1e-9


def pair_agreement(one: Shown, pair_id: str) -> list[dict[str, str]]:
    """Say of a pair's maps, method by method, what was measured and how well they agree with full maps."""
    known = one.evaluation.agreements
    methods = one.evaluation.methods.get(pair_id, ()) if known else ()
    return [{"method": method, "sentence": _sentence(known, *known.lowest[pair_id, method])} for method in methods]


def _sentence(known: Agreements, agreement: float, least: float) -> str:
    if agreement == 1:
        return f"These maps were measured under all {known.masks:,} masks of both faces."
    value = "unknown"
    if not missing(agreement):
        value = f"about {_correlation(agreement)} (at least {_correlation(least)} in about 19 of 20 cases)"
    return (
        f"These maps were measured under at least {known.measured:,} of {known.masks:,} masks of each face and "
        f"predicted under the others; their rank correlation with full maps is {value}."
    )


def fast_maps(shown: Iterable[Shown]) -> list[dict[str, Any]]:
    """Describe the leading maps of each evaluation whose maps are fast."""
    return [{**one.titles, **_spread(one)} for one in shown if one.evaluation.agreements and one.evaluation.methods]


def agreement_fact(one: Shown) -> str:
    """Say for an evaluation's sheet what its maps were measured under; empty if under all masks."""
    found = next(iter(fast_maps([one])), None)
    if found is None or not found["predicted"]:
        return ""
    return (
        f"{found['measured']} masks measured of each face at least, the others predicted; estimated rank correlation "
        f"of {found['method']} maps with full ones: median {found['median']}, lowest twentieth {found['low']}"
    )


def _spread(one: Shown) -> dict[str, Any]:
    """Sum up the estimates of those leading maps that are predicted in part."""
    known, method = one.evaluation.agreements, one.evaluation.map_methods[0]
    estimates = known.of_maps(method)
    predicted = estimates[estimates < 1]
    median, low = map(_correlation, np.quantile(predicted, [0.5, 0.05])) if len(predicted) else (MISSING, MISSING)
    return {
        "method": method,
        "measured": f"{known.measured:,} of {known.masks:,}",
        "predicted": len(predicted),
        "maps": f"{len(predicted):,} of {len(estimates):,}",
        "median": median,
        "low": low,
    }


def _correlation(value: float) -> str:
    """Write a correlation, rounded down, so that only exact maps have 1."""
    return f"{floor(value * 10**DIGITS + ROUNDING) / 10**DIGITS:.{DIGITS}f}"
