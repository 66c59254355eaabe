"""Where a crop shows the face: how the template's face moves onto it, by the face's own landmarks."""

from typing import Any

import numpy as np

from whyface.faces.alignment import similarity_transform
from whyface.faces.template import TEMPLATE


def place_face(face: Any, alignment: str, side_px: int, margin_px: int) -> np.ndarray | None:
    """Find how the face of the template moves onto a crop: rotated, scaled, shifted, and stretched as the crop is.

    Parameters
    ----------
    face : object
        A row of the faces table, with width_px and height_px of its image, as `DataFrame.itertuples` gives it.
    alignment, side_px, margin_px
        As for `faces.alignment.crop_face`.

    Returns
    -------
    numpy.ndarray or None
        2 x 3: shares of the template's side -> shares of the crop's side. None where names of regions would not say
        what the crop shows: no face was found, it is seen from the side, or the alignment is `none`.
    """
    if face.landmarks is None or alignment == "none":
        return None
    landmarks = np.asarray(face.landmarks, np.float64).reshape(5, 2)
    if seen_from_the_side(landmarks):
        return None
    cropped = similarity_transform(landmarks, TEMPLATE) if alignment == "five-point" else _cut(face, side_px, margin_px)
    return cropped @ np.vstack([similarity_transform(TEMPLATE, landmarks), [0, 0, 1]])


def seen_from_the_side(landmarks: np.ndarray) -> bool:
    """Say whether the nose lies beyond an eye; `landmarks` 5 x 2, in any unit."""
    left, right = landmarks[:2]
    eyes, mouth = (left + right) / 2, landmarks[3:].mean(axis=0)
    axes = np.stack([right - left, mouth - eyes], axis=1)
    if np.linalg.det(axes) <= 0:  # no triangle, or mirrored
        return True
    across, _ = np.linalg.solve(axes, landmarks[2] - eyes)  # the eyes lie at -0.5 and 0.5
    return bool(abs(across) > 0.5)


def _cut(face: Any, side_px: int, margin_px: int) -> np.ndarray:
    """Map pixels of the image to shares of what facenet-pytorch cuts out: the box with its margin, in whole pixels.

    The cut ends at the image's edges.
    """
    low, high = np.asarray(face.box, np.float64).reshape(2, 2)
    margin = margin_px / (side_px - margin_px) * (high - low) / 2
    low, high = (
        np.trunc(np.maximum(low - margin, 0)),
        np.trunc(np.minimum(high + margin, [face.width_px, face.height_px])),
    )
    return np.column_stack([np.diag(1 / (high - low)), -low / (high - low)])
