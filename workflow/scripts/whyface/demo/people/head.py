"""The head without its features, and where the features go."""

from functools import cache
from typing import NamedTuple

import numpy as np

from whyface.demo.people.people import Person
from whyface.demo.people.photos import Photo
from whyface.demo.people.surfaces import bump, rise

BROW_Z, CHIN_Z, CROWN_Z = 0.80, 0.5, -0.08


class Features(NamedTuple):
    """Places and sizes of the features, in head units, after age and expression have acted on them."""

    age: float  # 0 at 25 years and below, 1 at 75 and above
    smile: float
    eye_open: float
    brow_height: float
    nasion_y: float
    tip_y: float
    nose_width: float
    mouth_y: float
    mouth_width: float
    corner_lift: float
    gap: float
    lip_upper: float
    lip_lower: float


def arrange(p: Person, photo: Photo) -> Features:
    """Let age and expression act on a person's features."""
    age = float(np.clip((photo.age_years - 25) / 50, 0, 1))
    smile = max(photo.smile, 0)
    nasion_y = p["eye_height"] - 0.05
    return Features(
        age=age,
        smile=smile,
        eye_open=p["eye_opening"] * (1 - 0.45 * photo.squint) * (1 - 0.18 * age),
        brow_height=p["brow_height"] + 0.035 * photo.brow_raise - 0.03 * age,
        nasion_y=nasion_y,
        tip_y=nasion_y + p["nose_length"] * (1 + 0.11 * age),
        nose_width=p["nose_width"] * (1 + 0.1 * smile + 0.12 * age),
        mouth_y=p["mouth_height"] - 0.012 * photo.smile,
        mouth_width=p["mouth_width"] * (1 + 0.15 * photo.smile),
        corner_lift=0.012 + 0.055 * photo.smile - 0.015 * age,
        gap=0.085 * photo.mouth_open,
        lip_upper=p["lip_upper"] * (1 - 0.5 * age) * (1 - 0.2 * smile),
        lip_lower=p["lip_lower"] * (1 - 0.3 * age) * (1 - 0.1 * smile),
    )


@cache
def grid(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Place vertices on the head, dense on the face: latitude (rows x 1) and longitude (1 x columns) in radians."""
    fine = np.linspace(-np.pi / 2, np.pi / 2, 2000)
    place = np.cumsum(0.5 + bump(fine, 0.3, 0.55))
    latitude = np.interp(np.linspace(place[0], place[-1], rows), place, fine)
    share = np.linspace(-1, 1, columns, endpoint=False)
    longitude = np.pi * (0.5 * share + 0.5 * share**3)
    return latitude[:, None], longitude[None, :]


def facing_columns(longitude: np.ndarray) -> slice:
    """Find the columns on the front half of the head; `longitude` as `grid` gives it."""
    front = np.flatnonzero(np.cos(longitude[0]) > 0)
    return slice(front[0], front[-1] + 1)


def shape_skull(p: Person, latitude: np.ndarray, longitude: np.ndarray, age: float) -> np.ndarray:
    """Shape the head, 3 x rows x columns: a rounded outline at each height, as wide and deep as a head is there."""
    u = np.sin(latitude)  # -1 at the crown, 1 below the chin
    y = u * np.where(u < 0, p["skull_height"], p["chin_height"])
    width, front, back = _half_width(u, np.cos(latitude), p, age), _front(u, p), _back(u, p)
    sine, cosine = np.sin(longitude), np.cos(longitude)
    power = p["face_flatness"]
    norm = (np.abs(sine) ** power + np.abs(cosine) ** power) ** (1 / power)
    x = width * sine / norm
    z = (front + back) / 2 + (front - back) / 2 * cosine / norm
    return np.stack(np.broadcast_arrays(x, y, z))


def _half_width(u: np.ndarray, ring: np.ndarray, p: Person, age: float) -> np.ndarray:
    taper = 1 - (1 - p["jaw_width"]) * rise(0.15, 0.8, u)
    width = p["skull_width"] * ring ** np.where(u < 0, 0.74, 0.84) * taper
    return width + (p["jaw_angle"] + 0.03 * age) * bump(u, 0.62, 0.2) + (p["chin_width"] - 0.2) * bump(u, 0.9, 0.12)


def _front(u: np.ndarray, p: Person) -> np.ndarray:
    upper = np.clip(1 - np.abs(u) ** 2.6, 0, 1) ** 0.5
    lower = np.sqrt(np.clip(1 - u**6, 0, 1))
    front = np.where(u < 0, CROWN_Z + (BROW_Z - CROWN_Z) * upper, CHIN_Z + (BROW_Z - CHIN_Z) * lower)
    return front + p["forehead_slope"] * bump(u, -0.5, 0.25) + p["forehead_bulge"] * bump(u, -0.38, 0.16)


def _back(u: np.ndarray, p: Person) -> np.ndarray:
    depth = p["skull_depth"]
    upper = np.clip(1 - np.abs(u) ** 2.4, 0, 1) ** 0.5
    below = -depth + (CHIN_Z + depth) * np.clip(u, 0, 1) ** 2.2
    return np.where(u < 0, CROWN_Z - (depth + CROWN_Z) * upper, below)
