"""A surface is a grid of points in space, each with a colour and a region of the face."""

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
    """A grid of rows x columns; `albedo` is linear light, 0 to 1."""

    points: np.ndarray  # rows x columns x 3
    albedo: np.ndarray  # rows x columns x 3
    region: np.ndarray  # rows x columns, uint8
    gloss: np.ndarray  # rows x columns
    closed: bool  # whether the last column meets the first
    hidden: np.ndarray | None = None  # rows x columns, where nothing needs to be drawn


def blob(x: np.ndarray, y: np.ndarray, centre_x: float, centre_y: float, wide: float, high: float) -> np.ndarray:
    """A soft bump of height 1."""
    return np.exp(-(((x - centre_x) / wide) ** 2) - ((y - centre_y) / high) ** 2)


def rise(start: float, end: float, x: np.ndarray) -> np.ndarray:
    """0 below `start`, 1 above `end`, smooth between (smoothstep)."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def inside(distance: np.ndarray, soft: float) -> np.ndarray:
    """1 where `distance` is positive, 0 where negative, with an edge `soft` wide."""
    return np.clip(0.5 + distance / soft, 0, 1)


def mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Paint `above` over `below`."""
    return below + (above - below) * share[..., None]


def linear(srgb: tuple[float, float, float] | np.ndarray) -> np.ndarray:
    """Linear light, 0 to 1, of a colour as screens want it, 0 to 255."""
    return (np.asarray(srgb, float) / 255) ** 2.2


def normals(surface: Surface) -> np.ndarray:
    """Unit normals, rows x columns x 3, pointing out of a surface whose columns run to the right seen from outside."""
    points = surface.points
    padded = np.concatenate([points[:, -1:], points, points[:, :1]], axis=1) if surface.closed else points
    across = np.gradient(padded, axis=1)
    across = across[:, 1:-1] if surface.closed else across
    normal = np.cross(across, np.gradient(points, axis=0))
    length = np.sqrt((normal**2).sum(axis=2, keepdims=True))
    return normal / np.maximum(length, 1e-12)
