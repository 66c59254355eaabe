"""Rows of the table fidelity: a score's mean over pairs, with an interval over people."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whyface.evaluation import bootstrap
from whyface.tables.schemas import FIDELITY

Estimate = tuple[float, float, float]  # value, and its 95 % interval
POOLED = {"method": "", "side": "both", "sign": "", "fill": "", "kind": "", "region": ""}


def make_row(score: str, estimate: Sequence[float], pairs: pd.DataFrame, **about: str) -> dict[str, Any]:
    """Make a row of an estimate over pairs; `about` says what it is for where that is not everything."""
    numbers = dict(zip(("value", "ci_low", "ci_high"), estimate, strict=True))
    return {**POOLED, **about, "score": score, **numbers, "n": len(pairs), "people": bootstrap.subject_codes(pairs)[2]}


def fidelity_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Make the table; without rows it is empty."""
    return pd.DataFrame(list(rows), columns=FIDELITY.schema.names)


def estimate_means(values: np.ndarray, pairs: pd.DataFrame, are_shares: np.ndarray | bool = False) -> list[Estimate]:
    """Average each column over pairs.

    Parameters
    ----------
    values : numpy.ndarray
        Pairs x m.
    pairs : pandas.DataFrame
        Columns as for `bootstrap.subject_codes`; at least one pair.
    are_shares : numpy.ndarray or bool
        m, bool: which columns run from 0 to 1, so that intervals end there.

    Returns
    -------
    list of tuple of float
        m means with their 95 % intervals over people; NaN intervals for a single person.
    """
    means, errors = values.mean(axis=0), np.full(values.shape[1], np.nan)
    if bootstrap.subject_codes(pairs)[2] > 1:
        weights = bootstrap.replicate_weights(pairs)
        errors = bootstrap.standard_errors(lambda w: w @ values / w.sum(), weights)
    shares = np.broadcast_to(are_shares, means.shape)
    return [_estimate(*one, len(pairs)) for one in zip(means.tolist(), errors.tolist(), shares, strict=True)]


def _estimate(mean: float, error: float, is_share: bool, pairs: int) -> Estimate:
    low, high = bootstrap.share_interval(mean, error, pairs) if is_share else bootstrap.plain_interval(mean, error)
    return mean, low, high
