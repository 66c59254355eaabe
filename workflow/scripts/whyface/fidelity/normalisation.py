"""Effects as a share of what is possible: a random order of the same smoothness is 0, the greedy oracle is 1."""

import numpy as np
import pandas as pd

from whyface.evaluation import bootstrap

NO_EFFECT = 1e-6  # of distance, or log10 likelihood ratio: what single precision rounds away


def normalise(
    value: np.ndarray, random: np.ndarray, oracle: np.ndarray, pairs: pd.DataFrame
) -> tuple[float, float, float]:
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
        The share and its 95 % interval over people; as for `ratio_of_means`.
    """
    return ratio_of_means(value - random, oracle - random, pairs)


def ratio_of_means(part: np.ndarray, whole: np.ndarray, pairs: pd.DataFrame) -> tuple[float, float, float]:
    """Divide two means over the same pairs, with an interval over people.

    With a whole of 1 this is the mean of `part`. How far one map's share lies above another's is the difference of
    their effects, divided by oracle - random.

    Parameters
    ----------
    part, whole : numpy.ndarray
        One number for each pair.
    pairs : pandas.DataFrame
        Columns as for `bootstrap.subject_codes`.

    Returns
    -------
    tuple of float
        The ratio and its 95 % interval. All are NaN where the whole is not above 0, as for a model that ignores what is
        covered: there is nothing to have a share of. The interval alone is NaN for a single person.
    """
    if not len(pairs) or not np.mean(whole) > NO_EFFECT:
        return np.nan, np.nan, np.nan
    value = float(np.mean(part) / np.mean(whole))
    if bootstrap.subject_codes(pairs)[2] < 2:
        return value, np.nan, np.nan
    both = np.stack([part, whole], axis=1)  # pairs x 2
    error = bootstrap.standard_errors(
        lambda w: np.atleast_1d(np.divide(*(w @ both))), bootstrap.replicate_weights(pairs)
    )[0]
    return (value, *bootstrap.plain_interval(value, float(error)))
