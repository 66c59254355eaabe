"""The regions of one face that are covered as a whole, placed by its own landmarks."""

from functools import cache

import cv2
import numpy as np

from whyface.faces.regions import ELSEWHERE, Regions, face_regions
from whyface.faces.template import TEMPLATE

# Each is covered in one piece: the model may read a left eye from the right one.
GROUPS = {
    "eyes": ("left eye", "right eye"),
    "left eye": ("left eye",),
    "right eye": ("right eye",),
    "brows": ("left brow", "right brow"),
    "nose": ("nose",),
    "mouth": ("mouth",),
    "chin and jaw": ("chin and jaw",),
    "cheeks": ("left cheek", "right cheek"),
    "forehead": ("forehead",),
    ELSEWHERE: (ELSEWHERE,),
}
MARGIN = 3 / 112  # of the side: lashes, lips and noses do not end where an outline says
WIDE = 2  # sides of the crop: a face on the template, with room for what a looser crop shows around it


def named_regions(landmarks: np.ndarray | None, side_px: int) -> dict[str, np.ndarray]:
    """Lay out what is covered of one crop: regions that overlap, each with a margin around it.

    Parameters
    ----------
    landmarks : numpy.ndarray or None
        As `landmarks.crop_landmarks` gives them. Without them, and where the face is seen from the side, a grid of
        nine takes the place of the regions.
    side_px : int
        Side of the crop.

    Returns
    -------
    dict of str to numpy.ndarray
        side_px x side_px, bool, by name; regions that lie outside the crop are left out.
    """
    if landmarks is None or seen_from_the_side(landmarks):
        pieces = face_regions("none", side_px)
    else:
        own = _own_regions(landmarks, side_px)
        pieces = {name: np.any([own[part] for part in parts], axis=0) for name, parts in GROUPS.items()}
    return {name: _widened(piece) for name, piece in pieces.items() if piece.any()}


def seen_from_the_side(landmarks: np.ndarray) -> bool:
    """Say whether the nose lies beyond an eye, where the names of regions no longer say what a crop shows."""
    left, right, mouth = _corners(landmarks)
    axes = np.stack([right - left, mouth - (left + right) / 2], axis=1)
    if np.linalg.det(axes) <= 0:
        return True
    across, _ = np.linalg.solve(axes, landmarks[2] - (left + right) / 2)  # the eyes lie at -0.5 and 0.5
    return bool(abs(across) > 0.5)


def _own_regions(landmarks: np.ndarray, side_px: int) -> dict[str, np.ndarray]:
    """Move the regions of the template so that eyes and mouth lie where the face has them, tilted or not."""
    names, places = _template_regions(side_px)
    source = _corners(_wide_template()) * WIDE * side_px - 0.5
    target = _corners(landmarks) * side_px - 0.5  # a pixel's coordinates are those of its centre
    matrix = cv2.getAffineTransform(source.astype(np.float32), target.astype(np.float32))
    outside = names.index(ELSEWHERE)
    moved = cv2.warpAffine(places, matrix, (side_px, side_px), flags=cv2.INTER_NEAREST, borderValue=outside)
    return {name: moved == place for place, name in enumerate(names)}


@cache
def _template_regions(side_px: int) -> tuple[list[str], np.ndarray]:
    """Names of the regions, and which of them each pixel of the wide template lies in."""
    regions = face_regions("five-point", WIDE * side_px, _wide_template())
    return list(regions), Regions(regions).places.astype(np.uint8)


def _wide_template() -> np.ndarray:
    return 0.5 + (TEMPLATE - 0.5) / WIDE


def _corners(landmarks: np.ndarray) -> np.ndarray:
    """Left eye, right eye and the middle of the mouth; 3 x 2."""
    return np.stack([landmarks[0], landmarks[1], landmarks[3:].mean(axis=0)])


def _widened(region: np.ndarray) -> np.ndarray:
    reach = round(MARGIN * len(region))
    return cv2.dilate(region.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)).astype(bool)
