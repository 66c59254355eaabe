"""Draws people who do not exist, so that the pipeline runs with no data at hand.

A head is an ellipse with relief (brow, nose, lips, chin) under one light, with painted eyes, brows, mouth and hair.
`person` fixes who it is; `photo` fixes turn, light, smile, background and noise. Written in LFW's layout with its
pair list, so that the official parser reads it.
"""

import logging
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from whyface.logs import progress

logger = logging.getLogger("whyface")

SIDE_PX = 200
SUPERSAMPLING = 2
SKINS = np.array([[245, 208, 180], [226, 178, 140], [190, 135, 98], [141, 92, 64], [96, 62, 45]], float)
HAIRS = np.array([[40, 30, 25], [86, 56, 34], [150, 105, 60], [205, 170, 105], [140, 140, 145], [120, 50, 30]], float)
IRISES = np.array([[80, 55, 35], [70, 100, 140], [85, 115, 75], [110, 85, 50]], float)


def draw_face(person_seed: int, photo_seed: int) -> np.ndarray:
    """Render one photo of one person.

    Returns
    -------
    numpy.ndarray
        uint8, SIDE_PX x SIDE_PX x 3, RGB; the same for the same two seeds.
    """
    person = _draw_person(np.random.default_rng([person_seed, 0]))
    photo = _draw_photo(np.random.default_rng([person_seed, 1, photo_seed]))
    side = SIDE_PX * SUPERSAMPLING
    axis = (np.arange(side) + 0.5) / side * 2.6 - 1.3
    x, y = np.meshgrid(axis - photo["shift_x"], axis - photo["shift_y"] + 0.05)
    turned_x, turned_y = _turn(x, y, photo["yaw"], photo["roll"])
    image = _shade(turned_x, turned_y, person, photo)
    image = image.reshape(SIDE_PX, SUPERSAMPLING, SIDE_PX, SUPERSAMPLING, 3).mean(axis=(1, 3))
    noise = np.random.default_rng([person_seed, 2, photo_seed]).normal(0, 3, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def write_benchmark(folder: Path, people: int, photos: int, folds: int, seed: int) -> None:
    """Write an LFW-style folder: `<Name>/<Name>_0001.png` and `pairs.txt`, folds subject-disjoint.

    Parameters
    ----------
    folder : path
        Is created.
    people, photos : int
        How many people, and photos of each.
    folds : int
        Cross-validation folds; each gets people // folds of the people.
    seed : int
        Another seed, other people.
    """
    names = [f"Person_{number:03d}" for number in range(1, people + 1)]
    for number, name in enumerate(progress(names, people, "people drawn")):
        (folder / name).mkdir(parents=True)
        for photo in range(1, photos + 1):
            image = Image.fromarray(draw_face(seed * 100_000 + number, photo))
            image.save(folder / name / f"{name}_{photo:04d}.png", compress_level=1)
    lines = _list_pairs(names, photos, folds, np.random.default_rng([seed, 3]))
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _list_pairs(names: list[str], photos: int, folds: int, rng: np.random.Generator) -> list[str]:
    """Lines of LFW's pairs.txt: per fold every genuine pair of its people, then as many impostor pairs."""
    size = len(names) // folds
    per_fold = size * photos * (photos - 1) // 2
    candidates = [(a, i, b, j) for a, b in combinations(range(size), 2) for i in range(photos) for j in range(photos)]
    per_fold = min(per_fold, len(candidates))
    lines = [f"{folds}\t{per_fold}"]
    for fold in range(folds):
        members = names[fold * size : (fold + 1) * size]
        genuine = [f"{name}\t{i + 1}\t{j + 1}" for name in members for i, j in combinations(range(photos), 2)]
        chosen = [candidates[k] for k in sorted(rng.permutation(len(candidates))[:per_fold])]
        lines += genuine[:per_fold]
        lines += [f"{members[a]}\t{i + 1}\t{members[b]}\t{j + 1}" for a, i, b, j in chosen]
    return lines


def _draw_person(rng: np.random.Generator) -> dict[str, Any]:
    between = rng.uniform
    skin_place = between(0, len(SKINS) - 1.001)
    low = int(skin_place)
    skin = SKINS[low] + (SKINS[low + 1] - SKINS[low]) * (skin_place - low)
    return {
        "width": between(0.66, 0.80),
        "jaw": between(0.08, 0.34),
        "eye_x": between(0.25, 0.34),
        "eye_y": between(-0.16, -0.06),
        "eye_size": between(0.085, 0.12),
        "brow_y": between(0.13, 0.20),
        "brow_thick": between(0.022, 0.045),
        "brow_slope": between(-0.12, 0.16),
        "nose_y": between(0.22, 0.34),
        "nose_wide": between(0.075, 0.13),
        "mouth_y": between(0.50, 0.60),
        "mouth_wide": between(0.20, 0.31),
        "lip": between(0.035, 0.07),
        "hairline": between(-0.72, -0.45),
        "hair_side": between(0.0, 0.10),
        "skin": skin + rng.normal(0, 6, 3),
        "hair": HAIRS[rng.integers(len(HAIRS) if low < 2 else 2)] + rng.normal(0, 8, 3),
        "iris": IRISES[rng.integers(len(IRISES))],
        "redness": between(0.55, 0.95),
    }


def _draw_photo(rng: np.random.Generator) -> dict[str, Any]:
    between = rng.uniform
    return {
        "yaw": between(-0.35, 0.35),
        "roll": between(-0.12, 0.12),
        "shift_x": between(-0.06, 0.06),
        "shift_y": between(-0.06, 0.06),
        "light": np.array([between(-0.7, 0.7), between(-0.7, 0.1), 1.0]),
        "brightness": between(0.8, 1.15),
        "smile": between(-0.03, 0.10),
        "background": np.clip(between(90, 200) + rng.normal(0, 16, 3), 0, 255),
    }


def _turn(x: np.ndarray, y: np.ndarray, yaw: float, roll: float) -> tuple[np.ndarray, np.ndarray]:
    """Place on the frontal face that a turned head shows at (x, y): what stands out moves most."""
    rolled_x = x * np.cos(roll) + y * np.sin(roll)
    rolled_y = y * np.cos(roll) - x * np.sin(roll)
    depth = 0.45 * np.sqrt(np.clip(1 - rolled_x**2 - (rolled_y / 1.2) ** 2, 0, 1))
    return rolled_x - np.sin(yaw) * depth, rolled_y


def _blob(x, y, centre_x, centre_y, wide, high):
    return np.exp(-(((x - centre_x) / wide) ** 2) - ((y - centre_y) / high) ** 2)


def _inside(distance: np.ndarray, soft: float = 0.012) -> np.ndarray:
    """1 where `distance` is negative, 0 where positive, with a soft edge."""
    return np.clip(0.5 - distance / (2 * soft), 0, 1)


def _relief(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any], smile: float) -> np.ndarray:
    """Height of the face towards the camera."""
    height = 0.9 * np.sqrt(np.clip(1.08 - (x / p["width"]) ** 2 - (y / 1.02) ** 2, 0.02, 2))
    height = height + 0.17 * _blob(x, y, 0, p["nose_y"] - 0.04, p["nose_wide"], 0.10)
    height = height + 0.10 * _blob(x, y, 0, p["nose_y"] - 0.22, p["nose_wide"] * 0.6, 0.20)
    height = height + 0.05 * _blob(x, y, 0, p["mouth_y"], p["mouth_wide"], 0.10)
    height = height + 0.05 * _blob(x, y, 0, 0.85, 0.18, 0.12)
    for sign in (-1, 1):
        height = height - 0.09 * _blob(x, y, sign * p["eye_x"], p["eye_y"], 0.16, 0.11)
        height = height + 0.04 * _blob(x, y, sign * 0.42, 0.28 - smile, 0.2, 0.2)
    return height


