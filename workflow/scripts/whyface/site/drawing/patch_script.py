"""What single patches do to a pair, packed as text that the scripts of its page unpack when a reader covers a face.

Deviations from the pair's distance become whole numbers from -499 to 499, in units of their peak / 499.
"""

import json
from typing import Any

import numpy as np

from whyface.site.content.patches import Grid, PairPatches

STEPS = 499
CURVE_POINTS = 129
BEYOND = 0.02  # how far the curve goes beyond the distances that patches reach, as a share of their range
LEAST_BEYOND = 0.001


def largest_error(pair: PairPatches) -> float:
    """Bound how far distances in the script are from those in the table."""
    return pair.peak / STEPS / 2


def patches_script(pair: PairPatches, input_px: int, shape: str) -> str:
    """Write what single patches do to a pair as a classic script.

    Parameters
    ----------
    pair : PairPatches
        The pair.
    input_px : int
        Side of the model's input.
    shape : str
        Of the patches: square or circle.
    """
    fills = sorted({fill for grid in pair.grids for fill in grid.fills})
    unit = pair.peak / STEPS or 1.0
    whole = np.rint(pair.deviations / unit).astype(int)
    packed = {
        "side": input_px,
        "shape": shape,
        "fills": fills,
        "unit": float(f"{unit:.9g}"),
        "error": float(f"{largest_error(pair):.3g}"),
        "clean": pair.clean,
        "threshold": pair.threshold,
        "sizes": [_size(grid, fills, whole) for grid in pair.grids],
        "curve": _curve(pair),
        "llr_low": pair.bounds[0],
        "llr_high": pair.bounds[1],
    }
    return f"window.whyface.patches.receive({json.dumps(packed, separators=(',', ':'))});\n"


def _size(grid: Grid, fills: list[str], whole: np.ndarray) -> dict[str, Any]:
    """Pack the patches of one size.

    `fill` has a digit for each, its place among the fills; `measured` a 1 for each that was, if not all were.
    """
    packed = {"px": grid.patch_px, "starts": grid.starts, "faces": whole[:, grid.places].tolist()}
    if len(fills) > 1:
        packed["fill"] = "".join(str(fills.index(fill)) for fill in grid.fills)
    if not all(grid.measured):
        packed["measured"] = "".join(str(int(one)) for one in grid.measured)
    return packed


def _curve(pair: PairPatches) -> dict[str, Any] | None:
    """Sample the fit without bounds, evenly over the distances that patches reach; None where it tells nothing."""
    low, high = pair.reached
    beyond = max(BEYOND * (high - low), LEAST_BEYOND)
    low, high = max(low - beyond, 0.0), high + beyond
    llr = pair.llr(np.linspace(low, high, CURVE_POINTS))
    if llr is None or not np.isfinite(llr).all():
        return None
    return {"low": low, "high": high, "llr": np.round(llr, 3).tolist()}
