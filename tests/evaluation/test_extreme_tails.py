"""Extrapolated thresholds: the law by hand, its influences against refits, and when there is no figure."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import genpareto

from whyface.evaluation.all_pairs import score_all, spread_few
from whyface.evaluation.extreme_tails import WIDEST, Tail, _influence, extrapolate, fit_tail
from whyface.evaluation.people import Part, People
from whyface.evaluation.tails import compare_all, rates_at, trace_tails


def draw(people, seed, width=48, images=3):
    rng = np.random.default_rng(seed)
    shown = np.repeat(np.arange(people), images)
    vectors = rng.normal(size=(people, width))[shown] + 0.5 * rng.normal(size=(len(shown), width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), shown


def test_thresholds_by_hand():
    # Exponential: a hundredth of the share is ln 100 = 4.605 scales down. Shape -1/2: 2 (1 - 100 ** -0.5) = 1.8 scales.
    assert Tail(0.9, 0.01, 0.0, 0.02).threshold(1e-4) == pytest.approx(0.9 - 0.02 * 4.60517)
    assert Tail(0.9, 0.01, -0.5, 0.02).threshold(1e-4) == pytest.approx(0.9 - 0.02 * 1.8)


@pytest.mark.parametrize("shape", [-0.3, -0.05, 0.1])
def test_a_threshold_has_the_rate_that_the_law_says(shape):
    tail = Tail(0.8, 0.02, shape, 0.03)
    depth = tail.limit - tail.threshold(1e-5)
    assert tail.share * genpareto.sf(depth, shape, scale=tail.scale) == pytest.approx(1e-5)


def test_the_fit_is_the_most_likely_law_of_the_closest_pairs():
    vectors, shown = draw(80, seed=1)
    found = score_all(vectors, shown)
    tail = fit_tail(found)
    below = tail.limit - found.distances[found.distances < tail.limit].astype(float)
    assert tail.share == len(below) / found.impostor.sum() and 0.015 < tail.share < 0.025

    def likelihood(shape, scale):
        return genpareto.logpdf(below, shape, scale=scale).sum()

    best = likelihood(tail.shape, tail.scale)
    for shape, scale in ((0.01, 1), (-0.01, 1), (0, 1.02), (0, 0.98)):
        assert likelihood(tail.shape + shape, tail.scale * scale) < best


def test_influences_foretell_what_a_pair_more_does():
    rng = np.random.default_rng(2)
    below, impostors, depth = genpareto.rvs(-0.15, scale=0.03, size=3000, random_state=rng), 150_000, 0.12

    def log_rate(values, impostors):
        shape, _, scale = genpareto.fit(values, floc=0, scale=values.mean())
        return np.log(len(values) / impostors * genpareto.sf(depth, shape, scale=scale))

    shape, _, scale = genpareto.fit(below, floc=0, scale=below.mean())
    foretold = _influence(Tail(0, len(below) / impostors, shape, scale), below, depth, impostors)
    assert foretold.sum() - (impostors - len(below)) / impostors == pytest.approx(0, abs=0.05)
    for row in np.argsort(below)[[5, 1500, 2700, 2999]]:
        added = log_rate(np.append(below, below[row]), impostors + 1) - log_rate(below, impostors)
        assert added == pytest.approx(foretold[row], rel=0.3, abs=0.02 * np.abs(foretold).max())


@pytest.mark.parametrize("seed", range(3))
def test_the_spread_of_a_few_equals_that_pair_by_pair(seed):
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, 25, 70)
    a, b = np.triu_indices(70, 1)
    apart = shown[a] != shown[b]
    a, b = a[apart], b[apart]
    few = rng.choice(len(a), 90, replace=False)
    influence = np.full(len(a), np.nan)
    influence[few] = rng.normal(0.3, 1, 90) / 1000
    influence[np.isnan(influence)] = -influence[few].sum() / (len(a) - 90)
    pairs = pd.DataFrame(
        {"subject_a": shown[a].astype(str), "subject_b": shown[b].astype(str), "image_a": a, "image_b": b}
    )
    expected = People(pairs).spread([Part(np.arange(len(a)), influence)])
    found = spread_few(pd.factorize(shown)[0], a[few], b[few], influence[few])
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_rates_that_pairs_cannot_show_get_a_threshold_and_an_interval():
    vectors, shown = draw(250, seed=3)
    names = [f"i{place:04d}" for place in range(len(shown))]
    images = pd.DataFrame({"image_id": names, "subject_id": [f"p{one}" for one in shown]})
    collection = compare_all(pd.DataFrame({"image_id": names, "embedding": [*vectors]}), images)
    counted, extrapolated = trace_tails(collection)[0], trace_tails(collection, beyond=True)[0]
    pd.testing.assert_frame_equal(extrapolated[~extrapolated["is_extrapolated"]], counted)
    (row,) = extrapolated[extrapolated["is_extrapolated"]].itertuples()
    assert row.fmr_target == row.fmr == 1e-6 and row.threshold < counted["threshold"].min()
    assert 1e-6 / WIDEST <= row.fmr_low < 1e-6 < row.fmr_high <= 1e-6 * WIDEST
    assert row.fnmr == rates_at(collection, row.threshold)[6] and row.fnmr >= counted["fnmr"].max()


@pytest.mark.parametrize(("people", "fmr", "why"), [(250, 1e-9, "too deep"), (30, 1e-5, "too few people")])
def test_what_cannot_be_trusted_is_no_figure(people, fmr, why):
    vectors, shown = draw(people, seed=4)
    found = score_all(vectors, shown)
    assert extrapolate(found, shown, fit_tail(found), fmr) is None, why


def test_too_few_pairs_have_no_law():
    vectors, shown = draw(9, seed=5)
    assert fit_tail(score_all(vectors, shown)) is None
