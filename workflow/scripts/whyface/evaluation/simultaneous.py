"""Several estimates at once: the level for each at which all of them together err in 5 of 100 sets.

Estimates from the same people move together, so the largest of their errors is drawn: normal ones with the correlation
that the people's influences give (the multiplier bootstrap over people: Chernozhukov, Chetverikov and Kato 2013). Each
estimate keeps its own Student's t, at the level that the largest error leaves. Bonferroni's level is the least it can
be, as if the estimates had nothing in common.
"""

import numpy as np
from scipy.special import ndtr

LEVEL = 0.05
DRAWS, SEED = 20_000, 0


def joint_level(effects: np.ndarray) -> float:
    """Find the level for each of several estimates at which any of them errs in 5 of 100 sets.

    Parameters
    ----------
    effects : numpy.ndarray
        k x people, what each person does to each estimate, from `People.effects`; an estimate that nobody changes
        counts for nothing.

    Returns
    -------
    float
        0.05 / k to 0.05: two-sided, the same for all.
    """
    lengths = np.linalg.norm(effects, axis=1)
    told = effects[lengths > 0] / lengths[lengths > 0, None]
    if len(told) < 2:
        return LEVEL
    values, axes = np.linalg.eigh(told @ told.T)
    roots = axes * np.sqrt(np.maximum(values, 0))
    largest = np.abs(roots @ np.random.default_rng(SEED).standard_normal((len(told), DRAWS))).max(axis=0)
    return float(np.clip(2 * ndtr(-np.quantile(largest, 1 - LEVEL)), LEVEL / len(told), LEVEL))


def step_down(p_values: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Find the differences that are more than chance, all of them together (step-down: Romano and Wolf 2005).

    Those found leave room for the others: the level is found again without them, until no further one is found.

    Parameters
    ----------
    p_values : numpy.ndarray
        k, of each difference alone; NaN: too few people to tell.
    effects : numpy.ndarray
        k x people.

    Returns
    -------
    numpy.ndarray
        k, bool.
    """
    found = np.zeros(len(p_values), bool)
    while not found.all():
        further = ~found & (p_values < joint_level(effects[~found]))
        if not further.any():
            break
        found |= further
    return found
