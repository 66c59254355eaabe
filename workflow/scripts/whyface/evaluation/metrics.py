"""Metrics of weighted pairs, in the terms of ISO/IEC 19795-1 and Bruemmer and du Preez (2006).

Every function takes a weight for each pair: all 1 for the metric itself, random ones for its interval. Tallies are the
weights of the genuine and of the impostor pairs at each distinct score, from the most alike to the least.
"""

import numpy as np
from scipy.optimize import isotonic_regression


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


def point_at_fmr(fmr: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Operating points of lowest FNMR among those whose FMR does not exceed each target."""
    # The tolerance is for rounding: sums of weights differ from the target in the last bits.
    return np.searchsorted(fmr, np.asarray(targets) * (1 + 1e-9), "right") - 1


def area_under_roc(genuine: np.ndarray, impostor: np.ndarray) -> float:
    """How often a genuine pair is closer than an impostor pair, ties counting one half."""
    closer = np.cumsum(genuine) - genuine / 2
    return float(impostor @ closer / (genuine.sum() * impostor.sum()))


def d_prime(distances: np.ndarray, is_genuine: np.ndarray, weights: np.ndarray) -> float:
    """Distance of the two means in units of the root mean variance (decidability, Daugman 2000); NaN without one."""
    means, variances = [], []
    for kind in (is_genuine, ~is_genuine):
        share = weights * kind
        share /= share.sum()
        means.append(share @ distances)
        variances.append(share @ (distances - means[-1]) ** 2)
    spread = np.sqrt(sum(variances) / 2)
    return float(abs(means[1] - means[0]) / spread) if spread > 0 else np.nan


def pair_costs(log_odds: np.ndarray, is_genuine: np.ndarray) -> np.ndarray:
    """Compute what each pair contributes to Cllr, in bits: log2(1 + 1 / LR) if genuine, log2(1 + LR) if not."""
    with np.errstate(invalid="ignore"):  # a failed fit's ratios are NaN, and so are its costs
        return np.logaddexp(0, np.where(is_genuine, -log_odds, log_odds)) / np.log(2)


def cllr(costs: np.ndarray, is_genuine: np.ndarray, weights: np.ndarray) -> float:
    """Cost of the log likelihood ratios, in bits (Bruemmer and du Preez 2006, eq. 12), from `pair_costs`."""
    genuine = weights * is_genuine
    impostor = weights - genuine
    return float((genuine @ costs / genuine.sum() + impostor @ costs / impostor.sum()) / 2)


def best_probabilities(genuine: np.ndarray, impostor: np.ndarray) -> np.ndarray:
    """Probabilities of genuine, prior 0.5, after the best monotone calibration on the same pairs (PAV)."""
    genuine, impostor = genuine / genuine.sum(), impostor / impostor.sum()
    mass = genuine + impostor
    found = np.full(len(mass), np.nan)
    filled = mass > 0
    pooled = isotonic_regression(genuine[filled] / mass[filled], weights=mass[filled], increasing=False)
    found[filled] = np.clip(pooled.x, 0, 1)
    return found


def cllr_min(genuine: np.ndarray, impostor: np.ndarray) -> float:
    """Cllr after the best monotone calibration on the same pairs: what discrimination alone costs."""
    p = best_probabilities(genuine, impostor)
    missed, accepted = genuine > 0, impostor > 0
    costs = -genuine[missed] @ np.log2(p[missed]) / genuine.sum()
    costs += -impostor[accepted] @ np.log2(1 - p[accepted]) / impostor.sum()
    return float(costs / 2)


def equal_mass_bins(p: np.ndarray, bins: int) -> np.ndarray:
    """Put values into bins that hold equally many, or one more; returns each value's bin."""
    found = np.empty(len(p), np.intp)
    for number, members in enumerate(np.array_split(np.argsort(p, kind="stable"), min(bins, len(p)))):
        found[members] = number
    return found


def calibration_error(gaps: np.ndarray, bins: np.ndarray, weights: np.ndarray) -> float:
    """Mean absolute gap between p and the share of genuine pairs in each bin (ECE).

    Parameters
    ----------
    gaps : numpy.ndarray
        p - is_genuine, for each pair.
    bins : numpy.ndarray
        From `equal_mass_bins`.
    weights : numpy.ndarray
        Of the pairs.
    """
    return float(np.abs(np.bincount(bins, weights * gaps)).sum() / weights.sum())
