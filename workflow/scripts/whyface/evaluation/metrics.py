"""Metrics of pairs, in the terms of ISO/IEC 19795-1 and Bruemmer and du Preez (2006).

Tallies are the numbers of genuine and of impostor pairs at each distinct score, from the most alike to the least.
"""

import numpy as np
import scipy  # loads scipy.optimize when it is used, which most jobs never do


def tally(place: np.ndarray, is_genuine: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Count the genuine and the impostor pairs at each of `length` scores, by the place of each pair's score."""
    impostor, genuine = np.bincount(place + length * is_genuine, minlength=2 * length).reshape(2, -1)
    return genuine, impostor


def det_points(genuine: np.ndarray, impostor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every operating point of "same iff distance < threshold".

    Parameters
    ----------
    genuine, impostor : numpy.ndarray
        m, tallies by rising distance.

    Returns
    -------
    tuple of numpy.ndarray
        m + 1 each: FMR, rising from 0 to 1, and FNMR, falling from 1 to 0; the thresholds are the m distances and
        infinity.
    """
    accepted = np.concatenate([[0.0], np.cumsum(impostor)])
    matched = np.concatenate([[0.0], np.cumsum(genuine)])
    return accepted / accepted[-1], 1 - matched / matched[-1]


def equal_error_rate(fmr: np.ndarray, fnmr: np.ndarray) -> tuple[float, int]:
    """Rate at which FMR and FNMR meet, interpolated between two operating points; and the second of them."""
    gap = fmr - fnmr  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    weight = -gap[before] / (gap[after] - gap[before])
    return float(fmr[before] + weight * (fmr[after] - fmr[before])), after


def point_at_fmr(fmr: np.ndarray, target: float) -> int:
    """Operating point of lowest FNMR among those whose FMR does not exceed the target."""
    # The tolerance is for rounding: a share differs from the target in the last bits.
    return int(np.searchsorted(fmr, target * (1 + 1e-9), "right")) - 1


def area_under_roc(genuine: np.ndarray, impostor: np.ndarray) -> float:
    """How often a genuine pair is closer than an impostor pair, ties counting one half."""
    closer = np.cumsum(genuine) - genuine / 2
    return float(impostor @ closer / (genuine.sum() * impostor.sum()))


def d_prime(distances: np.ndarray, is_genuine: np.ndarray) -> tuple[float, np.ndarray]:
    """Distance of the two means in units of the root mean variance (decidability, Daugman 2000); NaN without one.

    Returns
    -------
    float
        The metric.
    numpy.ndarray
        n, the influence of each pair on it.
    """
    deviations = np.zeros(len(distances))
    squares, means, variances = np.zeros(len(distances)), [], []
    for kind in (is_genuine, ~is_genuine):
        own = distances[kind]
        means.append(own.mean())
        variances.append(own.var())
        deviations[kind] = (own - means[-1]) / len(own) * (-1 if kind is is_genuine else 1)
        squares[kind] = ((own - means[-1]) ** 2 - variances[-1]) / len(own)
    difference, spread = means[1] - means[0], np.sqrt(sum(variances) / 2)
    if not spread > 0:
        return np.nan, squares
    value = abs(difference) / spread
    return float(value), np.sign(difference) * deviations / spread - value * squares / (4 * spread**2)


def pair_costs(log_odds: np.ndarray, is_genuine: np.ndarray) -> np.ndarray:
    """Compute what each pair contributes to Cllr, in bits: log2(1 + 1 / LR) if genuine, log2(1 + LR) if not."""
    with np.errstate(invalid="ignore"):  # a failed fit's ratios are NaN, and so are its costs
        return np.logaddexp(0, np.where(is_genuine, -log_odds, log_odds)) / np.log(2)


def cllr(costs: np.ndarray, is_genuine: np.ndarray) -> float:
    """Cost of the log likelihood ratios, in bits (Bruemmer and du Preez 2006, eq. 12), from `pair_costs`."""
    return float((costs[is_genuine].mean() + costs[~is_genuine].mean()) / 2)


def best_probabilities(genuine: np.ndarray, impostor: np.ndarray) -> np.ndarray:
    """Probabilities of genuine, prior 0.5, after the best monotone calibration on the same pairs (PAV)."""
    genuine, impostor = genuine / genuine.sum(), impostor / impostor.sum()
    mass = genuine + impostor
    found = np.full(len(mass), np.nan)
    filled = mass > 0
    pooled = scipy.optimize.isotonic_regression(genuine[filled] / mass[filled], weights=mass[filled], increasing=False)
    found[filled] = np.clip(pooled.x, 0, 1)
    return found


def best_costs(log_odds: np.ndarray, is_genuine: np.ndarray) -> np.ndarray:
    """Compute `pair_costs` after the best monotone calibration on the same pairs: what discrimination alone costs.

    Their Cllr is the least one. As the calibration is the best, it moves nothing to first order: the costs are also
    what each pair contributes to the figure's spread.
    """
    distinct, place = np.unique(-log_odds, return_inverse=True)
    p = best_probabilities(*tally(place, is_genuine, len(distinct)))[place]
    return -np.log2(np.where(is_genuine, p, 1 - p))


def equal_mass_bins(p: np.ndarray, bins: int) -> np.ndarray:
    """Put values into bins that hold equally many, or one more; returns each value's bin."""
    found = np.empty(len(p), np.intp)
    for number, members in enumerate(np.array_split(np.argsort(p, kind="stable"), min(bins, len(p)))):
        found[members] = number
    return found


def calibration_error(gaps: np.ndarray, bins: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean absolute gap between p and the share of genuine pairs in each bin (ECE).

    Parameters
    ----------
    gaps : numpy.ndarray
        n, p - is_genuine, for each pair.
    bins : numpy.ndarray
        n, from `equal_mass_bins`.

    Returns
    -------
    float
        The metric.
    numpy.ndarray
        n, each pair's gap, turned so that the gap of its bin is positive; the metric is their mean.
    """
    turned = np.sign(np.bincount(bins, gaps))[bins] * gaps
    return float(turned.mean()), turned
