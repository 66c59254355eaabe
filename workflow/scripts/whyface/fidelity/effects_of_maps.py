"""Tests a map without knowing the truth: whether the faces move as it says when what it names is covered.

Beside the map stand a centre prior, which covers the middle of the face first whatever the sign, random maps of the
same smoothness, and the greedy oracle. All of them cover the same face, in the same cells, with the same fill.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from whyface.fidelity.cells import cell_order
from whyface.fidelity.controls import CENTRE_PRIOR, RANDOM_MAP, centre_prior, random_maps
from whyface.fidelity.covering import Covering, covering_curve, effects
from whyface.fidelity.oracle import one_round

SIGNS = ("same", "different")
JUDGED, ORACLE = "map", "greedy oracle"
ORDERED_BY = (JUDGED, CENTRE_PRIOR, RANDOM_MAP, ORACLE)
EFFECTS = ("effect", "effect_llr")
RANDOM_MAPS = 3
ORDERS = 2 * len(SIGNS) + 1 + RANDOM_MAPS

Effects = dict[tuple[str, str, str], float]  # by score, what ordered the cells, and sign


def face_effects(
    face: Covering,
    saliency: np.ndarray,
    clean: float,
    llr: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
) -> Effects:
    """Measure how far a face moves as each order says, in `ORDERS` passes for each level and one for each cell.

    Parameters
    ----------
    face : Covering
        The face to cover.
    saliency : numpy.ndarray
        Its map.
    clean : float
        Distance of the clean pair.
    llr : callable
        Turns distances into log10 likelihood ratios.
    rng : numpy.random.Generator
        Draws the random maps.
    """
    orders = list(_orders(face, saliency, rng))
    curves = covering_curve(face, np.stack([order for *_, order in orders]))
    found = {}
    for name, sign in product(ORDERED_BY, SIGNS):
        own = curves[[what == name and speaks_for in ("", sign) for what, speaks_for, _ in orders]]
        found["effect", name, sign] = float(effects(own, clean, sign).mean())
        found["effect_llr", name, sign] = float(effects(own, clean, sign, llr).mean())
    return found


def _orders(face: Covering, saliency: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield what orders the cells, the sign that the order is for (empty: both), and the order."""
    places = face.places
    yield (
        CENTRE_PRIOR,
        "",
        cell_order(centre_prior(len(places)), places, "different"),
    )  # the blob is lowest in the middle
    for drawn in random_maps(np.repeat(saliency[None], RANDOM_MAPS, axis=0), rng):
        yield RANDOM_MAP, "", cell_order(drawn, places, "same")
    best = one_round(face)
    for sign in SIGNS:
        yield JUDGED, sign, cell_order(saliency, places, sign)
        yield ORACLE, sign, best[sign]
