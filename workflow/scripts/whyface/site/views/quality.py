"""View model of a report's section on quality, and what ratios that know the image say."""

from collections.abc import Mapping
from typing import Any

from whyface.site.views.shown import Shown, fitted_pairs
from whyface.site.words.chances import probability
from whyface.site.words.numbers import fixed, missing, people_behind, percent

DISCARDED = (0, 5, 10, 20)  # percent
NAMES = {
    "confidence": "confidence in the decision",
    "probability": "detector’s probability",
    "eye_distance_px": "distance of the eyes",
    "yaw": "turn of the head",
    "pitch": "nod of the head",
    "roll_deg": "tilt of the head",
    "sharpness": "sharpness",
    "brightness": "brightness, nearest to the middle",
    "contrast": "contrast",
    "norm": "norm of the embedding",
}


def quality_of(one: Shown) -> dict[str, Any] | None:
    """Make the section, the best quality first; None where there is nothing to tell, or where pairs test maps."""
    quality, where = one.evaluation.quality, f"model={one.evaluation.model}/dataset={one.evaluation.dataset}"
    known = [row for row in quality.areas if not missing(row["area"])]
    if not known or one.tests_maps:
        return None
    return {
        "discarded": DISCARDED,
        "rows": [
            {
                "name": NAMES.get(row["quality"], row["quality"]),
                "rates": [percent(quality.rates.get((row["quality"], at)), 2) for at in DISCARDED],
                "area": fixed(row["area"], 2),
                "interval": _range(row["ci_low"], row["ci_high"], 2) or "too few errors",
            }
            for row in sorted(known, key=lambda row: (row["area"], row["quality"]))
        ],
        "ideal": fixed(known[0]["ideal"], 2),
        "people": people_behind(known[0]["people"]),
        "files": {name: f"data/{name}/{where}/{name}.parquet" for name in ("discards", "discard_areas")},
    }


def knowing_quality(one: Shown) -> str:
    """Say in a sentence whether ratios that know the image are used; empty where there is nothing to compare."""
    row = one.evaluation.quality.choice
    if not row or missing(row["cllr"]):
        return ""
    interval = _range(row["ci_low"], row["ci_high"], 3)
    surely = f"95 % interval {interval}" if interval else "too few people for an interval"
    says = (
        f"{fixed(row['cllr'])} instead of {fixed(row['cllr_plain'])} (difference {fixed(row['difference'])}, {surely})"
    )
    used = "So pages of pairs have a second likelihood ratio, which knows them."
    end = used if row["verdict"] == "used" else "That is no sure gain, so likelihood ratios do without them."
    return f"If the method also knows the qualities of the images, its Cllr is {says}. {end}"


def knowing_fact(one: Shown, row: Mapping) -> list[tuple[str, str, str]]:
    """Name the probability that knows both images, for a pair's table of numbers, where it is used."""
    found = one.evaluation.quality.p_same.get(row["pair_id"])
    if found is None or missing(found):
        return []
    shown = probability(found, fitted_pairs(one, row["fold"]))
    return [("Knowing the images", shown, "the same, given also the quality and groups of both images")]


def _range(low: float | None, high: float | None, digits: int) -> str:
    return "" if missing(low) or missing(high) else f"{fixed(low, digits)} to {fixed(high, digits)}"
