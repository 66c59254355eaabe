"""Thresholds for low false match rates and the closest strangers, by hand and against a loop over pairs."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation import tails as tails_module
from whyface.evaluation.tails import MOST_STRANGERS, compare_all, rates_at, realise, trace_tails


def tables(vectors, subjects):
    names = [f"i{place:03d}" for place in range(len(subjects))]
    images = pd.DataFrame({"image_id": names, "subject_id": subjects})
    vectors = [None if one is None else np.asarray(one, np.float32) for one in vectors]
    return pd.DataFrame({"image_id": names, "embedding": pd.Series(vectors, dtype=object)}), images


def trace(embeddings, images):
    return trace_tails(compare_all(embeddings, images))


def on_circle(degrees):
    return [(np.cos(np.radians(one)), np.sin(np.radians(one))) for one in degrees]


def test_thresholds_and_rates_by_hand():
    # Two photos a person, 1 degree apart; the people stand 15 degrees apart, but the last two 3. Of 24 people,
    # 48 * 46 / 2 = 1,104 impostor pairs; 1 % of them is 11, of which 4 are those of the last two, at 2 to 4 degrees.
    starts = [15 * person for person in range(23)] + [15 * 22 + 3]
    degrees = [start + shift for start in starts for shift in (0, 1)]
    tails, strangers = trace(*tables(on_circle(degrees), [f"p{place // 2}" for place in range(48)]))
    assert tails["fmr_target"].tolist() == [1e-2, 1e-3]
    assert tails["impostors"].tolist() == [1104] * 2 and tails["people"].tolist() == [24] * 2
    first, second = (row for _, row in tails.iterrows())
    assert second["false_matches"] == 1 and second["fmr"] == pytest.approx(1 / 1104)
    assert second["threshold"] == pytest.approx(1 - np.cos(np.radians(3)), abs=1e-6)
    assert first["fnmr"] == second["fnmr"] == 0 and first["genuine"] == 24 == first["genuine_people"]
    assert strangers.loc[0, ["image_a", "image_b"]].tolist() == ["i045", "i046"]
    assert strangers.loc[0, "cosine_distance"] == pytest.approx(1 - np.cos(np.radians(2)), abs=1e-6)
    assert len(strangers) == MOST_STRANGERS


@pytest.mark.parametrize("seed", range(3))
def test_rates_equal_a_loop_over_pairs(seed):
    rng = np.random.default_rng(seed)
    people = rng.integers(0, 40, 90)
    vectors = rng.normal(size=(40, 5))[people] + 0.7 * rng.normal(size=(90, 5))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    tails, _ = trace(*tables(vectors, [f"p{one}" for one in people]))
    pairs = [(a, b, 1 - float(vectors[a] @ vectors[b])) for a, b in combinations(range(90), 2)]
    assert len(tails) == 2
    for row in tails.itertuples():
        edge = row.threshold - 1e-6  # a distance rounds differently here
        impostor = [distance < edge for a, b, distance in pairs if people[a] != people[b]]
        assert sum(impostor) == row.false_matches == int(row.fmr_target * row.impostors)
        own = {}
        for a, b, distance in pairs:
            if people[a] == people[b]:
                own.setdefault(people[a], []).append(distance >= edge)
        assert row.fnmr == pytest.approx(np.mean([np.mean(one) for one in own.values()]))
        assert row.genuine_people == len(own) and row.fmr_low <= row.fmr <= row.fmr_high


def test_images_of_unknown_people_and_failed_ones_are_left_out():
    embeddings, images = tables([*on_circle(range(0, 300, 10)), None], [*"abcdefghijklmnopqrst", *[""] * 10, "z"])
    tails, strangers = trace(embeddings, images)
    assert tails["impostors"].iloc[0] == 20 * 19 / 2 and tails["genuine"].iloc[0] == 0
    assert tails["fnmr"].isna().all() and {*strangers["image_a"], *strangers["image_b"]} <= {*images["image_id"][:20]}


@pytest.mark.parametrize("vectors", [[], [None, None], on_circle([0])])
def test_nothing_to_compare_gives_no_rows(vectors):
    tails, strangers = trace(*tables(vectors, ["a"] * len(vectors)))
    assert tails.empty and strangers.empty


def test_one_person_has_no_strangers():
    assert compare_all(*tables(on_circle([0, 1, 2]), ["a"] * 3)) is None
    tails, strangers = trace(*tables(on_circle([0, 1, 2]), ["a"] * 3))
    assert tails.empty and strangers.empty


def draw(seed, people, scatter):
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, people, 4 * people)
    vectors = rng.normal(size=(people, 6))[shown] + scatter * rng.normal(size=(len(shown), 6))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return vectors, shown, compare_all(*tables(vectors, [f"p{one}" for one in shown]))


def test_thresholds_keep_their_rates_at_home_and_have_others_elsewhere():
    sets = {"near": draw(0, 30, 0.3), "far": draw(1, 40, 1.0)}
    collections = {name: collection for name, (_, _, collection) in sets.items()}
    tails = {name: trace_tails(collection)[0] for name, collection in collections.items()}
    found = realise(collections, tails).set_index(["set_on", "realised_on", "fmr_target"]).sort_index()
    assert len(found) == 2 * sum(map(len, tails.values())) and found.index.is_unique
    for name, rows in tails.items():
        rows = rows.drop(columns="is_extrapolated")
        at_home = found.loc[(name, name)].reset_index()[rows.columns]
        rows = rows.sort_values("fmr_target", ignore_index=True)
        pd.testing.assert_frame_equal(at_home, rows, check_dtype=False)
    vectors, shown, _ = sets["far"]
    for row in tails["near"].itertuples():
        edge = row.threshold - 1e-6
        pairs = [(a, b, 1 - float(vectors[a] @ vectors[b])) for a, b in combinations(range(len(shown)), 2)]
        impostor = [distance < edge for a, b, distance in pairs if shown[a] != shown[b]]
        there = found.loc[("near", "far", row.fmr_target)]
        assert there["false_matches"] == pytest.approx(sum(impostor), abs=1)
        assert there["fmr"] == pytest.approx(np.mean(impostor), abs=2 / len(impostor))
        assert there["fmr_low"] <= there["fmr"] <= there["fmr_high"]


def test_beyond_the_pairs_that_are_kept_a_rate_has_no_interval(monkeypatch):
    score_all = tails_module.score_all
    vectors, shown, whole = draw(2, 30, 0.5)
    monkeypatch.setattr(tails_module, "score_all", lambda *args, **where: score_all(*args, closest=50, **where))
    few = compare_all(*tables(vectors, [f"p{one}" for one in shown]))
    strict, loose = (whole.found.distances[place] for place in (20, 2000))
    assert rates_at(few, strict) == rates_at(whole, strict)
    rate, low, high, matches, *_ = rates_at(few, loose)
    assert np.isnan(low) and np.isnan(high) and rate == pytest.approx(rates_at(whole, loose)[0], rel=0.02)
    assert matches == pytest.approx(2000, rel=0.02)


def test_nothing_is_realised_without_collections():
    assert realise({}, {}).empty
