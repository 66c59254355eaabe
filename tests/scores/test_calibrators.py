"""Calibrators by hand, against independent implementations, and on pairs that are hardly any."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lir.algorithms.isotonic_regression import IsotonicCalibrator
from lir.algorithms.kde import KDECalibrator
from lir.algorithms.logistic_regression import LogitCalibrator
from scipy.integrate import trapezoid
from scipy.optimize import curve_fit
from scipy.stats import beta as scipy_beta

from whyface.scores.bounds import supported_range
from whyface.scores.calibrators import (
    CALIBRATORS,
    Logistic,
    PaperScore,
    fit_isotonic,
    fit_logistic,
    fit_paper,
    from_json,
    to_json,
)
from whyface.scores.decisions import first_threshold
from whyface.scores.densities import KERNEL_GRID, Beta, fit_beta, fit_kde
from whyface.site.words.vocabulary import CONFIDENCE_METHODS

SCHEMA = Path(__file__).resolve().parents[2] / "workflow" / "schemas" / "config.schema.yaml"
GRID = np.linspace(0, 2, 401)
PARAMETRIC = ("paper", "logistic", "beta")


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    genuine = rng.random(n) < 0.5
    return np.where(genuine, rng.normal(0.45, 0.12, n), rng.normal(0.9, 0.12, n)).clip(0, 2), genuine


def nobody_apart(n=60, seed=0):
    """Distances of a wrongly scaled model: all near 0.002, whoever is shown. The paper's fit fails on them."""
    return np.random.default_rng(seed).normal(0.002, 0.0003, n).clip(0, 2), np.arange(n) // 2 % 2 == 0


@pytest.fixture
def lfw(shared):
    frame = pd.read_csv(shared / "lfw-y1-scores.csv")
    return frame["cosine_distance"].to_numpy(), frame["is_genuine"].to_numpy(bool), frame["fold"].to_numpy()


