"""Rows of the table fidelity: what a number says, its interval, and how many pairs and people are behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whyface.evaluation.people import People
from whyface.fidelity.normalisation import Estimate
from whyface.tables.schemas import FIDELITY

POOLED = {"method": "", "side": "both", "sign": "", "fill": "", "kind": "", "region": ""}


def make_rows(
    keys: Iterable[Mapping[str, str]], estimates: Sequence[Estimate], pairs: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """Make the rows of estimates over the same pairs.

    Parameters
    ----------
    keys : iterable of mapping of str to str
        What each estimate says: its score, and other columns of the key that are not as in `POOLED`.
    estimates : sequence of tuple of float
        Value and interval of each.
    pairs : pandas.DataFrame
        Columns as for `People`.
    """
    people = People(pairs).count(np.arange(len(pairs)))
    for key, (value, low, high) in zip(keys, estimates, strict=True):
        yield {**POOLED, **key, "value": value, "ci_low": low, "ci_high": high, "n": len(pairs), "people": people}


def fidelity_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make the table; without rows it is empty."""
    return pd.DataFrame(list(rows), columns=FIDELITY.schema.names)
