"""Who somebody is: eighty numbers, drawn from a seed."""

from typing import NamedTuple

import numpy as np

Person = dict[str, float]

# Parts that can be exchanged between two people so that only one region of the face differs.
PARTS = ("brows", "eyes", "nose", "mouth", "chin", "hair")
LARGEST_DEVIATION = 2.2


class Parameter(NamedTuple):
    """How one number varies among people: a normal distribution, cut at LARGEST_DEVIATION standard deviations."""

    part: str
    mean: float
    spread: float
    # Correlation with the build, which many parameters share: a strong jaw comes with a strong brow and, more often, a
    # beard.
    build: float = 0.0


# Lengths and places are in head units (see the package); others are from 0 to 1 or -1 to 1, as draw_person draws them.
PARAMETERS = {
    "skull_width": Parameter("skull", 0.715, 0.022, 0.2),
    "skull_height": Parameter("skull", 1.14, 0.035),
    "skull_depth": Parameter("skull", 0.93, 0.03),
    "forehead_slope": Parameter("skull", 0.0, 0.035, 0.4),
    "forehead_bulge": Parameter("skull", 0.02, 0.015, -0.4),
    "temple_hollow": Parameter("skull", 0.035, 0.015, 0.2),
    "face_flatness": Parameter("skull", 2.3, 0.12),
    "cheekbone_height": Parameter("cheeks", 0.20, 0.035),
    "cheekbone_size": Parameter("cheeks", 0.045, 0.018, -0.2),
    "cheek_fullness": Parameter("cheeks", -0.005, 0.028, -0.2),
    "jaw_width": Parameter("chin", 0.88, 0.055, 0.6),
    "jaw_angle": Parameter("chin", 0.02, 0.018, 0.6),
    "chin_height": Parameter("chin", 1.0, 0.04, 0.4),
    "chin_width": Parameter("chin", 0.20, 0.04, 0.5),
    "chin_forward": Parameter("chin", 0.12, 0.04, 0.2),
    "chin_cleft": Parameter("chin", 0.004, 0.007, 0.3),
    "brow_ridge": Parameter("skull", 0.03, 0.017, 0.7),
    "brow_height": Parameter("brows", 0.185, 0.026, -0.4),
    "brow_thickness": Parameter("brows", 0.030, 0.008, 0.5),
    "brow_slope": Parameter("brows", 0.04, 0.09, 0.1),
    "brow_arch": Parameter("brows", 0.045, 0.022, -0.4),
    "brow_length": Parameter("brows", 0.185, 0.018),
    "brow_gap": Parameter("brows", 0.105, 0.020, -0.1),
    "brow_darkness": Parameter("brows", 0.8, 0.12, 0.2),
    "eye_spacing": Parameter("eyes", 0.295, 0.018),
    # Part of the skull, because brows and nose depend on it and must stay in place when eyes are exchanged.
    "eye_height": Parameter("skull", 0.0, 0.022),
    "eye_width": Parameter("eyes", 0.148, 0.010, -0.1),
    "eye_opening": Parameter("eyes", 0.066, 0.009, -0.4),
    "eye_tilt": Parameter("eyes", 0.05, 0.07, -0.2),
    "eye_depth": Parameter("eyes", 0.07, 0.024, 0.3),
    "eyelid_fold": Parameter("eyes", 0.034, 0.011),
    "iris_size": Parameter("eyes", 0.062, 0.003),
    "nose_length": Parameter("nose", 0.415, 0.035, 0.2),
    "nose_width": Parameter("nose", 0.148, 0.022, 0.3),
    "nose_bridge": Parameter("nose", 0.085, 0.026, 0.3),
    "nose_bridge_width": Parameter("nose", 0.062, 0.010, 0.2),
    "nose_hump": Parameter("nose", 0.006, 0.016, 0.2),
    "nose_tip": Parameter("nose", 0.245, 0.030, 0.2),
    "nose_tip_width": Parameter("nose", 0.090, 0.014, 0.1),
    "nose_upturn": Parameter("nose", 0.02, 0.028, -0.4),
    "nostril_size": Parameter("nose", 0.030, 0.006, 0.2),
    "mouth_height": Parameter("mouth", 0.655, 0.025),
    "mouth_width": Parameter("mouth", 0.235, 0.022, 0.2),
    "lip_upper": Parameter("mouth", 0.054, 0.013, -0.2),
    "lip_lower": Parameter("mouth", 0.074, 0.015, -0.2),
    "lip_bow": Parameter("mouth", 0.25, 0.13, -0.2),
    "lip_forward": Parameter("mouth", 0.040, 0.015),
    "lip_redness": Parameter("mouth", 0.45, 0.22, -0.5),
    "mouth_slope": Parameter("mouth", 0.0, 0.006),
    "ear_height": Parameter("ears", 0.265, 0.025, 0.2),
    "ear_width": Parameter("ears", 0.155, 0.014),
    "ear_protrusion": Parameter("ears", 0.36, 0.17),
    "ear_lobe": Parameter("ears", 0.5, 0.2),
    "neck_width": Parameter("skull", 0.43, 0.03, 0.7),
    "hairline": Parameter("hair", -0.56, 0.06),
    "hairline_corner": Parameter("hair", 0.04, 0.035, 0.5),
}