def transcribe_paper(distances, labels, bins):
    """Fit as published, step by step, with loops; returns threshold and (a, x0, k, b)."""
    grid = [2 * i / bins for i in range(bins)]
    threshold, best = None, -1
    for t in grid:
        right = sum((d < t) == label for d, label in zip(distances, labels, strict=True))
        if right > best:
            threshold, best = t, right
    width = 2 / bins
    genuine, impostor = [0.0] * bins, [0.0] * bins
    for d, label in zip(distances, labels, strict=True):
        (genuine if label else impostor)[min(int(np.searchsorted(grid, d, "right")) - 1, bins - 1)] += 1
    n_genuine, n_impostor = sum(labels), len(labels) - sum(labels)
    ratio = []
    for i in range(bins):
        g, h = genuine[i] / (n_genuine * width), impostor[i] / (n_impostor * width)
        ratio.append(g / (g + h) if g + h > 0 else (1.0 if i < int(threshold / (2 / bins)) else 0.0))

    def s(x, a, x0, k, b):
        return a / (1 + np.exp(-k * (x - x0))) + b

    start = [max(ratio), threshold, -20, min(ratio)]
    return threshold, curve_fit(s, grid, ratio, start, method="dogbox")[0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_paper_fit_equals_a_literal_transcription(seed):
    distances, genuine = simulate(400, seed)
    threshold, expected = transcribe_paper(distances, genuine, 200)
    assert first_threshold(distances, genuine, 200) == threshold
    fitted = fit_paper(distances, genuine, 200)
    np.testing.assert_allclose([fitted.a, fitted.x0, fitted.k, fitted.b], expected, rtol=1e-6)
    assert fitted.threshold == threshold


@pytest.mark.slow
def test_paper_fit_equals_the_transcription_on_real_scores(lfw):
    distances, genuine, fold = lfw
    threshold, expected = transcribe_paper(distances[fold != 0], genuine[fold != 0], 2000)
    fitted = fit_paper(distances[fold != 0], genuine[fold != 0], 2000)
    assert fitted.threshold == threshold
    np.testing.assert_allclose([fitted.a, fitted.x0, fitted.k, fitted.b], expected, rtol=1e-4)


def test_paper_score_by_hand():
    score = PaperScore(a=0.8, x0=0.5, k=-20, b=0.1, threshold=0.5)
    # s(0.5) = 0.8 / 2 + 0.1 = 0.5; far left s -> 0.9; far right s -> 0.1, reported as 0.9; at 0.5 itself s is reported.
    np.testing.assert_allclose(score.score(np.array([-5, 0.5, 5])), [0.9, 0.5, 0.9])
    # Just below the threshold "same" is reported, just above "different": 1 - s.
    s = 0.8 / (1 + np.exp(20 * 0.05)) + 0.1
    np.testing.assert_allclose(score.score(np.array([0.55])), [1 - s])
    np.testing.assert_allclose(score.log_odds(np.array([-5, 0.5])), [np.log(9), 0], atol=1e-12)


def test_paper_score_is_clipped_to_half_and_one():
    score = PaperScore(a=1.4, x0=0.5, k=-20, b=-0.1, threshold=0.6)
    np.testing.assert_allclose(score.score(np.array([0, 0.59])), [1, 0.5])
    assert np.isfinite(score.log_odds(np.array([0.0, 2.0]))).all(), "s leaves 0 .. 1 here"


def test_logistic_by_hand():
    fit = Logistic(intercept=np.log(100), slope=-np.log(10))
    np.testing.assert_allclose(fit.log_odds(np.array([0, 1, 2])), np.log([100, 10, 1]))


@pytest.mark.parametrize("seed", [3, 4])
def test_logistic_agrees_with_lir_and_scikit_learn(seed):
    distances, genuine = simulate(500, seed)
    genuine[:100] = False  # unequal classes
    expected = LogitCalibrator(C=1e6, tol=1e-10).fit(distances[:, None], genuine.astype(int)).transform(GRID)
    np.testing.assert_allclose(fit_logistic(distances, genuine).log_odds(GRID) / np.log(10), expected, atol=2e-3)


def test_isotonic_by_hand():
    # Genuine, impostor, genuine, impostor by distance: the middle two pool to p = 1/2. The added impostor pools with
    # the first to p = 1/2, and the added genuine pair with the last.
    fit = fit_isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([True, False, True, False]))
    np.testing.assert_allclose(fit.log_odds(GRID), 0, atol=1e-12)
    # Three genuine before three impostors: the misleading pair makes 3/4 of the first step, 1/4 of the last.
    fit = fit_isotonic(np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]), np.repeat([True, False], 3))
    np.testing.assert_allclose(
        fit.log_odds(np.array([0, 0.3, 0.5, 0.7, 2])), np.log([3, 3, 1, 1 / 3, 1 / 3]), atol=1e-12
    )


def test_isotonic_agrees_with_lir():
    distances, genuine = simulate(500, 5)
    mine = fit_isotonic(distances, genuine).log_odds(distances) / np.log(10)
    theirs = IsotonicCalibrator(add_misleading=1).fit(-distances, genuine.astype(int)).transform(-distances)
    # lir's two pairs weigh by the classes' shares with themselves counted: the same to within one pair in 250.
    np.testing.assert_allclose(mine, theirs, atol=0.02)


def test_kde_agrees_with_lir_at_the_same_width():
    distances, genuine = simulate(800, 6)

    def width(sample):
        spread = min(sample.std(), np.subtract(*np.quantile(sample, [0.75, 0.25])) / 1.349)
        return 0.9 * spread * len(sample) ** -0.2

    reference = KDECalibrator((width(distances[~genuine]), width(distances[genuine])))
    expected = reference.fit(distances, genuine.astype(int)).transform(GRID)
    near = np.abs(expected) < 6  # further out a difference of widths by the binning shows
    mine = fit_kde(distances, genuine, 2000).log_odds(GRID) / np.log(10)
    np.testing.assert_allclose(mine[near], expected[near], atol=0.01, rtol=0.01)
    assert near.sum() > 60


def test_densities_are_densities():
    distances, genuine = simulate(800, 7)
    for fit in (fit_kde(distances, genuine, 2000), fit_beta(distances, genuine)):
        for density in fit.densities(KERNEL_GRID):
            assert trapezoid(density, KERNEL_GRID) == pytest.approx(1, abs=1e-3)


