"""Whom the pairs judged and the pairs of a fit both show; only within a collection, where a name is one person."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whyface.evaluation.people import name_people
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
    codes = pd.factorize(pd.concat(name_people(everyone)))[0].reshape(2, -1).T
    own, *others = np.split(codes, np.cumsum([len(judged), *map(len, taught.values())])[:-1])
    return own, dict(zip(taught, others, strict=True))


def shows_any(people: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Tell which pairs, given by their people, show somebody of `of`."""
    return _mark(of, people)[people].any(axis=1)


def count_shared(people: np.ndarray, taught: np.ndarray) -> int:
    """Count the people that two sets of pairs share."""
    return int((_mark(people, taught) & _mark(taught, people)).sum())


def count_shared_by_folds(judged: pd.DataFrame, people: np.ndarray, training: pd.DataFrame, taught: np.ndarray) -> int:
    """Count the people of a dataset whose fold is judged by other folds that show them too."""
    seen = np.zeros(len(_mark(people, taught)), bool)
    for fold in judged["fold"].unique():
        others = taught[(training["fold"] != fold).to_numpy(bool)]
        seen |= _mark(people[rows_of_fold(judged, fold)], taught, people) & _mark(others, taught, people)
    return int(seen.sum())


def _mark(people: np.ndarray, *among: np.ndarray) -> np.ndarray:
    """Make a mask of these people, as long as needed for all; far faster than sorting."""
    marked = np.zeros(max(one.max(initial=-1) for one in (people, *among)) + 1, bool)
    marked[people] = True
    return marked
