"""View model of a report's section on every two images of its collection: low false match rates, closest strangers."""

import math
from collections.abc import Mapping
from typing import Any

from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count, fixed, people_behind, percent, power, share_range

MOST_STRANGERS = 10


def tails_of(one: Shown) -> dict[str, Any] | None:
    """Make the section; None where there is nothing to tell, or where pairs are made to test maps."""
    rows = one.evaluation.tails
    if not rows or one.tests_maps:
        return None
    strangers = [_stranger(one, row) for row in one.evaluation.strangers[:MOST_STRANGERS]]
    first, where = rows[0], f"model={one.evaluation.model}/collection={one.evaluation.collection}"
    return {
        "impostors": count(first["impostors"], "impostor pair"),
        "people": people_behind(first["people"]),
        "genuine": count(first["genuine"], "genuine pair"),
        "genuine_people": people_behind(first["genuine_people"]),
        "rows": [_row(row) for row in rows[::-1]],
        "extrapolated": any(row["is_extrapolated"] for row in rows),
        "strangers": strangers,
        "unlisted": not all(pair["page"] for pair in strangers),
        "files": {name: f"data/{name}/{where}/{name}.parquet" for name in ("tails", "strangers", "deep_det")},
    }


def _row(row: Mapping[Any, Any]) -> dict[str, str]:
    """Write a rate and its thresholds, in the three measures that are in use."""
    distance = row["threshold"]
    return {
        "target": power(round(math.log10(row["fmr_target"]))),
        "distance": fixed(distance, 4),
        "similarity": fixed(1 - distance, 4),
        "euclidean": fixed(2 * distance, 4),
        "fmr": share_range(row["fmr_low"], row["fmr_high"]),
        "matches": "extrapolated" if row["is_extrapolated"] else count(row["false_matches"], "pair"),
        "fnmr": percent(row["fnmr"], 2),
        "fnmr_interval": share_range(row["fnmr_low"], row["fnmr_high"]),
    }


def _stranger(one: Shown, row: Mapping[Any, Any]) -> dict[str, str]:
    """Name two images and their distance; with the page of the pair, where it is on the dataset's list."""
    both = {row["image_a"], row["image_b"]}
    pairs = one.evaluation.pairs
    listed = pairs.loc[
        pairs.image_a.isin(both) & pairs.image_b.isin(both) & (pairs.image_a != pairs.image_b), "pair_id"
    ]
    page = one.pair_page(str(listed.iloc[0])) if len(listed) else ""
    return {"a": row["image_a"], "b": row["image_b"], "distance": fixed(row["cosine_distance"], 3), "page": page}
