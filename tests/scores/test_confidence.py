"""Confidence is fitted on other folds, within bounds, and keeps its promise on real scores."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from test_calibrators import nobody_apart, simulate

from whyface.scores.calibrators import CALIBRATORS
from whyface.scores.confidence import fit_confidence, log_odds
from whyface.scores.decisions import Reference, score_pairs
from whyface.tables import parquet as tables
from whyface.tables import schemas

COLUMNS = ("p_same", "llr", "paper_score", "confidence")


@pytest.fixture
def lfw(shared):
    frame = pd.read_csv(shared / "lfw-y1-scores.csv")
    ids = [f"{i:05d}" for i in range(len(frame))]
    return frame.assign(pair_id=ids, is_genuine=frame["is_genuine"].astype(bool))


def cost(ratios, genuine):
    """Cllr as lir writes it."""
    odds = np.exp(ratios)
    return (np.mean(np.log2(1 + 1 / odds[genuine])) + np.mean(np.log2(1 + odds[~genuine]))) / 2


def _score(simulated, method="beta", n=3):
    distances, genuine = simulated
    ids = [f"{i:05d}" for i in range(len(distances))]
    frame = pd.DataFrame(
        {"pair_id": ids, "is_genuine": genuine, "fold": np.arange(len(distances)) * n // len(distances)}
    )
    decisions = score_pairs(frame.assign(cosine_distance=distances), None, "d", 200, method)
    return fit_confidence(decisions, None, "d", method, 200)


def test_the_default_costs_no_more_than_logistic_on_real_scores_and_the_paper_score_more(lfw):
    decisions = score_pairs(lfw, None, "lfw", 2000, "beta")
    scores, confidence = fit_confidence(decisions, None, "lfw", "beta", 2000)
    genuine = scores["is_genuine"].to_numpy(bool)
    costs = {name: cost(log_odds(decisions, confidence, name), genuine) for name in CALIBRATORS}
    assert costs["paper"] == pytest.approx(0.0496, abs=5e-5)
    assert costs["logistic"] == pytest.approx(0.0391, abs=1.5e-4)
    assert costs["beta"] <= 0.0391
    own = np.where(genuine, scores["p_same"], 1 - scores["p_same"])
    assert -np.log(own).mean() <= 0.0271


def test_confidence_is_p_same_if_same_else_its_complement():
    scores, confidence = _score(simulate(300, 4))
    same = scores["decision"] == "same"
    np.testing.assert_allclose(scores["confidence"][same], scores["p_same"][same])
    np.testing.assert_allclose(scores["confidence"][~same], 1 - scores["p_same"][~same])
    np.testing.assert_allclose(scores["p_same"], expit(scores["llr"] * np.log(10)))
    assert confidence.groupby("method").size().to_dict() == dict.fromkeys(CALIBRATORS, 3)
    assert set(json.loads(confidence.set_index("method").loc["logistic", "parameters"].iloc[0])) == {
        "intercept",
        "slope",
    }
    assert set(confidence["n_fit"]) == {200}


@pytest.mark.parametrize("method", [m for m in CALIBRATORS if m != "paper"])
def test_no_ratio_lies_beyond_its_fold_s_bounds(method):
    scores, confidence = _score(simulate(300, 4), method)
    for fit in confidence[confidence["method"] == method].itertuples():
        own = scores["fold"] == fit.fold
        assert scores.loc[own, "llr"].between(fit.llr_low - 1e-12, fit.llr_high + 1e-12).all()
        # 100 pairs of a class cannot support a ratio beyond about 100.
        assert -2.2 < fit.llr_low < 0 < fit.llr_high < 2.2


@pytest.mark.parametrize("method", CALIBRATORS)
def test_labels_of_a_fold_never_reach_its_own_confidence(method):
    distances, genuine = simulate(300, 5)
    before, _ = _score((distances, genuine), method)
    shuffled = genuine.copy()
    shuffled[:100] = np.random.default_rng(0).permutation(genuine[:100])
    after, _ = _score((distances, shuffled), method)
    for column in COLUMNS:
        np.testing.assert_array_equal(before[column][:100], after[column][:100])
        assert not np.array_equal(before[column][100:], after[column][100:])


def test_unlabelled_pairs_take_the_reference_s_confidence():
    reference, _ = _score(simulate(300, 6))
    mine = pd.DataFrame({"pair_id": ["0", "1", "2"], "is_genuine": None, "fold": np.nan})
    mine = mine.assign(cosine_distance=[0.4, 1.0, np.nan])
    decided = score_pairs(mine, Reference("other", reference), "mine", 200, "logistic")
    scores, confidence = fit_confidence(decided, Reference("other", reference), "mine", "logistic", 200)
    assert scores["p_same"][0] > 0.9 > 0.1 > scores["p_same"][1]
    assert scores[["p_same", "llr", "confidence", "paper_score"]].iloc[2].isna().all()
    assert set(confidence["fitted_on"]) == {"other"} and confidence["fold"].isna().all()


def test_ten_pairs_of_equal_distance_know_nothing():
    distances, genuine = np.full(10, 0.7), np.array([True, False] * 5)
    scores, _ = _score((distances, genuine), n=2)
    np.testing.assert_allclose(scores["p_same"], 0.5)


@pytest.mark.parametrize("method", ["beta", "paper"])
@pytest.mark.parametrize("failing", ["every fold", "one fold"])
def test_a_failed_fit_leaves_its_pairs_empty_and_ends_nothing(tmp_path, method, failing):
    distances, genuine = nobody_apart() if failing == "every fold" else simulate(60, 1)
    distances[:40] = nobody_apart()[0][:40]  # what fold 2 learns from; the others learn from pairs like its own too
    scores, confidence = _score((distances, genuine), method)
    tables.write_table(confidence, tmp_path / "c.parquet", schemas.CONFIDENCE)
    read = tables.read_table(tmp_path / "c.parquet", schemas.CONFIDENCE)
    failed = set(read["fold"][(read["method"] == "paper") & read["parameters"].isna()])
    assert failed == ({0, 1, 2} if failing == "every fold" else {2})
    own = scores["fold"].isin(failed)
    np.testing.assert_array_equal(scores["paper_score"].isna(), own)
    np.testing.assert_array_equal(scores["p_same"].isna(), own & (method == "paper"))
    for fits in (confidence, read):
        np.testing.assert_array_equal(np.isnan(log_odds(scores, fits, "paper")), own)
        assert np.isfinite(log_odds(scores, fits, "beta")).all()


def test_one_class_is_an_error_that_says_what_is_missing():
    with pytest.raises(ValueError, match="no genuine and impostor pairs"):
        _score((np.array([0.1, 0.2, 0.3, 0.4]), np.ones(4, bool)), n=2)
