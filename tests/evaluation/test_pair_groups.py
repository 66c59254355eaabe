"""Groups of a dataset's own pairs: rates and covariances pair by pair, fair systems drawn, and odd lists."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chi2

from whyface.evaluation.group_indices import Rates, wald
from whyface.evaluation.intervals import share_interval
from whyface.evaluation.pair_groups import compare_pair_groups, find_thresholds
from whyface.evaluation.pair_noise import correlate, design_effect, draw_fair, found_factor
from whyface.evaluation.people import People, mean_part
from whyface.tables.parquet import write_table
from whyface.tables.schemas import PAIR_GROUP_INDICES, PAIR_GROUP_RATES

HOSTILE = "=<img src=x onerror=alert(1)>\u202e + b"
NOBODY = pd.DataFrame({"image_id": ["x"], "subject_id": [""]})


def draw(seed, each=400, people=60, close=0.0, groups=("a", "b", HOSTILE)):
    """Draw a list whose pairs are within groups; impostors of the first group are closer by `close`."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(groups)), 2 * each)
    genuine = np.tile(np.arange(2 * each) < each, len(groups))
    first = rng.integers(0, people, len(group))
    second = np.where(genuine, first, (first + rng.integers(1, people, len(group))) % people)
    hard = rng.normal(size=len(groups) * people)
    first, second = first + group * people, second + group * people
    distance = np.where(genuine, 0.6, 1.0) + 0.1 * rng.normal(size=len(group)) + 0.04 * (hard[first] + hard[second])
    distance = distance - close * ((group == 0) & ~genuine)
    ids = [f"p{place:05d}" for place in range(len(group))]
    names = {"subject_a": first, "subject_b": second, "image_a": 2 * first, "image_b": 2 * second + 1}
    pairs = pd.DataFrame({"pair_id": ids, **{name: one.astype(str) for name, one in names.items()}})
    pairs = pairs.assign(is_genuine=genuine, fold=None, known_label_error="", ethnicity=np.array(groups)[group])
    scores = pd.DataFrame({"pair_id": ids, "cosine_distance": distance, "is_genuine": genuine.astype(object)})
    return pairs, scores.sample(frac=1, random_state=seed)


def wald_rows(indices, target=0.1):
    rows = indices[(indices["index"] == "wald") & (indices["fmr_target"] == target)]
    return rows.set_index("rate")


def test_by_hand():
    """1 of 100 and 4 of 100 errors, standard errors 0.01 and 0.02: logs differ by log 4, with variances 1 and 1/4."""
    rates = Rates(np.array([0.01, 0.04]), np.array([100, 100]), np.array([0.01, 0.02]))
    assert wald(rates) == pytest.approx(np.log(4) ** 2 / 1.25)
    # errors that go together by 0.5 leave the difference a variance of 1 + 1/4 - 2 * 0.5 * 1 * 1/2
    inverse = np.linalg.inv([[1, 0.5], [0.5, 1]])
    assert wald(rates._replace(inverse=inverse)) == pytest.approx(np.log(4) ** 2 / 0.75)
    many = Rates(*(np.stack([one] * 2) for one in rates[:3]), np.stack([inverse, np.eye(2)]))
    assert wald(many) == pytest.approx([np.log(4) ** 2 / 0.75, np.log(4) ** 2 / 1.25])
    # independent pairs would have variances of 0.99 and 3.84 errors squared, not 1 and 4: a design effect of 5 / 4.83
    assert design_effect(rates.values, rates.sizes, rates.errors) == pytest.approx(5 / 4.83)
    assert draw_fair(0.02, rates.sizes, 5 / 4.83, 9.0, None, np.random.default_rng(0)).sizes.tolist() == [97, 97]
    assert correlate(np.array([[1e-4, 0], [0, 4e-4]]), rates.errors) is None
    assert correlate(np.array([[1e-4, 1e-4], [1e-4, 4e-4]]), rates.errors)[0, 1] == pytest.approx(0.5)
    assert find_thresholds(np.arange(100) / 100) == {0.1: 0.1}  # 3 of 100 support no lower rate
    assert find_thresholds(np.array([])) == {}


