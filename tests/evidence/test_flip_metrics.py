"""How many decisions one patch turns, and what finds errors: worked by hand."""

import numpy as np
import pandas as pd
import pytest

from whyface.evidence.flip_metrics import flip_metrics
from whyface.tables.parquet import write_table
from whyface.tables.schemas import FLIP_METRICS

OUTCOMES = ["true-match", "false-match", "true-non-match", "false-non-match"]


def world(n=40):
    """List pairs of two people each; every fourth and second is wrong, and only those are turned."""
    ids = [f"{i:03d}" for i in range(n)]
    pairs = pd.DataFrame({"pair_id": ids})
    for side in "ab":
        pairs[f"subject_{side}"] = pairs[f"image_{side}"] = [f"{side}{i}" for i in ids]
    outcomes = np.resize(OUTCOMES, n)
    wrong = np.char.startswith(outcomes.astype(str), "false")
    scores = pd.DataFrame({"pair_id": ids, "decision": "same", "outcome": outcomes, "threshold": 0.5})
    scores = scores.assign(cosine_distance=np.where(wrong, 0.25, 0.75), llr=np.where(wrong, -3.0, 1.0))
    flips = pd.DataFrame({"pair_id": ids, "flipped": wrong, "margin": np.where(wrong, 0.5, np.nan)})
    return pairs, scores, flips.astype({"flipped": object})


def metrics(tmp_path, *tables, groups=None):
    pairs, scores, flips = tables
    found = flip_metrics(pairs, scores, flips, pd.DataFrame(index=pairs.index) if groups is None else groups)
    write_table(found, tmp_path / "flip_metrics.parquet", FLIP_METRICS)
    return found.set_index(["metric", "score", "group"]).sort_index()


def test_shares_and_areas_by_hand(tmp_path):
    """Errors have the lower margin (no margin is the largest), the larger llr, and the same distance from 0.5."""
    found = metrics(tmp_path, *world())
    shares = found.loc[("turned", "")]
    assert shares["value"].to_dict() == {"all": 0.5, **{f"outcome={one}": one.startswith("false") for one in OUTCOMES}}
    assert (shares.loc["all", "n"], shares.loc["all", "people"]) == (40, 80)
    assert shares.loc["all", "ci_low"] < 0.5 < shares.loc["all", "ci_high"]
    assert shares.loc["outcome=false-match", "ci_low"] == pytest.approx(1 - 3 / 10), "rule of three"
    areas = found.loc["auc"].droplevel("group")["value"]
    assert areas.to_dict() == {"margin": 1, "llr": 0, "distance": 0.5}


def test_areas_of_a_selection_are_not_claimed(tmp_path):
    pairs, scores, flips = world()
    for some in (flips.head(39), flips.assign(flipped=[None, *flips["flipped"][1:]])):
        found = metrics(tmp_path, pairs, scores, some)
        assert found.loc["auc", "value"].isna().all()
        assert found.loc[("turned", "", "all"), "n"] == 39


def test_pairs_without_a_decision_have_no_part_in_it(tmp_path):
    pairs, scores, flips = world()
    scores.loc[0, ["decision", "outcome"]] = None
    found = metrics(tmp_path, pairs, scores, flips.iloc[1:])
    assert found.loc[("auc", "margin", "all"), "value"] == 1


def test_unlabelled_pairs_count_where_no_label_is_needed(tmp_path):
    pairs, scores, flips = world()
    scores.loc[:3, "outcome"] = None
    found = metrics(tmp_path, pairs, scores, flips)
    assert found.loc[("turned", "", "all"), "n"] == 40 and found.loc[("auc", "margin", "all"), "n"] == 36
    assert found.loc[("auc", "margin", "all"), "value"] == 1


@pytest.mark.parametrize("change", [{"llr": None}, {"outcome": "true-match"}])
def test_what_is_not_known_has_no_area(tmp_path, change):
    pairs, scores, flips = world()
    found = metrics(tmp_path, pairs, scores.assign(**change).astype({"llr": float}), flips)
    assert np.isnan(found.loc[("auc", "llr", "all"), "value"])
    assert np.isnan(found.loc[("auc", "margin", "all"), "value"]) == ("outcome" in change)


def test_groups_by_hand(tmp_path):
    """Pairs 0 to 9 have no pose. Of 10 to 39, every third is frontal, and only what is odd is turned."""
    pairs, scores, flips = world()
    pose = [None] * 10 + ["frontal" if i % 3 == 0 else "profile" for i in range(10, 40)]
    groups = pd.DataFrame({"pose": pose, "flipped": np.where(np.arange(40) < 39, "no", "yes")})
    found = metrics(tmp_path, pairs, scores, flips, groups=groups).loc[("turned", "")]
    expected = {
        "pose=frontal": (12, 15, 18, 21, 24, 27, 30, 33, 36, 39),
        "pose=profile": [i for i in range(10, 40) if i % 3],
        "flipped=yes": (39,),
        "flipped=no": range(39),
    }
    assert set(found.index) == {"all", *(f"outcome={one}" for one in OUTCOMES), *expected}
    for group, members in expected.items():
        row = found.loc[group]
        assert (row["n"], row["people"]) == (len(members), 2 * len(members)), group
        assert row["value"] == pytest.approx(np.mean([i % 2 for i in members])), group
    low, high = found.loc["pose=profile", ["ci_low", "ci_high"]]
    assert low < 0.5 < high and pd.isna(found.loc["flipped=yes", "ci_low"])


def test_groups_follow_their_pairs_whatever_the_order_and_a_group_without_maps_has_no_share(tmp_path):
    pairs, scores, flips = world()
    groups = pd.DataFrame({"place": np.where(np.arange(40) < 30, "front", "back")})
    order = np.random.default_rng(0).permutation(40)
    found = metrics(
        tmp_path,
        pairs.iloc[order].reset_index(drop=True),
        scores,
        flips.iloc[[1, 2, 3, 5]],
        groups=groups.iloc[order].reset_index(drop=True),
    ).loc[("turned", "")]
    assert found.loc["place=front", ["value", "n"]].tolist() == [0.75, 4]
    assert found.loc["place=back", "n"] == 0 and pd.isna(found.loc["place=back", "value"])
