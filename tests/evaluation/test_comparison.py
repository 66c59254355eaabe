"""Two models on the same pairs, by hand and against SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from whyface.evaluation.comparison import compare_models, mcnemar
from whyface.tables import parquet as tables
from whyface.tables import schemas

RIGHT, WRONG = "true-match", "false-non-match"


def make(outcomes):
    n = len(next(iter(outcomes.values())))
    ids = [f"{i:06d}" for i in range(n)]
    people = [f"p{i}" for i in range(n)]
    pairs = pd.DataFrame({"pair_id": ids, "subject_a": people, "subject_b": people, "image_a": ids, "image_b": ids})
    return pairs, {name: pd.DataFrame({"pair_id": ids, "outcome": column}) for name, column in outcomes.items()}


def test_mcnemar_by_hand_and_against_scipy():
    # One against five disagreements: 2 (1 + 6) / 64.
    assert mcnemar(1, 5) == pytest.approx(14 / 64)
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1
    for a, b in ((0, 8), (7, 2), (30, 51)):
        assert mcnemar(a, b) == pytest.approx(binomtest(a, a + b).pvalue)


def test_counts_by_hand(tmp_path):
    a = [RIGHT] * 6 + [RIGHT] * 3 + [WRONG] * 1 + [WRONG] * 2 + [None] * 2
    b = [RIGHT] * 6 + [WRONG] * 3 + [RIGHT] * 1 + [WRONG] * 2 + [RIGHT] * 2
    found = compare_models(*make({"a": a, "b": b}))
    tables.write_table(found, tmp_path / "c.parquet", schemas.COMPARISONS)
    row = found.iloc[0]
    assert row[["both_right", "only_a_right", "only_b_right", "both_wrong"]].tolist() == [6, 3, 1, 2]
    assert row.difference == pytest.approx(2 / 12)
    # Of 12 people each with one pair: the textbook's standard error of a mean.
    error = np.std([0] * 6 + [1] * 3 + [-1] + [0] * 2) / np.sqrt(12)
    assert (row.ci_high - row.ci_low) / 2 / 1.96 == pytest.approx(error, rel=0.15)
    assert row.p_value == pytest.approx(mcnemar(3, 1))


def test_every_two_models_are_compared():
    found = compare_models(*make({name: [RIGHT, WRONG] for name in "abc"}))
    assert list(zip(found["model_a"], found["model_b"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    # They never disagree, which two pairs do not prove.
    assert (found["ci_high"] == 1).all() and (found["p_value"] == 1).all()


def test_no_labelled_pairs_give_nothing_to_compare():
    row = compare_models(*make({"a": [None, None], "b": [None, None]})).iloc[0]
    assert row.both_right == 0 and np.isnan(row.p_value)
