"""Effects as a share of what is possible: a random order of the same smoothness is 0, the greedy oracle is 1."""

import numpy as np
import pandas as pd

from whyface.evaluation import intervals
from whyface.evaluation.people import NOBODY, Part, People, Spread

NO_EFFECT = 1e-6  # of distance, or log10 likelihood ratio: what single precision rounds away


Estimate = tuple[float, float, float]  # value, and its 95 % interval


def normalise(value: np.ndarray, random: np.ndarray, oracle: np.ndarray, pairs: pd.DataFrame) -> Estimate:
    """Normalise the mean effect: (value - random) / (oracle - random), each averaged over pairs.

    Parameters
    ----------
    value, random, oracle : numpy.ndarray
        Effects of the map's order, of random orders (their mean) and of the oracle's, one for each pair.
    pairs : pandas.DataFrame
        Whose effects they are; columns as for `People`.

    Returns
    -------
    tuple of float
        The share and its 95 % interval over people; as for `ratios_of_means`.
    """
    return ratio_of_means(value - random, oracle - random, pairs)


def ratio_of_means(part: np.ndarray, whole: np.ndarray, pairs: pd.DataFrame) -> Estimate:
    """Divide two means over the same pairs; n each. How far one map's share lies above another's is such a ratio.

    That is: the difference of their effects, divided by oracle - random. See `ratios_of_means`.
    """
    return ratios_of_means(np.reshape(part, (-1, 1)), np.reshape(whole, (-1, 1)), pairs)[0]


def ratios_of_means(
    part: np.ndarray, whole: np.ndarray, pairs: pd.DataFrame, are_shares: np.ndarray | bool = False
) -> list[Estimate]:
    """Divide means over the same pairs, column by column, with intervals over people.

    With a whole of 1 these are the means of `part`.

    Parameters
    ----------
    part, whole : numpy.ndarray
        Pairs x m.
    pairs : pandas.DataFrame
        Columns as for `People`.
    are_shares : numpy.ndarray or bool
        m, bool: which ratios lie between 0 and 1, so that their intervals end there.

    Returns
    -------
    list of tuple of float
        m ratios and their 95 % intervals. All are NaN where the whole is not above 0, as for a model that ignores what
        is covered: there is nothing to have a share of. The interval alone is NaN for too few people.
    """
    known = whole.mean(axis=0) > NO_EFFECT if len(pairs) else np.zeros(part.shape[1], bool)
    people, rows = People(pairs), np.arange(len(pairs))
    shares, found = np.broadcast_to(are_shares, known.shape), []
    for is_known, own, of, is_share in zip(known, part.T, whole.T, shares, strict=True):
        value, spread = np.nan, NOBODY
        if is_known:
            value = own.mean() / of.mean()
            influence = (own - value * of) / of.mean() / len(rows)
            spread = people.spread([Part(rows, influence)])
        found.append(_estimate(float(value), spread, is_share))
    return found


def _estimate(value: float, spread: Spread, is_share: bool) -> Estimate:
    if is_share:
        return value, *intervals.share_interval(value, spread)
    return value, *intervals.plain_interval(value, spread)