def test_beta_agrees_with_scipy():
    distances, genuine = simulate(800, 8)
    fit = fit_beta(distances, genuine)
    for kind, found in ((genuine, fit.genuine), (~genuine, fit.impostor)):
        np.testing.assert_allclose(found, scipy_beta.fit(distances[kind] / 2, floc=0, fscale=1)[:2], rtol=2e-3)
    middle = np.array([0.5, 0.7, 0.9])
    expected = scipy_beta.logpdf(middle / 2, *fit.genuine) - scipy_beta.logpdf(middle / 2, *fit.impostor)
    np.testing.assert_allclose(fit.log_odds(middle), expected)


def test_beta_by_hand():
    # Densities 2 (1 - x) and 2 x of x, half the distance: the ratio at 0.5 is 3, at 1 it is 1, at 1.5 a third.
    fit = Beta(genuine=(1, 2), impostor=(2, 1))
    np.testing.assert_allclose(fit.log_odds(np.array([0.5, 1, 1.5])), np.log([3, 1, 1 / 3]), atol=1e-12)
    np.testing.assert_allclose(fit.densities(np.array([0.5])), [[0.75], [0.25]])


def test_beta_ratio_is_held_where_it_would_turn():
    # log ratio = -3 ln x - ln(1 - x) + c falls up to x = 3/4 and would rise beyond.
    fit = Beta(genuine=(1, 1), impostor=(4, 2))
    np.testing.assert_allclose(fit.log_odds(np.array([1.6, 2.0])), fit.log_odds(np.array([1.5, 1.5])))
    np.testing.assert_array_equal(Beta(genuine=(4, 1), impostor=(1, 4)).log_odds(GRID), 0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 2), min_size=2, max_size=30),
    st.lists(st.floats(0, 2), min_size=2, max_size=30),
    st.sampled_from(PARAMETRIC),
)
def test_parametric_methods_fall_with_the_distance(genuine, impostor, method):
    distances = np.array([*genuine, *impostor])
    labels = np.arange(len(distances)) < len(genuine)
    if method != "beta" and np.mean(genuine) >= np.mean(impostor):
        distances = 2 - distances  # a line falls if the genuine pairs are the closer ones
    fit = CALIBRATORS[method].fit(distances, labels, 200)
    if fit is None or (method == "logistic" and fit.slope > 0) or (method == "paper" and fit.a * fit.k > 0):
        return  # no fit, or pairs that say the opposite
    ratios = fit.log_odds(GRID)
    assert np.all(np.diff(ratios) <= 1e-9 * np.abs(ratios).max() + 1e-12)


@pytest.mark.parametrize("method", CALIBRATORS)
@pytest.mark.parametrize(
    ("distances", "genuine"),
    [
        ([0.1, 0.2, 1.0, 1.1], [True, True, False, False]),  # separable
        ([0.7] * 10, [True, False] * 5),  # all the same
        ([0.3, 0.9], [True, False]),  # one of each
        ([0.0, 2.0, 0.0, 2.0], [True, True, False, False]),  # at the ends
        ([1.0, 1.1, 0.1, 0.2], [True, True, False, False]),  # worse than chance
    ],
)
def test_hardly_any_pairs_give_finite_ratios_within_what_they_support(method, distances, genuine):
    distances, genuine = np.array(distances), np.array(genuine)
    fit = CALIBRATORS[method].fit(distances, genuine, 200)
    if fit is None:
        assert method == "paper"
        return
    ratios = fit.log_odds(GRID)
    assert np.isfinite(ratios).all()
    low, high = supported_range(fit.log_odds(distances), genuine)
    # One more than there are of either class could err: no ratio beyond that is supported.
    assert -np.log10(genuine.sum() + 1) - 0.02 <= low <= 0 <= high <= np.log10((~genuine).sum() + 1) + 0.02
    np.testing.assert_allclose(from_json(method, to_json(fit)).log_odds(GRID), ratios)


def test_the_names_of_the_calibrators_are_those_of_config_and_site():
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    assert set(schema["properties"]["confidence"]["properties"]["method"]["enum"]) == set(CALIBRATORS)
    assert set(CONFIDENCE_METHODS) == set(CALIBRATORS)
