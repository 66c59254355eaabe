"""Scores of maps against a known difference: the pixels that were changed in one of two photos of a person.

A right map is lowest there: what differs speaks for "different". All scores run from 0 to 1, and higher is better.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

# How far from the difference the lowest pixel may lie, as a share of the side: about half a patch of 8 px at 112.
TOLERANCE = 4.5 / 112


def score_against_truth(maps: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Score maps against the pixels that are known to differ.

    Parameters
    ----------
    maps : numpy.ndarray
        n x side x side, signed.
    truth : numpy.ndarray
        n x side x side, bool: the difference; some but not all pixels of each.

    Returns
    -------
    dict of str to numpy.ndarray
        float64, n each:

        auc: probability that a pixel of the difference is lower than one outside; ties count half (Mann-Whitney).
        hit: pointing game (Zhang et al. 2016): the lowest pixel lies in the difference, or within `TOLERANCE` of it.
        mass: share of the negative mass that lies in the difference (Arras et al. 2022); 0 without any.
        rank: share of the k lowest pixels that lie in the difference of k pixels (Arras et al. 2022).
        sign: 1 where the mean over the difference is negative.

        Pixels that share a value count as if in random order, so hit and rank are expected values there.
    """
    shape, truth = np.shape(maps), np.asarray(truth, bool)
    if shape != truth.shape or len(shape) != 3:
        raise ValueError(f"maps of {shape} and truth of {truth.shape}; both must be n x side x side")
    sizes = truth.sum(axis=(1, 2))
    pixels = shape[1] * shape[2]
    wrong = np.flatnonzero((sizes == 0) | (sizes == pixels))
    if len(wrong):
        raise ValueError(f"truth {wrong[0]} holds {sizes[wrong[0]]} pixels; it must hold some, but not all")
    values, inside, close = (x.reshape(-1, pixels) for x in (np.asarray(maps, np.float64), truth, near(truth)))
    return {
        "auc": _auc(values, inside),
        "hit": _hit(values, close),
        "mass": _mass(values, inside),
        "rank": _rank(values, inside),
        "sign": ((values * inside).sum(axis=1) < 0).astype(np.float64),
    }


def near(truth: np.ndarray) -> np.ndarray:
    """Widen differences by `TOLERANCE`; n x side x side, bool."""
    reach = TOLERANCE * truth.shape[-1]
    return np.array([distance_transform_edt(~one) <= reach for one in truth], bool).reshape(truth.shape)


def named_region(maps: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Find the region that each map names first: that with the lowest mean.

    Parameters
    ----------
    maps : numpy.ndarray
        n x side x side.
    places : numpy.ndarray
        side x side, int: index of the region that each pixel lies in.

    Returns
    -------
    numpy.ndarray
        int, n: the region's index; the first of several as low.
    """
    found, place = np.unique(places, return_inverse=True)
    members = place.reshape(-1, 1) == np.arange(len(found))  # pixels x regions
    means = np.asarray(maps, np.float64).reshape(-1, places.size) @ (members / members.sum(axis=0))
    return found[means.argmin(axis=1)]


def _auc(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return np.array([_lower(one[own], one[~own]) for one, own in zip(values, inside, strict=True)])


def _lower(own: np.ndarray, others: np.ndarray) -> float:
    """Share of all pairs of an own and another value in which the own is lower; ties count half."""
    rising = np.sort(others)
    below = np.searchsorted(rising, own, "left") + np.searchsorted(rising, own, "right")  # twice, ties once
    return 1 - float(below.mean()) / (2 * len(others))


def _hit(values: np.ndarray, close: np.ndarray) -> np.ndarray:
    lowest = values == values.min(axis=1, keepdims=True)
    return (lowest & close).sum(axis=1) / lowest.sum(axis=1)


def _mass(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    negative = np.maximum(-values, 0)
    total = negative.sum(axis=1)
    return np.divide((negative * inside).sum(axis=1), total, out=np.zeros(len(values)), where=total > 0)


def _rank(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    size = inside.sum(axis=1)
    cut = np.sort(values, axis=1)[np.arange(len(values)), size - 1][:, None]
    below, level = values < cut, values == cut
    drawn = (size - below.sum(axis=1)) / level.sum(axis=1)  # share of the tied pixels that fit below the cut
    return ((below & inside).sum(axis=1) + drawn * (level & inside).sum(axis=1)) / size