def draw_person(seed: int) -> Person:
    """Draw a person.

    Parameters
    ----------
    seed : int
        Not negative; the same seed gives the same person.

    Returns
    -------
    dict
        The numbers of `PARAMETERS`, and those for colours, hair, beard and marks.
    """
    rng = np.random.default_rng([seed, 0])
    build = float(rng.normal())
    person = {name: _draw_number(parameter, build, rng) for name, parameter in PARAMETERS.items()}
    return person | _draw_colours(rng) | _draw_hair(build, rng) | _draw_marks(rng)


def look_alike(person: Person, seed: int, likeness: float) -> Person:
    """Draw another person who resembles `person`.

    Parameters
    ----------
    person : dict
        The person to resemble.
    seed : int
        Seed of the other person, before the likeness is applied.
    likeness : float
        0: no more alike than any two people; 1: the same person.
    """
    other = draw_person(seed)
    return {name: other[name] + likeness * (person[name] - other[name]) for name in person}


def grow_older(person: Person, seed: int, share: float) -> Person:
    """Change the shape of a head with age in a way of the person's own, in addition to what age does to everybody.

    Parameters
    ----------
    person : dict
        The person who grows older.
    seed : int
        Direction of the change: towards the shape of draw_person(seed).
    share : float
        How far, 0 to 1.
    """
    other = draw_person(seed)
    return person | {name: person[name] + share * (other[name] - person[name]) for name in PARAMETERS}


def exchange(person: Person, other: Person, part: str) -> Person:
    """Give `person` one of `PARTS` from `other`; the rest of the face stays as it is.

    Raises
    ------
    ValueError
        The part is unknown.
    """
    if part not in PARTS:
        raise ValueError(f"part {part!r} is unknown, known are {', '.join(PARTS)}")
    return {name: (other if part_of(name) == part else person)[name] for name in person}


def part_of(name: str) -> str:
    """Name the part of the face that one of a person's numbers describes."""
    if name in PARAMETERS:
        return PARAMETERS[name].part
    # Brows and beard have the colour of the hair, so it is never exchanged with one part.
    if name in ("hair_darkness", "hair_redness"):
        return "skin"
    return {"iris": "eyes", "hair": "hair", "fringe": "hair"}.get(name.split("_")[0], "skin")


def _draw_number(parameter: Parameter, build: float, rng: np.random.Generator) -> float:
    own = float(rng.normal())
    share = parameter.build
    deviation = share * build + np.sqrt(1 - share**2) * own
    return parameter.mean + parameter.spread * float(np.clip(deviation, -LARGEST_DEVIATION, LARGEST_DEVIATION))


def _draw_colours(rng: np.random.Generator) -> Person:
    melanin = float(rng.beta(1.1, 1.5))
    # Dark skin comes with dark hair and eyes; fair skin with any.
    return {
        "skin_melanin": melanin,
        "skin_redness": float(rng.normal(0, 0.35)),
        "skin_yellow": float(rng.normal(0, 0.5)),
        "hair_darkness": float(np.clip(rng.uniform(0, 1) + 0.9 * melanin**2, 0, 1)),
        "hair_redness": float(rng.beta(1, 3) * (1 - melanin)),
        "iris_darkness": float(np.clip(rng.uniform(0, 1) + 1.1 * melanin**2, 0, 1)),
        "iris_hue": float(rng.uniform(0, 1)),
    }


def _draw_hair(build: float, rng: np.random.Generator) -> Person:
    bearded = rng.uniform() < 0.55 and build > 0.15
    return {
        "hair_length": float(np.clip(rng.normal(0.5 - 0.3 * build, 0.22), 0, 1)),
        "hair_volume": float(np.clip(rng.normal(0.5, 0.25), 0, 1)),
        "hair_curl": float(rng.beta(1, 1.6)),
        "hair_part": float(rng.uniform(-1, 1)),
        "hair_loss": float(np.clip(rng.normal(-0.4 + 0.35 * build, 0.4), 0, 1)),
        "fringe": float(np.clip(rng.normal(-0.35 - 0.3 * build, 0.7), 0, 1)),
        "beard": float(rng.uniform(0.25, 1)) if bearded else 0.0,
        "beard_length": float(rng.uniform(0, 1)),
        "moustache": float(rng.uniform(0.3, 1)) if bearded or (build > 0.8 and rng.uniform() < 0.2) else 0.0,
    }


def _draw_marks(rng: np.random.Generator) -> Person:
    """Draw freckles, and two moles with their places on the face."""
    marks = {"skin_freckles": float(np.clip(rng.normal(-0.5, 0.7), 0, 1)), "skin_pattern": float(rng.integers(1 << 16))}
    for number in (1, 2):
        marks[f"mole_{number}_x"] = float(rng.uniform(-0.5, 0.5))
        marks[f"mole_{number}_y"] = float(rng.uniform(-0.4, 0.9))
        marks[f"mole_{number}_size"] = float(np.clip(rng.normal(0.004, 0.012), 0, 0.03))
    return marks
