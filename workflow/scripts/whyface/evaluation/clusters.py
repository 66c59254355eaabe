"""Errors sorted by what they have in common: each is counted to the worst slice that explains most of them."""

import numpy as np
import pandas as pd

from whyface.evaluation.slices import LEVEL
from whyface.tables.schemas import CLUSTERS

NAMES = ["class", "condition", "and_condition"]


def worst_slices(slices: pd.DataFrame) -> pd.DataFrame:
    """Choose the slices that stood the test, by excess errors, most first."""
    worst = slices[slices["adjusted"].le(LEVEL)]
    return worst.sort_values(["excess", *NAMES], ascending=[False, True, True, True], ignore_index=True)


def cluster_errors(pairs: pd.DataFrame, conditions: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Count each error to one worst slice, greedily: always to the one with most excess errors left.

    Returns
    -------
    pandas.DataFrame
        The table clusters.
    """
    wrong = pairs["outcome"].isin(["false-match", "false-non-match"]).to_numpy()
    kinds = np.where(pairs["is_genuine"].to_numpy(bool), "genuine", "impostor")
    worst, left, where = worst_slices(slices), wrong.copy(), np.full(len(pairs), -1)
    held = [_holds(row, kinds, conditions) for row in worst.to_dict("records")]
    expected = (worst["n"] * worst["rest"]).tolist()
    open_slices = set(range(len(held)))
    while open_slices:
        excess = {place: (held[place] & left).sum() - expected[place] for place in sorted(open_slices)}
        best = max(excess, key=lambda place: excess[place])
        if excess[best] <= 0:
            break
        where[held[best] & left] = best
        left &= ~held[best]
        open_slices.remove(best)
    named = worst.reindex(where[wrong])[NAMES[1:]].fillna("").reset_index(drop=True)
    found = {"pair_id": pairs["pair_id"].to_numpy()[wrong], "class": kinds[wrong], **named.to_dict("list")}
    return pd.DataFrame(found)[CLUSTERS.schema.names]


def _holds(row: dict, kinds: np.ndarray, conditions: pd.DataFrame) -> np.ndarray:
    """Say which pairs a slice holds."""
    inside = kinds == row["class"]
    for condition in filter(None, (row["condition"], row["and_condition"])):
        inside &= _meets(condition, conditions)
    return inside


def _meets(condition: str, conditions: pd.DataFrame) -> np.ndarray:
    """Say which pairs meet "column=value"; a column's own name may hold "="."""
    column = next(
        name
        for name in conditions
        if f"{name}=" == condition[: len(name) + 1] and _has(conditions[name], condition[len(name) + 1 :])
    )
    return (conditions[column] == condition[len(column) + 1 :]).to_numpy()


def _has(column: pd.Series, value: str) -> bool:
    return bool(column.eq(value).any())
