"""Names for the places of a face: which pixels of a map are the left eye, the nose, the hair and background.

Left and right are the viewer's. Regions are laid out once for all crops of an alignment: `five-point` puts the
landmarks of every face on one template, and `box` comes close to that. Where no landmarks are known, a grid of nine
stands in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from whyface.faces.template import TEMPLATE

ELSEWHERE = "hair and background"
# Regions that are covered in one piece, by their parts: a model may know a left eye from the right one.
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
GRID = tuple(
    f"{row} {column}".replace("middle middle", "centre")
    for row in ("upper", "middle", "lower")
    for column in ("left", "middle", "right")
)


def face_regions(alignment: str, map_px: int, landmarks: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Lay out the regions of a crop, together all of it, without overlap.

    Parameters
    ----------
    alignment : str
        The model's: `five-point` needs no landmarks, `box` and `none` fall back to a grid of nine without them.
    map_px : int
        Side of the map.
    landmarks : numpy.ndarray, optional
        5 x 2, x and y of left eye, right eye, nose and mouth corners, as shares of the crop's side, 0 to 1.

    Returns
    -------
    dict of str to numpy.ndarray
        map_px x map_px, bool, by name; regions too small to hold a pixel's centre are left out.
    """
    if landmarks is None and alignment == "five-point":
        landmarks = TEMPLATE
    shares = (np.arange(map_px) + 0.5) / map_px
    x, y = np.meshgrid(shares, shares)
    regions = _grid(x, y) if landmarks is None else _first_of(_parts(*_face_units(x, y, landmarks)))
    return {name: region for name, region in regions.items() if region.any()}


def box_landmarks(faces: pd.DataFrame, model: Mapping[str, Any]) -> tuple[tuple[float, ...], ...] | None:
    """Find where the landmarks typically lie in crops of the detected box: the median over all faces found.

    Parameters
    ----------
    faces : pandas.DataFrame
        A faces table, boxes and landmarks in pixels of the images.
    model : mapping
        The model's config: `alignment`, `input_px` and `box_margin_px`.

    Returns
    -------
    tuple of tuple of float or None
        x and y of five landmarks, as shares of the crop's side; None for another alignment, or without a face.
    """
    found = faces[faces.status == "ok"]
    if model["alignment"] != "box" or found.empty:
        return None
    boxes = np.stack(found.box.to_numpy()).reshape(-1, 2, 2)  # faces x (left top, right bottom) x (x, y)
    points = np.stack(found.landmarks.to_numpy()).reshape(-1, 5, 2)
    low, high = boxes[:, :1], boxes[:, 1:]
    inside = 1 - model["box_margin_px"] / model["input_px"]  # share of the crop that the box itself fills
    shares = 0.5 + inside * ((points - low) / (high - low) - 0.5)
    return tuple(map(tuple, np.median(shares, axis=0).tolist()))


def region_means(maps: np.ndarray, regions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Average maps over regions.

    Parameters
    ----------
    maps : numpy.ndarray
        n x map_px^2, or n x map_px x map_px.
    regions : mapping of str to numpy.ndarray
        map_px x map_px, bool, by name.

    Returns
    -------
    numpy.ndarray
        float32, n x len(regions), in the maps' unit, in the order of `regions`.
    """
    return Regions(dict(regions)).means(maps)


@dataclass(frozen=True)
class Regions:
    """The regions of many maps, with what is worked out once for all of them.

    Attributes
    ----------
    by_name : dict of str to numpy.ndarray
        As `face_regions` gives them.
    """

    by_name: dict[str, np.ndarray]

    def means(self, maps: np.ndarray) -> np.ndarray:
        """Average maps over the regions; see `region_means`."""
        return np.asarray(maps, np.float32).reshape(len(maps), -1) @ self._weights

    @cached_property
    def _weights(self) -> np.ndarray:
        """Share of each pixel in each region's mean, map_px^2 x regions."""
        return np.stack([region.ravel() / region.sum() for region in self.by_name.values()], axis=1).astype(np.float32)

    @cached_property
    def places(self) -> np.ndarray:
        """Index of the region that each pixel lies in, map_px x map_px, int8."""
        return np.argmax(np.stack(list(self.by_name.values())), axis=0).astype(np.int8)


def _grid(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    cell = 3 * np.minimum(3 * y, 2).astype(int) + np.minimum(3 * x, 2).astype(int)
    return {name: cell == place for place, name in enumerate(GRID)}


def _face_units(x: np.ndarray, y: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of the face itself: the eyes lie at (-0.5, 0) and (0.5, 0), the mouth at v = 1."""
    left, right, mouth = landmarks[0], landmarks[1], landmarks[3:].mean(axis=0)
    eyes = (left + right) / 2
    return (x - eyes[0]) / (right - left)[0], (y - eyes[1]) / (mouth - eyes)[1]


def _parts(u: np.ndarray, v: np.ndarray) -> dict[str, np.ndarray]:
    """Regions in units of the face, the smaller before those they lie in; set by eye on the mean of LFW's faces."""
    side = np.abs(u)
    oval = (u / 1.12) ** 2 + ((v - 0.22) / 1.4) ** 2 <= 1
    brow = (np.abs(side - 0.53) <= 0.38) & (v > -0.5) & (v <= -0.2)
    eye = (np.abs(side - 0.5) <= 0.33) & (np.abs(v) <= 0.2)
    nose = (v > -0.2) & (v <= 0.78) & (side <= np.interp(v, (0, 0.45), (0.17, 0.32)))
    below = side <= 0.62
    return {
        "left brow": brow & (u < 0),
        "right brow": brow & (u >= 0),
        "left eye": eye & (u < 0),
        "right eye": eye & (u >= 0),
        "nose": nose,
        "mouth": below & (v > 0.78) & (v <= 1.2),
        "chin and jaw": oval & (v > np.where(below, 1.2, 1.0)),
        "forehead": oval & (v <= -0.2),
        "left cheek": oval & (u < 0),
        "right cheek": oval & (u >= 0),
        ELSEWHERE: np.ones_like(oval),
    }


def _first_of(parts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give each pixel to the first part that holds it."""
    taken = np.zeros_like(next(iter(parts.values())))
    regions = {}
    for name, part in parts.items():
        regions[name] = part & ~taken
        taken |= part
    return regions
