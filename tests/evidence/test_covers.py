"""The table covers, worked by hand for a model that turns a vector by the brightness of two halves of a crop."""

import json

import numpy as np
import pandas as pd
import pytest

from whyface.evidence import covers
from whyface.evidence.covered_images import covered_crops, embed_covered_images
from whyface.evidence.covers import weigh_pairs
from whyface.tables.parquet import read_table, write_parts
from whyface.tables.schemas import COVERS

SIDE = 8
LEFT = np.tile(np.arange(SIDE) < SIDE / 2, (SIDE, 1))
REGIONS = {"left": LEFT, "right": ~LEFT}
# Brightness of the left and the right half; covered, a half has the mean of both.
IMAGES = {"a": (0, 200), "b": (100, 100), "c": (40, 80), "nothing": (255, 1)}
INTERCEPT, SLOPE = 3.0, -60.0  # of the natural log odds


def crop_of(image_id):
    left, right = IMAGES[image_id]
    return np.where(LEFT[..., None], left, right).astype(np.uint8).repeat(3, axis=2)


def angle(left, right):
    return left / 1000 + 2 * right / 1000


def embed(crops):
    """Turn a vector by the angle; none if the crop's left half is as bright as `nothing` with its left half covered."""
    left, right = (crops[:, half].mean(axis=(1, 2)) for half in (LEFT, ~LEFT))
    turned = angle(left, right)
    vectors = np.stack([np.cos(turned), np.sin(turned)], axis=1)
    vectors[(left == 128) & (right == 1)] = np.nan
    return vectors


def clean():
    return {name: embed(crop_of(name)[None])[0] for name in IMAGES}


def distance(one, other):
    return 1 - np.cos(angle(*one) - angle(*other))


def llr(one, other):
    return (INTERCEPT + SLOPE * distance(one, other)) / np.log(10)


def listed(*pairs):
    frame = pd.DataFrame(pairs, columns=["image_a", "image_b"])
    clean_distances = [distance(IMAGES[a], IMAGES[b]) for a, b in pairs]
    frame.insert(0, "pair_id", pd.Series([f"{i}" for i in range(len(pairs))], dtype=str))
    return frame.assign(fold=0, cosine_distance=clean_distances, threshold=0.01)


def fitted(**changes):
    fit = {"fold": 0, "method": "logistic", "llr_low": -2.0, "llr_high": 1.0}
    fit["parameters"] = json.dumps({"intercept": INTERCEPT, "slope": SLOPE})
    return pd.DataFrame([{**fit, **changes}])


def weighed(pairs, confidence=None, regions_of=lambda image_id: REGIONS):
    images = [*pairs["image_a"], *pairs["image_b"]]
    covered = embed_covered_images(images, crop_of, regions_of, embed)
    parts = weigh_pairs(pairs, clean(), covered, fitted() if confidence is None else confidence, "logistic")
    return pd.concat(list(parts), ignore_index=True)


def row(frame, side, region, covered="region", pair_id="0"):
    found = frame[(frame[["pair_id", "side", "region", "covered"]] == [pair_id, side, region, covered]).all(axis=1)]
    (only,) = found.itertuples()
    return only


# What the two faces show, by side, region and what is covered of it: a of (0, 200), c of (40, 80).
SHOWN = {
    ("a", "left", "region"): ((100, 200), (40, 80)),
    ("a", "left", "rest"): ((0, 100), (40, 80)),
    ("a", "right", "region"): ((0, 100), (40, 80)),
    ("a", "right", "rest"): ((100, 200), (40, 80)),
    ("b", "left", "region"): ((0, 200), (60, 80)),
    ("b", "right", "region"): ((0, 200), (40, 60)),
    ("both", "left", "region"): ((100, 200), (60, 80)),
    ("both", "left", "rest"): ((0, 100), (40, 60)),
    ("both", "right", "rest"): ((100, 200), (60, 80)),
}


@pytest.mark.parametrize("what", SHOWN, ids=" ".join)
def test_distance_evidence_and_decision_are_those_of_the_covered_faces(what):
    found, faces = row(weighed(listed(("a", "c"))), *what), SHOWN[what]
    assert found.cosine_distance == pytest.approx(distance(*faces), abs=1e-7)
    assert found.llr == pytest.approx(llr(*faces), abs=1e-5)
    assert found.evidence == pytest.approx(llr((0, 200), (40, 80)) - llr(*faces), abs=1e-5)
    assert found.decision == ("same" if distance(*faces) < 0.01 else "different")
    bounded = np.clip(llr(*faces), -2, 1)
    assert found.p_same == pytest.approx(1 / (1 + 10**-bounded), abs=1e-6)
    ends = (llr((0, 200), (40, 80)), llr(*faces))
    assert found.within == (min(ends) >= -2 and max(ends) <= 1)