@pytest.mark.parametrize("seed", range(2))
def test_rates_pair_by_pair(seed, tmp_path):
    pairs, scores = draw(seed)
    rates, indices = compare_pair_groups(pairs, scores, NOBODY)
    joined = pairs.merge(scores[["pair_id", "cosine_distance"]], on="pair_id")
    impostors = sorted(joined.loc[~joined["is_genuine"], "cosine_distance"])
    for row in rates.itertuples():
        threshold = impostors[int(row.fmr_target * len(impostors) + 1e-6)]
        own = joined[(joined["ethnicity"] == row.group_a) & (joined["is_genuine"] == (row.rate == "fnmr"))]
        wrong = (own["cosine_distance"] < threshold) == (row.rate == "fmr")
        assert (row.n, row.errors, row.value) == (len(own), wrong.sum(), wrong.mean())
        assert row.people == len({*own["subject_a"], *own["subject_b"]})
        spread = People(own.reset_index(drop=True)).spread([mean_part(np.arange(len(own)), wrong.to_numpy(float))])
        assert (row.ci_low, row.ci_high) == pytest.approx(share_interval(row.value, spread))
        assert row.group_b == (row.group_a if row.rate == "fmr" else "")
    assert set(rates["fmr_target"]) == {0.1, 0.01} and len(rates) == 12
    assert not indices["shares_people"].any()
    largest = indices[(indices["index"] == "max_min") & (indices["rate"] == "fmr") & (indices["fmr_target"] == 0.1)]
    values = rates[(rates["rate"] == "fmr") & (rates["fmr_target"] == 0.1)]["value"]
    assert largest["value"].iloc[0] == pytest.approx(values.max() / values.min())
    write_table(rates, tmp_path / "rates.parquet", PAIR_GROUP_RATES)
    write_table(indices, tmp_path / "indices.parquet", PAIR_GROUP_INDICES)


def test_covariances_pair_by_pair():
    """Sum the products of influences over all two pairs that share a person; the pairs of two people count once."""
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 30, 200), rng.integers(30, 60, 200)
    pairs = pd.DataFrame(
        {"subject_a": first.astype(str), "subject_b": second.astype(str), "image_a": "", "image_b": ""}
    )
    values, group = rng.random(200), rng.integers(0, 3, 200)
    parts = [mean_part(np.flatnonzero(group == one), values[group == one]) for one in range(3)]
    found = People(pairs).covariance(parts)
    shares = np.array(
        [[np.mean((first == who) | (second == who), where=group == g) for who in range(60)] for g in range(3)]
    )
    for a in range(3):
        for b in range(3):
            total = 0.0
            for i, x in zip(parts[a].rows, parts[a].influence, strict=True):
                for j, y in zip(parts[b].rows, parts[b].influence, strict=True):
                    both = {first[i], second[i]} & {first[j], second[j]}
                    total += sum(x * y / (1 - shares[a, who]) / (1 - shares[b, who]) for who in both)
                    total -= x * y * (len(both) == 2)
            assert found[a, b] == pytest.approx(total, abs=1e-12)


def test_fair_systems_follow_the_laws_that_they_are_drawn_from():
    correlation = np.array([[1, 0.6], [0.6, 1]])
    fair = draw_fair(0.2, np.array([100, 800]), 2.0, np.array([8.0, 30.0]), correlation, np.random.default_rng(0))
    rates = fair.rates()
    assert rates.values.mean(0) == pytest.approx([0.2, 0.2], rel=0.03)
    assert rates.values[:, 0].std() == pytest.approx(binom(50, 0.2).std() / 50, rel=0.1)
    assert 0.5 < np.corrcoef(rates.values.T)[0, 1] < 0.7
    assert fair.sizes.tolist() == [50, 400]
    # half of the variance is that of independent pairs, the other half an estimate
    scales = (rates.errors / np.sqrt(rates.values * (1 - rates.values) / fair.sizes))[:, 0] ** 2
    assert np.quantile(scales, 0.95) == pytest.approx(0.5 + 0.5 * chi2(8).ppf(0.95) / 8, rel=0.05)
    # with many pairs and known errors, Wald's statistic of k groups has the law of chi-square with k - 1
    many = draw_fair(0.2, np.full(3, 10**5), 1.0, np.full(3, 9.0), None, np.random.default_rng(1)).rates()
    assert np.quantile(wald(many), [0.5, 0.95]) == pytest.approx(chi2(2).ppf([0.5, 0.95]), rel=0.12)


def test_the_factor_is_the_smallest_that_is_found_four_times_in_five():
    fair = draw_fair(0.02, np.full(4, 1000), 1.0, np.full(4, 50.0), None, np.random.default_rng(2))
    factor = found_factor(fair, 1, 0.05)
    limit = np.quantile(wald(fair.rates()), 0.95)
    for times, enough in ((1.03, True), (0.95, False)):
        assert ((wald(fair.multiplied(1, factor * times)) > limit).mean() >= 0.8) == enough
    assert 1.5 < factor < 2.5 < found_factor(fair, 1, 0.0005) + 0.5
    assert np.isnan(found_factor(fair._replace(rate=0.0), 0, 0.05))
    assert np.isnan(found_factor(fair._replace(rate=0.97), 0, 0.05))


def test_a_closer_group_is_found_and_fair_groups_are_not():
    for close, verdict in ((0.0, "within noise"), (0.08, "difference")):
        rates, indices = compare_pair_groups(*draw(5, close=close), NOBODY)
        rows = wald_rows(indices)
        assert rows.loc["fmr", "verdict"] == verdict and rows.loc["fnmr", "verdict"] == "within noise"
        assert rows["groups"].tolist() == [3, 3] and (rows["p_holm"] >= rows["p_value"]).all()
    assert rows.loc["fmr", "power_factor"] > 1.2
    own = rates[(rates["rate"] == "fmr") & (rates["fmr_target"] == 0.1)].set_index("group_a")["value"]
    assert own.idxmax() == "a" and HOSTILE in own.index


