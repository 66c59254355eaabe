"""What pairs can have in common: a value of a group column, or a third of a quality. A person is no condition."""

import numpy as np
import pandas as pd

from whyface.evaluation.groups import collect_groups, is_range
from whyface.scores.qualities import pair_qualities

WORSE = ", worse image"
THIRDS = ("worst third", "middle third", "best third")
RANGES = ("lowest third", "middle third", "highest third")


def find_conditions(pairs: pd.DataFrame, images: pd.DataFrame, qualities: pd.DataFrame) -> pd.DataFrame:
    """Say what is true of each pair.

    Parameters
    ----------
    pairs : pandas.DataFrame
        n rows of the table pairs, group columns included.
    images : pandas.DataFrame
        The table, of its collection.
    qualities : pandas.DataFrame
        From `image_qualities`.

    Returns
    -------
    pandas.DataFrame
        n rows of text as categories: group columns, those of many numbers as thirds, and the quality of the worse image
        as thirds.
    """
    groups, _ = collect_groups(pairs, images)
    columns = {
        str(name): into_thirds(groups[name].astype(float).to_numpy(), RANGES)
        if is_range(groups[name])
        else groups[name]
        for name in groups
    }
    for name, worse, _ in pair_qualities(pairs, qualities):
        columns[f"{name}{WORSE}"] = into_thirds(worse, THIRDS)
    return pd.DataFrame({name: pd.Categorical(column) for name, column in columns.items()}, index=pairs.index)


def into_thirds(values: np.ndarray, names: tuple[str, str, str]) -> np.ndarray:
    """Name the third that each value is in; None where it is unknown, or if equal values leave fewer parts."""
    known = values[~np.isnan(values)]
    edges = np.quantile(known, [1 / 3, 2 / 3]) if len(known) else np.zeros(2)
    third = np.searchsorted(edges, values, "left")
    if len(np.unique(third[~np.isnan(values)])) < len(names):
        return np.full(len(values), None, object)
    named = np.array(names, object)[np.minimum(third, 2)]
    named[np.isnan(values)] = None
    return named
