"""The error rate of a slice less that of other pairs, tested with its spread over people: pair by pair."""

import numpy as np
from scipy.special import stdtr

from whyface.evaluation.people import FREE, LEAST_FREE, LEAST_PAIRS, MOST_SHARE, People


def p_value(people: People, inside: np.ndarray, rest: np.ndarray, wrong: np.ndarray) -> float:
    """One-sided p-value that a slice is no worse than the rest, by `People.spread`; NaN for too few people.

    Parameters
    ----------
    people : People
        The people of all pairs.
    inside, rest : numpy.ndarray
        Rows of the slice, and of the pairs it is compared with.
    wrong : numpy.ndarray
        n, bool: which pairs of the list are errors.
    """
    sides, two = people.numbers(np.concatenate([inside, rest]))
    who = sides.T.ravel()  # pair by pair
    places = np.flatnonzero(who >= 0)
    who, places = who[places], places // 2
    is_inside = places < len(inside)
    pairs = [np.bincount(who[own], minlength=who.max(initial=-1) + 1) for own in (is_inside, ~is_inside)]
    is_shown = pairs[0] + pairs[1] > 0
    shares = [own / len(rows) for own, rows in zip(pairs, (inside, rest), strict=True)]
    apart = min(float(share.sum() / (share**2).sum()) for share in (own[is_shown] for own in shares))
    if apart < LEAST_PAIRS * (1 - 1e-9):
        return np.nan
    means = [float(wrong[rows].mean()) for rows in (inside, rest)]
    parts = [(wrong[rows] - mean) / len(rows) for rows, mean in zip((inside, rest), means, strict=True)]
    alone = sum(len(part) / (len(part) - 1) * float((part**2).sum()) for part in parts)
    if alone <= 0:
        return 0.5  # all alike
    influence = np.concatenate([parts[0], -parts[1]])
    gone = np.where(is_inside, shares[0][who], shares[1][who])
    own = np.bincount(who, 1 / (1 - np.minimum(gone, MOST_SHARE)) * influence[places])[is_shown]
    met = np.bincount(two[two >= 0], influence[two >= 0])[np.bincount(two[two >= 0]) > 0]
    squares = own**2
    total = float(squares.sum())
    variance = max(total - float((met**2).sum()), alone)
    freedom = min(apart - 1, max(LEAST_FREE, FREE * (total * total / float((squares**2).sum())) - 1))
    return float(stdtr(freedom, -(means[0] - means[1]) / np.sqrt(variance)))
