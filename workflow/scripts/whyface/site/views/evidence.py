"""View model of a pair's evidence: what each region is worth, measured by covering it, and a sentence about it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from whyface.faces.regions import GROUPS
from whyface.site.content.covers import ALONE, REST
from whyface.site.views.shown import Shown, fitted_pairs
from whyface.site.words.chances import Support
from whyface.site.words.evidence import (
    BEYOND,
    LEAST,
    against,
    bans,
    carried,
    chance,
    how_sure,
    in_all,
    leaning,
    moved,
    summary,
    turned_by,
)
from whyface.site.words.numbers import MISSING, missing

PARTS = ("left eye", "right eye")  # of a region that is covered too
STRONGEST = 10  # regions of either face to list, where no region was covered in both
BOTH = "both"

Places = Mapping[
    tuple[str, str, str], Mapping[str, Any]
]  # rows of the table covers by region, side and what is covered


class Covered(NamedTuple):
    """A region that was covered, and what that does: a row of the table covers. `face` is A, B or, if both, empty."""

    region: str
    face: str
    cover: Mapping[str, Any]

    @property
    def evidence(self) -> float:
        """Bans, positive for same."""
        return self.cover["evidence"]


NONE = Covered("", "", {})


def pair_evidence(one: Shown, row: Mapping) -> dict[str, Any]:
    """Describe the evidence of a pair; empty if it has no decision."""
    if not row["decision"]:
        return {}
    places = {
        (cover["region"], cover["side"], cover["covered"]): cover for cover in one.evaluation.covers.of(row["pair_id"])
    }
    known, pairs = _known(places) if row["llr"] is not None else [], fitted_pairs(one, row["fold"])
    flip = one.evaluation.flips.get(row["pair_id"])
    opposite = "different" if row["decision"] == "same" else "same"
    found, opposed = (_strongest(one, known, decision) for decision in (row["decision"], opposite))
    leans = leaning(*found, row["decision"], pairs) if known else ""
    is_fast = bool(one.evaluation.agreements)
    turned = turned_by(flip, max(one.config["occlusion"]["patch_px"]), is_fast)
    return {
        "summary": summary(row["decision"], how_sure(row["p_same"], row["decision"], pairs), leans, turned),
        "moved": moved(flip, row["cosine_distance"], is_fast),
        "against": against(opposed.region, opposed.face, row["decision"]),
        **(_bans(known, found, places, row, pairs) if known else {"rows": []}),
    }


def _known(places: Places) -> list[Covered]:
    """Regions with known evidence: covered in both faces if any was, else in either face, as they show other sides."""
    alone = {(region, side): cover for (region, side, what), cover in places.items() if what == ALONE}
    is_shared = any(side == BOTH for _, side in alone)
    return [
        Covered(region, "" if is_shared else side.upper(), cover)
        for (region, side), cover in alone.items()
        if (side == BOTH) == is_shared and not missing(cover["evidence"])
    ]


def _strongest(one: Shown, known: list[Covered], decision: str) -> Covered:
    """Find the region that carries most for the decision; none if covering it does no more than to most pairs."""
    sign = 1 if decision == "same" else -1
    found = max(known, key=lambda covered: sign * covered.evidence, default=NONE)
    least = max(LEAST, one.evaluation.covers.typical(found.cover["side"]).get(found.region, 0.0)) if found.region else 0
    return found if found.region and sign * found.evidence > least else NONE


def _bans(known: list[Covered], found: Covered, places: Places, row: Mapping, pairs: Support) -> dict[str, Any]:
    """Describe what each region is worth, the strongest first."""
    first = known[0].cover
    whole = first["llr"] + first["evidence"]  # by the same fit
    ordered = sorted(known, key=lambda covered: -abs(covered.evidence))
    is_shared, beyond = not known[0].face, [covered for covered in known if not covered.cover["within"]]
    rows = ordered if is_shared else ordered[:STRONGEST]
    return {
        "carried": carried(*found, whole),
        "in_all": in_all(whole, row["llr"]),
        "rows": [_row(covered, abs(ordered[0].evidence), pairs) for covered in rows],
        "left_out": len(ordered) - len(rows),
        "is_shared": is_shared,
        "sum": bans(sum(one.evidence for one in known if one.region not in PARTS)) if is_shared else "",
        "mark": BEYOND if 0 < len(beyond) < len(known) else "",
        "is_beyond": bool(beyond),
        "faces": [_face_row(covered.region, places, pairs) for covered in ordered if is_shared],
    }


def _row(covered: Covered, largest: float, pairs: Support) -> dict[str, Any]:
    return {
        "name": covered.region,
        "face": covered.face,
        "parts": "|".join(GROUPS.get(covered.region, (covered.region,))),
        "bans": bans(covered.evidence),
        "within": bool(covered.cover["within"]),
        "side": "same" if covered.evidence > 0 else "different",
        "share": f"{abs(covered.evidence) / largest if largest else 0:.3f}",
        "without": chance(covered.cover, pairs),
    }


def _face_row(region: str, places: Places, pairs: Support) -> dict[str, Any]:
    """Describe a region covered in one face at a time, and what the model says of it alone."""
    rest = places.get((region, BOTH, REST))
    return {
        "name": region,
        "bans": [bans(places[region, side, ALONE]["evidence"]) for side in "ab"],
        "alone": chance(rest, pairs) if rest else MISSING,
    }
