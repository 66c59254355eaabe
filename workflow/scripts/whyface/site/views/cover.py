"""View model of "Cover it yourself": a pair under single patches, and what its page says about them."""

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

import numpy as np

from whyface.scores.calibrators import Calibrator, from_json
from whyface.site.content.patches import PairPatches
from whyface.site.drawing.patch_script import largest_error
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import joined


def patches_of(one: Shown, row: Mapping, distances: np.ndarray | None) -> PairPatches | None:
    """Put a pair's distances under patches beside its fit; None without distances."""
    if distances is None or row["cosine_distance"] is None:
        return None
    fit = one.fits.get(row["fold"], {})
    return PairPatches(
        one.evaluation.patch_distances.grids,
        distances,
        row["cosine_distance"],
        row["threshold"],
        _calibrator(fit),
        (fit.get("llr_low"), fit.get("llr_high")),
    )


def _calibrator(fit: Mapping) -> Calibrator | None:
    return from_json(fit["method"], fit["parameters"]) if fit.get("parameters") else None


def cover_view(one: Shown, patches: PairPatches) -> dict[str, Any]:
    """Say which patches a reader can lay, and what their values are worth."""
    fills = dict.fromkeys(fill for grid in patches.grids for fill in grid.fills)
    sizes = [grid.patch_px for grid in patches.grids]
    return {
        "sizes": sizes,
        "smallest": min(sizes),
        "fill": joined(list(fills)) + (" in turn" if len(fills) > 1 else ""),
        "error": _bound(largest_error(patches)),
        "in_bans": patches.ban_scale is not None,
    }


def _bound(error: float) -> str:
    """Write an error with one digit, rounded up: "0.0003"."""
    if error <= 0:
        return "0"
    digits = -floor(log10(error))
    return f"{ceil(error * 10**digits) / 10**digits:.{max(digits, 0)}f}"
