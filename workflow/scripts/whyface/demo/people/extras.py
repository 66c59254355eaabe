"""Ears, neck and shoulders, and glasses."""

import numpy as np

from whyface.demo.people.colours import skin_colour
from whyface.demo.people.head import Features
from whyface.demo.people.people import Person
from whyface.demo.people.photos import Photo
from whyface.demo.people.surfaces import REGION, Surface, bump, cross, length, linear, mix, rgb, rise

CLOTHES = ((52, 70, 104), (120, 44, 48), (60, 92, 74), (210, 205, 198), (44, 44, 50), (150, 120, 70), (96, 84, 120))
FRAMES = ((24, 22, 22), (70, 42, 26), (90, 92, 96), (120, 30, 36))
# Half width, half height and squareness (1 is an ellipse) of a lens.
LENSES = {"round": (0.235, 0.205, 1.0), "square": (0.235, 0.165, 0.6)}


def build_ears(p: Person, f: Features) -> list[Surface]:
    """Build both ears, first the one on the left of the image."""
    return [_build_ear(p, f, side) for side in (-1, 1)]


def _build_ear(p: Person, f: Features, side: int) -> Surface:
    radius = np.linspace(0, 1, 14)[:, None]
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)[None, :]
    up, forward = -np.sin(turn), np.cos(turn)
    narrow = 1 - 0.35 * rise(0.1, 1.0, -up) * (1 - 0.5 * p["ear_lobe"])
    y = 0.17 - p["ear_height"] * (1 + 0.08 * f.age) * radius * up
    rim = 0.035 * bump(radius, 0.82, 0.13) * rise(-0.9, 0.2, up + 0.4 * (1 - forward))
    flare = p["ear_protrusion"] * 0.22 * (0.5 * (1 - forward * radius))
    out = 0.02 + flare + rim - 0.025 * bump(radius, 0, 0.42)
    x = side * (p["skull_width"] - 0.015 + out)
    points = np.stack(np.broadcast_arrays(x, y, -0.03 + p["ear_width"] * radius * forward * narrow))
    if side < 0:
        points = points[:, :, ::-1]
    skin = skin_colour(p)
    hollow = np.clip(0.45 * bump(radius, 0, 0.4) + 0.2 * bump(radius, 0.62, 0.1), 0, 1) * np.ones_like(y)
    albedo = mix(skin * rgb(1.0, 0.9, 0.88), skin * rgb(0.35, 0.22, 0.2), hollow)
    return Surface(points, albedo, np.full(y.shape, REGION["ears"], np.uint8), np.full(y.shape, 0.3), closed=True)


def build_body(p: Person, photo: Photo) -> Surface:
    """Build neck, shoulders and clothes."""
    # Rows are dense around possible necklines.
    heights = [np.linspace(0.45, 1.1, 16), np.linspace(1.12, 1.75, 44), np.linspace(1.8, 2.7, 14)]
    y = np.concatenate(heights)[:, None]
    turn = np.linspace(-np.pi, np.pi, 72, endpoint=False)[None, :]
    shoulder = rise(1.18, 1.75, y)
    wide = 0.95 * p["neck_width"] * (1 + 0.08 * rise(0.9, 0.5, y)) + (1.62 - p["neck_width"]) * shoulder**1.3
    deep = 0.36 + 0.06 * rise(0.5, 1.2, y) + 0.32 * shoulder
    x, z = wide * np.sin(turn), deep * np.cos(turn) - 0.22 - 0.10 * rise(0.5, 1.2, y)
    points = np.stack(np.broadcast_arrays(x, y, z))
    rng = np.random.default_rng([photo.seed, 5])
    cloth = linear(np.clip(rgb(*CLOTHES[rng.integers(len(CLOTHES))]) + rgb(*rng.normal(0, 12, 3)), 12, 235))
    neckline = 1.36 + rng.uniform(0.0, 0.32) * np.cos(turn) * bump(turn, 0, 0.8) - 0.06 * np.abs(np.sin(turn))
    dressed = rise(-0.018, 0.018, y - neckline)
    points[2] += 0.05 * dressed
    # The head shades the neck.
    shade = 1 - 0.45 * rise(1.25, 0.85, y) * np.ones_like(x)
    collar = bump(y - neckline, 0.03, 0.03)
    albedo = mix(skin_colour(p) * rgb(0.92, 0.86, 0.85), cloth, dressed) * (shade * (1 - 0.3 * collar * dressed))
    return Surface(points, albedo, np.full(x.shape, REGION["body"], np.uint8), np.full(x.shape, 0.1), closed=True)


def build_glasses(p: Person, photo: Photo, eye_z: float) -> list[Surface]:
    """Build rims, bridge and arms; nothing if the photo has no glasses."""
    if photo.glasses == "none":
        return []
    rng = np.random.default_rng([photo.seed, 6])
    colour = linear(rgb(*FRAMES[rng.integers(len(FRAMES))]))
    thick = rng.uniform(0.014, 0.026)
    wide, high, power = LENSES[photo.glasses]
    lens_x, centre_y, front = p["eye_spacing"] + 0.015, p["eye_height"] + 0.035, eye_z + 0.17
    turn = np.linspace(0, 2 * np.pi, 49)
    ring_x, ring_y = (np.sign(part) * np.abs(part) ** power for part in (np.cos(turn), np.sin(turn)))
    paths = []
    for side in (-1, 1):
        x = side * lens_x + wide * ring_x
        paths.append(np.stack([x, centre_y + high * ring_y, front - 0.16 * x**2]))
        hinge = side * (lens_x + wide - 0.005)
        along = np.linspace(0, 1, 12)
        arm_x = hinge + side * (p["skull_width"] + 0.035 - abs(hinge)) * rise(0.0, 0.5, along)
        paths.append(np.stack([arm_x, np.full(12, centre_y - 0.06), np.linspace(front - 0.16 * hinge**2, -0.05, 12)]))
    inner = np.linspace(wide - lens_x, lens_x - wide, 9)
    arch = 0.05 * (1 - (inner / inner[0]) ** 2)
    paths.append(np.stack([inner, centre_y - 0.05 - arch, np.full(9, front)]))
    return [_build_tube(path, thick, colour) for path in paths]


def _build_tube(path: np.ndarray, radius: float, colour: np.ndarray) -> Surface:
    """Build a round bar along a path, 3 x n."""
    along = np.gradient(path, axis=1)
    # An arbitrary direction that no part of the path takes.
    side = cross(along, np.broadcast_to(np.array([[0.31], [0.22], [0.92]]), along.shape))
    side = side / np.maximum(length(side), 1e-9)
    other = cross(along, side)
    other = other / np.maximum(length(other), 1e-9)
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    points = path[:, :, None] + radius * (np.cos(turn) * side[:, :, None] + np.sin(turn) * other[:, :, None])
    shape = points.shape[1:]
    albedo = np.broadcast_to(colour, points.shape)
    return Surface(points, albedo, np.full(shape, REGION["glasses"], np.uint8), np.full(shape, 1.0), closed=True)
