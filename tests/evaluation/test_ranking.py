"""Ranks of models: by hand, beside slow transcriptions, and how often they hold."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t, ttest_1samp
from test_coverage import draw_set

import plain_metrics as plain
from uneven_sets import METHOD, as_plain, fabricate
from whyface.evaluation.ranking import COLUMNS, rank_models
from whyface.tables import parquet as tables
from whyface.tables import schemas

NAMES = ("a", "b", "c")


def make(right, people=None):
    """Make scores of models that are right on these pairs; every pair has people of its own, unless they are given."""
    n = len(next(iter(right.values())))
    ids, genuine = [f"{i:03d}" for i in range(n)], np.arange(n) % 2 == 0
    people = ids if people is None else people
    pairs = pd.DataFrame({"pair_id": ids, "is_genuine": genuine, "fold": 0})
    scores = {}
    for name, column in right.items():
        same = np.array(column, bool) == genuine
        distance = np.where(same, 0.3, 0.9)
        said = {"decision": np.where(same, "same", "different"), "llr": np.where(same, 1.0, -1.0)}
        scores[name] = pairs.assign(cosine_distance=distance, **said)
    return pairs.assign(image_a=ids, image_b=ids, subject_a=people, subject_b=people), scores


def ranks(table, metric="accuracy"):
    rows = table[table["metric"] == metric].set_index("model")
    return {model: (row.rank_low, row.rank_high) for model, row in rows.iterrows()}


def test_ranks_by_hand(tmp_path):
    # a errs never, b on 30 of 100 pairs and c on 33, of which b errs on 30: nobody can tell those two apart.
    right = {"a": np.ones(100), "b": np.arange(100) >= 30, "c": np.arange(100) >= 33}
    found = rank_models(*make(right))
    tables.write_table(found, tmp_path / "r.parquet", schemas.RANKING)
    assert found.columns.tolist() == COLUMNS == schemas.RANKING.schema.names
    assert ranks(found) == {"a": (1, 1), "b": (2, 3), "c": (2, 3)}
    assert ranks(found, "cllr") == {"a": (1, 1), "b": (2, 3), "c": (2, 3)}, "the lower, the better"
    accuracy = found[found["metric"] == "accuracy"]
    assert accuracy["value"].tolist() == [1, 0.7, 0.67]
    assert accuracy["n"].eq(100).all() and accuracy["people"].eq(100).all() and accuracy["left_out"].eq(0).all()


def test_differences_are_judged_together_as_slowly_transcribed():
    rng = np.random.default_rng(4)
    told = 0
    for _ in range(12):
        right = {name: rng.random(80) < share for name, share in zip(NAMES, (0.95, 0.85, 0.75), strict=True)}
        expected = transcribed({name: column.astype(float) for name, column in right.items()})
        found = ranks(rank_models(*make(right)))
        assert found == expected
        told += sum(low == high for low, high in found.values())
    assert 0 < told < 36


def transcribed(right):
    """Take paired t tests of independent people, and step down by draws of their largest error."""
    gaps = {(a, b): right[a] - right[b] for a, b in combinations(right, 2)}
    chance = {}
    for both, gap in gaps.items():
        free = min(79, max(4, 1.5 * np.sum((gap - gap.mean()) ** 2) ** 2 / np.sum((gap - gap.mean()) ** 4) - 1))
        chance[both] = 2 * t.sf(abs(ttest_1samp(gap, 0).statistic) * np.sqrt(79 / 80), free)
    sure = set()
    while rest := [both for both in gaps if both not in sure]:
        together = np.corrcoef([gaps[both] for both in rest]) if len(rest) > 1 else np.eye(1)
        further = {both for both in rest if chance[both] < drawn_level(together)}
        if not further:
            break
        sure |= further
    better = [(a, b) if right[a].mean() > right[b].mean() else (b, a) for a, b in sure]
    return {m: (1 + sum(m == w for _, w in better), 3 - sum(m == b for b, _ in better)) for m in right}


def drawn_level(together):
    """Draw the errors, and see how unlikely the largest of them must be."""
    drawn = np.random.default_rng(9).multivariate_normal(np.zeros(len(together)), together, 50_000, method="eigh")
    return 2 * norm.sf(np.quantile(np.abs(drawn).max(axis=1), 0.95))


def test_values_are_those_of_the_metrics_on_pairs_that_all_decided():
    made, other = fabricate(0), fabricate(0, failed=0.1)
    scores = {"one": made["scores"], "two": other["scores"]}
    found = rank_models(made["pairs"], scores).set_index(["metric", "model"])
    lost = {name: set(table["pair_id"][table["cosine_distance"].isna()]) for name, table in scores.items()}
    ids = made["scores"]["pair_id"][made["scores"]["is_genuine"].notna()]
    kept = [pair not in lost["one"] | lost["two"] for pair in ids]
    assert found["left_out"].eq(len(ids) - sum(kept)).all() and found["n"].eq(sum(kept)).all() and not all(kept)
    pairs = [pair for pair, keep in zip(as_plain(made), kept, strict=True) if keep]
    rows = plain.all_rows(pairs, METHOD)
    for metric in ("accuracy", "eer", "fnmr_at_fmr_1e-2", "cllr"):
        value, (expected, *_) = found["value"][metric, "one"], rows[metric, METHOD if metric == "cllr" else "", "all"]
        if metric.startswith("fnmr"):
            assert np.isnan(value), "211 impostor pairs say nothing below FMR 1.4 %"
        else:
            assert value == pytest.approx(expected, rel=1e-6)
            assert found["people"][metric, "one"] == plain.people(pairs)


@pytest.mark.parametrize("kind", ["nothing", "one class", "one person", "no ratio", "same"])
def test_what_cannot_be_told_is_not_told(kind):
    pairs, scores = make({"a": np.ones(60), "b": np.arange(60) >= 30}, ["x"] * 60 if kind == "one person" else None)
    if kind == "nothing":
        pairs = pairs.assign(is_genuine=None)
    if kind == "one class":
        pairs, scores = pairs[::2], {name: table[::2] for name, table in scores.items()}
    if kind == "no ratio":
        scores["a"] = scores["a"].assign(llr=np.nan)
    if kind == "same":
        scores["a"] = scores["b"]
    found = rank_models(pairs, scores).set_index(["metric", "model"])
    if kind == "nothing":
        assert found["value"].isna().all() and found["rank_low"].isna().all() and found["n"].eq(0).all()
    if kind == "one class":
        assert found["rank_low"].loc[["eer", "cllr"]].isna().all() and found.loc[("accuracy", "a"), "rank_high"] == 1
    if kind == "one person":
        assert found["ci_low"].isna().all() and ranks(found.reset_index()) == {"a": (1, 2), "b": (1, 2)}
    if kind == "no ratio":
        assert np.isnan(found.loc[("cllr", "a"), "value"]) and found.loc[("cllr", "b"), "rank_high"] == 1
    if kind == "same":
        assert set(ranks(found.reset_index(), "eer").values()) == {(1, 2)}


@pytest.mark.slow
def test_equal_models_are_told_apart_in_5_of_100_sets_and_known_orders_hold():
    rng, told, held = np.random.default_rng(1), 0, 0
    for _ in range(200):
        first, worse = draw_set(rng, 300, 300, 600, 0.5)
        models = {"best": first, "worst": worse.assign(fold=first["fold"])}
        noise = first["cosine_distance"] + rng.normal(0, 0.01, len(first))
        models["middle"] = first.assign(decision=np.where(noise < 0.72, "same", "different"))
        models = {name: table.assign(llr=6 * (0.72 - table["cosine_distance"])) for name, table in models.items()}
        found = ranks(rank_models(first, models))
        held += found["worst"][1] == 3 and found["best"][0] == 1
        told += found["middle"] != found["best"]
    assert held >= 190 and told <= 24, (held, told)
