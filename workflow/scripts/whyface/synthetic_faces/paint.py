"""The colours of the head: skin, lips, eyes, brows, beard and marks, and which region each vertex belongs to."""

from types import SimpleNamespace

import numpy as np

from whyface.synthetic_faces.head import mouth_line
from whyface.synthetic_faces.people import Person
from whyface.synthetic_faces.photos import Photo
from whyface.synthetic_faces.surfaces import REGION, blob, inside, linear, mix, rise

SKINS = np.array([[246, 214, 198], [236, 194, 168], [210, 162, 132], [166, 118, 90], [120, 82, 62], [84, 58, 46]], float)
HAIRS = np.array([[222, 190, 130], [170, 125, 75], [106, 72, 44], [58, 40, 28], [26, 21, 20]], float)
IRISES = np.array([[[105, 150, 190], [110, 150, 110]], [[120, 105, 60], [125, 85, 45]], [[70, 42, 24], [44, 27, 18]]], float)
GREY = np.array([176.0, 174, 172])


def ramp(stops: np.ndarray, share: float) -> np.ndarray:
    """Colour at `share` of the way, 0 to 1, along the stops."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return stops[low] + (stops[low + 1] - stops[low]) * (place - low)


def skin_colour(p: Person) -> np.ndarray:
    """Linear colour of the skin."""
    colour = ramp(SKINS, p["skin_melanin"])
    return linear(np.clip(colour + [0, -6 * p["skin_redness"], -5 * p["skin_redness"] - 6 * p["skin_yellow"]], 10, 250))


def hair_colour(p: Person, age: float) -> np.ndarray:
    """Linear colour of the hair, greyer with age."""
    colour = ramp(HAIRS, p["hair_darkness"])
    colour = colour + p["hair_redness"] * np.array([45.0, 2, -18]) * (1 - p["hair_darkness"])
    return linear(mix_colours(np.clip(colour, 8, 245), GREY, 0.85 * float(rise(0.35, 1.15, age))))


def mix_colours(below: np.ndarray, above: np.ndarray, share: float) -> np.ndarray:
    """Colour `share` of the way from `below` to `above`."""
    return below + (above - below) * share


def paint_head(
    base: np.ndarray, longitude: np.ndarray, p: Person, f: SimpleNamespace, photo: Photo
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour, region and gloss of the head's vertices.

    Parameters
    ----------
    base : numpy.ndarray
        rows x columns x 3, the head before its relief: features stay where they are painted.
    longitude : numpy.ndarray
        1 x columns, radians.
    """
    x, y = base[..., 0], base[..., 1]
    ax = np.abs(x)
    facing = rise(0.0, 0.3, np.cos(longitude)) * np.ones_like(x)
    skin = skin_colour(p)
    colour = _paint_skin(x, y, facing, skin, p, f)
    region = _regions(ax, y, p, f)
    gloss = 0.5 + 0.4 * blob(ax, y, 0, -0.1, 0.25, 0.5) * facing
    colour = _paint_beard(colour, x, y, facing, p, f)
    colour, lips = _paint_mouth(colour, x, y, facing, skin, p, f)
    region[(lips > 0.3) & (facing > 0.5)] = REGION["mouth"]
    colour, brows = _paint_brows(colour, ax, x, y, facing, p, f)
    region[brows > 0.3] = REGION["brows"]
    colour, eyes = _paint_eyes(colour, ax, x, y, facing, skin, p, f)
    region[eyes > 0.3] = REGION["eyes"]
    gloss = gloss * (1 - eyes) + 0.6 * lips
    return colour, region, gloss


def _paint_skin(x, y, facing, skin, p, f):
    ax = np.abs(x)
    colour = np.broadcast_to(skin, (*x.shape, 3))
    ruddy = skin * [1.06, 0.80, 0.78]
    flush = 0.5 * blob(ax, y, 0.42, 0.32, 0.2, 0.17) + 0.5 * blob(ax, y, 0, f.tip_y, 0.14, 0.12)
    colour = mix(colour, ruddy, flush * facing)
    pattern = np.random.default_rng([int(p["skin_pattern"])])
    mottle = pattern.normal(size=x.shape)
    spots = (pattern.uniform(size=x.shape) < 0.10 * p["skin_freckles"] + 0.02 * f.age) * facing
    spots = spots * blob(ax, y, 0.25, 0.22, 0.42, 0.26)
    colour = colour * (1 + 0.012 * mottle)[..., None]
    colour = mix(colour, skin * [0.62, 0.48, 0.42], np.clip(0.75 * spots, 0, 1))
    for number in ("1", "2"):
        size = p[f"mole_{number}_size"]
        distance = size - np.hypot(x - p[f"mole_{number}_x"], y - p[f"mole_{number}_y"])
        colour = mix(colour, skin * 0.25, 0.85 * inside(distance, 0.012) * facing * (size > 0.006))
    nostril = blob(ax, y, f.nose_width * 0.42, f.tip_y + 0.08 - 0.4 * p["nose_upturn"], p["nostril_size"], 0.020)
    crease = blob(ax, y, f.nose_width * 1.02, f.tip_y + 0.04, 0.02, 0.05)
    return mix(colour, skin * [0.16, 0.10, 0.09], np.clip(0.9 * nostril + 0.35 * crease, 0, 1) * facing)


