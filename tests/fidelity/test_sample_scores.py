"""Scores without truth, on faces whose right map is known."""

import json

import numpy as np
import pandas as pd
import pytest
from known_faces import KNOWN, SIDE, Counting, embed, ignore, judged_maps, listed_pairs

from whyface.fidelity.rows import fidelity_table
from whyface.fidelity.sample import passes_of_pair
from whyface.fidelity.sample_scores import judge_sample
from whyface.models.embedder import UndefinedEmbeddingError
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import EXPLANATIONS, FIDELITY

SLOPE = -20.0
CONFIDENCE = pd.DataFrame({"fold": [0], "method": "logistic", "llr_low": -0.01, "llr_high": 0.01}).assign(
    parameters=json.dumps({"intercept": 5.0, "slope": SLOPE})
)
MASKS = 1000


def judge(folder, pairs, maps=None, model=embed, masks=MASKS, confidence=CONFIDENCE, **changes):
    judged = judged_maps(folder, pairs, maps, **changes)
    rows = list(judge_sample(judged, model, masks, "mean", confidence, "logistic"))
    frame = fidelity_table(rows)
    write_table(frame, folder / "fidelity.parquet", FIDELITY)  # keys are unique, and types fit
    return frame


def value(frame, score, method="right", **about):
    wanted = {"sign": "", "fill": "", "kind": "", "region": "", "score": score, "method": method, **about}
    (row,) = frame[(frame[list(wanted)] == pd.Series(wanted)).all(axis=1)].itertuples()
    return row


def test_the_right_map_is_as_good_as_the_oracle_under_the_fill_that_it_is_for(tmp_path):
    frame = judge(tmp_path, listed_pairs(16))
    for sign in ("same", "different"):
        for kind in ("genuine", "impostor", ""):
            right = value(frame, "fidelity", sign=sign, fill="black", kind=kind)
            assert right.value == pytest.approx(1, abs=0.02) and right.side == "both"
        assert value(frame, "fidelity", "centre prior", sign=sign, fill="black").value < 0.9
        oracle = value(frame, "effect", "greedy oracle", sign=sign, fill="black").value
        assert value(frame, "effect", sign=sign, fill="black").value == pytest.approx(oracle, abs=0.002) and oracle > 0
    assert value(frame, "effect", sign="same").n == 16


def test_the_opposite_map_is_worse_than_random(tmp_path):
    frame = judge(tmp_path, listed_pairs(8), {("wrong", side): -KNOWN[side] for side in "ab"})
    for sign in ("same", "different"):
        assert value(frame, "fidelity", "wrong", sign=sign, fill="black").value < -0.2


def test_likelihood_ratios_are_those_of_the_fit_without_its_bounds(tmp_path):
    frame = judge(tmp_path, listed_pairs(8))
    for method in ("right", "centre prior", "random map", "greedy oracle"):
        raw, ratio = (value(frame, score, method, sign="same").value for score in ("effect", "effect_llr"))
        assert ratio == pytest.approx(raw * -SLOPE / np.log(10))
    shares = [value(frame, score, sign="same").value for score in ("fidelity", "fidelity_llr")]
    assert shares[0] == pytest.approx(shares[1])


@pytest.mark.parametrize("confidence", [CONFIDENCE.assign(parameters=None), CONFIDENCE.head(0)])
def test_without_a_fit_only_distances_are_judged(tmp_path, confidence):
    frame = judge(tmp_path, listed_pairs(4), confidence=confidence)
    assert set(frame["score"]) == {"effect", "fidelity", "published_deletion", "published_insertion"}


def test_a_model_that_ignores_its_input_gives_nothing_to_have_a_share_of(tmp_path):
    frame = judge(tmp_path, listed_pairs(8), model=ignore)
    assert frame.loc[frame["score"] == "fidelity", "value"].isna().all()
    assert (frame.loc[frame["score"] == "effect", "value"] == 0).all()


def test_the_first_method_alone_is_judged(tmp_path):
    maps = {(method, side): KNOWN[side] for method in ("second", "first") for side in "ab"}
    frame = judge(tmp_path, listed_pairs(4), maps)
    assert "second" in set(frame["method"]) and "first" not in set(frame["method"])


