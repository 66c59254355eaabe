"""Paints the head: skin, lips, eyes, brows and beard; and says which region each vertex belongs to."""

from typing import NamedTuple

import numpy as np

from whyface.demo.people.colours import hair_colour, iris_colour, skin_colour
from whyface.demo.people.head import Features, facing_columns
from whyface.demo.people.people import Person
from whyface.demo.people.relief import mouth_line
from whyface.demo.people.surfaces import REGION, blob, bump, inside, linear, mix, rgb, rise

LASHES, EYE_WHITE, PUPIL = linear(rgb(28, 20, 18)), linear(rgb(236, 232, 228)), linear(rgb(8, 7, 7))
MOUTH_INSIDE, TEETH = linear(rgb(70, 22, 22)), linear(rgb(232, 226, 214))


def paint_head(
    base: np.ndarray, longitude: np.ndarray, p: Person, f: Features
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paint the head's vertices: colour (3 x rows x columns), region and gloss (rows x columns).

    Parameters
    ----------
    base : numpy.ndarray
        3 x rows x columns, the head without its relief, so that the relief does not move what is painted.
    longitude : numpy.ndarray
        1 x columns, radians.
    """
    grain = _draw_grain(base.shape[1:], p)
    skin = skin_colour(p)
    colour, gloss = skin * grain.skin, np.full(base.shape[1:], 0.5)
    region = _find_regions(base[0], base[1], p, f)
    # The rest is bare skin.
    front = facing_columns(longitude)
    painted = _paint_front(base[:2, :, front], longitude[:, front], skin, grain.of(front), p, f)
    colour[:, :, front], gloss[:, front], parts = painted
    for name, share in parts.items():
        region[:, front][share] = REGION[name]
    return colour, region, gloss


class _Grain(NamedTuple):
    """What differs from vertex to vertex; rows x columns each."""

    skin: np.ndarray  # brightness
    spot: np.ndarray  # 0 to 1: whether there is a freckle, if few or many
    beard: np.ndarray  # brightness

    def of(self, columns: slice) -> "_Grain":
        return _Grain(*(one[:, columns] for one in self))


def _draw_grain(shape: tuple[int, ...], p: Person) -> _Grain:
    rng, of_beard = (np.random.default_rng([int(p["skin_pattern"]), *stream]) for stream in ([], [1]))
    skin = 1 + 0.012 * rng.normal(size=shape)
    return _Grain(skin, rng.uniform(size=shape), np.clip(1 + 0.25 * of_beard.normal(size=shape), 0.4, 1.6))


def _paint_front(xy, longitude, skin, grain, p, f):
    """Paint the columns that face forwards: colour, gloss, and which vertices are part of mouth, brows and eyes."""
    x, y = xy
    ax = np.abs(x)
    facing = rise(0.0, 0.3, np.cos(longitude)) * np.ones_like(x)
    colour = _paint_beard(_paint_skin(x, y, facing, skin, grain, p, f), x, y, facing, grain, p, f)
    colour, lips = _paint_mouth(colour, x, y, facing, skin, p, f)
    colour, brows = _paint_brows(colour, ax, y, facing, p, f)
    colour, eyes = _paint_eyes(colour, x, y, facing, skin, p, f)
    gloss = (0.5 + 0.4 * blob(ax, y, 0, -0.1, 0.25, 0.5) * facing) * (1 - eyes) + 0.6 * lips
    return colour, gloss, {"mouth": (lips > 0.3) & (facing > 0.5), "brows": brows > 0.3, "eyes": eyes > 0.3}


def _paint_skin(x, y, facing, skin, grain, p, f):
    ax = np.abs(x)
    flush = 0.5 * blob(ax, y, 0.42, 0.32, 0.2, 0.17) + 0.5 * blob(ax, y, 0, f.tip_y, 0.14, 0.12)
    colour = mix(skin, skin * rgb(1.06, 0.80, 0.78), flush * facing) * grain.skin
    spots = (grain.spot < 0.10 * p["skin_freckles"] + 0.02 * f.age) * facing
    spots = spots * blob(ax, y, 0.25, 0.22, 0.42, 0.26)
    colour = mix(colour, skin * rgb(0.62, 0.48, 0.42), np.clip(0.75 * spots, 0, 1))
    for number in ("1", "2"):
        size = p[f"mole_{number}_size"]
        distance = size - np.hypot(x - p[f"mole_{number}_x"], y - p[f"mole_{number}_y"])
        colour = mix(colour, skin * 0.25, 0.85 * inside(distance, 0.012) * facing * (size > 0.006))
    nostril_y = f.tip_y + 0.08 - 0.4 * p["nose_upturn"]
    nostril = blob(ax, y, f.nose_width * 0.42, nostril_y, p["nostril_size"], 0.020)
    crease = blob(ax, y, f.nose_width * 1.02, f.tip_y + 0.04, 0.02, 0.05)
    return mix(colour, skin * rgb(0.16, 0.10, 0.09), np.clip(0.9 * nostril + 0.35 * crease, 0, 1) * facing)


def _find_regions(x, y, p, f):
    ax = np.abs(x)
    region = np.full(ax.shape, REGION["cheeks"], np.uint8)
    region[y < p["eye_height"] - f.brow_height + 0.02] = REGION["forehead"]
    region[(y > f.mouth_y + 0.13) | ((y > 0.55) & (ax > 0.36))] = REGION["chin and jaw"]
    eye = ((ax - p["eye_spacing"]) / (p["eye_width"] + 0.04)) ** 2 + ((y - p["eye_height"]) / 0.115) ** 2 < 1
    region[eye] = REGION["eyes"]
    along = np.clip((y - f.nasion_y) / (f.tip_y - f.nasion_y), 0, 1)
    wide = 0.075 + (f.nose_width - 0.055) * along**2
    region[(ax < wide) & (y > f.nasion_y) & (y < f.tip_y + 0.115)] = REGION["nose"]
    mouth = (ax / (f.mouth_width + 0.03)) ** 2 + ((y - mouth_line(x, p, f)) / 0.125) ** 2 < 1
    region[mouth & (region != REGION["nose"])] = REGION["mouth"]
    return region


def _paint_beard(colour, x, y, facing, grain, p, f):
    ax = np.abs(x)
    cheek_line = f.mouth_y + 0.10 - 0.75 * np.clip(ax - 0.22, 0, 0.4)
    beard = p["beard"] * rise(-0.05, 0.09, y - cheek_line)
    lip_line = f.mouth_y - 0.07 + 0.5 * np.clip(ax - 0.6 * f.mouth_width, 0, 1)
    moustache = p["moustache"] * rise(-0.035, 0.03, y - lip_line + 0.035) * (1 - rise(1.0, 1.35, ax / f.mouth_width))
    moustache = moustache * (1 - rise(0.10, 0.16, y - f.mouth_y)) * rise(0.0, 0.03, y - f.tip_y - 0.085)
    share = np.maximum(beard, moustache) * facing * (0.45 + 0.5 * p["beard_length"])
    return mix(colour, hair_colour(p, f.age + 0.15) * grain.beard, np.clip(share, 0, 0.92))


def _paint_mouth(colour, x, y, facing, skin, p, f):
    s = np.clip(np.abs(x) / f.mouth_width, 0, 1.4)
    body = np.clip(1 - s**2, 0, 1)
    middle = mouth_line(x, p, f)
    top, bottom = middle - 0.3 * f.gap * body, middle + 0.7 * f.gap * body
    bow = 1 - p["lip_bow"] * bump(s, 0, 0.2) + 0.35 * p["lip_bow"] * bump(s, 0.32, 0.2)
    upper, lower = top - f.lip_upper * body**0.75 * bow, bottom + f.lip_lower * body**0.6
    lips = inside(np.minimum(y - upper, lower - y), 0.02) * inside(1.0 - s, 0.06) * facing
    redness = p["lip_redness"]
    red = skin * rgb(0.95 - 0.12 * redness, 0.62 - 0.3 * redness, 0.62 - 0.22 * redness)
    colour = mix(colour, red * np.where(y < middle, 0.85, 1.03), 0.9 * lips)
    opening = inside(np.minimum(y - top, bottom - y), 0.012) * inside(1.0 - s, 0.05) * facing * (f.gap > 0.008)
    teeth = inside(top + 0.6 * f.gap * body - y + 0.012, 0.015) * rise(0, 0.25, body)
    colour = mix(colour, mix(MOUTH_INSIDE, TEETH, teeth), opening)
    seam = bump(y, middle, 0.009) * inside(1.04 - s, 0.06) * facing * (f.gap <= 0.02)
    return mix(colour, red * rgb(0.28, 0.2, 0.2), 0.85 * seam), lips


def _paint_brows(colour, ax, y, facing, p, f):
    t = (ax - p["brow_gap"]) / (2 * p["brow_length"])
    along = np.clip(t, 0, 1)
    line = p["eye_height"] - f.brow_height - p["brow_slope"] * (along - 0.4) * 0.3
    line = line - p["brow_arch"] * (1 - ((along - 0.62) / 0.62) ** 2)
    thick = p["brow_thickness"] * (1.05 - 0.75 * along**1.8) * rise(-0.02, 0.12, t) * (1 - rise(0.85, 1.03, t))
    share = inside(thick - np.abs(y - line), 0.018) * (thick > 0.002) * facing
    grain = 1 + 0.25 * np.sin(140 * ax + 90 * (y - line))
    return mix(colour, hair_colour(p, f.age - 0.2) * 0.8 * grain, share * p["brow_darkness"]), share


def _paint_eyes(colour, x, y, facing, skin, p, f):
    out = np.abs(x) - p["eye_spacing"]
    s = out / p["eye_width"]  # -1 at the inner corner, 1 at the outer one
    down = y - p["eye_height"] + p["eye_tilt"] * out
    body = np.clip(1 - s**2, 0, 1)
    upper, lower = -f.eye_open * body**0.8 * (1 - 0.15 * s), 0.5 * f.eye_open * body * (1 + 0.2 * s)
    shadow = 0.55 * blob(out, down, 0, -0.03, 0.17, 0.10) + 0.2 * f.age * blob(out, down, -0.02, 0.10, 0.12, 0.05)
    colour = mix(colour, skin * rgb(0.72, 0.58, 0.55), np.clip(shadow, 0, 1) * facing)
    crease = bump(down, upper - p["eyelid_fold"], 0.010) * rise(1.25, 0.9, np.abs(s)) * facing
    colour = mix(colour, skin * rgb(0.42, 0.30, 0.27), 0.65 * crease)
    opening = inside(np.minimum(down - upper, lower - down), 0.014) * inside(1 - np.abs(s), 0.1) * facing
    colour = mix(colour, _paint_ball(x, out, down, upper, p), opening)
    near = rise(1.6, 1.1, np.abs(s)) * facing
    lash = bump(down, upper - 0.004, 0.010) * rise(1.2, 1.0, np.abs(s - 0.06)) * near
    colour = mix(colour, LASHES, np.clip(0.92 * lash, 0, 1))
    lower_lash = bump(down, lower, 0.008) * rise(1.05, 0.8, np.abs(s)) * near
    return mix(colour, skin * rgb(0.4, 0.28, 0.26), 0.5 * lower_lash), opening


def _paint_ball(x, out, down, upper, p):
    white = EYE_WHITE * (1 - 0.5 * bump(down, upper, 0.022))
    iris, size = iris_colour(p), p["iris_size"]
    radius = np.hypot(out, down + 0.006)
    ring = iris * (0.75 + 0.5 * np.clip(1 - radius / size, 0, 1))
    ring = mix(ring, iris * 0.25, rise(0.75, 1.0, radius / size))
    ball = mix(mix(white, ring, inside(size - radius, 0.014)), PUPIL, inside(0.42 * size - radius, 0.012))
    # The catch-light is on the same side of both eyes.
    glint = inside(0.010 - np.hypot(out * np.sign(x) + 0.018, down + 0.026), 0.010)
    return mix(ball, 1.0, glint)
