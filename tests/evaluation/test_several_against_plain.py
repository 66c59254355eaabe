"""Transfer between datasets and comparison of models beside slow transcriptions, on uneven sets."""

from statistics import fmean

import numpy as np
import pandas as pd
import pytest

import plain_metrics as plain
from uneven_sets import BINS, METHOD, as_plain, fabricate
from whyface.evaluation.comparison import compare_models
from whyface.evaluation.transfer import ScoredDataset, judge_transfer
from whyface.scores.bounds import fit_bounded

PEOPLE = ["subject_a", "subject_b", "image_a", "image_b"]


@pytest.fixture(scope="module")
def sets():
    """Make three sets by name; one and two belong to one collection, and share some of their people."""
    found = {name: fabricate(seed) for seed, name in enumerate(("one", "two", "three"))}
    for side in "ab":
        pairs = found["two"]["pairs"]
        pairs[f"subject_{side}"] = pairs[f"subject_{side}"].str.replace("p0", "q0")
    return found


def transfer(sets):
    datasets = {}
    for name, made in sets.items():
        pairs = made["pairs"][["pair_id", *PEOPLE]].merge(made["scores"], on="pair_id")
        datasets[name] = ScoredDataset(
            "other" if name == "three" else "c", pairs, made["confidence"].assign(fitted_on=name)
        )
    return judge_transfer(datasets, METHOD, BINS).set_index(["fitted_on", "judged_on"])


def judged_pairs(made):
    return plain.decided(as_plain(made))


def taught(made):
    return [pair for pair in judged_pairs(made) if pair["fold"] is not None]


def ratios_of(pairs, judged):
    """Fit the method on some pairs and evaluate it on others."""
    distances, labels = ([pair[name] for pair in pairs] for name in ("distance", "genuine"))
    fit = fit_bounded(METHOD, np.array(distances), np.array(labels), BINS)
    return fit.log_odds(np.array([pair["distance"] for pair in judged])).tolist()


def taught_for(fold, name, sets, own):
    """Choose the pairs of all datasets that the fit for a fold may see: other folds, and elsewhere other people."""
    shown = set().union(*(pair["subjects"] for pair in own))
    for other, made in sets.items():
        for pair in taught(made):
            related = {name, other} <= {"one", "two"}
            if pair["fold"] != fold if other == name else not (related and pair["subjects"] & shown):
                yield pair


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_every_cell_of_the_transfer_table(sets, name):
    matrix = transfer(sets)
    judged = judged_pairs(sets[name])
    for other in sets:
        ratios = ratios_of(taught(sets[other]), judged)
        for pair, ratio in zip(judged, ratios, strict=True):
            pair["ratios"][other] = pair["ratios"][METHOD] if other == name else ratio
    for fold, own in plain.by_fold(judged).items():
        ratios = ratios_of(list(taught_for(fold, name, sets, own)), own)
        for pair, ratio in zip(own, ratios, strict=True):
            pair["ratios"]["all"] = ratio
    for fitted_on in (*sets, "all"):
        row, expected = matrix.loc[fitted_on, name], plain.calibration_values(judged, fitted_on)
        for metric in ("cllr", "log_loss", "ece"):
            assert row[metric] == pytest.approx(expected[metric], rel=1e-6), (fitted_on, metric)
        assert (row["n"], row["people"]) == (len(judged), plain.people(judged))
        assert row["ci_low"] < row["cllr"] < row["ci_high"]
    assert len(matrix) == 12


def test_every_column_of_the_comparisons_table(sets):
    pairs, first = sets["one"]["pairs"], sets["one"]["scores"]
    other = np.random.default_rng(0).choice(["true-match", "false-match", None], len(first), p=[0.8, 0.15, 0.05])
    second = first.sample(frac=1, random_state=0).assign(outcome=other)
    outcomes = [dict(zip(one["pair_id"], one["outcome"], strict=True)) for one in (first, second)]
    both = [
        (pair, *(outcome[pair.pair_id] in ("true-match", "true-non-match") for outcome in outcomes))
        for pair in pairs.itertuples()
        if not any(pd.isna(outcome[pair.pair_id]) for outcome in outcomes)
    ]
    row = compare_models(pairs, {"a": first, "b": second}).iloc[0]
    assert (row["model_a"], row["model_b"]) == ("a", "b")
    for column, a_right, b_right in (
        ("both_right", True, True),
        ("only_a_right", True, False),
        ("only_b_right", False, True),
        ("both_wrong", False, False),
    ):
        assert row[column] == sum((a, b) == (a_right, b_right) for _, a, b in both), column
    assert row["difference"] == pytest.approx(fmean(a - b for _, a, b in both)) != 0
    assert row["ci_low"] <= row["difference"] <= row["ci_high"]
    shown = {getattr(pair, f"subject_{s}") or getattr(pair, f"image_{s}") for pair, _, _ in both for s in "ab"}
    assert row["people"] == len(shown)
    assert (row["p_value"] < 0.05) == (row["ci_low"] > 0 or row["ci_high"] < 0)
