"""The relief of the face: brows, eyes, nose, lips, cheeks and chin raised from the head."""

import numpy as np

from whyface.demo.people.head import Features, facing_columns
from whyface.demo.people.people import Person
from whyface.demo.people.surfaces import blob, bump, inside, rise


def add_relief(base: np.ndarray, longitude: np.ndarray, p: Person, f: Features) -> np.ndarray:
    """Raise the features in the direction of the gaze, and widen or narrow the sides; 3 x rows x columns."""
    raised = base.copy()
    front = facing_columns(longitude)
    _raise_front(raised[:, :, front], longitude[:, front], p, f)
    x, y = base[0], base[1]
    ax = np.abs(x)
    wider = p["cheekbone_size"] * blob(ax, y, 0.62, p["cheekbone_height"], 0.25, 0.2)
    wider = wider + p["cheek_fullness"] * blob(ax, y, 0.58, 0.5, 0.25, 0.22)
    wider = wider - p["temple_hollow"] * blob(ax, y, 0.68, -0.3, 0.2, 0.22)
    raised[0] += np.sign(x) * wider
    return raised


def _raise_front(raised, longitude, p, f):
    """Raise the features on the columns that face forwards, in place."""
    x, y = raised[0].copy(), raised[1].copy()
    ax = np.abs(x)
    facing = rise(0.0, 0.45, np.cos(longitude))
    raised[2] += facing * (_raise_eyes(ax, y, p, f) + _raise_nose(ax, y, p, f) + _raise_mouth(x, y, p, f))
    raised[2] += facing * (_raise_cheeks(ax, y, p, f) + _raise_chin(ax, y, p, f))
    raised[1] -= facing * p["nose_upturn"] * blob(ax, y, 0, f.tip_y, 0.12, 0.1)


def mouth_line(x: np.ndarray, p: Person, f: Features) -> np.ndarray:
    """Find the height at which the lips meet."""
    s = np.clip(np.abs(x) / f.mouth_width, 0, 1.4)
    return f.mouth_y + p["mouth_slope"] * np.sign(x) * s - f.corner_lift * s**2 + 0.008 * bump(s, 0, 0.25)


def _raise_eyes(ax, y, p, f):
    eye_x, eye_y = p["eye_spacing"], p["eye_height"]
    ridge = (p["brow_ridge"] + 0.02) * blob(ax, y, 0.25, eye_y - f.brow_height + 0.01, 0.24, 0.08)
    socket = p["eye_depth"] * blob(ax, y, eye_x, eye_y, 0.17, 0.12)
    ball = np.clip(1 - ((ax - eye_x) / 0.16) ** 2 - ((y - eye_y) / 0.12) ** 2, 0, 1)
    bag = (0.005 + 0.03 * f.age) * blob(ax, y, eye_x, eye_y + 0.15, 0.12, 0.035)
    wrinkles = 0.006 * f.age * np.cos(75 * y) * blob(ax, y, 0, -0.42, 0.45, 0.14)
    crow = 0.006 * f.age * np.cos(70 * (y - 0.4 * ax)) * blob(ax, y, 0.52, eye_y + 0.02, 0.08, 0.12)
    return ridge - socket + 0.075 * np.sqrt(ball) * ball + bag + wrinkles + crow


def _raise_nose(ax, y, p, f):
    t = (y - f.nasion_y) / (f.tip_y - f.nasion_y)
    along = np.clip(t, 0, 1)
    bridge, tip = p["nose_bridge"], p["nose_tip"]
    height = bridge * rise(-0.55, 0.25, t) + (tip - bridge) * along**1.35 + p["nose_hump"] * bump(t, 0.42, 0.2)
    # The tip is round: the ridge ends in a quarter of an ellipse.
    ridge = height * np.sqrt(np.clip(1 - (np.clip(t - 0.80, 0, 1) / 0.45) ** 2, 0, 1))
    flanks = height * (1 - rise(0.75, 1.2, t))
    wide = p["nose_bridge_width"] + (p["nose_tip_width"] - p["nose_bridge_width"]) * along**2
    nose = 0.62 * ridge * bump(ax, 0, 1.2 * wide) + 0.38 * flanks * bump(ax, 0, 2.1 * wide)
    wings = 0.10 * blob(ax, y, f.nose_width * 0.70, f.tip_y + 0.03, 0.05, 0.055)
    ball = 0.02 * blob(ax, y, 0, f.tip_y - 0.01, p["nose_tip_width"] * 0.9, 0.07)
    hole = 0.045 * blob(ax, y, f.nose_width * 0.40, f.tip_y + 0.085, p["nostril_size"], 0.020)
    return nose + np.maximum(wings - 0.35 * nose, 0) + ball - hole


def _raise_mouth(x, y, p, f):
    ax = np.abs(x)
    s = np.clip(ax / f.mouth_width, 0, 1.4)
    middle = mouth_line(x, p, f)
    body, full = np.clip(1 - s**2, 0, 1), np.exp(-((s / 0.92) ** 4))
    upper_y = middle - 0.3 * f.gap * body - 0.5 * f.lip_upper
    lower_y = middle + 0.7 * f.gap * body + 0.55 * f.lip_lower
    height = 0.085 * blob(ax, y, 0, f.mouth_y - 0.03, 0.33, 0.25)
    height = height + p["lip_forward"] * full * bump(y, upper_y, 0.8 * f.lip_upper + 0.012)
    height = height + p["lip_forward"] * 1.05 * full * bump(y, lower_y, 0.75 * f.lip_lower + 0.012)
    height = height - 0.022 * inside(1.0 - s, 0.4) * bump(y, middle, 0.014 + 0.4 * f.gap)
    height = height - 0.008 * blob(ax, y, f.mouth_width * 1.05, f.mouth_y - f.corner_lift, 0.035, 0.035)
    return height - 0.010 * blob(ax, y, 0, f.mouth_y - 0.12, 0.03, 0.05)


def _raise_cheeks(ax, y, p, f):
    bone = (p["cheekbone_size"] + 0.03 * f.smile) * blob(ax, y, 0.43, p["cheekbone_height"] + 0.03, 0.16, 0.14)
    fullness = (p["cheek_fullness"] - 0.035 * f.age) * blob(ax, y, 0.42, 0.52, 0.16, 0.2)
    jowl = 0.035 * f.age * blob(ax, y, 0.40, 0.80, 0.12, 0.1)
    # The fold from the wing of the nose to the corner of the mouth.
    start_x, start_y = f.nose_width + 0.03, f.tip_y + 0.02
    end_x, end_y = f.mouth_width + 0.08, f.mouth_y + 0.02
    along = np.clip((y - start_y) / (end_y - start_y), -0.2, 1.2)
    fold = bump(ax, start_x + (end_x - start_x) * along, 0.03) * rise(-0.2, 0.2, along) * (1 - rise(0.9, 1.2, along))
    return bone + fullness + jowl - (0.002 + 0.013 * f.age + 0.007 * f.smile) * fold


def _raise_chin(ax, y, p, f):
    centre_y = p["chin_height"] - 0.09
    chin = p["chin_forward"] * blob(ax, y, 0, centre_y, p["chin_width"], 0.13)
    cleft = p["chin_cleft"] * blob(ax, y, 0, centre_y, 0.02, 0.07)
    return chin - cleft - 0.035 * blob(ax, y, 0, f.mouth_y + 0.155, 0.15, 0.05)
