"""Selections are stated, seeded, and never drop an error silently."""

import numpy as np
import pandas as pd

from whyface.maps.selection import select_pairs
from whyface.scores.decisions import OUTCOMES

SCORES = pd.DataFrame(
    {
        "pair_id": [f"{i:05d}" for i in range(100)],
        "decision": ["same"] * 99 + [None],
        "outcome": [*([OUTCOMES[0]] * 40), *([OUTCOMES[2]] * 40), *([OUTCOMES[1]] * 5), *([OUTCOMES[3]] * 5)]
        + [None] * 10,
        "confidence": np.linspace(0.99, 0.3, 100),
    }
)
# Pair i shows images i and i + 1 of a ring.
PAIRS = pd.DataFrame({"pair_id": SCORES["pair_id"], "image_a": range(100), "image_b": [*range(1, 100), 0]})


def choose(select, pairs=PAIRS):
    return select_pairs("one", {"one": (SCORES, pairs)}, {"one": select})


def test_all_means_every_pair_with_a_decision():
    chosen = choose("all")
    assert len(chosen) == 99 and "00099" not in set(chosen["pair_id"])


def test_errors_least_sure_and_samples_each_pair_once():
    chosen = choose({"errors": "all", "least_sure": 4, "per_outcome": 3, "seed": 0})
    reasons = chosen.set_index("pair_id")["reason"]
    assert reasons.index.is_unique
    assert (reasons == "error").sum() == 10
    assert set(reasons.index[reasons == "least-sure"]) == {"00095", "00096", "00097", "00098"}
    sampled = SCORES.set_index("pair_id").loc[reasons.index[reasons == "sample"], "outcome"]
    assert sampled.value_counts().to_dict() == {OUTCOMES[0]: 3, OUTCOMES[2]: 3}


def test_a_number_of_errors_takes_the_most_confident():
    chosen = choose({"errors": 2})
    assert chosen["pair_id"].tolist() == ["00080", "00081"]


def test_the_seed_decides_the_sample():
    first, again, other = (set(choose({"per_outcome": 5, "seed": s})["pair_id"]) for s in (1, 1, 2))
    assert first == again != other


def test_other_pairs_of_the_chosen_images_come_free():
    pairs = PAIRS.copy()
    pairs.loc[7, ["image_a", "image_b"]] = [80, 82]
    pairs.loc[99, ["image_a", "image_b"]] = [80, 81]  # without a decision
    chosen = choose({"errors": 2}, pairs)
    assert chosen.set_index("pair_id")["reason"].to_dict() == {"00080": "error", "00081": "error", "00007": "free"}


def test_pairs_of_images_that_another_dataset_of_the_collection_chose_come_free():
    pairs = PAIRS.assign(image_a=PAIRS["image_a"] + 1000, image_b=PAIRS["image_b"] + 1000)
    pairs.loc[3, ["image_a", "image_b"]] = [81, 82]
    alone, beside = {"second": (SCORES, pairs)}, {"first": (SCORES, PAIRS), "second": (SCORES, pairs)}
    for tables, expected in ((alone, {"00080", "00081"}), (beside, {"00080", "00081", "00003"})):
        assert set(select_pairs("second", tables, {name: {"errors": 2} for name in tables})["pair_id"]) == expected


def test_the_order_of_datasets_changes_nothing():
    tables = {"first": (SCORES, PAIRS), "second": (SCORES, PAIRS.assign(image_b=PAIRS["image_a"] + 3))}
    backwards = dict(reversed(tables.items()))
    for name in tables:
        select = {"first": {"errors": 3, "per_outcome": 4, "seed": 1}, "second": {"errors": 2}}
        found = [select_pairs(name, one, select) for one in (tables, backwards)]
        pd.testing.assert_frame_equal(*found)
