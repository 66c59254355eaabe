"""Scores against a known difference: cases worked by hand, and a slow transcription."""

from itertools import permutations

import numpy as np
import pytest

from whyface.fidelity.truth_scores import TOLERANCE, named_region, score_against_truth

CORNER = np.zeros((4, 4), bool)
CORNER[:2, :2] = True
RIGHT = np.where(CORNER, -1.0, 1.0)
SCORES = ("auc", "hit", "mass", "rank", "sign")


def score(saliency, truth=CORNER):
    return {name: value[0] for name, value in score_against_truth(saliency[None], truth[None]).items()}


def test_the_right_map_has_full_marks_and_its_opposite_none():
    assert score(RIGHT) == dict.fromkeys(SCORES, 1)
    assert score(-RIGHT) == dict.fromkeys(SCORES, 0)


@pytest.mark.parametrize(("level", "mass"), [(0.0, 0), (3.0, 0), (-2.0, 4 / 16)])
def test_a_constant_map_scores_what_chance_does(level, mass):
    assert score(np.full((4, 4), level)) == {
        "auc": 1 / 2,
        "hit": 4 / 16,
        "mass": mass,
        "rank": 4 / 16,
        "sign": level < 0,
    }


def test_a_map_worked_by_hand():
    saliency = np.array(
        [
            [-3, -1, 0, 0],
            [0, 2, 0, 0],
            [-1, 0, -4, 0],
            [0, 0, 0, 5],
        ]
    )
    # Inside: -3, -1, 0, 2; outside: -4, -1, 5 and nine zeros. Of 48 comparisons, -3 wins 11; -1 wins 10 and ties once;
    # 0 wins 1 and ties 9 times; 2 wins 1.
    # Of the four lowest pixels (-4, -3, -1, -1), -3 and one of the two at -1 lie inside, and both at -1 fit.
    assert score(saliency) == {
        "auc": pytest.approx((11 + 10 + 1 / 2 + 1 + 9 / 2 + 1) / 48),
        "hit": 0,
        "mass": pytest.approx(4 / 9),
        "rank": 2 / 4,
        "sign": 1,
    }


def test_ties_at_the_cut_count_as_drawn_at_random():
    saliency = np.zeros((4, 4))
    saliency[0, 0], saliency[3, 3] = -1, -1
    # Two of four places go to the pixels at -1, of which one lies inside; two more to 14 zeros, of which three do.
    assert score(saliency)["rank"] == pytest.approx((1 + 2 * 3 / 14) / 4)
    assert score(saliency)["hit"] == 1 / 2, "one of two lowest pixels"


def test_a_hit_may_miss_by_the_tolerance():
    truth = np.zeros((112, 112), bool)
    truth[50, 50] = True
    assert TOLERANCE * 112 == 4.5
    for row, column, hit in ((50, 54, 1), (50, 55, 0), (53, 53, 1), (54, 54, 0), (52, 46, 1)):
        saliency = np.zeros((112, 112))
        saliency[row, column] = -1
        assert score(saliency, truth)["hit"] == hit, (row, column)


def slow_scores(saliency, truth):
    """Score by loops, one pixel at a time; ties by their definition."""
    pixels = [(y, x) for y in range(len(saliency)) for x in range(len(saliency))]
    inside = [p for p in pixels if truth[p]]
    outside = [p for p in pixels if not truth[p]]
    wins = sum((saliency[i] < saliency[o]) + (saliency[i] == saliency[o]) / 2 for i in inside for o in outside)
    lowest = [p for p in pixels if saliency[p] == saliency.min()]
    reach = TOLERANCE * len(saliency)
    hits = sum(min(np.hypot(p[0] - i[0], p[1] - i[1]) for i in inside) <= reach for p in lowest)
    mass = sum(max(-saliency[p], 0) for p in pixels)
    shares = []
    for order in permutations(range(len(pixels))) if len(pixels) < 5 else [range(len(pixels))]:
        ranked = sorted(order, key=lambda p: saliency[pixels[p]])
        shares.append(sum(truth[pixels[p]] for p in ranked[: len(inside)]) / len(inside))
    return {
        "auc": wins / len(inside) / len(outside),
        "hit": hits / len(lowest),
        "mass": sum(max(-saliency[p], 0) for p in inside) / mass if mass else 0,
        "rank": np.mean(shares),
        "sign": float(np.mean([saliency[p] for p in inside]) < 0),
    }


@pytest.mark.parametrize(("side", "levels"), [(2, 3), (28, None)])
def test_scores_are_those_of_a_slow_transcription(side, levels):
    """On 2 x 2 pixels with many ties, all orders of which are drawn; on 28 x 28 without ties."""
    rng = np.random.default_rng(side)
    shape = (12, side, side)
    maps = rng.standard_normal(shape) if levels is None else rng.integers(-1, levels - 1, shape).astype(float)
    truth = rng.random(shape) < 0.1
    truth[:, 0, 0], truth[:, -1, -1] = True, False
    got = score_against_truth(maps, truth)
    for i in range(12):
        expected = slow_scores(maps[i], truth[i])
        assert {name: got[name][i] for name in SCORES} == pytest.approx(expected), i


def test_stored_maps_in_half_precision_are_scored_in_full():
    maps = np.full((1, 56, 56), -60000, np.float16)
    truth = np.zeros((1, 56, 56), bool)
    truth[:, :28] = True
    got = score_against_truth(maps, truth)
    assert got["mass"] == 0.5 and got["sign"] == 1
    assert all(value.dtype == np.float64 for value in got.values())


def test_no_maps_have_no_scores():
    assert all(value.shape == (0,) for value in score_against_truth(np.zeros((0, 4, 4)), np.zeros((0, 4, 4))).values())


def test_truth_must_hold_some_but_not_all_pixels():
    maps = np.zeros((2, 4, 4))
    with pytest.raises(ValueError, match="truth 1 holds 0 pixels"):
        score_against_truth(maps, np.stack([CORNER, np.zeros_like(CORNER)]))
    with pytest.raises(ValueError, match="truth 0 holds 16 pixels"):
        score_against_truth(maps, np.stack([np.ones_like(CORNER), CORNER]))
    with pytest.raises(ValueError, match=r"\(2, 4, 4\) and truth of \(1, 4, 4\)"):
        score_against_truth(maps, CORNER[None])


def test_the_region_named_is_that_with_the_lowest_mean():
    places = np.array([[0, 0, 2], [5, 5, 2], [5, 5, 2]], np.int8)  # not every index is there
    maps = np.zeros((3, 3, 3))
    maps[0, 0] = -1  # means: -1 over region 0, -1/3 over region 2
    maps[1, 1:, :2] = [[-9, 0], [0, 0]]  # the sum counts less than the mean
    maps[1, 0, :2] = -3
    maps[2, 1:, :2] = -1
    assert named_region(maps, places).tolist() == [0, 0, 5]
    assert named_region(np.zeros((1, 3, 3)), places).tolist() == [0], "the first of equals"
