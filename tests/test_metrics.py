"""Figures of merit by hand and against independent implementations."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_curve

from whyface import metrics

# Genuine 0.1 0.2 0.6, impostor 0.4 0.8 0.9 1.0.
DISTANCES = np.array([0.1, 0.2, 0.6, 0.4, 0.8, 0.9, 1.0])
GENUINE = np.array([True] * 3 + [False] * 4)


def scores(distances, genuine, folds, log_odds):
    outcome = np.where(distances < 0.5, np.where(genuine, "true-match", "false-match"), "true-non-match")
    outcome = np.where((distances >= 0.5) & genuine, "false-non-match", outcome)
    return pd.DataFrame(
        {
            "is_genuine": genuine,
            "fold": folds,
            "cosine_distance": distances,
            "outcome": outcome,
            "llr": log_odds / np.log(10),
        }
    )


def values(frame, faces=("ok",)):
    table = metrics.summarise_scores(frame, pd.DataFrame({"status": list(faces)}), "logistic")
    return table.set_index("metric")["value"]


def test_det_points_by_hand():
    fmr, fnmr = metrics.det_points(DISTANCES, GENUINE)
    # Thresholds 0.1 0.2 0.4 0.6 0.8 0.9 1.0 inf; "same" is strictly below.
    np.testing.assert_allclose(fmr, [0, 0, 0, 0.25, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(fnmr, [1, 2 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0])


def test_det_points_agree_with_sklearn():
    rng = np.random.default_rng(0)
    distances, genuine = rng.uniform(0, 2, 500).round(2), rng.random(500) < 0.4
    fpr, tpr, _ = roc_curve(genuine, -distances, drop_intermediate=False)
    fmr, fnmr = metrics.det_points(distances, genuine)
    np.testing.assert_allclose(fmr, fpr)
    np.testing.assert_allclose(fnmr, 1 - tpr)


def test_eer_by_hand():
    # Between (0, 1/3) and (0.25, 1/3) FMR stays below FNMR; it meets it between (0.25, 1/3) and (0.25, 0).
    assert metrics.equal_error_rate(*metrics.det_points(DISTANCES, GENUINE)) == pytest.approx(0.25)


def test_eer_is_zero_when_distributions_do_not_overlap():
    assert metrics.equal_error_rate(*metrics.det_points(DISTANCES[[0, 1, 4, 5]], GENUINE[[0, 1, 4, 5]])) == 0


def test_eer_is_half_when_all_distances_are_equal():
    assert metrics.equal_error_rate(*metrics.det_points(np.ones(7), GENUINE)) == 0.5


def test_fnmr_at_fmr_by_hand():
    points = metrics.det_points(DISTANCES, GENUINE)
    assert metrics.fnmr_at_fmr(*points, 0.1) == pytest.approx(1 / 3)
    assert metrics.fnmr_at_fmr(*points, 0.25) == 0


def test_d_prime_by_hand():
    # Means 0 and 2, variances 1 and 1.
    assert metrics.d_prime(np.array([-1.0, 1, 1, 3]), np.array([True, True, False, False])) == 2
    assert np.isnan(metrics.d_prime(np.ones(4), np.array([True, True, False, False])))


def test_cllr_by_hand():
    # LR 3 for the genuine pair, 1/3 for the impostor: log2(1 + 1/3) each.
    assert metrics.cllr(np.log([3, 1 / 3]), np.array([True, False])) == pytest.approx(np.log2(4 / 3))
    assert metrics.cllr(np.zeros(7), GENUINE) == pytest.approx(1), "knowing nothing costs one bit"


def test_cllr_min_by_hand():
    # Order: genuine genuine | impostor genuine | impostor: PAV pools the middle two into an LR of 1/3 : 1/2.
    log_odds, genuine = np.array([5.0, 4, 3, 2, 1]), np.array([True, True, False, True, False])
    pooled = (1 / 3) / (1 / 2)
    expected = (np.log2(1 + 1 / pooled) / 3 + np.log2(1 + pooled) / 2) / 2
    assert metrics.cllr_min(log_odds, genuine) == pytest.approx(expected)
    assert metrics.cllr_min(-DISTANCES[[0, 1, 4, 5]], GENUINE[[0, 1, 4, 5]]) == 0


def test_ece_by_hand():
    p, genuine = np.array([0.1, 0.3, 0.6, 0.8]), np.array([False, True, True, True])
    # Two bins: mean p 0.2 against a share of 0.5, and 0.7 against 1.
    assert metrics.expected_calibration_error(p, genuine, bins=2) == pytest.approx(0.3)


def test_summary_by_hand_and_against_sklearn():
    log_odds = 4 - 8 * DISTANCES
    found = values(scores(DISTANCES, GENUINE, [0, 0, 0, 0, 0, 1, 1], log_odds), ["ok", "centre-crop", "failed", "ok"])
    # Fold 0: right are 0.1, 0.2 (genuine) and 0.8; wrong 0.6 and 0.4. Fold 1: both right.
    assert found["accuracy"] == pytest.approx((3 / 5 + 1) / 2)
    assert found["accuracy_se"] == pytest.approx(0.2)
    assert found["fta_rate"] == 0.5
    p = 1 / (1 + np.exp(-log_odds))
    assert found["brier"] == pytest.approx(brier_score_loss(GENUINE, p))
    assert found["log_loss"] == pytest.approx(log_loss(GENUINE, p))
    assert found["auc"] == pytest.approx(11 / 12)


def test_rates_that_the_set_cannot_support_are_null():
    rng = np.random.default_rng(0)
    genuine = np.arange(700) < 350
    found = values(scores(rng.uniform(0, 1, 700), genuine, np.zeros(700), np.zeros(700)))
    assert found[["fnmr_at_fmr_1e-1", "fnmr_at_fmr_1e-2"]].notna().all(), "3 / 350 < 1e-2"
    assert np.isnan(found["fnmr_at_fmr_1e-3"]), "3 / 350 > 1e-3: the rule of three"


def test_one_class_gives_only_what_needs_no_labels():
    frame = scores(DISTANCES, np.ones(7, bool), np.zeros(7), np.zeros(7))
    assert list(values(frame).index) == ["fta_rate"]