def _regions(ax, y, p, f):
    region = np.full(ax.shape, REGION["cheeks"], np.uint8)
    brow_line = p["eye_height"] - f.brow_height + 0.02
    region[y < brow_line] = REGION["forehead"]
    region[(y > f.mouth_y + 0.13) | ((y > 0.55) & (ax > 0.36))] = REGION["chin and jaw"]
    eye = ((ax - p["eye_spacing"]) / (p["eye_width"] + 0.04)) ** 2 + ((y - p["eye_height"]) / 0.115) ** 2 < 1
    region[eye] = REGION["eyes"]
    along = np.clip((y - f.nasion_y) / (f.tip_y - f.nasion_y), 0, 1)
    wide = 0.075 + (f.nose_width + 0.02 - 0.075) * along**2
    region[(ax < wide) & (y > f.nasion_y) & (y < f.tip_y + 0.115)] = REGION["nose"]
    mouth = (ax / (f.mouth_width + 0.03)) ** 2 + ((y - f.mouth_y) / 0.125) ** 2 < 1
    region[mouth & (region != REGION["nose"])] = REGION["mouth"]
    return region


def _paint_beard(colour, x, y, facing, p, f):
    share = beard_share(x, y, p, f) * facing
    hair = hair_colour(p, f.age + 0.15)
    grain = 1 + 0.25 * np.random.default_rng([int(p["skin_pattern"]), 1]).normal(size=x.shape)
    return mix(colour, hair * np.clip(grain, 0.4, 1.6)[..., None], np.clip(share * (0.45 + 0.5 * p["beard_length"]), 0, 0.92))


def beard_share(x: np.ndarray, y: np.ndarray, p: Person, f: SimpleNamespace) -> np.ndarray:
    """How much of the skin a beard and a moustache hide, 0 to 1."""
    ax = np.abs(x)
    cheek_line = f.mouth_y + 0.10 - 0.75 * np.clip(ax - 0.22, 0, 0.4)
    beard = p["beard"] * rise(-0.05, 0.09, y - cheek_line)
    lip_line = f.mouth_y - 0.07 + 0.5 * np.clip(ax - 0.6 * f.mouth_width, 0, 1)
    moustache = p["moustache"] * rise(-0.035, 0.03, y - lip_line + 0.035) * (1 - rise(1.0, 1.35, ax / f.mouth_width))
    moustache = moustache * (1 - rise(0.10, 0.16, y - f.mouth_y)) * rise(0.0, 0.03, y - f.tip_y - 0.085)
    return np.maximum(beard, moustache)


def _paint_mouth(colour, x, y, facing, skin, p, f):
    s = np.clip(np.abs(x) / f.mouth_width, 0, 1.4)
    body = np.clip(1 - s**2, 0, 1)
    middle = mouth_line(x, p, f)
    top, bottom = middle - 0.3 * f.gap * body, middle + 0.7 * f.gap * body
    bow = 1 - p["lip_bow"] * np.exp(-((s / 0.2) ** 2)) + 0.35 * p["lip_bow"] * np.exp(-(((s - 0.32) / 0.2) ** 2))
    upper = top - f.lip_upper * body**0.75 * bow
    lower = bottom + f.lip_lower * body**0.6
    lips = inside(np.minimum(y - upper, lower - y), 0.02) * inside(1.0 - s, 0.06) * facing
    red = skin * [0.95 - 0.12 * p["lip_redness"], 0.62 - 0.3 * p["lip_redness"], 0.62 - 0.22 * p["lip_redness"]]
    shade = np.where(y < middle, 0.85, 1.03)
    colour = mix(colour, red * shade[..., None], 0.9 * lips)
    opening = inside(np.minimum(y - top, bottom - y), 0.012) * inside(1.0 - s, 0.05) * facing * (f.gap > 0.008)
    teeth = inside(top + 0.6 * f.gap * body - y + 0.012, 0.015) * rise(0, 0.25, body)
    mouth_inside = mix(np.broadcast_to(linear((70, 22, 22)), (*x.shape, 3)), linear((232, 226, 214)), teeth)
    colour = mix(colour, mouth_inside, opening)
    seam = np.exp(-(((y - middle) / 0.009) ** 2)) * inside(1.04 - s, 0.06) * facing * (f.gap <= 0.02)
    return mix(colour, red * [0.28, 0.2, 0.2], 0.85 * seam), lips


