"""View model of the method page's lay text on bans: what they do to chances, and an example from the run."""

from typing import Any

from whyface.site.views.evidence import pair_evidence
from whyface.site.views.pair import pair_view
from whyface.site.views.shown import Shown
from whyface.site.words.evidence import BEYOND
from whyface.site.words.numbers import percent

STARTS = (2, 100, 10_000)  # one pair in so many shows one person
SIZES = {0.3: 2, 1: 10, 2: 100, 3: 1000}  # bans, and how many times as likely they make "same"


def bans_example(shown: list[Shown]) -> dict[str, Any]:
    """Describe what bans do, and the pair of the run whose strongest region is worth most within the fit's reach."""
    rows = [
        {"bans": f"{size:g}", "times": f"{times:,}", "chances": [_chance(times, start) for start in STARTS]}
        for size, times in SIZES.items()
    ]
    return {"starts": [f"{start:,}" for start in STARTS], "rows": rows, "example": _example(shown), "beyond": BEYOND}


def _chance(times: float, start: int) -> str:
    odds = times / (start - 1)
    chance = odds / (1 + odds)
    return percent(chance, 0 if 0.1 <= chance <= 0.99 else 1 if chance >= 0.001 else 2)


def _example(shown: list[Shown]) -> dict[str, Any] | None:
    found = (
        {"pair": pair_view(one, row), "words": f"{evidence['summary']} {evidence['carried']}"}
        for one in shown
        if not one.tests_maps
        for row in (one.rows.of(pair_id) for pair_id in one.evaluation.methods)
        if (evidence := _telling(one, row))
    )
    return next(found, None)


def _telling(one: Shown, row: dict[str, Any]) -> dict[str, Any]:
    """Evidence of a right decision that a region, covered in both faces, would turn, all within the fit's reach."""
    if not str(row["outcome"]).startswith("true"):
        return {}
    evidence = pair_evidence(one, row)
    strongest = evidence["rows"][0] if evidence.get("rows") and evidence["is_shared"] else {}
    turned = strongest and strongest["within"] and not strongest["without"].startswith(row["decision"])
    return evidence if turned and strongest["name"] in evidence["carried"] else {}
