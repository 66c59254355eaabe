"""The regions of one crop that are covered as a whole."""

from functools import cache

import cv2
import numpy as np

from whyface.faces.regions import ELSEWHERE, GROUPS, Regions, face_regions
from whyface.faces.template import TEMPLATE

MARGIN = 3 / 112  # of the side: lashes, lips and noses do not end where an outline says
WIDE = 2  # sides of the crop: room for what a looser crop shows around the face


def named_regions(placement: np.ndarray | None, side_px: int) -> dict[str, np.ndarray]:
    """Lay out what is covered of one crop: regions that overlap, each with a margin around it.

    Parameters
    ----------
    placement : numpy.ndarray or None
        As `placement.place_face` gives it; without it, a grid of nine takes the place of the regions.
    side_px : int
        Side of the crop.

    Returns
    -------
    dict of str to numpy.ndarray
        side_px x side_px, bool, by name; regions that lie outside the crop are left out.
    """
    if placement is None:
        pieces = face_regions("none", side_px)
    else:
        own = _own_regions(placement, side_px)
        pieces = {name: np.any([own[part] for part in parts], axis=0) for name, parts in GROUPS.items()}
    return {name: _widened(piece) for name, piece in pieces.items() if piece.any()}


def _own_regions(placement: np.ndarray, side_px: int) -> dict[str, np.ndarray]:
    names, places = _template_regions(side_px)
    turn, shift = placement[:, :2], placement[:, 2]
    origin = side_px * (WIDE - 1) / 2 - 0.5  # of the template, in the wide one; pixels lie at their centres
    matrix = np.column_stack([turn, side_px * shift - 0.5 - turn @ [origin, origin]])
    outside = names.index(ELSEWHERE)
    moved = cv2.warpAffine(places, matrix, (side_px, side_px), flags=cv2.INTER_NEAREST, borderValue=outside)
    return {name: moved == place for place, name in enumerate(names)}


@cache
def _template_regions(side_px: int) -> tuple[list[str], np.ndarray]:
    """Names of the regions, and which of them each pixel of the wide template lies in."""
    regions = face_regions("five-point", WIDE * side_px, 0.5 + (TEMPLATE - 0.5) / WIDE)
    return list(regions), Regions(regions).places.astype(np.uint8)


def _widened(region: np.ndarray) -> np.ndarray:
    reach = round(MARGIN * len(region))
    return cv2.dilate(region.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)).astype(bool)
