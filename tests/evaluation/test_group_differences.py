"""Rates of groups of people, pair by pair; what a fair system would show; columns that divide people."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation import group_differences, group_noise
from whyface.evaluation.group_cells import by_two, fmr_cells, fnmr_cells, possible_pairs
from whyface.evaluation.group_differences import compare_groups
from whyface.evaluation.group_noise import Impostors, alike, rates_within, shuffled_fmr, shuffled_fnmr
from whyface.evaluation.group_shifts import fta_cells, genuine_shifts, impostor_shifts
from whyface.evaluation.people import People, mean_part
from whyface.evaluation.people_groups import Grouping, people_columns
from whyface.evaluation.tails import compare_all, trace_tails
from whyface.tables.parquet import write_table
from whyface.tables.schemas import GROUP_INDICES, GROUP_RATES


@pytest.fixture(autouse=True)
def _few_shuffles(monkeypatch):
    monkeypatch.setattr(group_noise, "SHUFFLES", 199)


def draw(seed, people=60, scatter=0.6, close=()):
    """Draw tables of people in two groups and some of unknown group; those of `close` look much alike."""
    rng = np.random.default_rng(seed)
    shown = np.sort(rng.permutation(np.repeat(np.arange(people), rng.integers(1, 5, people))))
    means = rng.normal(size=(people, 8))
    groups = rng.permutation(np.arange(people) % 8)
    names = np.where(groups < 5, "one", np.where(groups < 7, "<b>two</b>", None))
    means[np.isin(names, close)] = 0.6 * means[np.isin(names, close)] + 0.8 * rng.normal(size=8)
    vectors = means[shown] + scatter * rng.normal(size=(len(shown), 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = [f"i{place:04d}" for place in range(len(shown))]
    images = pd.DataFrame({"image_id": ids, "subject_id": [f"p{one:03d}" for one in shown], "kind": names[shown]})
    faces = pd.DataFrame({"image_id": ids, "status": "ok", "landmarks": [np.zeros(10)] * len(ids)})
    return pd.DataFrame({"image_id": ids, "embedding": [*vectors]}), images, faces


def pairs_of(embeddings, people):
    vectors = np.stack(embeddings["embedding"].tolist()).astype(np.float64)
    pairs = [(a, b, 1 - float(vectors[a] @ vectors[b])) for a, b in combinations(range(len(people)), 2)]
    frame = pd.DataFrame(pairs, columns=["a", "b", "distance"])
    return frame.assign(first=people[frame["a"]], second=people[frame["b"]])


@pytest.mark.parametrize("seed", range(4))
def test_cells_equal_spreads_pair_by_pair(seed):
    embeddings, images, _ = draw(seed, people=110)
    people = pd.factorize(images["subject_id"])[0]
    groups = np.random.default_rng(seed).integers(-1, 2, people.max() + 1)
    pairs = pairs_of(embeddings, people)
    impostor = pairs[pairs["first"] != pairs["second"]].reset_index(drop=True)
    below = impostor["distance"] < impostor["distance"].quantile([0.004, 0.05, 0.3, 0.5][seed])
    matches = by_two(*impostor.loc[below, ["first", "second"]].to_numpy().T, len(groups))
    cells = [*fmr_cells(np.bincount(people), groups, 2, matches)]
    assert [(cell.group_a, cell.group_b) for cell in cells] == [(0, 0), (0, 1), (1, 1)]
    possible = possible_pairs(np.bincount(people), groups, 2)
    sides = np.sort(groups[impostor[["first", "second"]].to_numpy()], axis=1)
    for cell in cells:
        own = (sides == [cell.group_a, cell.group_b]).all(axis=1)
        names = {
            f"subject_{side}": impostor.loc[own, place].astype(str) for side, place in (("a", "first"), ("b", "second"))
        }
        spread = People(pd.DataFrame({**names, "image_a": "", "image_b": ""})).spread(
            [mean_part(np.arange(own.sum()), below[own].to_numpy(float))]
        )
        assert (
            cell.value == pytest.approx(below[own].mean())
            and cell.n == own.sum() == possible[cell.group_a, cell.group_b]
        )
        assert cell.errors == below[own].sum() and tuple(cell.spread) == pytest.approx(tuple(spread), rel=1e-9)
    within = rates_within(matches, np.bincount(people), groups, 2)
    assert within.values == pytest.approx([cells[0].value, cells[2].value])
    assert within.errors == pytest.approx([cells[0].spread.error, cells[2].spread.error])


def test_fnmr_of_a_group_is_a_mean_over_its_people():
    shown, rejected = np.array([0, 0, 0, 0, 1, 2]), np.array([True, True, False, False, False, True])
    cells = [*fnmr_cells(shown, rejected, np.array([0, 0, 1]), 2)]
    assert [cell.value for cell in cells] == [0.25, 1.0] and [cell.n for cell in cells] == [5, 1]


def test_shifts_equal_a_loop_over_pairs():
    embeddings, images, _ = draw(5)
    people = pd.factorize(images["subject_id"])[0]
    groups = np.random.default_rng(5).integers(-1, 2, people.max() + 1)
    grouping, pairs = Grouping("kind", ["a", "b"], groups), pairs_of(embeddings, people)
    pairs["group"] = np.where(groups[pairs["first"]] == groups[pairs["second"]], groups[pairs["first"]], -1)
    pairs = pairs[pairs["group"] >= 0]
    is_genuine = pairs["first"] == pairs["second"]
    own = pairs[is_genuine].groupby(["group", "first"])["distance"].mean()
    found = [*genuine_shifts(pairs.loc[is_genuine, "first"].to_numpy(), pairs.loc[is_genuine, "distance"], grouping)]
    assert [c.value for c in found] == pytest.approx([own[g].mean() - own.mean() for g in (0, 1)])
    strangers = pairs[~is_genuine]
    vectors = np.stack(embeddings["embedding"].tolist()).astype(np.float64)
    found = [*impostor_shifts(vectors, people, grouping)]
    expected = [
        strangers.loc[strangers["group"] == g, "distance"].mean() - strangers["distance"].mean() for g in (0, 1)
    ]
    assert [c.value for c in found] == pytest.approx(expected)
    assert [c.n for c in found] == [int((strangers["group"] == g).sum()) for g in (0, 1)]


def test_intervals_of_shifts_hold_the_truth():
    rng, held = np.random.default_rng(6), np.zeros(2)
    for _ in range(200):
        groups = np.arange(60) % 2
        vectors = rng.normal(size=(120, 30)) + np.repeat(0.3 * rng.normal(size=60)[:, None] * np.eye(30)[0], 2, axis=0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        people, grouping = np.repeat(np.arange(60), 2), Grouping("kind", ["a", "b"], groups)
        distances = 1 - (vectors[::2] * vectors[1::2]).sum(1)
        for place, cells in enumerate(
            (genuine_shifts(np.arange(60), distances, grouping), impostor_shifts(vectors, people, grouping))
        ):
            cell = next(cells)
            held[place] += abs(cell.value) <= cell.spread.reach * cell.spread.error  # both groups are drawn alike
    assert 0.91 <= held[0] / 200 <= 0.985 and held[1] / 200 >= 0.93, held


def test_fta_counts_images_without_a_face():
    faces = pd.DataFrame({"image_id": [*"abcd"], "status": ["ok", "centre-crop", "failed", "ok"]})
    images = pd.DataFrame({"image_id": [*"abcd"], "subject_id": ["x", "x", "y", ""]})
    found = dict(fta_cells(faces, images, pd.Series({"x": "one", "y": "two"})))
    assert {name: (cell.value, cell.n, cell.errors) for name, cell in found.items()} == {
        "one": (0.5, 2, 1),
        "two": (1.0, 1, 1),
    }


def test_alike_gives_every_cell_the_same_rate_of_its_closest_pairs():
    embeddings, images, _ = draw(7, close=["one"])
    collection = compare_all(embeddings, images)
    people, found = collection.people, collection.found
    groups = np.arange(people.max() + 1) % 3 - 1
    impostors = Impostors(people[found.a], people[found.b], np.bincount(people), True)
    matches, possible = alike(impostors, groups, 2, 0.05), possible_pairs(impostors.images, groups, 2)
    sides = np.sort(groups[np.stack([matches.first, matches.second])], axis=0)
    for a, b in ((0, 0), (0, 1), (1, 1)):
        inside = (sides == [[a], [b]]).all(axis=0)
        assert matches.counts[inside].sum() == round(0.05 * possible[a, b])
    assert matches.counts.sum() == sum(round(0.05 * possible[cell]) for cell in ((0, 0), (0, 1), (1, 1)))
    few = Impostors(impostors.first[:9], impostors.second[:9], impostors.images, False)
    assert alike(few, groups, 2, 0.05) is None


def test_shuffles_keep_the_common_rate_and_unknown_groups():
    rng = np.random.default_rng(8)
    groups, images = np.repeat([-1, 0, 1], [10, 50, 20]), rng.integers(1, 4, 80)
    sides = np.array([pair for pair in combinations(range(10, 80), 2) if rng.random() < 0.2]).T
    matches = by_two(*sides, 80)
    fair = shuffled_fmr(matches, images, groups, 2, rng)
    assert fair.values.shape == (199, 2) and np.std(fair.values, axis=0).min() > 0
    rate = len(sides[0]) / np.triu(np.outer(images[10:], images[10:]), 1).sum()
    assert fair.values.mean(axis=0) == pytest.approx([rate] * 2, rel=0.05)
    lost = shuffled_fnmr(np.where(np.arange(80) % 2, 0.5, np.nan), groups, 2, rng)
    assert (lost.values == 0.5).all() and (lost.sizes == [25, 10]).all()


def compare(embeddings, images, faces):
    collection = compare_all(embeddings, images)
    tails = trace_tails(collection)[0]
    return compare_groups(
        collection, embeddings, images, faces, dict(zip(tails.fmr_target, tails.threshold, strict=True))
    )


def test_a_group_of_look_alikes_is_found_and_equal_groups_are_not(tmp_path):
    for close, verdict in (([], "within noise"), (["one"], "difference")):
        rates, indices = compare(*draw(9, people=120, close=close))
        tested = indices[(indices["index"] == "wald") & (indices["fmr_target"] == 0.01) & (indices["rate"] == "fmr")]
        assert tested["verdict"].tolist() == [verdict]
        write_table(rates, tmp_path / "group_rates.parquet", GROUP_RATES)
        write_table(indices, tmp_path / "group_indices.parquet", GROUP_INDICES)
    within = rates[(rates["rate"] == "fmr") & (rates["group_a"] == rates["group_b"]) & (rates["fmr_target"] == 0.01)]
    by_group = within.set_index("group_a")["value"]
    assert by_group["one"] > 2 * by_group["<b>two</b>"]
    ratio = indices[(indices["index"] == "max_min") & (indices["fmr_target"] == 0.01) & (indices["rate"] == "fmr")]
    assert ratio["value"].iloc[0] == pytest.approx(by_group.max() / by_group.min())
    assert ratio["ci_low"].iloc[0] <= ratio["value"].iloc[0] <= ratio["ci_high"].iloc[0]


def test_two_columns_share_the_level():
    embeddings, images, faces = draw(10, people=80)
    images["again"] = images["kind"]
    alone, both = compare(embeddings, images.drop(columns="again"), faces)[1], compare(embeddings, images, faces)[1]
    key = ["rate", "index", "fmr_target"]
    merged = alone.merge(both[both["column"] == "again"], on=key)
    np.testing.assert_allclose(merged["p_holm_y"], np.minimum(1, 2 * merged["p_value_x"]))
    factors = merged.loc[merged["index"] == "wald", ["power_factor_x", "power_factor_y"]].dropna()
    assert len(factors) and (factors["power_factor_y"] >= factors["power_factor_x"]).all()


def test_few_people_have_no_verdict(tmp_path):
    embeddings, images, faces = draw(11, people=9)
    rates, indices = compare(embeddings, images, faces)
    assert set(indices["verdict"].dropna()) == {"too few people"} and indices["value"].isna().all()
    assert rates.loc[rates["rate"] == "fmr", "ci_low"].isna().all()
    write_table(rates, tmp_path / "group_rates.parquet", GROUP_RATES)


def test_nothing_to_compare_gives_no_rows(tmp_path):
    embeddings, images, faces = draw(12)
    for found in (
        compare(embeddings, images.drop(columns="kind"), faces),
        compare_groups(None, embeddings, images, faces, {}),
    ):
        for frame, table in zip(found, (GROUP_RATES, GROUP_INDICES), strict=True):
            assert frame.empty
            write_table(frame, tmp_path / f"{table.name}.parquet", table)


def test_rates_of_more_pairs_than_are_kept_are_left_out(monkeypatch):
    embeddings, images, faces = draw(13, people=120)
    collection = compare_all(embeddings, images)
    found = collection.found
    few = found._replace(a=found.a[:40], b=found.b[:40], distances=found.distances[:40])
    limits = {0.01: float(found.distances[300]), 0.001: float(found.distances[20])}
    rates, indices = compare_groups(collection._replace(found=few), embeddings, images, faces, limits)
    assert set(rates["fmr_target"].dropna()) == {0.001} == set(indices["fmr_target"])
    monkeypatch.setattr(group_differences, "alike", lambda *_: None)
    _, indices = compare_groups(collection, embeddings, images, faces, limits)
    assert set(indices.loc[indices["rate"] == "fmr", "verdict"].dropna()) == {"too many pairs"}
    assert "too many pairs" not in set(indices.loc[indices["rate"] == "fnmr", "verdict"])


def test_columns_divide_people_only_if_they_are_one_for_each():
    images = pd.DataFrame(
        {
            "image_id": [*"abcdef"],
            "subject_id": ["x", "x", "y", "y", "z", ""],
            "sex": ["f", None, "m", "m", None, "u"],
            "pose": ["left", "right", "left", "left", "left", "left"],
            "born": pd.array([1950.0, 1950.0, 1961.5, 1961.5, None, 7.0], "Float64"),
            "same": "yes",
            "none": None,
        }
    )
    columns, left_out = people_columns(images)
    assert columns.loc[["x", "y", "z"], "sex"].tolist()[:2] == ["f", "m"] and pd.isna(columns.loc["z", "sex"])
    assert columns["born"].tolist()[:2] == ["1950", "1961.5"]
    assert left_out == {"pose": "it varies from photo to photo of one person", "same": "one value", "none": "no value"}
    many = pd.DataFrame({"image_id": range(30), "subject_id": [f"p{n}" for n in range(30)], "age": range(30)})
    assert people_columns(many)[1] == {"age": "30 values"}
    assert people_columns(images.assign(subject_id=""))[0].empty
