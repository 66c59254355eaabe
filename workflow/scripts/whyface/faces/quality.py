"""What of an image may make a comparison hard: size, pose and sharpness of the face, and light.

Pose is told from five landmarks: signed indices that grow with the turn of the head, not angles. Sharpness and light
are those of the middle of the crop, which leaves out most of the background, and most of what lies outside the image.
"""

import cv2
import numpy as np

POSE = ("eye_distance_px", "yaw", "pitch", "roll_deg")
LIGHT = ("sharpness", "brightness", "contrast")
MARGIN = 6  # a sixth of the crop is left out on each side


def measure_pose(landmarks: np.ndarray | None) -> dict[str, float | None]:
    """Tell the size of a face, and how it is turned.

    Parameters
    ----------
    landmarks : numpy.ndarray or None
        5 x 2, in pixels of the image: left eye, right eye, nose, left and right mouth corner (left as seen).

    Returns
    -------
    dict of str to float or None
        `POSE`: the eyes' distance; how far the nose lies to the right of the middle between eyes and mouth, along the
        line of the eyes, in eye distances; how far down it lies from the eyes to the mouth, less a half; and the angle
        of the eyes' line in degrees, clockwise. Null without landmarks, and where they cannot be a face's.
    """
    nothing: dict[str, float | None] = dict.fromkeys(POSE)
    if landmarks is None:
        return nothing
    left, right, nose, *corners = np.asarray(landmarks, np.float64)
    eyes, mouth = (left + right) / 2, np.mean(corners, axis=0)
    distance = float(np.hypot(*(right - left)))
    if distance == 0:
        return nothing
    along = (right - left) / distance
    down = np.array([-along[1], along[0]])
    height = float((mouth - eyes) @ down)
    yaw = float((nose - (eyes + mouth) / 2) @ along) / distance
    pitch = float((nose - eyes) @ down) / height - 0.5 if height > 0 else None
    return dict(zip(POSE, (distance, yaw, pitch, float(np.degrees(np.arctan2(along[1], along[0])))), strict=True))


def measure_light(crop: np.ndarray) -> dict[str, float | None]:
    """Tell how sharp, bright and rich in contrast the middle of a crop is.

    Parameters
    ----------
    crop : numpy.ndarray
        uint8, side x side x 3, RGB.

    Returns
    -------
    dict of str to float or None
        `LIGHT`. Brightness and contrast are mean and standard deviation of the luminance (ITU-R BT.601, 0 to 1).
        Sharpness is the standard deviation of the luminance's Laplacian (4 neighbours; its variance is the measure of
        Pech-Pacheco et al. 2000) over the contrast, so that it does not grow with the contrast; null if there is none.
    """
    side = len(crop)
    inner = slice(side // MARGIN, side - side // MARGIN)
    luminance = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    middle = luminance[inner, inner]
    contrast = float(middle.std(dtype=np.float64))
    edges = float(cv2.Laplacian(luminance, cv2.CV_32F)[inner, inner].std(dtype=np.float64))
    return dict(zip(LIGHT, (edges / contrast if contrast else None, float(middle.mean()), contrast), strict=True))