def _shade(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any], photo: Mapping[str, Any]) -> np.ndarray:
    """Colour of every point: albedo under one light, the head over the background."""
    step = x[0, 1] - x[0, 0]
    slope_y, slope_x = np.gradient(_relief(x, y, p, photo["smile"]), step)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(x)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = photo["light"] / np.linalg.norm(photo["light"])
    shade = (0.42 + 0.62 * np.clip(normal @ light, 0, 1)) * photo["brightness"]
    outline = _outline(x, y, p)
    face = _paint(x, y, p, photo["smile"]) * shade[..., None]
    canvas = np.broadcast_to(photo["background"], face.shape) * (1 - 0.12 * (x**2 + y**2))[..., None]
    neck = _inside(np.maximum(np.abs(x) - 0.36, 0.6 - y))
    canvas = _mix(canvas, p["skin"] * 0.6 * photo["brightness"], neck)
    hair = _inside(np.hypot(x / (p["width"] + 0.10 + p["hair_side"]), (y + 0.10) / 1.06) - 1) * _inside(y - 0.35, 0.08)
    canvas = _mix(canvas, p["hair"] * 0.8 * photo["brightness"], hair)
    return _mix(canvas, face, _inside(outline))


def _outline(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    narrow = 1 - p["jaw"] * np.clip(y, 0, 1) ** 1.5
    return np.hypot(x / (p["width"] * narrow), y / 1.02) - 1


def _mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    return below + (above - below) * share[..., None]


def _paint(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any], smile: float) -> np.ndarray:
    """Albedo of the face: skin, lips, eyes, brows, hair above the hairline."""
    colour = np.broadcast_to(p["skin"], (*x.shape, 3))
    lips = p["skin"] * [0.95, p["redness"] * 0.75, p["redness"] * 0.75]
    curve = y - p["mouth_y"] + smile * (x / p["mouth_wide"]) ** 2
    mouth = np.hypot(x / p["mouth_wide"], curve / p["lip"]) - 1
    colour = _mix(colour, lips, _inside(mouth, 0.12))
    colour = _mix(colour, lips * 0.35, _inside(np.maximum(np.abs(curve) - 0.008, np.abs(x) - p["mouth_wide"] * 0.92)))
    nostrils = sum(_blob(x, y, s * p["nose_wide"] * 0.6, p["nose_y"] + 0.035, 0.035, 0.022) for s in (-1, 1))
    colour = _mix(colour, p["skin"] * 0.35, np.clip(nostrils, 0, 1) * 0.8)
    for sign in (-1, 1):
        colour = _paint_eye(colour, x - sign * p["eye_x"], y - p["eye_y"], p, sign)
    hairline = y - p["hairline"] - 0.25 * (x / p["width"]) ** 2
    return _mix(colour, p["hair"], _inside(hairline, 0.03))


