"""What a list supports, against formulas worked by hand; and groups whose chances differ."""

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.group_balance import LEAST, group_balance
from whyface.evaluation.list_support import supported_figures
from whyface.lists.findings import NOTE, OK, to_frame


def list_of(rows):
    """List pairs (person of a, person of b); every side is an image of its own."""
    frame = pd.DataFrame(rows, columns=["subject_a", "subject_b"])
    frame = frame.assign(is_genuine=frame["subject_a"] == frame["subject_b"], known_label_error="")
    names = [f"{place:05d}" for place in range(len(frame))]
    return frame.assign(pair_id=names, image_a=[f"a{n}" for n in names], image_b=[f"b{n}" for n in names])


def values(pairs):
    frame = to_frame(supported_figures(pairs))
    return {(row.check, None if pd.isna(row.group) else row.group): row.value for row in frame.itertuples()}


def wilson_width(share, n):
    """Width of Wilson's interval, as his paper has it: roots of (p - share)^2 = z^2 p (1 - p) / n."""
    z2 = 1.959964**2
    roots = np.roots([1 + z2 / n, -(2 * share + z2 / n), share**2])
    return abs(roots[0] - roots[1])


def test_pairs_that_share_nobody_support_the_same_by_pairs_and_by_people():
    pairs = list_of([(f"a{i}", f"b{i}") for i in range(300)] + [(f"c{i}", f"c{i}") for i in range(60)])
    found = values(pairs)
    assert found["lowest_fmr", None] == pytest.approx(0.01) == found["lowest_fmr_by_people", None]
    assert found["lowest_fnmr", None] == pytest.approx(0.05) == found["lowest_fnmr_by_people", None]
    for check, at, n in (("fmr", 0.01, 300), ("fnmr", 0.1, 60)):
        assert found[f"{check}_interval_width", f"{at:g}"] == pytest.approx(wilson_width(at, n))
        assert found[f"{check}_interval_width_by_people", f"{at:g}"] == pytest.approx(wilson_width(at, n))
    assert found["accuracy_interval_width", "0.99"] == pytest.approx(wilson_width(0.99, 360))
    assert found["impostor_pairs_missing", "0.001"] == 2700 and found["people_missing", "0.001"] == 5400
    assert found["impostor_pairs_missing", "1e-06"] == 3e6 - 300


def test_people_who_recur_support_less():
    people = [f"p{i}" for i in range(40)]
    pairs = list_of([(a, b) for place, a in enumerate(people) for b in people[place + 1 :]])
    found = values(pairs)
    assert found["fmr_pairs_apart", None] == pytest.approx(20)
    assert found["lowest_fmr", None] == pytest.approx(3 / 780)
    assert found["lowest_fmr_by_people", None] == pytest.approx(3 / 20)
    assert found["people_missing", "0.001"] == 6000 - 40 and found["impostor_pairs_missing", "0.001"] == 2220


def test_a_list_that_supports_the_aim_lacks_nothing():
    found = values(list_of([(f"a{i}", f"b{i}") for i in range(4000)]))
    assert found["impostor_pairs_missing", "0.001"] == found["people_missing", "0.001"] == 0


def test_too_few_people_are_noted_and_have_no_width_by_people():
    frame = to_frame(supported_figures(list_of([("a", f"b{i}") for i in range(50)])))
    assert set(frame.loc[frame["check"] == "fmr_pairs_apart", "status"]) == {NOTE}
    assert frame.loc[frame["check"] == "fmr_interval_width_by_people", "value"].isna().all()
    assert not frame["check"].str.contains("fnmr").any()  # no genuine pair


def test_unlabelled_lists_support_nothing():
    assert values(list_of([("a", "b")]).assign(is_genuine=None)) == {}


def balance(groups, is_genuine, on_images=False):
    pairs = list_of([("a", "b")] * len(groups)).assign(is_genuine=is_genuine)
    images = pd.DataFrame({"image_id": [*pairs["image_a"], *pairs["image_b"]]})
    if on_images:
        images["sex"] = [*(one[0] for one in groups), *(one[1] for one in groups)]
    else:
        pairs["site"] = groups
    frame = to_frame(group_balance(pairs, images)).set_index(["check", "group"])
    return frame.drop(columns=["fold", "detail"])


def test_groups_are_counted_by_class_and_small_ones_noted():
    groups = ["one"] * 90 + ["two"] * 40
    frame = balance(groups, [True, False] * 45 + [True] * LEAST + [False] * (40 - LEAST))
    assert frame.loc[("group_genuine", "site=one")].tolist() == [45, 90, OK]
    assert frame.loc[("group_genuine", "site=two")].tolist() == [30, 40, OK]
    assert frame.loc[("group_impostor", "site=two")].tolist() == [10, 40, NOTE]
    assert frame.loc[("group_size_ratio", "site")].tolist() == [2.25, 2, NOTE]
    assert frame.loc[("group_genuine_range", "site")].tolist() == [0.25, 2, NOTE]


def test_pairs_of_two_groups_need_no_genuine_one():
    groups = [("f", "f")] * 60 + [("m", "m")] * 60 + [("m", "f")] * 60
    frame = balance(groups, ([True] * 30 + [False] * 30) * 2 + [False] * 60, on_images=True)
    assert set(frame["status"]) == {OK}
    assert frame.loc[("group_genuine", "sex=f + m"), "value"] == 0
    assert frame.loc[("group_size_ratio", "sex"), "n"] == 2


def test_columns_of_one_value_or_of_many_numbers_make_no_groups():
    assert balance(["one"] * 50, [True, False] * 25).empty
    assert balance(np.arange(50.0), [True, False] * 25).empty
