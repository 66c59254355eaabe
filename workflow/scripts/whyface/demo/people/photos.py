"""How a photo was taken: pose, light, expression, age, glasses, background and camera, drawn from a seed."""

from dataclasses import dataclass

import numpy as np

# Regions that an object can be held in front of.
COVERS = ("forehead", "eyes", "nose", "mouth", "chin")
GLASSES = ("none", "round", "square")


@dataclass(frozen=True)
class Photo:
    """Everything in a photo except whom it shows. Angles in degrees, `x` and `y` in head units, the rest 0 to 1."""

    seed: int
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    shift_x: float
    shift_y: float
    zoom: float
    age_years: float
    smile: float
    mouth_open: float
    brow_raise: float
    squint: float
    glasses: str
    light_azimuth_deg: float
    light_elevation_deg: float
    light_strength: float
    light_warmth: float
    ambient: float
    exposure: float
    blur_px: float
    noise: float
    jpeg_quality: int
    cover: str = "none"


def draw_photo(
    person_seed: int,
    photo_seed: int,
    *,
    yaw_deg: tuple[float, float] = (-35, 35),
    age_years: tuple[float, float] = (20, 60),
) -> Photo:
    """Draw the circumstances of a photo.

    Parameters
    ----------
    person_seed, photo_seed : int
        Not negative; the same two give the same photo.
    yaw_deg : tuple of float
        Range of the turn of the head; a positive turn looks to the right of the image.
    age_years : tuple of float
        Range of the person's age in the photo.
    """
    rng = np.random.default_rng([person_seed, 1, photo_seed])
    between = rng.uniform
    smile = float(np.clip(rng.normal(0.4, 0.4), -0.2, 1))
    yaw = float(between(*yaw_deg))
    return Photo(
        seed=int(rng.integers(1 << 31)),
        yaw_deg=yaw,
        pitch_deg=float(np.clip(rng.normal(0, 6), -14, 14)),
        roll_deg=float(np.clip(rng.normal(0, 5), -14, 14)),
        shift_x=float(between(-0.12, 0.12)),
        shift_y=float(between(-0.10, 0.10)),
        zoom=float(between(0.92, 1.1)),
        age_years=float(between(*age_years)),
        smile=smile,
        mouth_open=float(np.clip(rng.normal(0.5 * smile, 0.3), 0, 1)) if rng.uniform() < 0.5 else 0.0,
        brow_raise=float(np.clip(rng.normal(0, 0.4), -0.8, 1)),
        squint=float(np.clip(rng.normal(0.08 + 0.2 * smile, 0.18), 0, 0.8)),
        glasses=str(rng.choice(GLASSES, p=[0.9, 0.05, 0.05])),
        # The light follows the head: photographers make sure that the face is lit.
        light_azimuth_deg=float(np.clip(rng.normal(0.6 * yaw, 32), -85, 85)),
        light_elevation_deg=float(between(5, 60)),
        light_strength=float(between(0.55, 1.0)),
        light_warmth=float(rng.normal(0, 0.5)),
        ambient=float(between(0.35, 0.6)),
        exposure=float(between(0.85, 1.2)),
        blur_px=float(between(0.0, 1.1)),
        noise=float(between(0.002, 0.02)),
        jpeg_quality=int(rng.integers(70, 96)),
    )
