"""Two models on the same pairs, by hand and against SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t, ttest_1samp

from whyface.evaluation.comparison import compare_models
from whyface.tables import parquet as tables
from whyface.tables import schemas

RIGHT, WRONG = "true-match", "false-non-match"


def make(outcomes):
    n = len(next(iter(outcomes.values())))
    ids = [f"{i:06d}" for i in range(n)]
    people = [f"p{i}" for i in range(n)]
    pairs = pd.DataFrame({"pair_id": ids, "subject_a": people, "subject_b": people, "image_a": ids, "image_b": ids})
    return pairs, {name: pd.DataFrame({"pair_id": ids, "outcome": column}) for name, column in outcomes.items()}


def test_independent_people_have_the_t_test_of_the_differences():
    a, b = [RIGHT] * 9 + [WRONG] * 15, [WRONG] * 8 + [RIGHT] + [WRONG] * 4 + [RIGHT] * 11
    row = compare_models(*make({"a": a, "b": b})).iloc[0]
    expected = ttest_1samp(np.array([one == RIGHT for one in a], float) - [one == RIGHT for one in b], 0)
    # All but four make the difference: as many degrees of freedom as in the textbook. Leaving people out makes the
    # error larger by sqrt(24 / 23).
    reach = t.ppf(0.975, 23) * abs(row.difference / expected.statistic) * np.sqrt(24 / 23)
    assert (row.ci_high - row.ci_low) / 2 == pytest.approx(reach)
    assert row.p_value == pytest.approx(2 * t.sf(abs(expected.statistic) * np.sqrt(23 / 24), 23))
    assert row.people == 24


def test_the_p_value_never_contradicts_the_interval():
    rng = np.random.default_rng(0)
    for _ in range(40):
        columns = {name: np.where(rng.random(60) < rng.uniform(0.5, 0.95), RIGHT, WRONG).tolist() for name in "ab"}
        pairs, scores = make(columns)
        row = compare_models(pairs.assign(subject_b=pairs["subject_a"].to_numpy()[np.arange(60) // 3]), scores).iloc[0]
        assert (row.p_value < 0.05) == (row.ci_low > 0 or row.ci_high < 0)


def test_pairs_of_one_person_prove_nothing():
    pairs, scores = make({"a": [RIGHT] * 200, "b": [RIGHT] * 150 + [WRONG] * 50})
    row = compare_models(pairs.assign(subject_a="x", subject_b="x"), scores).iloc[0]
    assert row.difference == 0.25 and row.people == 1
    assert np.isnan([row.ci_low, row.ci_high, row.p_value]).all()


def test_counts_by_hand(tmp_path):
    a = [RIGHT] * 6 + [RIGHT] * 3 + [WRONG] * 1 + [WRONG] * 2 + [None] * 2
    b = [RIGHT] * 6 + [WRONG] * 3 + [RIGHT] * 1 + [WRONG] * 2 + [RIGHT] * 2
    found = compare_models(*make({"a": a, "b": b}))
    tables.write_table(found, tmp_path / "c.parquet", schemas.COMPARISONS)
    row = found.iloc[0]
    assert row[["both_right", "only_a_right", "only_b_right", "both_wrong"]].tolist() == [6, 3, 1, 2]
    assert row.difference == pytest.approx(2 / 12)
    assert row.people == 12


def test_every_two_models_are_compared():
    found = compare_models(*make({name: [RIGHT, WRONG] for name in "abc"}))
    assert list(zip(found["model_a"], found["model_b"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found["p_value"].isna().all(), "two pairs prove nothing"


def test_models_that_never_disagree_may_yet_differ():
    row = compare_models(*make({name: [RIGHT, WRONG] * 30 for name in "ab"})).iloc[0]
    assert row.difference == 0 and row.p_value == 1
    assert (row.ci_low, row.ci_high) == pytest.approx((-3 / 60, 3 / 60)), "the rule of three"


def test_no_labelled_pairs_give_nothing_to_compare():
    row = compare_models(*make({"a": [None, None], "b": [None, None]})).iloc[0]
    assert row.both_right == 0 and np.isnan(row.p_value)