def _paint_brows(colour, ax, x, y, facing, p, f):
    t = (ax - p["brow_gap"]) / (2 * p["brow_length"])
    along = np.clip(t, 0, 1)
    line = p["eye_height"] - f.brow_height - p["brow_slope"] * (along - 0.4) * 0.3
    line = line - p["brow_arch"] * (1 - ((along - 0.62) / 0.62) ** 2)
    thick = p["brow_thickness"] * (1.05 - 0.75 * along**1.8) * rise(-0.02, 0.12, t) * (1 - rise(0.85, 1.03, t))
    share = inside(thick - np.abs(y - line), 0.018) * (thick > 0.002) * facing
    grain = 1 + 0.25 * np.sin(140 * ax + 90 * (y - line))
    hair = hair_colour(p, f.age - 0.2) * 0.8
    return mix(colour, hair * grain[..., None], share * p["brow_darkness"]), share


def eyelids(s: np.ndarray, p: Person, f: SimpleNamespace) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the upper and the lower lid, below the eye's axis, at s from -1 (inner corner) to 1 (outer corner)."""
    body = np.clip(1 - s**2, 0, 1)
    return -f.eye_open * body**0.8 * (1 - 0.15 * s), 0.5 * f.eye_open * body * (1 + 0.2 * s)


def _paint_eyes(colour, ax, x, y, facing, skin, p, f):
    out = ax - p["eye_spacing"]
    s = out / p["eye_width"]
    down = y - p["eye_height"] + p["eye_tilt"] * out
    upper, lower = eyelids(s, p, f)
    near = rise(1.6, 1.1, np.abs(s)) * facing
    shadow = blob(out, down, 0, -0.03, 0.17, 0.10)
    colour = mix(colour, skin * [0.72, 0.58, 0.55], np.clip(0.55 * shadow + 0.2 * f.age * blob(out, down, -0.02, 0.10, 0.12, 0.05), 0, 1) * facing)
    crease = np.exp(-(((down - upper + p["eyelid_fold"]) / 0.010) ** 2)) * rise(1.25, 0.9, np.abs(s)) * facing
    colour = mix(colour, skin * [0.42, 0.30, 0.27], 0.65 * crease)
    opening = inside(np.minimum(down - upper, lower - down), 0.014) * inside(1 - np.abs(s), 0.1) * facing
    ball = _paint_ball(x, out, down, upper, p)
    colour = mix(colour, ball, opening)
    lash = np.exp(-(((down - upper + 0.004) / 0.010) ** 2)) * rise(1.2, 1.0, np.abs(s - 0.06)) * near
    lower_lash = np.exp(-(((down - lower) / 0.008) ** 2)) * rise(1.05, 0.8, np.abs(s)) * near
    colour = mix(colour, linear((28, 20, 18)), np.clip(0.92 * lash, 0, 1))
    return mix(colour, skin * [0.4, 0.28, 0.26], 0.5 * lower_lash), opening


def _paint_ball(x, out, down, upper, p):
    white = np.broadcast_to(linear((236, 232, 228)), (*x.shape, 3)) * (1 - 0.5 * np.exp(-(((down - upper) / 0.022) ** 2)))[..., None]
    iris = ramp(IRISES, p["iris_darkness"])
    iris = linear(mix_colours(iris[0], iris[1], p["iris_hue"]))
    radius = np.hypot(out, down + 0.006)
    size = p["iris_size"]
    ring = iris * (0.75 + 0.5 * np.clip(1 - radius / size, 0, 1))[..., None]
    ring = mix(ring, iris * 0.25, rise(0.75, 1.0, radius / size))
    white = mix(white, ring, inside(size - radius, 0.014))
    white = mix(white, linear((8, 7, 7)), inside(0.42 * size - radius, 0.012))
    # The catch-light is on the same side of both eyes.
    glint = inside(0.010 - np.hypot(out * np.sign(x) + 0.018, down + 0.026), 0.010)
    return mix(white, np.ones(3), glint)
