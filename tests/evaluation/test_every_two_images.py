"""Every two images of a collection, block by block: against loops over pairs, and against spreads pair by pair."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.all_pairs import score_all, spread_fmr, spread_fnmr
from whyface.evaluation.distance_blocks import BINS, OnCard
from whyface.evaluation.intervals import share_interval
from whyface.evaluation.people import People, mean_part


def draw(people, most, seed, width=6):
    """Draw unit vectors of people with 1 to `most` images each, in random order."""
    rng = np.random.default_rng(seed)
    shown = rng.permutation(np.repeat(np.arange(people), rng.integers(1, most + 1, people)))
    vectors = rng.normal(size=(people, width))[shown] + 0.5 * rng.normal(size=(len(shown), width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), shown


def list_pairs(vectors, shown):
    pairs = [(a, b, 1 - float(vectors[a] @ vectors[b])) for a, b in combinations(range(len(shown)), 2)]
    frame = pd.DataFrame(pairs, columns=["a", "b", "distance"])
    return frame.assign(is_genuine=shown[frame["a"]] == shown[frame["b"]])


@pytest.mark.parametrize("rows", [1, 7, 1024])
def test_all_pairs_are_counted_once_whatever_the_blocks(rows):
    vectors, shown = draw(20, 4, seed=rows)
    found, pairs = score_all(vectors, shown, closest=50, rows=rows), list_pairs(vectors, shown)
    for name, counts in (("genuine", found.genuine), ("impostor", found.impostor)):
        distances = pairs.loc[pairs["is_genuine"] == (name == "genuine"), "distance"]
        expected = np.histogram(distances, bins=50, range=(0, 2))[0]
        assert abs(counts.reshape(50, BINS // 50).sum(axis=1) - expected).sum() <= 2  # on an edge of two bins
        assert counts.sum() == len(distances)
    nearest = pairs[~pairs["is_genuine"]].nsmallest(50, "distance")
    np.testing.assert_allclose(found.distances, nearest["distance"], atol=1e-6)
    kept = {frozenset(pair) for pair in zip(found.a.tolist(), found.b.tolist(), strict=True)}
    assert len(kept & {frozenset(pair) for pair in zip(nearest["a"], nearest["b"], strict=True)}) >= 49
    own, distances = found.of_people
    assert np.array_equal(
        np.bincount(own, minlength=20), np.bincount(shown[pairs.loc[pairs["is_genuine"], "a"]], minlength=20)
    )
    np.testing.assert_allclose(np.sort(distances), np.sort(pairs.loc[pairs["is_genuine"], "distance"]), atol=1e-6)


def test_a_card_counts_like_the_cpu(monkeypatch):
    vectors, shown = draw(60, 5, seed=3)
    monkeypatch.setattr("whyface.evaluation.all_pairs.open_blocks", lambda *images: OnCard(*images[:2], "cpu"))
    found = score_all(vectors, shown, closest=90, rows=50)
    monkeypatch.undo()
    expected = score_all(vectors, shown, closest=90, rows=50)
    for name in ("genuine", "impostor"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert ours.sum() == theirs.sum() > 0
        assert abs(np.cumsum(ours) - np.cumsum(theirs)).max() <= 2  # on an edge of two bins
    np.testing.assert_allclose(found.distances, expected.distances, atol=1e-6)
    assert np.array_equal(found.of_people[0], expected.of_people[0])
    np.testing.assert_allclose(found.of_people[1], expected.of_people[1], atol=1e-6)


def test_fewer_impostor_pairs_than_are_kept():
    vectors, shown = draw(3, 2, seed=0)
    found, pairs = score_all(vectors, shown), list_pairs(vectors, shown)
    assert len(found.distances) == (~pairs["is_genuine"]).sum() == found.impostor.sum()


@pytest.mark.parametrize("seed", range(6))
def test_the_spread_of_an_fmr_equals_that_pair_by_pair(seed):
    vectors, shown = draw(30, 5, seed)
    pairs = list_pairs(vectors, shown)
    impostors = pairs[~pairs["is_genuine"]]
    below = impostors["distance"].to_numpy() < np.quantile(impostors["distance"], [0.003, 0.05, 0.3][seed % 3])
    matches = impostors[below]
    rate, spread = spread_fmr(shown, matches["a"].to_numpy(), matches["b"].to_numpy())
    sides = {f"subject_{side}": shown[impostors[side]].astype(str) for side in "ab"}
    people = People(pd.DataFrame({**sides, "image_a": "", "image_b": ""}))
    expected = people.spread([mean_part(np.arange(len(impostors)), below.astype(float))])
    assert rate == pytest.approx(below.mean())
    assert spread == pytest.approx(expected, rel=1e-9)


def test_few_people_get_no_interval():
    shown = np.arange(12)
    _, spread = spread_fmr(shown, np.array([0]), np.array([1]))
    assert np.isnan(spread.error)
    assert np.isnan(spread_fnmr(np.array([0, 0, 1]), np.array([True, False, False]))[1].error)


def test_an_fnmr_counts_each_person_the_same():
    people, rejected = np.array([0, 0, 0, 0, 1, 2]), np.array([True, True, True, True, False, False])
    assert spread_fnmr(people, rejected)[0] == pytest.approx(1 / 3)


def test_people_without_genuine_pairs_do_not_count():
    rate, spread = spread_fnmr(np.array([5, 9] * 10 + list(range(20, 32))), np.zeros(32, bool))
    assert rate == 0 and spread.people == 14


@pytest.mark.slow
def test_intervals_hold_the_rates_of_the_population():
    rng = np.random.default_rng(5)
    people, width = 6000, 32
    shown = np.repeat(np.arange(people), rng.integers(1, 4, people))
    clusters = rng.normal(size=(6, width)) / np.sqrt(width)
    means = 0.55 * clusters[rng.integers(0, 6, people)] + rng.normal(size=(people, width)) / np.sqrt(width)
    vectors = means[shown] + 0.6 * rng.gamma(4, 0.25, people)[shown, None] * rng.normal(
        size=(len(shown), width)
    ) / np.sqrt(width)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = score_all(vectors, shown, closest=200_000)
    thresholds = found.distances[[int(target * found.impostor.sum()) for target in (1e-4, 1e-5)]]
    truths = [np.count_nonzero(found.distances < one) / found.impostor.sum() for one in thresholds]
    held = np.zeros(2)
    for _ in range(SETS):
        chosen = np.isin(shown, rng.choice(people, 1000, replace=False))
        sample, own = vectors[chosen], np.unique(shown[chosen], return_inverse=True)[1]
        close = score_all(sample, own, closest=20_000)
        for place, matches in enumerate(np.searchsorted(close.distances, thresholds)):
            low, high = share_interval(*spread_fmr(own, close.a[:matches], close.b[:matches]))
            held[place] += low <= truths[place] <= high
    assert (held >= 0.93 * SETS).all() and (held <= 0.99 * SETS).all(), held


SETS = 200