def test_maps_stay_with_their_pairs(tmp_path):
    """Only one pair has the right map; its row is told apart by its kind."""
    pairs = listed_pairs(4, genuine=0.25)
    maps = {("some", side): np.stack([KNOWN[side], *[-KNOWN[side]] * 3]) for side in "ab"}
    frame = judge(tmp_path, pairs, maps)
    assert value(frame, "fidelity", "some", sign="same", kind="genuine").value > 0.3
    assert value(frame, "fidelity", "some", sign="same", kind="impostor").value < 0


@pytest.mark.parametrize("masks", [70, 200, 1000])
def test_the_model_passes_are_those_of_the_plan_and_within_the_budget(tmp_path, masks):
    model = Counting(embed)
    frame = judge(tmp_path, listed_pairs(20), model=model, masks=masks)
    pairs = value(frame, "effect", sign="same").n
    assert model.passes == pairs * passes_of_pair(SIDE, 8 if masks == 1000 else 14) <= 0.1 * masks * 40


def test_published_areas_by_hand(tmp_path):
    """Faces 1 rad apart are taken for different people, however much of face a is black."""
    frame = judge(tmp_path, listed_pairs(8))
    # The mark is restored at last on black, and always black in deletion: the distance stays above the threshold, so
    # impostor pairs are always right and genuine ones never.
    for score in ("published_deletion", "published_insertion"):
        row = value(frame, score, side="a", fill="black")
        assert row.value == pytest.approx(0.5) and (row.side, row.n) == ("a", 8)


def test_published_areas_need_labels(tmp_path):
    frame = judge(tmp_path, listed_pairs(4).assign(is_genuine=None))
    assert set(frame["kind"]) == {"", "unlabelled"}
    assert not frame["score"].str.startswith("published").any()


def test_pairs_without_distance_or_map_are_not_drawn(tmp_path):
    pairs = listed_pairs(6)
    judged = judged_maps(tmp_path, pairs)
    judged.scores.loc[:1, "cosine_distance"] = np.nan
    assert judged.with_maps["pair_id"].tolist() == ["002", "003", "004", "005"]
    judged = judged_maps(tmp_path, pairs, mapped=3)
    assert judged.with_maps["pair_id"].tolist() == ["000", "001", "002"]


def test_pairs_whose_maps_failed_are_not_drawn(tmp_path):
    judged = judged_maps(tmp_path, listed_pairs(4))
    about, frame = read_about(judged.explanations), read_table(judged.explanations, EXPLANATIONS)
    own = frame["pair_id"].isin(["000", "002"])
    frame["map"], frame["status"] = frame["map"].mask(own, None), frame["status"].mask(own, "failed")
    write_table(frame, judged.explanations, EXPLANATIONS, about)
    assert judged.with_maps["pair_id"].tolist() == ["001", "003"]


def test_a_pair_without_an_embedding_under_a_cover_costs_itself_only(tmp_path, caplog):
    pairs, calls = listed_pairs(8), []

    def fails(crops):
        raise UndefinedEmbeddingError("output has NaN or infinite values")

    def fails_once(crops):
        calls.append(len(crops))
        return fails(crops) if len(calls) == 5 else embed(crops)

    frame = judge(tmp_path, pairs, model=fails_once)
    assert value(frame, "effect", sign="same").n == 7
    assert "is not judged: output has NaN" in caplog.text
    assert judge(tmp_path, pairs, model=fails).empty


def test_group_columns_may_have_the_names_of_ours(tmp_path):
    own = {"threshold": 9.0, "cosine_distance": "?", "kind": "day", "fill": 1, "stranger": 2, "rank": 3}
    plain, named = (judge(tmp_path, pairs) for pairs in (listed_pairs(4), listed_pairs(4).assign(**own)))
    pd.testing.assert_frame_equal(plain, named)


def test_without_maps_the_table_is_empty_and_valid(tmp_path):
    assert judge(tmp_path, listed_pairs(4), mapped=0).empty
