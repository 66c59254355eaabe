"""Two models on the same pairs: how often only one is right, and whether the difference is more than chance."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtr

from whyface.evaluation import intervals
from whyface.evaluation.people import People, Spread, mean_part

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
_COLUMNS = ["model_a", "model_b", *_COUNTS, "p_value", "difference", "ci_low", "ci_high", "people"]


def _is_right(outcome: object) -> float:
    return np.nan if pd.isna(outcome) else float(outcome in RIGHT)  # type: ignore[call-overload]


def _compare(model_a: str, model_b: str, right_a: pd.Series, right_b: pd.Series, pairs: pd.DataFrame) -> tuple:
    both = right_a.notna() & right_b.notna()
    a, b = right_a[both].to_numpy(float), right_b[both].to_numpy(float)
    counts = [int(np.sum((a == x) & (b == y))) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
    if not len(a):
        return (model_a, model_b, *counts, np.nan, np.nan, *intervals.NONE, 0)
    spread = some_error(People(pairs[both]).spread([mean_part(np.arange(len(a)), a - b)]))
    difference = float(np.mean(a - b))
    low, high = intervals.plain_interval(difference, spread)
    ends = np.clip([low, high], -1, 1).tolist()
    return (model_a, model_b, *counts, p_value(difference, spread), difference, *ends, spread.people)


def some_error(spread: Spread) -> Spread:
    """Give a difference that is the same for all pairs (the models never disagree, say) the rule of three's error."""
    return spread if spread.error else spread._replace(error=intervals.RULE_OF_THREE / spread.apart / spread.reach)


def p_value(difference: float, spread: Spread) -> float:
    """Chance of so large a difference, or a larger one, if there is none: Student's t, two-sided; NaN for too few.

    It is below 5 % where the 95 % interval excludes 0. McNemar's test, which takes pairs for independent, is not.
    """
    if np.isnan(spread.error):
        return np.nan
    return float(2 * stdtr(spread.freedom, -abs(difference) / spread.error))
