"""Where the landmarks of a face lie in its crop, worked out from how `faces.alignment` crops."""

from typing import Any

import numpy as np

from whyface.faces.alignment import similarity_transform
from whyface.faces.template import TEMPLATE


def crop_landmarks(face: Any, alignment: str, side_px: int, margin_px: int) -> np.ndarray | None:
    """Place the landmarks of a face in its crop.

    Parameters
    ----------
    face : object
        A row of the faces table, with width_px and height_px of its image, as `DataFrame.itertuples` gives it.
    alignment, side_px, margin_px
        As for `faces.alignment.crop_face`.

    Returns
    -------
    numpy.ndarray or None
        5 x 2, x and y as shares of the crop's side; outside 0 to 1 where the crop cuts the face. None if no face was
        found, or if the alignment is `none`.
    """
    if face.landmarks is None or alignment == "none":
        return None
    points = np.asarray(face.landmarks, np.float64).reshape(5, 2)
    if alignment == "five-point" or face.box is None:
        matrix = similarity_transform(points, TEMPLATE)
        return points @ matrix[:, :2].T + matrix[:, 2]
    low, high = _cut(face, side_px, margin_px)
    return (points - low) / (high - low)


def _cut(face: Any, side_px: int, margin_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Left top and right bottom of what facenet-pytorch cuts out: the box with its margin, whole pixels of the image.

    The box ends at the image's edges, which stretches the crop.
    """
    low, high = np.asarray(face.box, np.float64).reshape(2, 2)
    margin = margin_px / (side_px - margin_px) * (high - low) / 2
    return np.trunc(np.maximum(low - margin, 0)), np.trunc(np.minimum(high + margin, [face.width_px, face.height_px]))
