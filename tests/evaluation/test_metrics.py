"""Metrics by hand and against independent implementations."""

import numpy as np
import pytest
from lir.data.models import LLRData
from lir.metrics import cllr as lir_cllr
from lir.metrics import cllr_min as lir_cllr_min
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score, roc_curve

from whyface.evaluation import metrics

# Genuine 0.1 0.2 0.6, impostor 0.4 0.8 0.9 1.0.
DISTANCES = np.array([0.1, 0.2, 0.6, 0.4, 0.8, 0.9, 1.0])
GENUINE = np.array([True] * 3 + [False] * 4)


def tally(distances, genuine):
    distinct, place = np.unique(distances, return_inverse=True)
    return metrics.tally(place, genuine, len(distinct))


def simulate(seed=0, n=500):
    rng = np.random.default_rng(seed)
    genuine = rng.random(n) < 0.4
    return np.where(genuine, rng.normal(0.5, 0.2, n), rng.normal(0.9, 0.2, n)).clip(0, 2).round(2), genuine


def data(log_odds, genuine):
    return LLRData(features=log_odds / np.log(10), labels=genuine.astype(int))


def test_det_points_by_hand():
    fmr, fnmr = metrics.det_points(*tally(DISTANCES, GENUINE))
    # Thresholds 0.1 0.2 0.4 0.6 0.8 0.9 1.0 inf; "same" is strictly below.
    np.testing.assert_allclose(fmr, [0, 0, 0, 0.25, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(fnmr, [1, 2 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0], atol=1e-12)


def test_det_points_and_area_agree_with_sklearn():
    distances, genuine = simulate()
    fpr, tpr, _ = roc_curve(genuine, -distances, drop_intermediate=False)
    fmr, fnmr = metrics.det_points(*tally(distances, genuine))
    np.testing.assert_allclose(fmr, fpr, atol=1e-12)
    np.testing.assert_allclose(fnmr, 1 - tpr, atol=1e-12)
    expected = roc_auc_score(genuine, -distances)
    assert metrics.area_under_roc(*tally(distances, genuine)) == pytest.approx(expected)


def test_area_by_hand():
    # Of the 12 genuine-impostor pairs of pairs, only 0.6 against 0.4 is the wrong way round.
    assert metrics.area_under_roc(*tally(DISTANCES, GENUINE)) == pytest.approx(11 / 12)
    assert metrics.area_under_roc(*tally(np.ones(7), GENUINE)) == 0.5


def test_eer_by_hand():
    # Between (0, 1/3) and (0.25, 1/3) FMR stays below FNMR; it meets it between (0.25, 1/3) and (0.25, 0).
    eer, point = metrics.equal_error_rate(*metrics.det_points(*tally(DISTANCES, GENUINE)))
    assert eer == pytest.approx(0.25)
    assert np.unique(DISTANCES)[point] == 0.8


def test_eer_is_zero_when_distributions_do_not_overlap():
    assert metrics.equal_error_rate(*metrics.det_points(*tally(DISTANCES[[0, 1, 4, 5]], GENUINE[[0, 1, 4, 5]])))[0] == 0


def test_eer_is_half_when_all_distances_are_equal():
    assert metrics.equal_error_rate(*metrics.det_points(*tally(np.ones(7), GENUINE)))[0] == 0.5


def test_fnmr_at_fmr_by_hand():
    fmr, fnmr = metrics.det_points(*tally(DISTANCES, GENUINE))
    found = [fnmr[metrics.point_at_fmr(fmr, target)] for target in (0.1, 0.25)]
    np.testing.assert_allclose(found, [1 / 3, 0], atol=1e-12)


def test_tally_by_hand():
    genuine, impostor = metrics.tally(np.array([0, 2, 2, 0, 2]), np.array([True, True, False, True, False]), 4)
    assert genuine.tolist() == [2, 0, 1, 0] and impostor.tolist() == [0, 0, 2, 0]


def test_d_prime_by_hand():
    # Means 0 and 2, variances 1 and 1.
    pairs = np.array([-1.0, 1, 1, 3]), np.array([True, True, False, False])
    assert metrics.d_prime(*pairs)[0] == 2
    assert np.isnan(metrics.d_prime(np.ones(4), pairs[1])[0])


def test_cllr_by_hand():
    # LR 3 for the genuine pair, 1/3 for the impostor: log2(1 + 1/3) each.
    genuine = np.array([True, False])
    costs = metrics.pair_costs(np.log([3, 1 / 3]), genuine)
    assert metrics.cllr(costs, genuine) == pytest.approx(np.log2(4 / 3))
    costs = metrics.pair_costs(np.zeros(7), GENUINE)
    assert metrics.cllr(costs, GENUINE) == pytest.approx(1), "knowing nothing costs one bit"


def test_cllr_min_by_hand():
    # Order: genuine genuine | impostor genuine | impostor: PAV pools the middle two into an LR of 1/3 : 1/2.
    log_odds, genuine = np.array([5.0, 4, 3, 2, 1]), np.array([True, True, False, True, False])
    pooled = (1 / 3) / (1 / 2)
    expected = (np.log2(1 + 1 / pooled) / 3 + np.log2(1 + pooled) / 2) / 2
    assert metrics.cllr(metrics.best_costs(log_odds, genuine), genuine) == pytest.approx(expected)
    assert not metrics.best_costs(-DISTANCES[[0, 1, 4, 5]], GENUINE[[0, 1, 4, 5]]).any()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cllr_and_its_minimum_agree_with_lir(seed):
    distances, genuine = simulate(seed)
    log_odds = 8 * (0.65 - distances)
    costs = metrics.pair_costs(log_odds, genuine)
    assert metrics.cllr(costs, genuine) == pytest.approx(lir_cllr(data(log_odds, genuine)))
    least = metrics.cllr(metrics.best_costs(log_odds, genuine), genuine)
    assert least == pytest.approx(lir_cllr_min(data(log_odds, genuine)), abs=1e-6)


def test_best_probabilities_agree_with_sklearn():
    distances, genuine = simulate(3)
    weights = np.where(genuine, 1 / genuine.sum(), 1 / (~genuine).sum())
    fitted = IsotonicRegression(increasing=False).fit(distances, genuine, sample_weight=weights)
    expected = fitted.predict(np.unique(distances))
    np.testing.assert_allclose(metrics.best_probabilities(*tally(distances, genuine)), expected, atol=1e-9)


def test_equal_mass_bins_hold_as_many_each():
    p = np.random.default_rng(0).random(47)
    bins = metrics.equal_mass_bins(p, 15)
    assert set(np.bincount(bins)) == {3, 4}
    assert all(p[bins == i].max() <= p[bins == i + 1].min() for i in range(14))
    np.testing.assert_array_equal(metrics.equal_mass_bins(np.array([0.3, 0.1]), 15), [1, 0])


def test_calibration_error_by_hand():
    # Bin of p 0.1, 0.3 with none genuine: gap 0.2; bin of 0.6, 0.9 with both genuine: gap 0.25. Halved and added.
    p, genuine = np.array([0.1, 0.3, 0.6, 0.9]), np.array([False, False, True, True])
    error, turned = metrics.calibration_error(p - genuine, metrics.equal_mass_bins(p, 2))
    assert error == pytest.approx(0.225)
    np.testing.assert_allclose(turned, [0.1, 0.3, 0.4, 0.1])
