"""How far a likelihood ratio can be believed: no further than the pairs behind it support."""

import numpy as np

STEP = 0.01  # log10


def supported_range(log_odds: np.ndarray, is_genuine: np.ndarray) -> tuple[float, float]:
    """Bound likelihood ratios to what the pairs support (ELUB, Vergeer et al. 2016).

    A ratio is supported while decisions at it, with one more misleading pair in either class, cost no more than
    decisions without any evidence.

    Parameters
    ----------
    log_odds : numpy.ndarray
        n, natural log likelihood ratios of the pairs of the fit.
    is_genuine : numpy.ndarray
        n, bool; both classes.

    Returns
    -------
    tuple of float
        Lowest and highest supported log10 likelihood ratio; 0 lies between them.
    """
    ratios = log_odds / np.log(10)
    genuine, impostor = np.sort(ratios[is_genuine]), np.sort(ratios[~is_genuine])
    low = max(ratios.min(), -np.log10(len(genuine) + 1))
    high = min(ratios.max(), np.log10(len(impostor) + 1))
    first, last = min(0, int(low // STEP)), max(0, int(high // STEP) + 1)
    at = np.linspace(first * STEP, last * STEP, last - first + 1)
    missed = (np.searchsorted(genuine, at, "right") + 1) / (len(genuine) + 1)
    accepted = (len(impostor) - np.searchsorted(impostor, at, "right") + 1) / (len(impostor) + 1)
    costly = missed + 10**at * accepted > np.minimum(1, 10**at)
    lowest = np.max(at[costly & (at <= 0)] + STEP, initial=at[0])
    highest = np.min(at[costly & (at >= 0)] - STEP, initial=at[-1])
    return min(float(lowest), 0.0), max(float(highest), 0.0)
