"""View model of a pair's evidence: what each region is worth, measured by covering it, and a sentence about it."""

from collections.abc import Mapping
from typing import Any

from whyface.site.content.covers import ALONE, REST
from whyface.site.views.shown import Shown
from whyface.site.words.evidence import LEAST, bans, carried, chance, support
from whyface.site.words.numbers import MISSING, missing

PARTS = ("left eye", "right eye")  # of a region that is covered too
SIDES = ("a", "b", "both")


def pair_evidence(one: Shown, row: Mapping) -> dict[str, Any]:
    """Describe the evidence of a pair; empty if its regions were not covered, or if it has none."""
    by_place = {
        (cover["region"], cover["side"], cover["covered"]): cover for cover in one.evaluation.covers.of(row["pair_id"])
    }
    both = {region: cover for (region, side, what), cover in by_place.items() if (side, what) == ("both", ALONE)}
    known = {region: cover for region, cover in both.items() if not missing(cover["evidence"])}
    if not known or not row["decision"]:
        return {}
    first = next(iter(known.values()))
    whole = first["llr"] + first["evidence"]  # by the same fit
    return {
        "whole": bans(whole),
        "support": support(whole),
        "side": "same" if whole > 0 else "different",
        "sentence": _sentence(one, known, whole, row["decision"]),
        "rows": [_region(name, by_place) for name in sorted(known, key=lambda name: -abs(known[name]["evidence"]))],
        "sum": bans(sum(cover["evidence"] for name, cover in known.items() if name not in PARTS)),
        "within": all(cover["within"] for cover in known.values()),
    }


def _sentence(one: Shown, known: Mapping[str, Mapping], whole: float, decision: str) -> str:
    """Name the region that carries most for the decision, if that is more than covering it does to most pairs."""
    sign = 1 if decision == "same" else -1
    name = max(known, key=lambda region: sign * known[region]["evidence"])
    if sign * known[name]["evidence"] <= max(LEAST, one.evaluation.covers.typical.get(name, 0.0)):
        return "No region stands out: covering one in both faces takes away no more here than from most pairs."
    return carried(name, known[name], whole, decision)


def _region(name: str, by_place: Mapping[tuple[str, str, str], Mapping]) -> dict[str, Any]:
    rest = by_place.get((name, "both", REST))
    return {
        "name": name,
        "bans": [bans(by_place[name, side, ALONE]["evidence"]) for side in SIDES],
        "without": chance(by_place[name, "both", ALONE]),
        "alone": chance(rest) if rest else MISSING,
    }
