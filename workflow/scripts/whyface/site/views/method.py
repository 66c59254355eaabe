"""The live examples of the method page: a threshold on the run's own distances, and a patch over a face of the run.

All numbers are computed here, from the run's tables; scripts only select among them.
"""

from typing import Any

import numpy as np

from whyface.site.content.maps import read_pair_maps
from whyface.site.content.pair_rows import outcome_of
from whyface.site.drawing.histogram import BOTTOM, TOP
from whyface.site.views.pair import pair_view
from whyface.site.views.report import usual_threshold
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count, fixed, percent, scientific
from whyface.site.words.regions import STRENGTHS, strength

STEP = 0.01  # between thresholds
STEPS_OF_SCALE = 1000  # map values are whole numbers, in thousandths of the display scale
PROFILE_HEIGHT, PROFILE_REACH = 100, 1.25  # of the drawing, and the share of the display scale at its edge


def threshold_example(shown: list[Shown]) -> dict[str, Any] | None:
    """Count the errors at each of many thresholds, on the first dataset with pairs of both kinds; None without one."""
    for one in shown:
        pairs = one.evaluation.pairs
        known = pairs[pairs.cosine_distance.notna() & pairs.is_genuine.notna()]
        genuine, impostor = (
            np.sort(known.cosine_distance[known.is_genuine.eq(kind)].to_numpy(float)) for kind in (True, False)
        )
        if one.histogram is not None and len(genuine) and len(impostor):
            return {**one.titles, "histogram": one.histogram, **_counts(one, genuine, impostor)}
    return None


def cover_example(shown: list[Shown]) -> dict[str, Any] | None:
    """Choose a pair and describe its first map over face A, value by value; None if no pair has maps."""
    found = next(((one, row) for one in shown if (row := _example_row(one)) is not None), None)
    if found is None:
        return None
    one, row = found
    method, scale = next(iter(one.scales.items()))
    values = next(read_pair_maps(one.evaluation, [row["pair_id"]])).values[0, 0]
    y, x = np.unravel_index(np.abs(values).argmax(), values.shape)
    occlusion = one.config["occlusion"]
    return {
        **one.titles,
        "pair": pair_view(one, row),
        "method": method,
        "scale": scale,
        "scale_words": scientific(scale),
        "side": len(values),
        "steps": np.rint(values * STEPS_OF_SCALE / scale).astype(int).ravel().tolist(),
        "x": int(x),
        "y": int(y),
        "profile": _profile(values[y], scale),
        "reading": _reading(float(values[y, x]), scale),
        "strengths": [[share, word] for share, word in STRENGTHS if np.isfinite(share)] + [[None, STRENGTHS[-1][1]]],
        "patch_px": min(occlusion["patch_px"]),
        "patch_share": min(occlusion["patch_px"]) / one.config["models"][one.evaluation.model]["input_px"],
        "fill": occlusion["fill"],
        "is_round": occlusion["shape"] == "circle",
    }


def _counts(one: Shown, genuine: np.ndarray, impostor: np.ndarray) -> dict[str, Any]:
    """Count the pairs of each kind below each threshold; start at the one nearest to the run's own."""
    low, high = (round(end / STEP) for end in (one.histogram.low, one.histogram.high))  # type: ignore[union-attr]
    thresholds = np.arange(low, high + 1) * STEP
    below = [np.searchsorted(kind, thresholds, side="left") for kind in (genuine, impostor)]
    usual = usual_threshold(one)
    at = int(np.abs(thresholds - usual).argmin())
    rejected, accepted = len(genuine) - int(below[0][at]), int(below[1][at])
    return {
        "thresholds": [round(float(threshold), 2) for threshold in thresholds],
        "genuine": len(genuine),
        "impostor": len(impostor),
        "genuine_below": below[0].tolist(),
        "impostor_below": below[1].tolist(),
        "at": at,
        "threshold": f"{thresholds[at]:.2f}",
        "usual": fixed(usual),
        "x": one.histogram.place(thresholds[at]),  # type: ignore[union-attr]
        "top": TOP,
        "bottom": BOTTOM,
        "fmr": percent(accepted / len(impostor)),
        "fnmr": percent(rejected / len(genuine)),
        "accepted": f"{accepted:,} of {count(len(impostor), 'impostor pair')}",
        "rejected": f"{rejected:,} of {count(len(genuine), 'genuine pair')}",
    }


def _example_row(one: Shown) -> dict[str, Any] | None:
    """Choose the true match with maps nearest to the threshold, where a patch matters most; without one, any pair."""
    mapped = [one.rows.of(pair_id) for pair_id in sorted(one.evaluation.methods)]
    found = [row for row in mapped if row["status_a"] == row["status_b"] == "ok"]
    matches = [row for row in found if outcome_of(row) == "true-match"]
    return max(matches, key=lambda row: row["cosine_distance"], default=next(iter(found or mapped), None))


def _profile(values: np.ndarray, scale: float) -> str:
    """Draw the values along a row of a map as an SVG path, one unit a column, 0 in the middle."""
    shares = np.clip(values / scale / PROFILE_REACH, -1, 1)
    return "M" + "L".join(f"{x + 0.5} {PROFILE_HEIGHT / 2 * (1 - share):.1f}" for x, share in enumerate(shares))


def _reading(value: float, scale: float) -> dict[str, str]:
    """Say what the map says at a place."""
    word = strength(value, scale)
    side = "same" if value > 0 else "different"
    says = "It hardly matters" if word == STRENGTHS[0][1] else f"It speaks {word} for “{side}”"
    sign = "−" if value < 0 else ""
    return {
        "effect": "pushes the two faces apart" if value > 0 else "brings the two faces together",
        "says": says,
        "value": f"{sign}{scientific(abs(value))}" if value else "0",
    }
