"""Ratios that know the image: the fit against scikit-learn, the terms by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from whyface.scores import conditional
from whyface.scores.conditional import (
    Conditional,
    Term,
    arrange,
    choose_penalty,
    find_terms,
    fit_conditional,
    fit_weights,
)

N = 400


def planted(seed, widening):
    """Draw plain log odds that are right at high quality, and too sure of genuine pairs at low quality."""
    rng = np.random.default_rng(seed)
    genuine, quality = np.arange(N) % 2 == 0, rng.normal(size=N)
    plain = np.where(genuine, 3 - widening * np.clip(-quality, 0, None), -3) + rng.normal(size=N) * 1.8
    return plain, pd.DataFrame({"quality": quality}), genuine, rng.integers(0, 3, N) * np.ones((2, 1), int)


@pytest.mark.parametrize("penalty", [1e-3, 0.1])
def test_weights_are_those_of_scikit_learn(penalty):
    rng = np.random.default_rng(1)
    terms, genuine = rng.normal(size=(N, 4)), rng.random(N) < 0.3
    terms[genuine] += [0.5, 0, -1, 0.2]
    share = np.where(genuine, 0.5 / genuine.sum(), 0.5 / (~genuine).sum())
    theirs = LogisticRegression(C=1 / (2 * penalty), fit_intercept=False, tol=1e-10, max_iter=1000)
    theirs.fit(terms, genuine, sample_weight=share)
    np.testing.assert_allclose(fit_weights(terms, np.zeros(N), genuine, penalty), theirs.coef_[0], atol=1e-5)


def test_with_a_start_the_slope_of_the_loss_is_nought():
    # At the minimum, what weight k pulls is what the penalty pulls back: share . (p - genuine) term_k + 2 penalty w_k.
    rng = np.random.default_rng(2)
    terms, start, genuine = rng.normal(size=(N, 3)), rng.normal(size=N), rng.random(N) < 0.5
    weights = fit_weights(terms, start, genuine, 0.02)
    share = np.where(genuine, 0.5 / genuine.sum(), 0.5 / (~genuine).sum())
    p = 1 / (1 + np.exp(-start - terms @ weights))
    np.testing.assert_allclose((share * (p - genuine)) @ terms + 2 * 0.02 * weights, 0, atol=1e-6)


def test_log_odds_by_hand():
    # Value 5 is one deviation above the mean: 2 (1 + 0.25) + 0.2; unknown is the mean; 9 is drawn in to 7.
    terms = (Term("q", low=1, high=7, centre=3, scale=2),)
    fit = Conditional(terms, np.array([0.2]), np.array([0.25]), np.array([9.0]), 0.1)
    found = fit.log_odds(np.array([2.0, 2.0, 2.0]), pd.DataFrame({"q": [5, np.nan, 9]}))
    np.testing.assert_allclose(found, [2.7, 2.0, 2 * 1.5 + 0.4])


def test_ratios_never_rise_with_the_distance_and_stay_within_their_bounds():
    terms = (Term("q"),)
    fit = Conditional(terms, np.zeros(1), np.array([1.0]), np.zeros(1), 0.1, -1, 1)
    plain = np.linspace(9, -9, 7)
    for quality in (-5.0, -1.0, 0.0, 3.0):
        found = fit.log_odds(plain, pd.DataFrame({"q": np.full(7, quality)}))
        assert (np.diff(found) <= 0).all() and np.abs(found).max() <= np.log(10) + 1e-12


def test_terms_need_enough_pairs_of_both_classes():
    genuine = np.arange(120) % 2 == 0
    sex = pd.Series(np.where(genuine, "f + f", "f + m"), dtype=object)
    some = pd.Series(np.where(np.arange(120) < 60, "indoors", "outdoors"), dtype=object).where(np.arange(120) > 1, None)
    number = pd.Series(np.arange(120.0)).where(np.arange(120) % 4 < 2)
    constant = pd.Series(np.ones(120))
    columns = pd.DataFrame({"sex": sex, "place": some, "number": number, "constant": constant})
    names = [term.name for term in find_terms(columns, genuine)]
    assert names == ["place=outdoors", "number missing", "number"], "29 genuine indoors, and each sex tells the label"
    matrix = arrange(columns, find_terms(columns, genuine))
    np.testing.assert_allclose(matrix.mean(axis=0), 0, atol=1e-12)
    assert (matrix[2:4, 2] == 0).all(), "unknown numbers are the mean"


def test_terms_are_placed_by_the_pairs_of_the_fit_alone():
    columns = pd.DataFrame({"q": np.linspace(0, 1, 200)})
    (term,) = find_terms(columns, np.arange(200) % 2 == 0)
    np.testing.assert_allclose([term.low, term.high], [0.01, 0.99], atol=1e-9)
    assert term.scaled(pd.DataFrame({"q": [50.0]})) == pytest.approx((0.99 - term.centre) / term.scale)


def test_a_planted_effect_is_found_and_noise_leaves_the_plain_ratios():
    found = fit_conditional(*planted(0, 2.5))
    assert np.isfinite(found.penalty) and found.main[0] < 0, "low quality: genuine pairs lie further"
    weights = [np.abs(fit_conditional(*planted(seed, 0)).main[0]) for seed in range(10)]
    assert np.median(weights) < 0.1 * np.abs(found.main[0])
    plain, columns, *_ = planted(0, 0)
    nothing = fit_conditional(*planted(0, 0)[:3], np.zeros((2, N), int))
    assert np.isinf(nothing.penalty), "people of one third: nobody to choose among"
    bounded = np.clip(plain, nothing.llr_low * np.log(10), nothing.llr_high * np.log(10))
    np.testing.assert_allclose(nothing.log_odds(plain, columns), bounded)


def test_the_penalty_is_that_of_a_slow_search():
    plain, columns, genuine, thirds = planted(3, 2.5)
    terms = arrange(columns, find_terms(columns, genuine))
    costs = {}
    for penalty in (*conditional.PENALTIES, np.inf):
        costs[penalty] = 0.0
        for third in range(3):
            inside = np.array([a == third and b == third for a, b in thirds.T])
            outside = np.array([third not in (a, b) for a, b in thirds.T])
            alone = fit_weights(terms[outside], np.zeros(outside.sum()), genuine[outside], conditional.PENALTIES[0])
            ratios = plain[inside]
            if np.isfinite(penalty):
                scale = plain[outside].std()
                doubled = np.column_stack([terms[outside], terms[outside] * plain[outside, None] / scale])
                start = plain[outside] + terms[outside, 0] * alone[0]
                main, slope = fit_weights(doubled, start, genuine[outside], penalty)
                own = terms[inside, 0]
                ratios = ratios * np.maximum(1 + own * slope / scale, 0) + own * main
            ratios = ratios + terms[inside, 0] * alone[0]
            for kind, sign in ((True, -1), (False, 1)):
                costs[penalty] += np.log1p(np.exp(sign * ratios[genuine[inside] == kind])).mean()
    assert choose_penalty(plain, terms, genuine, thirds) == min(costs, key=costs.get)


def test_large_lists_are_fitted_on_an_even_part_of_them(monkeypatch):
    monkeypatch.setattr(conditional, "MOST_FITTED", 50)
    monkeypatch.setattr(conditional, "CHUNK", 7)
    plain, columns, genuine, thirds = planted(0, 2.5)
    found = fit_conditional(plain, columns, genuine, thirds)
    part = np.sort(np.concatenate([np.flatnonzero(genuine == k)[np.linspace(0, 199, 50).astype(int)] for k in (1, 0)]))
    same = fit_conditional(plain[part], columns.iloc[part], genuine[part], thirds[:, part])
    np.testing.assert_allclose(found.log_odds(plain, columns), same.log_odds(plain, columns))
