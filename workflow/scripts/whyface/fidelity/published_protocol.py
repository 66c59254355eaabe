"""Deletion and insertion as published for face verification (Lu et al., WACV 2024), for comparison with the literature.

Pixels of the probe, face a, turn black in the order of its map, from 0 to 100 % in 11 points; the accuracy of all pairs
at the given threshold is averaged over that share by the trapezoid rule. Low is good for deletion, which blackens the
most important pixels first, and high for insertion, which starts from black and restores them first. Published code
uses the map of similarity for all pairs; so do we: the order is from the highest value to the lowest, whatever the
pair's label. Maps of "different" are hardly tested by that.

There is a ceiling. A black probe makes every pair "different", and impostor pairs stay "different" as a rule, so only
the genuine half of a balanced set moves. If all clean decisions are right, a map that turns every genuine pair at the
first point leaves an area of 0.525 for deletion and 0.975 for insertion: there is nothing better.
"""

from collections.abc import Callable

import numpy as np

from whyface.fidelity.cells import highest_first, resized

SHARES = np.linspace(0, 1, 11)
PASSES = 2 * len(SHARES) - 2  # clean and black serve both


def published_distances(
    embed: Callable[[np.ndarray], np.ndarray], crop: np.ndarray, partner: np.ndarray, saliency: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a pair's distance at the 11 points of deletion and of insertion: `PASSES` passes in one call.

    Parameters
    ----------
    embed : callable
        uint8 n x side x side x 3 -> unit vectors, n x dimension.
    crop : numpy.ndarray
        uint8, side x side x 3: the probe.
    partner : numpy.ndarray
        Unit vector of the clean partner.
    saliency : numpy.ndarray
        The probe's map, of any side.

    Returns
    -------
    tuple of numpy.ndarray
        Distances under deletion and under insertion, 11 each.
    """
    side = len(crop)
    position = np.argsort(highest_first(resized(saliency, side).ravel(), seed=0)).reshape(side, side)
    important = position < np.rint(SHARES * side**2)[:, None, None]  # points x side x side
    black = np.concatenate([important, ~important[1:-1]])
    distances = 1 - embed(np.where(black[..., None], np.uint8(0), crop)) @ partner
    deletion, between = np.split(distances, [len(SHARES)])
    return deletion, np.concatenate([deletion[-1:], between, deletion[:1]])


def published_areas(distances: np.ndarray, is_genuine: np.ndarray, threshold: np.ndarray | float) -> np.ndarray:
    """Give each pair the area under its own curve of right decisions; their mean is the published area.

    Parameters
    ----------
    distances : numpy.ndarray
        n x 11.
    is_genuine : numpy.ndarray
        n, bool.
    threshold : float or numpy.ndarray
        Of all pairs, or one for each.

    Returns
    -------
    numpy.ndarray
        n, 0 to 1.
    """
    says_same = np.asarray(distances) < np.reshape(threshold, (-1, 1))
    right = says_same == np.reshape(is_genuine, (-1, 1))
    return np.trapezoid(right.astype(np.float64), SHARES, axis=1)
