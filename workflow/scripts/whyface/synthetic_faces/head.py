"""The head: an egg with the relief of a face on its front."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from whyface.synthetic_faces.people import Person
from whyface.synthetic_faces.photos import Photo
from whyface.synthetic_faces.surfaces import blob, inside, rise



@cache
def grid(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Latitude (rows x 1) and longitude (1 x columns) of vertices on the head in radians, dense where the face is."""
    fine = np.linspace(-np.pi / 2, np.pi / 2, 2000)
    density = 0.5 + np.exp(-(((fine - 0.3) / 0.55) ** 2))
    place = np.cumsum(density)
    latitude = np.interp(np.linspace(place[0], place[-1], rows), place, fine)
    share = np.linspace(-1, 1, columns, endpoint=False)
    longitude = np.pi * (0.5 * share + 0.5 * share**3)
    return latitude[:, None], longitude[None, :]


def arrange(p: Person, photo: Photo) -> SimpleNamespace:
    """Places and sizes of the features once age and expression have had their say."""
    age = float(np.clip((photo.age_years - 25) / 50, 0, 1))
    nasion_y = p["eye_height"] - 0.05
    return SimpleNamespace(
        age=age,
        eye_open=p["eye_opening"] * (1 - 0.45 * photo.squint) * (1 - 0.18 * age),
        brow_height=p["brow_height"] + 0.035 * photo.brow_raise - 0.03 * age,
        nasion_y=nasion_y,
        tip_y=nasion_y + p["nose_length"] * (1 + 0.11 * age),
        nose_width=p["nose_width"] * (1 + 0.1 * max(photo.smile, 0) + 0.12 * age),
        mouth_y=p["mouth_height"] - 0.012 * photo.smile,
        mouth_width=p["mouth_width"] * (1 + 0.15 * photo.smile),
        corner_lift=0.012 + 0.055 * photo.smile - 0.015 * age,
        gap=0.085 * photo.mouth_open,
        lip_upper=p["lip_upper"] * (1 - 0.5 * age) * (1 - 0.2 * max(photo.smile, 0)),
        lip_lower=p["lip_lower"] * (1 - 0.3 * age) * (1 - 0.1 * max(photo.smile, 0)),
    )


def shape_skull(p: Person, latitude: np.ndarray, longitude: np.ndarray, age: float = 0.0) -> np.ndarray:
    """Points of the head without its features, shape of latitude and longitude broadcast, x 3."""
    u, ring = np.sin(latitude), np.cos(latitude)
    y = u * np.where(u < 0, p["skull_height"], p["chin_height"])
    taper = 1 - (1 - p["jaw_width"]) * rise(0.15, 0.8, u)
    width = p["skull_width"] * ring ** np.where(u < 0, 0.74, 0.84) * taper
    width = width + (p["jaw_angle"] + 0.03 * age) * _bump(u, 0.62, 0.2) + (p["chin_width"] - 0.2) * _bump(u, 0.9, 0.12)
    upper = np.clip(1 - np.abs(u) ** 2.6, 0, 1) ** 0.5
    brow_z = 0.80
    front = np.where(u < 0, -0.08 + (brow_z + 0.08) * upper, 0.5 + 0.3 * np.sqrt(np.clip(1 - u**6, 0, 1)))
    front = front + p["forehead_slope"] * _bump(u, -0.5, 0.25) + p["forehead_bulge"] * _bump(u, -0.38, 0.16)
    depth = p["skull_depth"]
    back = np.where(
        u < 0, -0.08 - (depth - 0.08) * np.clip(1 - np.abs(u) ** 2.4, 0, 1) ** 0.5, -depth + (0.5 + depth) * np.clip(u, 0, 1) ** 2.2
    )
    sine, cosine = np.sin(longitude), np.cos(longitude)
    power = p["face_flatness"]
    norm = (np.abs(sine) ** power + np.abs(cosine) ** power) ** (1 / power)
    x = np.broadcast_to(width, norm.shape) * sine / norm if width.shape == norm.shape else width * sine / norm
    z = (front + back) / 2 + (front - back) / 2 * cosine / norm
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def add_relief(points: np.ndarray, longitude: np.ndarray, p: Person, f: SimpleNamespace, photo: Photo) -> np.ndarray:
    """Raise brows, nose, lips, chin and all else, towards where the face looks."""
    x, y = points[..., 0], points[..., 1]
    ax = np.abs(x)
    facing = rise(0.0, 0.45, np.cos(longitude))
    height = _eye_region(ax, y, p, f) + _nose(ax, y, p, f) + _mouth(x, y, p, f) + _lower_face(ax, y, p, f, photo)
    raised = points.copy()
    raised[..., 2] += facing * height
    raised[..., 1] -= facing * p["nose_upturn"] * blob(ax, y, 0, f.tip_y, 0.12, 0.1)
    widen = p["cheekbone_size"] * blob(ax, y, 0.62, p["cheekbone_height"], 0.25, 0.2)
    widen = widen + p["cheek_fullness"] * blob(ax, y, 0.58, 0.5, 0.25, 0.22)
    widen = widen - p["temple_hollow"] * blob(ax, y, 0.68, -0.3, 0.2, 0.22)
    raised[..., 0] += np.sign(x) * widen
    return raised


def _bump(u: np.ndarray, centre: float, wide: float) -> np.ndarray:
    return np.exp(-(((u - centre) / wide) ** 2))


