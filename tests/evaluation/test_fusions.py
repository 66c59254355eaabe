"""Two models fused: beside scikit-learn's logistic regression, fold by fold, and when that helps."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_curve

from uneven_sets import fabricate
from whyface.evaluation.fusions import COLUMNS, fit_fused, fuse_models
from whyface.scores.bounds import fit_bounded, supported_range
from whyface.tables import parquet as tables
from whyface.tables import schemas

N, FOLDS = 400, 4


def make(apart, seed=0):
    """Make two models whose errors have `apart` of their spread to themselves; everyone is in four pairs."""
    rng = np.random.default_rng(seed)
    ids, genuine = [f"{i:04d}" for i in range(N)], np.arange(N) % 2 == 0
    people = [f"p{i % 100:03d}" for i in range(N)]
    pairs = pd.DataFrame({"pair_id": ids, "is_genuine": genuine, "fold": np.arange(N) % 100 % FOLDS})
    shared, own = rng.normal(0, 0.15, N), rng.normal(0, 0.15, (2, N))
    scores = {}
    for name, noise in zip("ab", own, strict=True):
        mixed = np.sqrt(1 - apart**2) * shared + apart * noise
        distance = np.clip(np.where(genuine, 0.5, 0.9) + mixed, 0, 2)
        scores[name] = pairs.assign(cosine_distance=distance, decision=np.where(distance < 0.7, "same", "different"))
    return pairs.assign(image_a=ids, image_b=ids, subject_a=people, subject_b=people), scores


def balanced(genuine):
    return np.where(genuine, 0.5 / genuine.sum(), 0.5 / (~genuine).sum())


def fit_plainly(distances, genuine):
    return LogisticRegression(C=np.inf, class_weight="balanced", tol=1e-10, max_iter=1000).fit(distances, genuine)


def test_the_regression_is_scikit_learns():
    pairs, scores = make(0.8)
    distances = np.column_stack([table["cosine_distance"] for table in scores.values()])
    genuine = pairs["is_genuine"].to_numpy()
    fit, other = fit_fused(distances, genuine), fit_plainly(distances, genuine)
    assert fit.slopes == pytest.approx(other.coef_[0], rel=1e-4)
    assert fit.intercept == pytest.approx(other.intercept_[0], rel=1e-4)


def test_with_one_distance_it_is_the_logistic_calibrator():
    pairs, scores = make(0.8)
    distances, genuine = scores["a"]["cosine_distance"].to_numpy(), pairs["is_genuine"].to_numpy()
    expected = fit_bounded("logistic", distances, genuine, 2000).log_odds(distances)
    assert fit_fused(distances[:, None], genuine).log_odds(distances[:, None]) == pytest.approx(expected, abs=1e-5)


def test_every_fold_is_judged_by_the_others_as_scikit_learn_does_it(tmp_path):
    pairs, scores = make(0.6)
    found = fuse_models(pairs, scores)
    tables.write_table(found, tmp_path / "f.parquet", schemas.FUSIONS)
    assert sorted(found.columns) == sorted(COLUMNS)
    row, genuine, folds = found.iloc[0], pairs["is_genuine"].to_numpy(), pairs["fold"].to_numpy()
    single = [table["cosine_distance"].to_numpy()[:, None] for table in scores.values()]
    fused, better = np.empty(N), np.empty(N)
    for fold in range(FOLDS):
        own, others = folds == fold, folds != fold
        odds, costs = [], []
        for distances in (np.hstack(single), *single):
            fit = fit_plainly(distances[others], genuine[others])
            bounds = np.log(10) * np.array(supported_range(fit.decision_function(distances[others]), genuine[others]))
            odds.append(np.clip(fit.decision_function(distances), *bounds))
            p, weights = expit(odds[-1][others]), balanced(genuine[others])
            costs.append(log_loss(genuine[others], p, sample_weight=weights))
        fused[own] = odds[0][own]
        better[own] = odds[1 + (costs[2] < costs[1])][own]
    for prefix, odds in (("", fused), ("single_", better)):
        cost = log_loss(genuine, expit(odds), sample_weight=balanced(genuine)) / np.log(2)
        assert row[f"{prefix}cllr"] == pytest.approx(cost, rel=1e-4)
        assert row[f"{prefix}accuracy"] == pytest.approx(np.mean((odds > 0) == genuine))
        fmr, tpr, _ = roc_curve(genuine, odds, drop_intermediate=False)
        assert row[f"{prefix}eer"] == pytest.approx(np.interp(0, fmr - (1 - tpr), fmr), abs=1e-6)
    assert row["difference"] == pytest.approx(row["cllr"] - row["single_cllr"])
    assert row["ci_low"] < row["difference"] < row["ci_high"] and (row["n"], row["people"]) == (N, 100)


def test_a_second_opinion_helps_and_an_echo_does_not():
    second, echo = (fuse_models(*make(apart)).iloc[0] for apart in (1.0, 0.02))
    assert second["helps"] and second["ci_high"] < 0 and second["eer"] < second["single_eer"]
    assert not echo["helps"]


@pytest.mark.slow
def test_echoes_help_in_no_more_than_5_of_100_sets():
    assert sum(fuse_models(*make(0.02, seed)).iloc[0]["helps"] for seed in range(100)) <= 8


@pytest.mark.parametrize("folds", [None, 0])
def test_without_folds_nothing_is_fused(folds, tmp_path):
    pairs, scores = make(1.0)
    table = fuse_models(pairs.assign(fold=folds), scores)
    tables.write_table(table, tmp_path / "f.parquet", schemas.FUSIONS)
    assert table.drop(columns=["model_a", "model_b", "n", "people"]).isna().all(axis=None)


def test_one_person_proves_nothing(tmp_path):
    pairs, scores = make(1.0)
    table = fuse_models(pairs.assign(subject_a="x", subject_b="x"), scores)
    tables.write_table(table, tmp_path / "f.parquet", schemas.FUSIONS)
    assert table.loc[0, "difference"] < 0 and table[["ci_low", "ci_high", "p_value", "helps"]].isna().all(axis=None)


def test_odd_sets_are_fused(tmp_path):
    """Some pairs failed, some have no fold, no label or no name; folds are uneven, distances tie."""
    made = fabricate(0)
    scores = {"a": made["scores"], "b": fabricate(0, failed=0.1)["scores"]}
    table = fuse_models(made["pairs"], scores)
    tables.write_table(table, tmp_path / "f.parquet", schemas.FUSIONS)
    assert np.isfinite(table["cllr"]).all() and not table["helps"].any()