def test_evidence_for_same_is_positive_and_for_different_negative():
    # The left half of c is darker than its mean: covering it takes the angle from 0.2 to 0.22, nearer to b's 0.3.
    found = weighed(listed(("c", "b")))
    assert row(found, "a", "left").evidence < 0 < row(found, "a", "right").evidence


def test_without_an_embedding_a_row_stays_and_is_null():
    found = weighed(listed(("nothing", "b"), ("a", "b")))
    for side in ("a", "both"):
        for region, covered in (("left", "region"), ("right", "rest")):
            lost = row(found, side, region, covered)
            assert np.isnan([lost.cosine_distance, lost.llr, lost.evidence, lost.p_same]).all()
            assert lost.within is None and lost.decision is None
    assert found["cosine_distance"].isna().sum() == 4 and len(found) == 2 * 3 * 2 * 2


def test_without_a_fit_only_distance_and_decision_are_known():
    found = weighed(listed(("a", "c")), fitted(parameters=None, llr_low=np.nan, llr_high=np.nan))
    assert found[["llr", "evidence", "p_same", "within"]].isna().all(axis=None)
    assert found[["cosine_distance", "decision"]].notna().all(axis=None)


def test_without_bounds_nothing_is_said_to_lie_within_them():
    found = weighed(listed(("a", "c")), fitted(llr_low=np.nan, llr_high=np.nan))
    assert found["within"].isna().all() and found[["llr", "evidence", "p_same"]].notna().all(axis=None)


def test_each_pair_has_the_fit_of_its_fold():
    pairs = listed(("a", "c"), ("a", "c")).assign(fold=[0, 1])
    steeper = fitted(fold=1, parameters=json.dumps({"intercept": 0.0, "slope": 2 * SLOPE}))
    found = weighed(pairs, pd.concat([fitted(), steeper]))
    one, other = (found[found["pair_id"] == pair_id].reset_index(drop=True) for pair_id in "01")
    np.testing.assert_allclose(other["evidence"], 2 * one["evidence"])


def test_faces_that_share_no_region_are_not_covered_together():
    grid = {"upper": LEFT.T, "left": LEFT}
    found = weighed(listed(("a", "c")), regions_of={"a": REGIONS, "c": grid}.get)
    assert set(found.loc[found["side"] == "a", "region"]) == {"left", "right"}
    assert set(found.loc[found["side"] == "b", "region"]) == {"upper", "left"}
    assert set(found.loc[found["side"] == "both", "region"]) == {"left"}
    apart = weighed(listed(("a", "c")), regions_of={"a": REGIONS, "c": {"upper": LEFT.T}}.get)
    assert set(apart["side"]) == {"a", "b"}


def test_an_image_is_embedded_once_for_all_its_pairs():
    batches = []
    embed_covered_images(
        ["a", "b", "a", "c", "a"], crop_of, lambda _: REGIONS, lambda crops: batches.append(len(crops)) or embed(crops)
    )
    assert batches == [4, 4, 4]


def test_region_and_rest_cover_the_crop_once():
    crop = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    region, rest = covered_crops(crop, LEFT[None], "x")
    mean = np.rint(crop.mean(axis=(0, 1)))
    np.testing.assert_array_equal(region, np.where(LEFT[..., None], mean, crop))
    np.testing.assert_array_equal(rest, np.where(LEFT[..., None], crop, mean))


def test_parts_make_the_table_whatever_their_size(tmp_path, monkeypatch):
    pairs = listed(("a", "c"), ("nothing", "b"), ("c", "b"))
    whole = weighed(pairs)
    monkeypatch.setattr(covers, "PART", 2)
    images = embed_covered_images(IMAGES, crop_of, lambda _: REGIONS, embed)
    write_parts(weigh_pairs(pairs.iloc[::-1], clean(), images, fitted(), "logistic"), tmp_path / "t", COVERS)
    stored = read_table(tmp_path / "t", COVERS)
    assert stored["pair_id"].is_monotonic_increasing and stored["decision"].isna().sum() == 4
    whole = whole.sort_values(list(COVERS.key), ignore_index=True)
    for name in COVERS.schema.names:
        assert stored[name].dropna().to_dict() == whole[name].dropna().to_dict(), name


def test_no_pairs_make_an_empty_table(tmp_path):
    write_parts(weigh_pairs(listed(), {}, {}, fitted(), "logistic"), tmp_path / "t", COVERS)
    assert read_table(tmp_path / "t", COVERS).empty
