"""View model of the gallery of twins: the best, the median and the worst map of each kind, with the truth outlined."""

from typing import Any

import numpy as np
from scipy.ndimage import binary_closing

from whyface.site.content.planted import Twins
from whyface.site.views.mean_maps import outline
from whyface.site.views.pair import pair_view
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import fixed
from whyface.site.words.trust import KINDS

GAP = 3  # pixels of a crop


def gallery(one: Shown, found: list[Twins]) -> list[dict[str, Any]]:
    """Choose the twins to show of each kind."""
    kinds = {kind: sorted((t for t in found if t.kind == kind), key=lambda t: (t.auc, t.pair_id)) for kind in KINDS}
    return [
        {"name": KINDS[kind][0], "twins": [_view(one, place, twins) for place, twins in _chosen(sorted_twins)]}
        for kind, sorted_twins in kinds.items()
        if sorted_twins
    ]


def _chosen(twins: list[Twins]) -> list[tuple[str, Twins]]:
    """Choose best, median and worst of twins sorted by AUC; each at most once."""
    places = {"Best": len(twins) - 1, "Median": len(twins) // 2, "Worst": 0}
    first = {place: name for name, place in reversed(places.items())}
    return [(name, twins[place]) for name, place in places.items() if first[place] == name]


def _without_gaps(mask: np.ndarray) -> np.ndarray:
    """Close gaps between the pixels of a mask, whose outlines would hide the map."""
    padded = np.pad(mask, GAP, mode="edge")
    return binary_closing(padded, iterations=GAP)[GAP:-GAP, GAP:-GAP]


def _view(one: Shown, place: str, twins: Twins) -> dict[str, Any]:
    pair = pair_view(one, one.rows.of(twins.pair_id))
    for face, truth in zip(pair["faces"], twins.truth, strict=True):
        face["outline"] = outline({"inside": (inside := _without_gaps(truth)), "outside": ~inside})
    return {
        "place": place,
        "pair": pair,
        "region": twins.region,
        "auc": fixed(twins.auc, 2),
        "side": np.shape(twins.truth)[-1],
    }
