"""Surfaces: grids of points in space, each point with a colour and a region of the face."""

from typing import NamedTuple

import numpy as np

REGIONS = (
    "background",
    "forehead",
    "brows",
    "eyes",
    "nose",
    "cheeks",
    "mouth",
    "chin and jaw",
    "ears",
    "hair",
    "glasses",
    "body",
    "object",
)
REGION = {name: index for index, name in enumerate(REGIONS)}


class Surface(NamedTuple):
    """A grid of rows x columns. Seen from outside, columns run to the right and rows downwards."""

    points: np.ndarray  # 3 x rows x columns
    albedo: np.ndarray  # 3 x rows x columns
    region: np.ndarray  # rows x columns, uint8
    gloss: np.ndarray  # rows x columns
    closed: bool  # whether the last column meets the first
    hidden: np.ndarray | None = None  # rows x columns, bool: need not be drawn
    detailed: bool = False  # whether its hollows are darkened


def blob(x: np.ndarray, y: np.ndarray, centre_x: float, centre_y: float, wide: float, high: float) -> np.ndarray:
    """Make a soft bump of height 1."""
    return np.exp(-(((x - centre_x) / wide) ** 2) - ((y - centre_y) / high) ** 2)


def bump(x: np.ndarray, centre: float | np.ndarray, wide: float) -> np.ndarray:
    """Make a soft ridge of height 1."""
    return np.exp(-(((x - centre) / wide) ** 2))


def rise(start: float, end: float, x: float | np.ndarray) -> np.ndarray:
    """0 up to `start`, 1 from `end` on, smooth in between (smoothstep); `end` may be below `start`."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def inside(distance: np.ndarray, soft: float) -> np.ndarray:
    """Give 1 where `distance` is positive and 0 where it is negative, with an edge of width `soft`."""
    return np.clip(0.5 + distance / soft, 0, 1)


def mix(below: np.ndarray, above: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Paint `above` over `below`."""
    return below + (above - below) * share


def rgb(red: float, green: float, blue: float) -> np.ndarray:
    """Arrange three numbers as a colour, 3 x 1 x 1."""
    return np.array([red, green, blue], float)[:, None, None]


def linear(srgb: np.ndarray) -> np.ndarray:
    """Convert a screen colour, 3 x 1 x 1 from 0 to 255, to linear light."""
    return (srgb / 255) ** 2.2


def length(vectors: np.ndarray) -> np.ndarray:
    """Lengths of vectors, 3 x ...; written out, so that the order of the sum is fixed."""
    return np.sqrt(vectors[0] ** 2 + vectors[1] ** 2 + vectors[2] ** 2)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products of vectors, 3 x ..."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def find_normals(surface: Surface) -> np.ndarray:
    """Find the unit normals, 3 x rows x columns, pointing outwards."""
    points = surface.points
    if surface.closed:
        wrapped = np.concatenate([points[:, :, -1:], points, points[:, :, :1]], axis=2)
        across = np.gradient(wrapped, axis=2)[:, :, 1:-1]
    else:
        across = np.gradient(points, axis=2)
    normals = cross(across, np.gradient(points, axis=1))
    return normals / np.maximum(length(normals), 1e-12)