def _eye_region(ax, y, p, f):
    eye_x, eye_y = p["eye_spacing"], p["eye_height"]
    height = (p["brow_ridge"] + 0.02) * blob(ax, y, 0.25, eye_y - f.brow_height + 0.01, 0.24, 0.08)
    height = height - p["eye_depth"] * blob(ax, y, eye_x, eye_y, 0.17, 0.12)
    ball = np.clip(1 - ((ax - eye_x) / 0.16) ** 2 - ((y - eye_y) / 0.12) ** 2, 0, 1)
    height = height + 0.075 * np.sqrt(ball) * ball
    bag = (0.005 + 0.03 * f.age) * blob(ax, y, eye_x, eye_y + 0.15, 0.12, 0.035)
    wrinkles = 0.006 * f.age * np.cos(75 * y) * blob(ax, y, 0, -0.42, 0.45, 0.14)
    crow = 0.006 * f.age * np.cos(70 * (y - 0.4 * ax)) * blob(ax, y, 0.52, eye_y + 0.02, 0.08, 0.12)
    return height + bag + wrinkles + crow


def _nose(ax, y, p, f):
    t = (y - f.nasion_y) / (f.tip_y - f.nasion_y)
    along = np.clip(t, 0, 1)
    bridge, tip = p["nose_bridge"], p["nose_tip"]
    height = bridge * rise(-0.55, 0.25, t) + (tip - bridge) * along**1.35 + p["nose_hump"] * _bump(t, 0.42, 0.2)
    # The tip is round: the ridge ends in a quarter of an ellipse.
    ridge = height * np.sqrt(np.clip(1 - (np.clip(t - 0.80, 0, 1) / 0.45) ** 2, 0, 1))
    flanks = height * (1 - rise(0.75, 1.2, t))
    wide = p["nose_bridge_width"] + (p["nose_tip_width"] - p["nose_bridge_width"]) * along**2
    nose = 0.62 * ridge * np.exp(-((ax / (1.2 * wide)) ** 2)) + 0.38 * flanks * np.exp(-((ax / (2.1 * wide)) ** 2))
    wings = 0.10 * blob(ax, y, f.nose_width * 0.70, f.tip_y + 0.03, 0.05, 0.055)
    ball = 0.02 * blob(ax, y, 0, f.tip_y - 0.01, p["nose_tip_width"] * 0.9, 0.07)
    hole = 0.045 * blob(ax, y, f.nose_width * 0.40, f.tip_y + 0.085, p["nostril_size"], 0.020)
    return nose + np.maximum(wings - 0.35 * nose, 0) + ball - hole


def _mouth(x, y, p, f):
    s = np.clip(np.abs(x) / f.mouth_width, 0, 1.4)
    middle = mouth_line(x, p, f)
    body, full = np.clip(1 - s**2, 0, 1), np.exp(-((s / 0.92) ** 4))
    height = 0.085 * blob(np.abs(x), y, 0, f.mouth_y - 0.03, 0.33, 0.25)
    upper_y = middle - 0.3 * f.gap * body - 0.5 * f.lip_upper
    lower_y = middle + 0.7 * f.gap * body + 0.55 * f.lip_lower
    height = height + p["lip_forward"] * full * _bump(y, upper_y, 0.8 * f.lip_upper + 0.012)
    height = height + p["lip_forward"] * 1.05 * full * _bump(y, lower_y, 0.75 * f.lip_lower + 0.012)
    height = height - 0.022 * inside(1.0 - s, 0.4) * _bump(y, middle, 0.014 + 0.4 * f.gap)
    height = height - 0.008 * blob(np.abs(x), y, f.mouth_width * 1.05, f.mouth_y - f.corner_lift, 0.035, 0.035)
    return height - 0.010 * blob(np.abs(x), y, 0, f.mouth_y - 0.12, 0.03, 0.05)


def mouth_line(x: np.ndarray, p: Person, f: SimpleNamespace) -> np.ndarray:
    """Height at which the lips meet."""
    s = np.clip(np.abs(x) / f.mouth_width, 0, 1.4)
    return f.mouth_y + p["mouth_slope"] * np.sign(x) * s - f.corner_lift * s**2 + 0.008 * np.exp(-((s / 0.25) ** 2))


def _lower_face(ax, y, p, f, photo):
    height = p["chin_forward"] * blob(ax, y, 0, p["chin_height"] - 0.09, p["chin_width"], 0.13)
    height = height - 0.035 * blob(ax, y, 0, f.mouth_y + 0.155, 0.15, 0.05)
    height = height - p["chin_cleft"] * blob(ax, y, 0, p["chin_height"] - 0.09, 0.02, 0.07)
    height = height + (p["cheekbone_size"] + 0.03 * max(photo.smile, 0)) * blob(
        ax, y, 0.43, p["cheekbone_height"] + 0.03, 0.16, 0.14
    )
    height = height + (p["cheek_fullness"] - 0.035 * f.age) * blob(ax, y, 0.42, 0.52, 0.16, 0.2)
    # The fold from the wing of the nose to the corner of the mouth, and the jowl below it.
    start_x, start_y = f.nose_width + 0.03, f.tip_y + 0.02
    end_x, end_y = f.mouth_width + 0.08, f.mouth_y + 0.02
    along = np.clip((y - start_y) / (end_y - start_y), -0.2, 1.2)
    fold = np.exp(-(((ax - start_x - (end_x - start_x) * along) / 0.03) ** 2)) * rise(-0.2, 0.2, along)
    fold = fold * (1 - rise(0.9, 1.2, along))
    height = height - (0.002 + 0.013 * f.age + 0.007 * max(photo.smile, 0)) * fold
    return height + 0.035 * f.age * blob(ax, y, 0.40, 0.80, 0.12, 0.1)


