"""Colours of skin, hair and irises, each interpolated between colours that occur in nature."""

import numpy as np

from whyface.demo.people.people import Person
from whyface.demo.people.surfaces import linear, mix, rgb, rise

SKINS = ((246, 214, 198), (236, 194, 168), (210, 162, 132), (166, 118, 90), (120, 82, 62), (84, 58, 46))
HAIRS = ((222, 190, 130), (170, 125, 75), (106, 72, 44), (58, 40, 28), (26, 21, 20))
GREY = (176, 174, 172)
# Cool and warm irises, from light to dark.
COOL_IRISES = ((105, 150, 190), (120, 105, 60), (70, 42, 24))
WARM_IRISES = ((110, 150, 110), (125, 85, 45), (44, 27, 18))


def skin_colour(p: Person) -> np.ndarray:
    """Colour of a person's skin, 3 x 1 x 1."""
    tone = _ramp(SKINS, p["skin_melanin"])
    shift = rgb(0, -6 * p["skin_redness"], -5 * p["skin_redness"] - 6 * p["skin_yellow"])
    return linear(np.clip(tone + shift, 10, 250))


def hair_colour(p: Person, age: float) -> np.ndarray:
    """Colour of a person's hair, 3 x 1 x 1, greyer with age (0 to 1)."""
    tone = _ramp(HAIRS, p["hair_darkness"])
    tone = tone + p["hair_redness"] * rgb(45, 2, -18) * (1 - p["hair_darkness"])
    return linear(mix(np.clip(tone, 8, 245), rgb(*GREY), 0.85 * rise(0.35, 1.15, age)))


def iris_colour(p: Person) -> np.ndarray:
    """Colour of a person's irises, 3 x 1 x 1."""
    cool, warm = _ramp(COOL_IRISES, p["iris_darkness"]), _ramp(WARM_IRISES, p["iris_darkness"])
    return linear(mix(cool, warm, p["iris_hue"]))


def _ramp(stops: tuple[tuple[int, int, int], ...], share: float) -> np.ndarray:
    """Interpolate the colour at `share` (0 to 1) of the way along the stops."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return mix(rgb(*stops[low]), rgb(*stops[low + 1]), place - low)
