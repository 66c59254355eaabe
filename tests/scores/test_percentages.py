"""Percentages from elsewhere: by hand, and what each of their users would see."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from whyface.scores import percentages
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs
from whyface.scores.percentages import CERTAIN, stated_log_odds


def state(distances, threshold=0.5, logistic=None, folds=0):
    pairs = pd.DataFrame({"fold": folds, "cosine_distance": distances, "threshold": threshold}).astype(
        {"fold": "Int32"}
    )
    values = np.asarray(distances if logistic is None else logistic, float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(percentages, "log_odds", lambda *_: logit(values))
        return {name: expit(odds) for name, odds in stated_log_odds(pairs, None).items()}


def test_similarity_as_a_percentage():
    np.testing.assert_allclose(state([0.03, 0.6, 1.7, 0.0])["cosine"], [0.97, 0.4, CERTAIN, 1 - CERTAIN])


def test_a_sigmoid_is_even_at_the_threshold():
    np.testing.assert_allclose(state([0.5, 0.4, 0.6])["sigmoid"], [0.5, 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])


def test_the_formula_of_the_wiki():
    # At half the threshold: linear 0.75, bent by 0.25 * 0.5 ** 0.2. Beyond the threshold: (1 - d) / 1.
    found = state([0.5, 0.25, 0.75, 1.0])["face-recognition"]
    np.testing.assert_allclose(found, [0.5, 0.75 + 0.25 * 0.5**0.2, 0.25, CERTAIN])


def test_the_formula_of_the_wiki_knows_no_threshold_of_1():
    assert np.isnan(state([0.5, 0.9], threshold=1.0)["face-recognition"]).all()


def test_deepface_fills_the_range_of_each_decision():
    # Two folds alike: "same" from 60 to 90 % becomes 60 to 100, "different" from 10 to 40 % becomes 0 to 40.
    distances, logistic = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], [0.9, 0.75, 0.6, 0.4, 0.25, 0.1]
    found = state(distances * 2, logistic=logistic * 2, folds=np.repeat([0, 1], 6))["deepface"]
    np.testing.assert_allclose(found[:6], [1 - CERTAIN, 0.8, 0.6, 0.4, 0.2, CERTAIN], atol=1e-9)
    np.testing.assert_allclose(found[:6], found[6:])


def test_deepface_stretches_by_the_other_folds():
    found = state([0.1, 0.3, 0.2, 0.25], logistic=[0.9, 0.6, 0.8, 0.7], folds=[0, 0, 1, 1])["deepface"]
    # Fold 0 by 70 to 80 %: 90 and 60 lie outside, and become the ends of the range. Fold 1 by 60 to 90 %.
    np.testing.assert_allclose(found, [1 - CERTAIN, 0.51, 60 / 100 + 2 / 3 * 0.4, 60 / 100 + 1 / 3 * 0.4], atol=1e-4)


def test_without_other_pairs_of_the_decision_deepface_says_the_least():
    found = state([0.1, 0.9], logistic=[0.9, 0.1], folds=[0, 1])["deepface"]
    np.testing.assert_allclose(found, [0.51, 0.49])


def test_failed_images_have_no_percentage():
    rng = np.random.default_rng(0)
    genuine = np.arange(80) % 2 == 0
    distances = np.where(genuine, 0.4, 0.9) + rng.normal(0, 0.1, 80)
    distances[7] = np.nan
    pairs = pd.DataFrame(
        {"pair_id": [f"{i:03d}" for i in range(80)], "is_genuine": genuine, "fold": np.arange(80) // 20}
    )
    decisions = score_pairs(pairs.assign(cosine_distance=distances), None, "d", 200, "beta")
    _, confidence = fit_confidence(decisions, None, "d", "beta", 200)
    for odds in stated_log_odds(decisions, confidence).values():
        assert np.flatnonzero(np.isnan(odds)).tolist() == [7]
