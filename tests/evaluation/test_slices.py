"""Worst slices: statistics by hand and by loops, false alarms, a planted slice, clusters of errors."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtr

from whyface.evaluation import findable as findable_module
from whyface.evaluation import slices as slices_module
from whyface.evaluation.clusters import cluster_errors
from whyface.evaluation.conditions import RANGES, THIRDS, find_conditions, into_thirds
from whyface.evaluation.contrast import p_value
from whyface.evaluation.dealt_errors import DealtErrors
from whyface.evaluation.findable import critical_p, findable_rate
from whyface.evaluation.people import People, mean_part
from whyface.evaluation.slices import find_slices, guard, holm, list_slices


def population(seed, pairs=800, folk=200, factor=1.0):
    """Pairs of people who are hard to different degrees; impostor pairs with q0=x err `factor` times as often."""
    rng = np.random.default_rng(seed)
    a, genuine = rng.integers(0, folk, pairs), np.arange(pairs) < pairs // 2
    b = np.where(genuine, a, (a + rng.integers(1, folk, pairs)) % folk)
    hard, traits = np.exp(rng.normal(size=folk)), rng.integers(0, 3, (folk, 5))
    columns = {f"p{k}": traits[a, k] for k in range(5)} | {f"q{k}": rng.integers(0, 3, pairs) for k in range(5)}
    conditions = pd.DataFrame({name: np.array(["x", "y", "z"], object)[held] for name, held in columns.items()})
    rate = 0.06 * np.sqrt(hard[a] * hard[b]) / np.sqrt(hard[a] * hard[b]).mean()
    rate = np.where(conditions["q0"].eq("x") & ~genuine, factor * rate, rate)
    wrong = rng.random(pairs) < np.minimum(rate, 0.9)
    people = {"subject_a": a.astype(str), "subject_b": b.astype(str)}
    names = {"pair_id": [f"{i:05d}" for i in range(pairs)], "image_a": range(pairs), "image_b": range(pairs)}
    outcome = np.where(wrong, np.where(genuine, "false-non-match", "false-match"), "true-match")
    return pd.DataFrame({**names, **people, "is_genuine": genuine, "outcome": outcome}), conditions


def errors_of(pairs):
    return pairs["outcome"].str.startswith("false").to_numpy()


@pytest.mark.parametrize("folk", [200, 30])
def test_p_value_is_that_of_the_spread_over_people(folk):
    pairs, conditions = population(1, folk=folk)
    people, wrong = People(pairs), errors_of(pairs)
    for one in list_slices(pairs["is_genuine"].to_numpy(), conditions):
        rates = [wrong[rows].astype(float) for rows in (one.inside, one.rest)]
        spread = people.spread([mean_part(one.inside, rates[0]), mean_part(one.rest, rates[1], -1)])
        expected = stdtr(spread.freedom, -(rates[0].mean() - rates[1].mean()) / spread.error)
        assert p_value(people, one.inside, one.rest, wrong) == pytest.approx(expected, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("folk", [200, 30])
@pytest.mark.parametrize("genuine", [True, False])
def test_counts_of_errors_give_the_p_values_that_pairs_give(folk, genuine):
    """Few folk meet in several pairs; deals reach from no error to nothing else."""
    pairs, _ = population(2, folk=folk)
    people, rows = People(pairs), np.flatnonzero(pairs["is_genuine"] == genuine)
    rng, part = np.random.default_rng(0), np.arange(len(rows)) % 3
    shares = [0, 0.01, 0.1, 0.9, 1]
    deals = [np.flatnonzero(rng.random(len(rows)) < share) for share in shares] + [np.flatnonzero(part == 1)]
    found = DealtErrors(people, rows).p_values(part, [1, 2], deals)
    for one, own in zip([1, 2], found, strict=True):
        for deal, p in zip(deals, own, strict=True):
            wrong = np.isin(np.arange(len(pairs)), rows[deal])
            assert p == pytest.approx(p_value(people, rows[part == one], rows[part != one], wrong), rel=1e-9)


def test_too_few_people_have_no_p_value():
    pairs, _ = population(2, folk=12)
    people, rows = People(pairs), np.flatnonzero(pairs["is_genuine"] & pairs["subject_a"].isin([*map(str, range(9))]))
    half, wrong = np.arange(len(rows)) % 2, errors_of(pairs)
    assert np.isnan(p_value(people, rows[half == 1], rows[half == 0], wrong))
    assert np.isnan(DealtErrors(people, rows).p_values(half, [1], [np.flatnonzero(wrong[rows])])).all()


def test_guard_by_hand_and_by_a_loop():
    # Of 4 deals, the smaller of both is at most .01 once: (1 + 1) / 5. The other, alone, is at most .2 twice: 3 / 5.
    shuffled = np.array([[0.5, 0.005, 0.9, 0.4], [0.1, 0.6, 0.15, 0.8]])
    assert guard(np.array([0.01, 0.2]), shuffled).tolist() == pytest.approx([2 / 5, 3 / 5])
    rng = np.random.default_rng(0)
    tested, shuffled = rng.random(6), rng.random((6, 50))
    order, highest, expected = sorted(range(6), key=lambda k: tested[k]), 0.0, {}
    for place, k in enumerate(order):
        smaller = sum(min(shuffled[j, deal] for j in order[place:]) <= tested[k] for deal in range(50))
        highest = max(highest, (1 + smaller) / 51)
        expected[k] = highest
    assert guard(tested, shuffled).tolist() == pytest.approx([expected[k] for k in range(6)])


def test_what_could_have_been_found_by_hand():
    # Of 40 deals, one may be as small: (1 + 1) / 41 <= .05 < (1 + 2) / 41. So p must be below the second smallest.
    shuffled = np.array([np.linspace(0.01, 0.4, 40), np.full(40, np.nan)])
    assert critical_p(shuffled, 0.05) == pytest.approx(0.02)
    rows = np.arange(1200)
    # p = 1 - rate < 1/2 in 80 % of deals: the mean is .84 standard errors, sqrt(.25 / 1000), above 1/2.
    rate = findable_rate(
        lambda deals: np.array([1 - (deal < 1000).sum() / 1000 for deal in deals]), rows, rows < 1000, 0.1, 0.5
    )
    assert rate == pytest.approx(0.5 + 0.84 * np.sqrt(0.25 / 1000), abs=0.004)
    assert np.isnan(findable_rate(lambda deals: np.array([0.6 for _ in deals]), rows, rows < 1000, 0.1, 0.5))


def test_errors_are_dealt_out_at_the_rates_tried(monkeypatch):
    monkeypatch.setattr(findable_module, "AT_ONCE", 97)
    rows = np.flatnonzero(np.random.default_rng(0).random(1500) < 0.5)
    is_inside, dealt = rows % 3 == 0, []

    def find_always(deals):
        dealt.append(np.array([np.isin(np.arange(len(rows)), deal) for deal in deals]))
        return np.zeros(len(dealt[-1]))

    assert findable_rate(find_always, rows, is_inside, 0.1, 0.5) == 0.1 + 0.9 / 512**2
    draws = np.random.default_rng(findable_module.SEED).random((1500, findable_module.DEALS))[rows].T
    tried = [1, *(0.1 + 0.9 / 4**halving for halving in range(1, 10))]
    for rate, errors in zip(tried, dealt, strict=True):
        assert (errors == (draws < np.where(is_inside, rate, 0.1))).all()


def test_the_slice_of_median_size_of_each_class_says_what_could_have_been_found(monkeypatch):
    monkeypatch.setattr(slices_module, "SHUFFLES", 50)
    found = find_slices(*population(0))
    said = found[found["findable"].notna()]
    assert said["class"].tolist() == ["genuine", "impostor"] and (said["findable"] > said["rest"]).all()
    tested = found[found["p_value"].notna() & found["and_condition"].eq("")]
    assert said["n"].tolist() == [sorted(own)[len(own) // 2] for _, own in tested.groupby("class")["n"]]


def test_untested_slices_stay_null_and_count_for_nothing():
    assert holm(np.array([0.04, np.nan, 0.01]))[[0, 2]].tolist() == [0.04, 0.02]
    assert np.isnan(holm(np.array([0.04, np.nan, 0.01]))[1])
    assert np.isnan(guard(np.array([np.nan, 0.5]), np.array([[np.nan], [0.7]]))[0])


def test_fair_lists_raise_few_alarms_and_a_planted_slice_is_found(monkeypatch):
    monkeypatch.setattr(slices_module, "SHUFFLES", 50)
    fair = [find_slices(*population(seed))["adjusted"].le(0.05).any() for seed in range(8)]
    assert sum(fair) <= 2
    unfair = [find_slices(*population(seed, factor=5)) for seed in range(3)]
    found = [one.loc[one["adjusted"].le(0.05), ["class", "condition"]].values.tolist() for one in unfair]
    assert sum(["impostor", "q0=x"] in one for one in found) >= 2


def test_two_conditions_are_listed_only_if_worse_than_both(monkeypatch):
    monkeypatch.setattr(slices_module, "SHUFFLES", 50)
    pairs, conditions = population(3, pairs=2400, folk=600)
    rng = np.random.default_rng(0)
    both = (conditions["q0"].eq("x") & conditions["q1"].eq("x") & ~pairs["is_genuine"]).to_numpy()
    wrong = rng.random(len(pairs)) < np.where(both, 0.6, 0.03)
    pairs["outcome"] = np.where(wrong, "false-match", "true-non-match")
    found = find_slices(pairs, conditions)
    worst = found[found["adjusted"].le(0.05)]
    joint = worst.loc[worst["and_condition"] != "", ["condition", "and_condition"]].values.tolist()
    assert joint == [["q0=x", "q1=x"]]
    row = worst[worst["and_condition"] != ""].iloc[0]
    rest = ~both & ~pairs["is_genuine"].to_numpy()
    assert row["errors"] == wrong[both].sum() and row["n"] == both.sum() and row["rest"] == wrong[rest].mean()
    assert row["excess"] == pytest.approx(row["errors"] - row["n"] * row["rest"])
    clusters = cluster_errors(pairs, conditions, found)
    assert len(clusters) == wrong.sum()
    named = clusters.set_index("pair_id")["condition"]
    assert named[pairs.loc[wrong & both, "pair_id"]].ne("").all()
    assert named[pairs.loc[wrong & pairs["is_genuine"], "pair_id"]].eq("").all()


def test_thirds():
    named = into_thirds(np.array([3, 1, 2, np.nan, 6, 5, 4.0]), RANGES).tolist()
    assert named == [RANGES[1], RANGES[0], RANGES[0], None, RANGES[2], RANGES[2], RANGES[1]]
    assert into_thirds(np.array([1, 1, 1, 2.0]), RANGES).tolist() == [None] * 4
    assert into_thirds(np.full(3, np.nan), RANGES).tolist() == [None] * 3


def test_conditions_are_groups_and_thirds_but_no_person():
    pairs = pd.DataFrame({"pair_id": list("abcdef"), "image_a": list("uvwxyz"), "image_b": list("zyxwvu")})
    pairs = pairs.assign(
        subject_a=list("mmmooo"), subject_b=list("mmoomm"), is_genuine=True, fold=0, age=list("121212")
    )
    pairs["known_label_error"] = ""
    images = pd.DataFrame({"image_id": list("uvwxyz"), "subject_id": "m", "path": "", "sha256": ""})
    images = images.assign(width_px=1, height_px=1)
    qualities = pd.DataFrame({"sharpness": np.arange(6.0)}, index=list("uvwxyz"))
    found = find_conditions(pairs, images, qualities)
    assert [*found] == ["age", "sharpness, worse image"]
    worst, middle, best = THIRDS
    assert found["sharpness, worse image"].tolist() == [worst, middle, best, best, middle, worst]


@pytest.mark.parametrize("label", [True, False])
def test_one_class_no_errors_and_nothing_at_all(label, monkeypatch):
    monkeypatch.setattr(slices_module, "SHUFFLES", 50)
    pairs, conditions = population(0)
    own = pairs["is_genuine"] == label
    assert {*find_slices(pairs[own], conditions[own])["class"]} == {"genuine" if label else "impostor"}
    right = pairs.assign(outcome="true-match")
    found = find_slices(right, conditions)
    assert not found["adjusted"].le(0.05).any() and cluster_errors(right, conditions, found).empty
    empty = find_slices(pairs[:0], conditions[:0])
    assert empty.empty and cluster_errors(pairs[:0], conditions[:0], empty).empty


def test_columns_whose_names_hold_the_sign_between_name_and_value_are_like_others(monkeypatch):
    monkeypatch.setattr(slices_module, "SHUFFLES", 50)
    pairs, conditions = population(1, factor=6)
    odd = {"q0": "q=0", "q1": "q", "q2": "=q"}
    found, renamed = (find_slices(pairs, named) for named in (conditions, conditions.rename(columns=odd)))
    assert found["adjusted"].le(0.05).any()
    drop = ["condition", "and_condition"]
    pd.testing.assert_frame_equal(found.drop(columns=drop), renamed.drop(columns=drop))
    clusters = cluster_errors(pairs, conditions, found)
    expected = clusters.replace({"condition": {"q0=x": "q=0=x"}, "and_condition": {"q0=x": "q=0=x"}})
    assert (expected["condition"] == "q=0=x").any()
    pd.testing.assert_frame_equal(cluster_errors(pairs, conditions.rename(columns=odd), renamed), expected)
