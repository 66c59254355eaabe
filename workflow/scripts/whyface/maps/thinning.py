"""Fast maps: embed fewer masks, and interpolate the shifts of the rest.

The effect of a patch on an embedding varies smoothly with the patch's position, more so for larger patches, because
neighbours overlap. Where patches are at least twice as large as the stride, only every second position is embedded; a
cubic spline over rows and columns gives the shifts of the others. Small patches carry the detail, so all of them are
embedded. docs/scaling.md reports how well the maps agree with exact ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline

from whyface.maps.masks import MaskSet, make_masks

STEP = 2
DEGREE = 3


def kept_positions(mask_set: MaskSet) -> list[int]:
    """Return the positions along one side that are embedded: every second one and the last, or all of them."""
    starts = mask_set.starts
    if len(starts) <= 2 or mask_set.patch_px < STEP * (starts[1] - starts[0]):
        return list(range(len(starts)))
    return sorted({*range(0, len(starts), STEP), len(starts) - 1})


def embedded_masks(side_px: int, occlusion: Mapping[str, Any]) -> list[MaskSet]:
    """Lay out the masks that images are embedded under: all of them, or those that `exactness: fast` keeps."""
    masks = make_masks(side_px, occlusion)
    return thin(masks) if occlusion["exactness"] == "fast" else masks


def thin(masks: Sequence[MaskSet]) -> list[MaskSet]:
    """Leave out the masks whose shifts can be interpolated.

    Parameters
    ----------
    masks : sequence of MaskSet
        All masks, at evenly spaced positions.
    """
    thinned = []
    for mask_set in masks:
        kept, side = kept_positions(mask_set), len(mask_set.starts)
        rows = [y * side + x for y in kept for x in kept]
        starts = tuple(mask_set.starts[i] for i in kept)
        thinned.append(MaskSet(mask_set.patch_px, mask_set.covered[rows], starts))
    return thinned


class Interpolation:
    """Fills in the shifts of the masks that `thin` left out.

    Parameters
    ----------
    masks : sequence of MaskSet
        All masks, n in number.
    """

    def __init__(self, masks: Sequence[MaskSet]):
        self._operators = [_operator(mask_set) for mask_set in masks]

    def fill(self, shifts: np.ndarray) -> np.ndarray:
        """Extend the shifts of the kept masks, m x d, to all masks, n x d."""
        ends = np.cumsum([operator.shape[1] ** 2 for operator in self._operators])
        parts = np.split(shifts, ends[:-1])
        return np.concatenate([_spread(o, part) for o, part in zip(self._operators, parts, strict=True)])


def _operator(mask_set: MaskSet) -> np.ndarray:
    """Build the matrix that turns values at kept positions into values at all positions along one side."""
    kept = kept_positions(mask_set)
    if len(kept) == len(mask_set.starts):
        return np.eye(len(kept))
    places = np.asarray(mask_set.starts, float)
    spline = make_interp_spline(places[kept], np.eye(len(kept)), k=min(DEGREE, len(kept) - 1))
    return spline(places)


def _spread(operator: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Interpolate along rows, then along columns."""
    every, kept = operator.shape
    if every == kept:
        return shifts
    grid = shifts.reshape(kept, kept, -1)
    return np.einsum("yi,xj,ijd->yxd", operator, operator, grid, optimize=True).reshape(every * every, -1)
