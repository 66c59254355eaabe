"""Whom the pairs judged and the pairs of a fit both show; only within a collection, where a name is one person."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whyface.scores.confidence import rows_of_fold


def number_people(judged: pd.DataFrame, taught: Mapping[str, pd.DataFrame]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Give the same people the same numbers everywhere; an image without a subject is a person of its own.

    Parameters
    ----------
    judged : pandas.DataFrame
        n pairs: columns subject_a, subject_b, image_a, image_b.
    taught : mapping of str to pandas.DataFrame
        The pairs to fit on, by dataset.

    Returns
    -------
    tuple
        n x 2, the people of the pairs judged; and those of each dataset.
    """
    everyone = pd.concat([judged, *taught.values()])
    sides = [
        everyone[f"subject_{s}"].where(everyone[f"subject_{s}"] != "", "\0" + everyone[f"image_{s}"]) for s in "ab"
    ]
    codes = pd.factorize(pd.concat(sides))[0].reshape(2, -1).T
    own, *others = np.split(codes, np.cumsum([len(judged), *map(len, taught.values())])[:-1])
    return own, dict(zip(taught, others, strict=True))


def shows_any(people: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Tell which pairs, given by their people, show somebody of `of`; faster than `numpy.isin`."""
    wanted = np.zeros(max(people.max(initial=0), of.max(initial=0)) + 1, bool)
    wanted[of] = True
    return wanted[people].any(axis=1)


def count_shared(people: np.ndarray, taught: np.ndarray) -> int:
    """Count the people that two sets of pairs share."""
    return len(np.intersect1d(people, taught))


def count_shared_by_folds(judged: pd.DataFrame, people: np.ndarray, training: pd.DataFrame, taught: np.ndarray) -> int:
    """Count the people of a dataset whose fold is judged by other folds that show them too."""
    shared = [
        np.intersect1d(people[rows_of_fold(judged, fold)], taught[(training["fold"] != fold).to_numpy(bool)])
        for fold in judged["fold"].unique()
    ]
    return len(np.unique(np.concatenate(shared)))
