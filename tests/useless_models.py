"""Distances and labels that models give which an audit is for: constant, reversed, wrongly scaled, perfect."""

import numpy as np

HALF = np.arange(60) % 2 == 0
NOISE = np.random.default_rng(10).standard_normal(60)


def apart(near, far):
    """30 genuine pairs at the first distance, 30 impostors at the second."""
    return np.where(HALF, near, far), HALF


def spread(width, shift=0.0, centre=0.7):
    """Put noise of this width around one distance; impostors are `shift` widths further away."""
    return (centre + width * (NOISE + shift * ~HALF)).clip(0, 2), HALF


USELESS = {
    **{f"all {at}": apart(at, at) for at in (0.0, 0.002, 0.7, 1.0, 2.0)},
    "all 0.7, 10 genuine of 1,000": (np.full(1000, 0.7), np.arange(1000) < 10),
    "equal classes": (np.repeat(0.9 + 0.05 * NOISE, 2), np.arange(120) % 2 == 0),
    "two distances, no difference": (np.array([0.3, 0.9] * 30), np.arange(60) % 4 < 2),
    "two distances, mixed": (np.array([0.3, 0.9] * 30), np.arange(60) % 3 == 0),
    "two distances, separated": apart(0.3, 0.9),
    "two distances, reversed": apart(0.9, 0.3),
    "0 and 2": apart(0.0, 2.0),
    "2 and 0": apart(2.0, 0.0),
    "next to each other": apart(0.7, np.nextafter(0.7, 1)),
    "next to each other, reversed": apart(np.nextafter(0.7, 1), 0.7),
    "denormal": (5e-324 * np.arange(60), HALF),
    "one of each": (np.array([0.3, 0.9]), np.array([True, False])),
    "one of each, reversed": (np.array([0.9, 0.3]), np.array([True, False])),
    "one genuine pair": (0.9 + 0.05 * NOISE, np.arange(60) == 0),
    "one impostor pair": (0.9 + 0.05 * NOISE, np.arange(60) != 0),
    "reversed": spread(0.1, -3),
    "separated": spread(0.02, 30),
    "one far outlier": (np.append(0.002 + 1e-4 * NOISE, 1.9), np.append(HALF, True)),
    "wide": (np.linspace(0, 2, 60), HALF),
    **{
        f"within {width} of {centre}, shift {shift}": spread(width, shift, centre)
        for width in (1e-16, 1e-12, 1e-9, 1e-6, 1e-5, 1e-4, 1e-3)
        for centre in (0.002, 0.7, 1.999)
        for shift in (0, 6, -6)
    },
}
