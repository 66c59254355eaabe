"""Hair: a shell over the skull and, if it is long, a curtain that hangs from it."""

import numpy as np

from whyface.demo.people.colours import hair_colour
from whyface.demo.people.head import Features, grid, shape_skull
from whyface.demo.people.people import Person
from whyface.demo.people.surfaces import REGION, Surface, bump, length, mix, rgb, rise

SHORTEST_HANGING = 0.45


def hair_edge(longitude: np.ndarray, p: Person, f: Features) -> np.ndarray:
    """Find the height down to which hair grows, by longitude in radians."""
    turn = np.abs(np.rad2deg(longitude))
    loss = _loss(p, f)
    front = p["hairline"] - 0.5 * loss
    corner = front - p["hairline_corner"] - 0.08 * loss
    fringe = p["fringe"] * (1 - loss)
    front, corner = front + fringe * 0.30, corner + fringe * 0.34
    places = [0, 22, 40, 56, 70, 80, 92, 104, 120, 180]
    heights = [front, front - 0.01, corner, corner + 0.15, -0.12, 0.10, 0.06, -0.10, 0.42, 0.55]
    return np.interp(turn, places, heights)


def build_shell(p: Person, f: Features, detail: float) -> Surface:
    """Build the hair on the skull; it is below the skin where none grows."""
    latitude, longitude = grid(int(110 * detail), int(150 * detail))
    base = shape_skull(p, latitude, longitude, f.age)
    x, y, z = base
    inner = hair_edge(longitude, p, f) + 0.02 * _strands(longitude * 9, p, 3) - y
    lump = _lumps(base, p)
    curl, cut = p["hair_curl"], p["hair_length"]
    thick = 0.035 + (0.05 + 0.12 * p["hair_volume"]) * rise(0.05, 0.5, cut + 0.3 * curl)
    thick = thick * (1 - 0.75 * _loss(p, f) * rise(-0.7, -1.0, y)) * (1 + 0.5 * curl * lump)
    thick = thick + 0.012 * _strands(longitude * 30 + y * (1 + 4 * curl), p, 1)
    parting = bump(x, 0.25 * p["hair_part"], 0.035) * rise(-0.2, 0.2, z) * (cut > 0.25)
    thick = thick * (1 - 0.55 * parting * rise(-0.5, -0.8, y))
    outward = base - rgb(0, 0.05, -0.1)
    grown = thick * rise(0.0, 0.16, inner) ** 0.7 - 0.05 * (1 - rise(-0.02, 0.03, inner))
    points = base + outward / length(outward) * grown
    shell = _paint_hair(points, longitude * np.ones_like(y), lump, p, f, closed=True)
    return shell._replace(hidden=inner < -0.12, detailed=True)


def build_curtain(p: Person, f: Features) -> list[Surface]:
    """Build the hair that hangs beside and behind the face, outside and inside; nothing if it is too short to hang."""
    cut = p["hair_length"] * (1 - 0.8 * p["hair_loss"] * f.age)
    if cut < SHORTEST_HANGING:
        return []
    turn = np.deg2rad(np.linspace(92, 268, 96))[None, :]
    down = np.linspace(0, 1, 50)[:, None]
    end = 0.45 + 1.5 * (cut - SHORTEST_HANGING)
    y = -0.55 + (end + 0.55) * down
    volume, curl = 0.06 + 0.13 * p["hair_volume"], p["hair_curl"]
    radius = p["skull_width"] - 0.06 + (0.08 + volume) * rise(0.0, 0.35, down) + 0.5 * volume * np.sin(np.pi * down)
    radius = radius - 0.18 * down**2 * (cut - 0.3) + curl * 0.03 * np.sin(9 * y + 2 * np.cos(3 * turn)) * down
    radius = radius + 0.014 * _strands(turn * 25 + y * (1 + 3 * curl), p, 2)
    # The front edges bend inwards, behind the ear.
    edge = np.minimum(turn - turn[0, 0], turn[0, -1] - turn)
    radius = radius - 0.12 * bump(edge, 0, 0.16)
    depth = radius * (1.12 - 0.2 * down)
    points = np.stack(np.broadcast_arrays(radius * np.sin(turn), y, depth * np.cos(turn) - 0.12))
    outside = _paint_hair(points, turn * np.ones_like(y), np.zeros(points.shape[1:]), p, f, closed=False)
    dark = 0.4 * outside.albedo[:, :, ::-1]
    return [outside, Surface(points[:, :, ::-1], dark, outside.region, 0 * outside.gloss, closed=False)]


def _loss(p: Person, f: Features) -> float:
    return p["hair_loss"] * (0.15 + 0.85 * f.age)


def _strands(place: np.ndarray, p: Person, stream: int) -> np.ndarray:
    """Noise from -1 to 1 that is the same along a strand."""
    noise = np.random.default_rng([int(p["skin_pattern"]), 7, stream]).uniform(-1, 1, 512)
    return np.interp(place * 4 % 512, np.arange(512), noise)


def _lumps(base: np.ndarray, p: Person) -> np.ndarray:
    """Soft bumps of curly hair, -1 to 1."""
    phase = np.random.default_rng([int(p["skin_pattern"]), 8]).uniform(0, 2 * np.pi, 3)
    x, y, z = (17 * base[axis] + phase[axis] for axis in range(3))
    return (np.sin(x + np.sin(y)) + np.sin(y + np.sin(z)) + np.sin(z + np.sin(x))) / 3


def _paint_hair(points, turn, lump, p, f, closed):
    y, curl = points[1], p["hair_curl"]
    wavy = turn * 30 + (1 + 5 * curl) * y + 0.8 * curl * lump
    tone = 1 + 0.28 * _strands(wavy, p, 4) + 0.15 * _strands(wavy * 2.7, p, 5) + 0.25 * lump * curl
    albedo = hair_colour(p, f.age) * np.clip(tone, 0.35, 1.7)
    sheen = bump(y, -0.62, 0.16) * (1 - curl)
    albedo = mix(albedo, albedo * 1.6 + 0.012, 0.5 * sheen)
    return Surface(points, albedo, np.full(y.shape, REGION["hair"], np.uint8), np.full(y.shape, 0.35), closed)