def _paint_eye(colour: np.ndarray, x: np.ndarray, y: np.ndarray, p: Mapping[str, Any], sign: int) -> np.ndarray:
    """Paint one eye and its brow, in coordinates around the eye's centre."""
    size = p["eye_size"]
    opening = np.hypot(x / (size * 1.25), y / (size * 0.62)) - 1
    colour = _mix(colour, p["skin"] * 0.45, _inside(opening - 0.28, 0.1))
    colour = _mix(colour, np.array([238.0, 236, 232]), _inside(opening, 0.08))
    iris = np.maximum(np.hypot(x, y) - size * 0.52, opening * size)
    colour = _mix(colour, p["iris"], _inside(iris))
    colour = _mix(colour, np.array([12.0, 10, 10]), _inside(np.hypot(x, y) - size * 0.24))
    colour = _mix(colour, np.array([255.0, 255, 255]), _inside(np.hypot(x + 0.02, y + 0.02) - 0.014))
    brow = y + p["brow_y"] + sign * x * p["brow_slope"] + 1.2 * x**2
    brow_mask = _inside(np.maximum(np.abs(brow) - p["brow_thick"], np.abs(x) - size * 1.6), 0.014)
    return _mix(colour, p["hair"] * 0.75, brow_mask * 0.92)
