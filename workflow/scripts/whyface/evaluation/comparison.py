"""Two models on the same pairs: how often only one is right, and whether the difference is more than chance."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import bdtr

from whyface.evaluation import bootstrap

RIGHT = ("true-match", "true-non-match")


def compare_models(pairs: pd.DataFrame, scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare every two models on the labelled pairs that both decided.

    Parameters
    ----------
    pairs : pandas.DataFrame
        A pairs table.
    scores : mapping of str to pandas.DataFrame
        Scores tables of the same dataset, by model.

    Returns
    -------
    pandas.DataFrame
        A comparisons table.
    """
    # As numbers, so that a pair without an outcome is NaN.
    right = {
        model: pairs["pair_id"].map(table.set_index("pair_id")["outcome"]).map(_is_right)
        for model, table in scores.items()
    }
    return pd.DataFrame(
        [_compare(a, b, right[a], right[b], pairs) for a, b in combinations(scores, 2)], columns=_COLUMNS
    )


_COUNTS = ["both_right", "only_a_right", "only_b_right", "both_wrong"]
_COLUMNS = ["model_a", "model_b", *_COUNTS, "p_value", "difference", "ci_low", "ci_high"]


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value of McNemar's test: the chance of so uneven a split, or worse, of the disagreements.

    Of two equally good models, each is right in half of the disagreements (McNemar 1947; exact binomial).
    """
    return float(min(1.0, 2 * bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def _is_right(outcome: object) -> float:
    return np.nan if pd.isna(outcome) else float(outcome in RIGHT)  # type: ignore[call-overload]


def _compare(model_a: str, model_b: str, right_a: pd.Series, right_b: pd.Series, pairs: pd.DataFrame) -> tuple:
    both = right_a.notna() & right_b.notna()
    a, b = right_a[both].to_numpy(float), right_b[both].to_numpy(float)
    counts = [int(np.sum((a == x) & (b == y))) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
    if not len(a):
        return (model_a, model_b, *counts, np.nan, np.nan, np.nan, np.nan)
    weights = bootstrap.replicate_weights(pairs[both])
    error = bootstrap.standard_errors(lambda w: np.array([w @ (a - b) / w.sum()]), weights)[0]
    difference = float(np.mean(a - b))
    if error == 0:
        # All replicates agree: the pairs' differences are equal (the models never disagree, say), or their weights are
        # (all show one person). That says no more than the rule of three.
        error = bootstrap.RULE_OF_THREE / len(a) / bootstrap.Z
    low, high = bootstrap.plain_interval(difference, error)
    return (model_a, model_b, *counts, mcnemar(counts[1], counts[2]), difference, max(low, -1.0), min(high, 1.0))
