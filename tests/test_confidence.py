"""The published score against a literal transcription of it, and the calibrated one against its own promise."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit, minimize

from whyface.confidence import Logistic, PaperScore, fit_confidence, fit_logistic, fit_paper_score
from whyface.decisions import Reference, fit_threshold, score_pairs
from whyface.metrics import cllr


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


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    genuine = rng.random(n) < 0.5
    return np.where(genuine, rng.normal(0.45, 0.12, n), rng.normal(0.9, 0.12, n)).clip(0, 2), genuine


@pytest.fixture
def lfw(shared):
    frame = pd.read_csv(shared / "lfw-y1-scores.csv")
    ids = [f"{i:05d}" for i in range(len(frame))]
    return frame.assign(pair_id=ids, is_genuine=frame["is_genuine"].astype(bool))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_paper_fit_equals_a_literal_transcription(seed):
    distances, genuine = simulate(400, seed)
    threshold, expected = transcribe_paper(distances, genuine, 200)
    assert fit_threshold(distances, genuine, 200) == threshold
    fitted = fit_paper_score(distances, genuine, threshold, 200)
    np.testing.assert_allclose([fitted.a, fitted.x0, fitted.k, fitted.b], expected, rtol=1e-6)


def test_paper_fit_equals_the_transcription_on_real_scores(lfw):
    rest = lfw[lfw["fold"] != 0]
    distances, genuine = rest["cosine_distance"].to_numpy(), rest["is_genuine"].to_numpy()
    threshold, expected = transcribe_paper(distances, genuine, 2000)
    assert fit_threshold(distances, genuine, 2000) == threshold
    fitted = fit_paper_score(distances, genuine, threshold, 2000)
    np.testing.assert_allclose([fitted.a, fitted.x0, fitted.k, fitted.b], expected, rtol=1e-4)


def test_paper_and_logistic_reach_their_known_costs_on_real_scores(lfw):
    scores, _ = fit_confidence(score_pairs(lfw, None, "lfw", 2000), None, "lfw", "logistic", 2000)
    genuine = scores["is_genuine"].to_numpy(bool)
    assert cllr(scores["llr"].to_numpy() * np.log(10), genuine) == pytest.approx(0.0391, abs=5e-5)
    same = np.zeros(len(lfw))
    for fold in range(10):
        rest = lfw[lfw["fold"] != fold]
        taught = rest["cosine_distance"].to_numpy(), rest["is_genuine"].to_numpy()
        fitted = fit_paper_score(*taught, fit_threshold(*taught, 2000), 2000)
        own = (lfw["fold"] == fold).to_numpy()
        same[own] = fitted.sigmoid(lfw["cosine_distance"].to_numpy()[own])
    assert np.mean((same - genuine) ** 2) == pytest.approx(0.00720, abs=5e-6)
    assert cllr(np.log(same / (1 - same)), genuine) == pytest.approx(0.0496, abs=5e-5)


def test_paper_score_by_hand():
    score = PaperScore(a=0.8, x0=0.5, k=-20, b=0.1, threshold=0.5)
    # s(0.5) = 0.8 / 2 + 0.1 = 0.5; far left s -> 0.9; far right s -> 0.1, reported as 0.9; at 0.5 itself s is reported.
    np.testing.assert_allclose(score.score(np.array([-5, 0.5, 5])), [0.9, 0.5, 0.9])
    # Just below the threshold "same" is reported, just above "different": 1 - s.
    s = 0.8 / (1 + np.exp(20 * 0.05)) + 0.1
    np.testing.assert_allclose(score.score(np.array([0.55])), [1 - s])


def test_paper_score_is_clipped_to_half_and_one():
    score = PaperScore(a=1.4, x0=0.5, k=-20, b=-0.1, threshold=0.6)
    np.testing.assert_allclose(score.score(np.array([0, 0.59])), [1, 0.5])


def test_logistic_minimises_the_balanced_log_loss():
    distances, genuine = simulate(500, 3)
    genuine[:100] = False  # unequal classes
    weights = np.where(genuine, 0.5 / genuine.sum(), 0.5 / (~genuine).sum())

    def loss(theta):
        z = theta[0] + theta[1] * distances
        return (weights * np.logaddexp(0, np.where(genuine, -z, z))).sum()

    expected = minimize(loss, [0, 0], method="BFGS", options={"gtol": 1e-9}).x
    fitted = fit_logistic(distances, genuine)
    np.testing.assert_allclose([fitted.intercept, fitted.slope], expected, rtol=1e-3)


def test_logistic_by_hand():
    fit = Logistic(intercept=np.log(100), slope=-np.log(10))
    np.testing.assert_allclose(fit.llr(np.array([0, 1, 2])), [2, 1, 0])
    np.testing.assert_allclose(fit.p_same(np.array([0, 1, 2])), [100 / 101, 10 / 11, 0.5])


def test_separable_pairs_have_a_finite_fit():
    fitted = fit_logistic(np.array([0.1, 0.2, 1.0, 1.1]), np.array([True, True, False, False]))
    assert np.isfinite([fitted.intercept, fitted.slope]).all() and fitted.slope < 0


def test_confidence_is_p_same_if_same_else_its_complement():
    scores, confidence = _score(simulate(300, 4))
    same = scores["decision"] == "same"
    np.testing.assert_allclose(scores["confidence"][same], scores["p_same"][same])
    np.testing.assert_allclose(scores["confidence"][~same], 1 - scores["p_same"][~same])
    assert confidence.groupby("method").size().to_dict() == {"logistic": 3, "paper": 3}
    assert set(json.loads(confidence["parameters"][0])) == {"intercept", "slope"}
    assert confidence["n_fit"].tolist() == [200] * 6


def test_labels_of_a_fold_never_reach_its_own_confidence():
    distances, genuine = simulate(300, 5)
    before, _ = _score((distances, genuine))
    shuffled = genuine.copy()
    shuffled[:100] = np.random.default_rng(0).permutation(genuine[:100])
    after, _ = _score((distances, shuffled))
    for column in ("p_same", "llr", "paper_score", "confidence"):
        np.testing.assert_array_equal(before[column][:100], after[column][:100])
        assert not np.array_equal(before[column][100:], after[column][100:])


def test_unlabelled_pairs_take_the_reference_s_confidence():
    reference, _ = _score(simulate(300, 6))
    mine = pd.DataFrame({"pair_id": ["0", "1", "2"], "is_genuine": None, "fold": np.nan})
    mine = mine.assign(cosine_distance=[0.4, 1.0, np.nan])
    decided = score_pairs(mine, Reference("other", reference), "mine", 200)
    scores, confidence = fit_confidence(decided, Reference("other", reference), "mine", "logistic", 200)
    assert scores["p_same"][0] > 0.9 > 0.1 > scores["p_same"][1]
    assert scores[["p_same", "llr", "confidence", "paper_score"]].iloc[2].isna().all()
    assert set(confidence["fitted_on"]) == {"other"} and confidence["fold"].isna().all()


def _score(simulated):
    distances, genuine = simulated
    ids = [f"{i:05d}" for i in range(len(distances))]
    frame = pd.DataFrame({"pair_id": ids, "is_genuine": genuine, "fold": np.repeat([0, 1, 2], len(distances) // 3)})
    decisions = score_pairs(frame.assign(cosine_distance=distances), None, "d", 200)
    return fit_confidence(decisions, None, "d", "logistic", 200)
