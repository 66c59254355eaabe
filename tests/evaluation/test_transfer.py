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


SAME = {"one": ("same", 3), "two": ("same", 4), "else": ("other", 5)}


def related(cut=lambda pairs: pairs["fold"]):
    """Score two datasets that show the same people, and one of another collection; `cut` gives the second's folds."""
    datasets = {name: scored(name, 0.1 * place, *about) for place, (name, about) in enumerate(SAME.items())}
    two = datasets["two"]
    return {**datasets, "two": two._replace(pairs=two.pairs.assign(fold=cut(two.pairs)))}


def people_of(pairs):
    named = [pairs[f"subject_{s}"].where(pairs[f"subject_{s}"] != "", pairs[f"image_{s}"]) for s in "ab"]
    return [{a, b} for a, b in zip(*named, strict=True)]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("cut", [lambda pairs: pairs["fold"], lambda pairs: 1 - pairs["fold"]], ids=["same", "swapped"])
def test_the_fit_over_all_leaves_out_who_is_judged_however_the_others_cut_their_folds(cut, known):
    datasets = related(cut)
    if not known:  # then an image is a person: the same impostor pairs, and other genuine ones
        nobody = {"subject_a": "", "subject_b": ""}
        datasets = {name: one._replace(pairs=one.pairs.assign(**nobody)) for name, one in datasets.items()}
    one, two, other = (datasets[name].pairs for name in datasets)
    expected = np.full(len(one), np.nan)
    for fold in (0, 1):
        own = (one["fold"] == fold).to_numpy()
        judged = set().union(*people_of(one[own]))
        unseen = two[[not shown & judged for shown in people_of(two)]]
        assert 0 < len(unseen) < len(two)
        taught = pd.concat([one[one["fold"] != fold], unseen, other])
        expected[own] = transcribe(taught, one["cosine_distance"].to_numpy(float)[own])
    found = cell(judge_transfer(datasets, METHOD, BINS), "all", "one")
    assert found.cllr == pytest.approx(cost(expected, one["is_genuine"].to_numpy(bool)))


def test_people_whom_a_fit_saw_are_counted_within_a_collection(tmp_path):
    found = judge_transfer(related(), METHOD, BINS)
    # Of 101 people, the last pair of fold 0 shows one of fold 1.
    assert cell(found, "one", "one").shared_people == 1 and cell(found, "all", "one").shared_people == 1
    assert cell(found, "two", "one").shared_people == 101
    assert pd.isna(cell(found, "else", "one").shared_people) and pd.isna(cell(found, "one", "else").shared_people)
    tables.write_table(found, tmp_path / "t.parquet", schemas.TRANSFER)
    apart = related()
    two = apart["two"].pairs
    strangers = two.assign(**{f"subject_{s}": "other " + two[f"subject_{s}"] for s in "ab"})
    apart["two"] = apart["two"]._replace(pairs=strangers)
    assert cell(judge_transfer(apart, METHOD, BINS), "two", "one").shared_people == 0


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
