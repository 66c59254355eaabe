"""Effects as a share of what is possible: a random order of the same smoothness is 0, the greedy oracle is 1."""

import numpy as np
import pandas as pd

from whyface.evaluation import bootstrap

NO_EFFECT = 1e-6  # of distance, or log10 likelihood ratio: what single precision rounds away


Estimate = tuple[float, float, float]  # value, and its 95 % interval


def normalise(value: np.ndarray, random: np.ndarray, oracle: np.ndarray, pairs: pd.DataFrame) -> Estimate:
    """Normalise the mean effect: (value - random) / (oracle - random), each averaged over pairs.

    Parameters
    ----------
    value, random, oracle : numpy.ndarray
        Effects of the map's order, of random orders (their mean) and of the oracle's, one for each pair.
    pairs : pandas.DataFrame
        Whose effects they are; columns as for `bootstrap.subject_codes`.

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
        Columns as for `bootstrap.subject_codes`.
    are_shares : numpy.ndarray or bool
        m, bool: which ratios lie between 0 and 1, so that their intervals end there.

    Returns
    -------
    list of tuple of float
        m ratios and their 95 % intervals. All are NaN where the whole is not above 0, as for a model that ignores what
        is covered: there is nothing to have a share of. The interval alone is NaN for a single person.
    """
    known = whole.mean(axis=0) > NO_EFFECT if len(pairs) else np.zeros(part.shape[1], bool)
    values, errors = np.full((2, len(known)), np.nan)
    if known.any():
        values[known] = part[:, known].mean(axis=0) / whole[:, known].mean(axis=0)
    if known.any() and bootstrap.subject_codes(pairs)[2] > 1:
        both = np.stack([part[:, known], whole[:, known]])  # 2 x pairs x m
        errors[known] = bootstrap.standard_errors(lambda w: np.divide(*(w @ both)), bootstrap.replicate_weights(pairs))
    shares = np.broadcast_to(are_shares, known.shape)
    return [_estimate(*one, len(pairs)) for one in zip(values.tolist(), errors.tolist(), shares, strict=True)]


def _estimate(value: float, error: float, is_share: bool, pairs: int) -> Estimate:
    low, high = bootstrap.share_interval(value, error, pairs) if is_share else bootstrap.plain_interval(value, error)
    return value, low, high
