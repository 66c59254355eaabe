"""Maps that know less than a right map must: nothing of their pair, or nothing of the model."""

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

CENTRE_SIGMA = 1 / 4  # of the side
BLUR_SIGMA = 1 / 14  # of the side: a patch of 8 px at 112
DIFFERENCE_SIGMA = 1 / 28  # of the side
SEED = 0
CENTRE_PRIOR, RANDOM_MAP = "centre prior", "random map"


def control_maps(
    maps: np.ndarray, people: np.ndarray, crops_a: np.ndarray, crops_b: np.ndarray
) -> dict[str, np.ndarray]:
    """Make every control of a method's maps.

    Parameters
    ----------
    maps : numpy.ndarray
        n x side x side: one face's maps of n pairs.
    people : numpy.ndarray
        As for `other_pair`.
    crops_a, crops_b : numpy.ndarray
        uint8, n x pixels x pixels x 3: both faces.

    Returns
    -------
    dict of str to numpy.ndarray
        n x side x side each, by name.
    """
    return {
        CENTRE_PRIOR: np.broadcast_to(centre_prior(maps.shape[-1]), maps.shape),
        "mean map": mean_map(maps),
        RANDOM_MAP: random_maps(maps, np.random.default_rng(SEED)),
        "blurred map": blurred(maps),
        "another pair's map": other_pair(maps, people),
        "pixel difference": pixel_difference(crops_a, crops_b, maps.shape[-1]),
    }


def centre_prior(side: int) -> np.ndarray:
    """Make a negative Gaussian blob in the middle of the face; side x side, -1 at the centre."""
    offset = np.arange(side) - (side - 1) / 2
    line = np.exp(-0.5 * (offset / (CENTRE_SIGMA * side)) ** 2)
    return -np.outer(line, line)


def random_maps(like: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make random maps as smooth as given ones: the same power spectrum and mean, the phases of white noise.

    The spectrum is that of a map whose edges meet, so a random map is smooth across its edges too.

    Parameters
    ----------
    like : numpy.ndarray
        n x side x side.
    rng : numpy.random.Generator
        Draws the phases.

    Returns
    -------
    numpy.ndarray
        float64, n x side x side.
    """
    like = np.asarray(like, np.float64)
    noise = np.fft.rfft2(rng.standard_normal(like.shape))
    spectrum = np.fft.rfft2(like)
    drawn = np.abs(spectrum) * noise / np.abs(noise)
    drawn[:, 0, 0] = spectrum[:, 0, 0]  # the mean, whose sign is its phase
    return np.fft.irfft2(drawn, s=like.shape[1:])


def blurred(maps: np.ndarray) -> np.ndarray:
    """Blur maps; n x side x side."""
    sigma = BLUR_SIGMA * maps.shape[-1]
    return gaussian_filter(np.asarray(maps, np.float64), (0, sigma, sigma), mode="nearest")


def mean_map(maps: np.ndarray) -> np.ndarray:
    """Average all maps but each one's own; n x side x side, zeros where there is no other."""
    maps = np.asarray(maps, np.float64)
    return (maps.sum(axis=0) - maps) / max(len(maps) - 1, 1)


def other_pair(maps: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Give each pair the map of the next pair, in cyclic order, that shares nobody with it.

    Parameters
    ----------
    maps : numpy.ndarray
        n x side x side.
    people : numpy.ndarray
        n, or n x 2: who is on each pair's photos.

    Returns
    -------
    numpy.ndarray
        n x side x side; zeros where every pair shares somebody.
    """
    others = np.zeros_like(maps)
    on_photos = [set(np.atleast_1d(one).tolist()) for one in people]
    for own, shown in enumerate(on_photos):
        order = (np.arange(1, len(maps)) + own) % len(maps)
        following = next((i for i in order if shown.isdisjoint(on_photos[i])), None)
        if following is not None:
            others[own] = maps[following]
    return others


def pixel_difference(crops_a: np.ndarray, crops_b: np.ndarray, side: int) -> np.ndarray:
    """Compare the colours of two crops, blurred: lowest where they differ most, whether the model cares or not.

    Parameters
    ----------
    crops_a, crops_b : numpy.ndarray
        uint8, n x pixels x pixels x 3.
    side : int
        Side of the maps, at most that of the crops.

    Returns
    -------
    numpy.ndarray
        n x side x side.
    """
    differences = np.abs(crops_a.astype(np.float32) - crops_b).mean(axis=3)
    sigma = DIFFERENCE_SIGMA * differences.shape[-1]
    smooth = gaussian_filter(differences, (0, sigma, sigma), mode="nearest")
    return -np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in smooth])