def test_joined_columns_compare_people_within_groups_and_show_the_rest():
    """A column of images whose genuine pairs are never mixed divides people; one whose genuine pairs are, pairs."""
    pairs, scores = draw(6, groups=("a", "b"))
    names = pd.unique(pd.concat([pairs["image_a"], pairs["image_b"]]))
    images = pd.DataFrame({"image_id": names, "subject_id": ""})
    place = images["image_id"].astype(int)
    kinds = images.assign(group=np.where(place < 120, "a", "b"), pose=np.where(place % 2, "side", "front"))
    kinds["tilt"] = np.where(place % 3 == 0, "up", "down")
    pairs = pairs.drop(columns="ethnicity")
    mixed = np.flatnonzero(~pairs["is_genuine"])[:300]  # of the first group, whose second person now is of the other
    for name, more in (("subject_b", 60), ("image_b", 120)):
        pairs.loc[mixed, name] = (pairs.loc[mixed, name].astype(int) + more).astype(str)
    rates, indices = compare_pair_groups(pairs, scores, kinds)
    assert set(rates["column"]) == {"group", "tilt"}  # every pair has one pose: front + side
    own = rates[(rates["column"] == "group") & (rates["rate"] == "fmr") & (rates["fmr_target"] == 0.1)]
    assert list(zip(own["group_a"], own["group_b"], own["n"], strict=True)) == [
        *(("a", "a", 100), ("a", "b", 300), ("b", "b", 400))
    ]
    assert own.loc[own["group_a"] != own["group_b"], "power_factor"].isna().all()
    assert set(rates.loc[rates["column"] == "tilt", "group_a"]) == {"down + down", "down + up", "up + up"}
    assert indices.groupby("column")["shares_people"].first().to_dict() == {"group": False, "tilt": True}
    tilts = wald_rows(indices[indices["column"] == "tilt"])["groups"]
    assert tilts.to_dict() == {"fmr": 3, "fnmr": 2}  # no genuine pair has both images up


def spoil(pairs, scores, how):
    """Make a list odd."""
    genuine = pairs["is_genuine"]
    if how in ("only genuine", "only impostor"):
        pairs = pairs[genuine == (how == "only genuine")]
    elif how == "a group without impostors":
        pairs = pairs[genuine | (pairs["ethnicity"] != "a")]
    elif how == "no errors":
        scores = scores.assign(cosine_distance=np.where(scores["is_genuine"], 0.1, 1.2))
    elif how == "all alike":
        scores = scores.assign(cosine_distance=0.5)
    elif how == "no labels":
        scores = scores.assign(is_genuine=None)
    elif how == "no distances":
        scores = scores.assign(cosine_distance=np.nan)
    elif how == "no names":
        pairs = pairs.assign(subject_a="", subject_b="")
    elif how == "no groups":
        pairs = pairs.drop(columns="ethnicity")
    elif how == "some unknown":
        pairs = pairs.assign(ethnicity=pairs["ethnicity"].where(pairs.index % 3 > 0, None))
        scores = scores.assign(is_genuine=scores["is_genuine"].where(scores["pair_id"].str[-1] != "7", None))
    return pairs, scores[scores["pair_id"].isin(pairs["pair_id"])]


NO_ROWS = ("only genuine", "no labels", "no distances", "no groups")
ROWS = ("only impostor", "a group without impostors", "no errors", "all alike", "no names", "some unknown")


@pytest.mark.parametrize("how", [*NO_ROWS, *ROWS])
def test_odd_lists(how, tmp_path):
    rates, indices = compare_pair_groups(*spoil(*draw(7), how), NOBODY)
    assert (rates.empty and indices.empty) == (how in NO_ROWS)
    if how in ROWS:
        assert set(indices["verdict"].dropna()) <= {"within noise", "too few people"}
        assert wald_rows(indices).loc["fnmr", "groups"] == (0 if how == "only impostor" else 3)
        assert wald_rows(indices).loc["fmr", "groups"] == (2 if how == "a group without impostors" else 3)
    write_table(rates, tmp_path / "rates.parquet", PAIR_GROUP_RATES)
    write_table(indices, tmp_path / "indices.parquet", PAIR_GROUP_INDICES)


def test_few_people_have_no_verdict():
    rates, indices = compare_pair_groups(*draw(8, each=20, people=6), NOBODY)
    assert set(indices["verdict"].dropna()) == {"too few people"} and indices["value"].isna().all()
    assert rates["ci_low"].isna().all() and rates["value"].notna().all()


def test_the_same_list_gives_the_same_rows():
    pairs, scores = draw(9)
    once, again = (compare_pair_groups(pairs, scores, NOBODY) for _ in range(2))
    for a, b in zip(once, again, strict=True):
        pd.testing.assert_frame_equal(a, b)
