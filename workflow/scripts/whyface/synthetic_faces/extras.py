"""Ears, neck and shoulders, and glasses."""

from types import SimpleNamespace

import numpy as np

from whyface.synthetic_faces.paint import skin_colour
from whyface.synthetic_faces.people import Person
from whyface.synthetic_faces.photos import Photo
from whyface.synthetic_faces.surfaces import REGION, Surface, blob, linear, mix, rise

CLOTHES = [(52, 70, 104), (120, 44, 48), (60, 92, 74), (210, 205, 198), (44, 44, 50), (150, 120, 70), (96, 84, 120)]
FRAMES = [(24, 22, 22), (70, 42, 26), (90, 92, 96), (120, 30, 36)]


def build_ears(p: Person, f: SimpleNamespace) -> list[Surface]:
    """Both ears."""
    return [_build_ear(p, f, side) for side in (-1, 1)]


def _build_ear(p: Person, f: SimpleNamespace, side: int) -> Surface:
    radius = np.linspace(0, 1, 14)[:, None]
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)[None, :]
    up, forward = -np.sin(turn), np.cos(turn)
    high = p["ear_height"] * (1 + 0.08 * f.age)
    narrow = 1 - 0.35 * rise(0.1, 1.0, -up) * (1 - 0.5 * p["ear_lobe"])
    y = 0.17 - high * radius * up
    along = p["ear_width"] * radius * forward * narrow
    rim = 0.035 * np.exp(-(((radius - 0.82) / 0.13) ** 2)) * rise(-0.9, 0.2, up + 0.4 * (1 - forward))
    bowl = -0.025 * np.exp(-((radius / 0.42) ** 2))
    behind = 0.5 * (1 - forward * radius)
    out = 0.02 + p["ear_protrusion"] * 0.22 * behind + rim + bowl
    x = side * (p["skull_width"] - 0.015 + out)
    points = np.stack(np.broadcast_arrays(x, y, -0.03 + along), axis=-1)
    if side < 0:
        points = points[:, ::-1]
    skin = skin_colour(p)
    dark = np.clip(0.45 * np.exp(-((radius / 0.4) ** 2)) + 0.2 * np.exp(-(((radius - 0.62) / 0.1) ** 2)), 0, 1)
    albedo = mix(np.broadcast_to(skin * [1.0, 0.9, 0.88], points.shape), skin * [0.35, 0.22, 0.2], dark * np.ones_like(y))
    region = np.full(y.shape, REGION["ears"], np.uint8)
    return Surface(points, albedo, region, np.full(y.shape, 0.3), closed=True)


def build_body(p: Person, photo: Photo) -> Surface:
    """Neck, shoulders and clothes."""
    y = np.concatenate([np.linspace(0.45, 1.1, 16), np.linspace(1.12, 1.75, 44), np.linspace(1.8, 2.7, 14)])[:, None]
    turn = np.linspace(-np.pi, np.pi, 72, endpoint=False)[None, :]
    shoulder = rise(1.18, 1.75, y)
    wide = 0.95 * p["neck_width"] * (1 + 0.08 * rise(0.9, 0.5, y)) + (1.62 - p["neck_width"]) * shoulder**1.3
    deep = 0.36 + 0.06 * rise(0.5, 1.2, y) + 0.32 * shoulder
    x = wide * np.sin(turn)
    z = deep * np.cos(turn) - 0.22 - 0.10 * rise(0.5, 1.2, y)
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1)
    rng = np.random.default_rng([photo.seed, 5])
    cloth = linear(np.clip(np.array(CLOTHES[rng.integers(len(CLOTHES))]) + rng.normal(0, 12, 3), 12, 235))
    depth = rng.uniform(0.0, 0.32)
    neckline = 1.36 + depth * np.cos(turn) * np.exp(-((turn / 0.8) ** 2)) - 0.06 * np.abs(np.sin(turn))
    dressed = rise(-0.018, 0.018, y - neckline)
    collar = blob(y - neckline, 0 * turn, 0.03, 0, 0.03, 1)
    skin = skin_colour(p) * [0.92, 0.86, 0.85]
    albedo = mix(np.broadcast_to(skin, points.shape), cloth, dressed * np.ones_like(x))
    # The head keeps light from the neck.
    shade = 1 - 0.45 * rise(1.25, 0.85, y) * np.ones_like(x)
    albedo = albedo * (shade * (1 - 0.3 * collar * dressed))[..., None]
    points[..., 2] += 0.05 * dressed
    shape = points.shape[:2]
    return Surface(points, albedo, np.full(shape, REGION["body"], np.uint8), np.full(shape, 0.1), closed=True)


def build_glasses(p: Person, f: SimpleNamespace, photo: Photo, eye_z: float) -> list[Surface]:
    """Rims, bridge and arms; none where the photo has none."""
    if photo.glasses == "none":
        return []
    rng = np.random.default_rng([photo.seed, 6])
    colour = linear(FRAMES[rng.integers(len(FRAMES))])
    thick = rng.uniform(0.014, 0.026)
    turn = np.linspace(0, 2 * np.pi, 49)
    power = 1.0 if photo.glasses == "round" else 0.6
    ring_x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    ring_y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    wide, high = 0.235, 0.205 if photo.glasses == "round" else 0.165
    centre_y, front = p["eye_height"] + 0.035, eye_z + 0.17
    parts = []
    for side in (-1, 1):
        x = side * (p["eye_spacing"] + 0.015) + wide * ring_x
        rim = np.stack([x, centre_y + high * ring_y, front - 0.16 * np.abs(x) ** 2], axis=1)
        hinge = side * (p["eye_spacing"] + wide + 0.01)
        arm_z = np.linspace(front - 0.16 * hinge**2, -0.05, 12)
        arm_x = hinge + side * (p["skull_width"] + 0.035 - abs(hinge)) * rise(0.0, 0.5, np.linspace(0, 1, 12))
        arm = np.stack([arm_x, np.full(12, centre_y - 0.06), arm_z], axis=1)
        parts += [_tube(rim, thick, colour), _tube(arm, thick, colour)]
    inner = p["eye_spacing"] + 0.015 - wide
    bridge_x = np.linspace(-inner, inner, 9)
    bridge = np.stack([bridge_x, centre_y - 0.05 - 0.05 * (1 - (bridge_x / inner) ** 2), np.full(9, front + 0.0)], axis=1)
    return [*parts, _tube(bridge, thick, colour)]


def _tube(path: np.ndarray, radius: float, colour: np.ndarray) -> Surface:
    """A round bar along a path of n points."""
    along = np.gradient(path, axis=0)
    side = np.cross(along, np.array([0.31, 0.22, 0.92]))
    side = side / np.maximum(np.sqrt((side**2).sum(axis=1, keepdims=True)), 1e-9)
    other = np.cross(along, side)
    other = other / np.maximum(np.sqrt((other**2).sum(axis=1, keepdims=True)), 1e-9)
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)[None, :, None]
    points = path[:, None] + radius * (np.cos(turn) * side[:, None] + np.sin(turn) * other[:, None])
    shape = points.shape[:2]
    albedo = np.broadcast_to(colour, points.shape)
    return Surface(points, albedo, np.full(shape, REGION["glasses"], np.uint8), np.full(shape, 1.0), closed=True)
