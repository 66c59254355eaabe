"""View model of "Cover it yourself": a pair under single patches, and what its page says about them."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil, floor, log10
from typing import Any

import numpy as np

from whyface.scores.calibrators import Calibrator, from_json
from whyface.site.content.patches import Grid, PairPatches
from whyface.site.drawing.patch_script import largest_error
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import joined


def patches_of(one: Shown, row: Mapping, distances: np.ndarray | None) -> PairPatches | None:
    """Put a pair's distances under patches beside its fit; None without distances."""
    if distances is None or row["cosine_distance"] is None:
        return None
    fit = one.fits.get(row["fold"], {})
    return PairPatches(
        _grids(one, row["pair_id"]),
        distances,
        row["cosine_distance"],
        row["threshold"],
        _calibrator(fit),
        (fit.get("llr_low"), fit.get("llr_high")),
    )


def _grids(one: Shown, pair_id: str) -> tuple[Grid, ...]:
    """Lay out the patches; if both faces were measured under all masks, none is predicted."""
    grids, known = one.evaluation.patch_distances.grids, one.evaluation.agreements
    if known and known.measures_all(pair_id):
        return tuple(replace(grid, measured=(True,) * len(grid.measured)) for grid in grids)
    return grids


def _calibrator(fit: Mapping) -> Calibrator | None:
    return from_json(fit["method"], fit["parameters"]) if fit.get("parameters") else None


def cover_view(one: Shown, patches: PairPatches) -> dict[str, Any]:
    """Say which patches a reader can lay, and what their values are worth."""
    fills = dict.fromkeys(fill for grid in patches.grids for fill in grid.fills)
    sizes = [grid.patch_px for grid in patches.grids]
    measured = [is_measured for grid in patches.grids for is_measured in grid.measured]
    return {
        "sizes": sizes,
        "smallest": min(sizes),
        "fill": joined(list(fills)) + (" in turn" if len(fills) > 1 else ""),
        "measured": "" if all(measured) else f"{sum(measured):,} of {len(measured):,}",
        "error": _bound(largest_error(patches)),
        "in_bans": patches.ban_scale is not None,
    }


def _bound(error: float) -> str:
    """Write an error with one digit, rounded up: "0.0003"."""
    if error <= 0:
        return "0"
    digits = -floor(log10(error))
    return f"{ceil(error * 10**digits) / 10**digits:.{max(digits, 0)}f}"
