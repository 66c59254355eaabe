"""Ends of ranges that ordinary sets do not reach: just as many values as make groups, models that hardly agree."""

import numpy as np
import pytest
from test_comparison import RIGHT, WRONG
from test_comparison import make as make_outcomes
from test_groups import made_images, made_pairs

from uneven_sets import METHOD, fabricate
from whyface.evaluation.comparison import compare_models
from whyface.evaluation.groups import MOST_VALUES, collect_groups, is_range
from whyface.evaluation.metrics_table import evaluate_dataset


def groups_of_values(values, number):
    """Give every pair's images one value, of which there are `values`, as numbers or as text."""
    own = np.arange(60) % values
    images = made_images(60, size=np.tile(own if number else np.char.add("no. ", own.astype(str)), 2))
    return collect_groups(made_pairs(60), images)[0]


@pytest.mark.parametrize("number", [True, False])
def test_as_many_values_as_make_groups_and_one_more(number):
    assert groups_of_values(MOST_VALUES, number)["size"].nunique() == MOST_VALUES
    assert groups_of_values(MOST_VALUES + 1, number).empty, "too many texts; of numbers, the difference is always 0"


def test_a_number_that_is_missing_is_none():
    groups, _ = collect_groups(made_pairs(60, age=np.append(np.arange(59) / 2, np.nan)), made_images(60))
    assert is_range(groups["age"]) and groups["age"][1] == 0.5 and groups["age"][59] is None


def test_groups_of_images_keep_the_rows_of_their_pairs():
    pairs = made_pairs(4).set_index(np.arange(4) + 7)
    groups, _ = collect_groups(pairs, made_images(4, pose=["front"] * 5 + ["side"] * 3))
    assert groups["pose"].to_dict() == dict(zip(range(7, 11), ["front + front"] + ["front + side"] * 3, strict=True))


@pytest.mark.parametrize(("impostors", "supported"), [(30, True), (29, False)])
def test_an_fmr_is_claimed_from_just_as_many_impostor_pairs_as_support_it(impostors, supported):
    metrics, *_ = evaluate_dataset(**fabricate(0, impostors=impostors, failed=0), method=METHOD)
    row = metrics.set_index("metric").loc["fnmr_at_fmr_1e-1"]
    assert (row["value"] == row["value"]) == supported


def test_an_interval_of_a_difference_ends_at_1_and_minus_1():
    a, b = [RIGHT] * 20, [WRONG] * 19 + [RIGHT]
    for first, second, end in ((a, b, "ci_high"), (b, a, "ci_low")):
        row = compare_models(*make_outcomes({"a": first, "b": second})).iloc[0]
        assert abs(row["difference"]) == pytest.approx(0.95) and abs(row[end]) == 1


def test_nothing_to_compare_shows_nobody():
    row = compare_models(*make_outcomes({"a": [None, RIGHT], "b": [RIGHT, None]})).iloc[0]
    assert row["people"] == 0 and np.isnan([row["difference"], row["p_value"], row["ci_low"], row["ci_high"]]).all()
