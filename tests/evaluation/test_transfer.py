"""Fits judged on other datasets than their own."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from test_metrics_table import make, nobody_apart, rows, simulate, summarise

from whyface.evaluation.transfer import ScoredDataset, judge_transfer
from whyface.scores.bounds import fit_bounded
from whyface.scores.confidence import log_odds
from whyface.tables import parquet as tables
from whyface.tables import schemas

METHOD, BINS = "beta", 200


def scored(name, shift, collection, seed, n=200):
    rng = np.random.default_rng(seed)
    genuine = np.arange(n) % 2 == 0
    distances = np.where(genuine, rng.normal(0.5, 0.12, n), rng.normal(0.9, 0.12, n)) + shift
    made = make(distances.clip(0, 2), genuine, np.arange(n) * 2 // n)
    who = made["pairs"][["pair_id", "image_a", "image_b", "subject_a", "subject_b"]]
    return ScoredDataset(collection, who.merge(made["scores"], on="pair_id"), made["confidence"].assign(fitted_on=name))


def cost(ratios, genuine):
    return (np.logaddexp(0, -ratios[genuine]).mean() + np.logaddexp(0, ratios[~genuine]).mean()) / 2 / np.log(2)


def transcribe(taught, distances):
    """Fit on these pairs, bound, evaluate."""
    labels = taught["is_genuine"].to_numpy(bool)
    fit = fit_bounded(METHOD, taught["cosine_distance"].to_numpy(float), labels, BINS)
    low, high = fit.llr_low * np.log(10), fit.llr_high * np.log(10)
    return np.clip(fit.calibrator.log_odds(distances), low, high)


@pytest.fixture(scope="module")
def datasets():
    return {
        "near": scored("near", 0.0, "one", 0),
        "like": scored("like", 0.0, "two", 1),
        "far": scored("far", 0.5, "three", 2),
    }


@pytest.fixture(scope="module")
def matrix(datasets):
    return judge_transfer(datasets, METHOD, BINS)


def cell(matrix, fitted_on, judged_on):
    return matrix[(matrix["fitted_on"] == fitted_on) & (matrix["judged_on"] == judged_on)].iloc[0]


def test_every_fit_is_judged_on_every_dataset(matrix, tmp_path):
    assert len(matrix) == 12 and set(matrix["fitted_on"]) == {"near", "like", "far", "all"}
    assert (matrix["n"] == 200).all() and (matrix["ci_low"] <= matrix["cllr"]).all()
    tables.write_table(matrix, tmp_path / "t.parquet", schemas.TRANSFER)


def test_own_cell_is_out_of_fold_and_the_others_are_the_whole_fit(datasets, matrix):
    near = datasets["near"].pairs
    genuine, distances = near["is_genuine"].to_numpy(bool), near["cosine_distance"].to_numpy(float)
    own = log_odds(near, datasets["near"].confidence, METHOD)
    assert cell(matrix, "near", "near").cllr == pytest.approx(cost(own, genuine))
    like = datasets["like"].pairs
    there = transcribe(like, distances)
    found = cell(matrix, "like", "near")
    assert found.cllr == pytest.approx(cost(there, genuine))
    p = np.where(genuine, expit(there), expit(-there))
    assert found.log_loss == pytest.approx(-np.log(p).mean())


def test_own_cell_has_the_interval_of_the_report():
    made = simulate()
    who = made["pairs"][["pair_id", "image_a", "image_b", "subject_a", "subject_b"]]
    one = ScoredDataset("one", who.merge(made["scores"], on="pair_id"), made["confidence"].assign(fitted_on="d"))
    own = cell(judge_transfer({"d": one}, METHOD, BINS), "d", "d")
    metrics, _ = summarise(made)
    expected = rows(metrics, method=METHOD).loc["cllr"]
    np.testing.assert_allclose([own.cllr, own.ci_low, own.ci_high], [expected.value, expected.ci_low, expected.ci_high])


def test_a_fit_from_a_like_dataset_transfers_and_one_from_afar_does_not(matrix):
    assert cell(matrix, "like", "near").cllr < 1.3 * cell(matrix, "near", "near").cllr
    assert cell(matrix, "far", "near").cllr > 0.9


def test_the_fit_over_all_leaves_out_the_fold_judged_in_every_dataset_of_the_collection():
    datasets = {
        "one": scored("one", 0.0, "same", 3),
        "two": scored("two", 0.1, "same", 4),
        "else": scored("else", 0.2, "other", 5),
    }
    one, two, other = (datasets[name].pairs for name in datasets)
    expected = np.full(len(one), np.nan)
    for fold in (0, 1):
        own = (one["fold"] == fold).to_numpy()
        taught = pd.concat([one[one["fold"] != fold], two[two["fold"] != fold], other])
        expected[own] = transcribe(taught, one["cosine_distance"].to_numpy(float)[own])
    found = cell(judge_transfer(datasets, METHOD, BINS), "all", "one")
    assert found.cllr == pytest.approx(cost(expected, one["is_genuine"].to_numpy(bool)))


def test_a_failed_fit_transfers_as_null_and_the_others_are_judged(datasets, tmp_path):
    made = nobody_apart("paper")
    who = made["pairs"][["pair_id", "image_a", "image_b", "subject_a", "subject_b"]]
    poor = ScoredDataset("four", who.merge(made["scores"], on="pair_id"), made["confidence"].assign(fitted_on="poor"))
    found = judge_transfer({"near": datasets["near"], "poor": poor}, "paper", BINS)
    assert np.isnan([cell(found, "poor", on).cllr for on in ("near", "poor")]).all()
    assert np.isfinite([cell(found, "near", on).cllr for on in ("near", "poor")]).all()
    tables.write_table(found, tmp_path / "t.parquet", schemas.TRANSFER)


def test_unlabelled_and_unfolded_datasets_teach_nothing(datasets):
    unlabelled = datasets["near"]._replace(pairs=datasets["near"].pairs.assign(is_genuine=None))
    unfolded = datasets["like"]
    unfolded = unfolded._replace(
        pairs=unfolded.pairs.assign(fold=np.nan), confidence=unfolded.confidence.assign(fitted_on="far", fold=np.nan)
    )
    found = judge_transfer({"blind": unlabelled, "loose": unfolded, "far": datasets["far"]}, METHOD, BINS)
    assert set(map(tuple, found[["fitted_on", "judged_on"]].to_numpy())) == {
        ("far", "loose"),
        ("all", "loose"),
        ("far", "far"),
        ("all", "far"),
    }
    nothing = judge_transfer({"blind": unlabelled}, METHOD, BINS)
    assert isinstance(nothing, pd.DataFrame) and nothing.empty
