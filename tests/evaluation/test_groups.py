"""Groups of small sets, by hand: one definition for the metrics table and the site."""

import logging

import numpy as np
import pandas as pd
import pytest
from test_metrics_table import METHOD, simulate

from whyface.evaluation.groups import collect_groups, is_range, metric_groups
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.tables import parquet as tables
from whyface.tables import schemas


def made_pairs(n, **columns):
    frame = pd.DataFrame({"image_a": [f"a{i}" for i in range(n)], "image_b": [f"b{i}" for i in range(n)]})
    return frame.assign(known_label_error="", **columns)


def made_images(n, **columns):
    names = [f"{side}{i}" for side in "ab" for i in range(n)]
    return pd.DataFrame({"image_id": names, "path": "x"}).assign(**columns)


def test_groups_of_pairs_images_labels_and_faces():
    made = simulate(60)
    pairs, images = made["pairs"].assign(age=2.5, camera="one"), made["images"]
    pairs.loc[0, "known_label_error"] = "two people"
    pairs.loc[:9, "age"] = 3.0
    found = np.arange(60) > 0
    images["pose"] = ["front"] * 60 + ["side"] * 30 + [None] * 30
    images["serial"] = [f"no. {i}" for i in range(120)]
    groups = metric_groups(pairs, images, found)
    assert set(groups) == {"age", "known label error", "faces found"}, "one camera, one kind of poses, too many serials"
    assert groups["age"][0] == "3" and groups["age"][59] == "2.5"
    images.loc[0, "pose"] = "side"
    groups = metric_groups(pairs, images, found)
    assert groups["pose"][0] == "side + side" and groups["pose"][1] == "front + side" and groups["pose"].isna()[59]
    assert groups["known label error"].tolist()[:2] == ["yes", "no"]
    assert groups["faces found"].tolist()[:2] == ["in one image or none", "in both images"]


def test_own_groups_are_left_out_where_all_pairs_agree():
    pairs = made_pairs(4, camera=list("xxyy"))
    assert list(metric_groups(pairs, made_images(4), np.ones(4, bool))) == ["camera"]


def test_users_columns_keep_their_breakdown_whatever_whyface_itself_calls_its_columns(tmp_path):
    made = simulate(240)
    halves = np.where(np.arange(240) % 4 < 2, "left", "right")
    names = ["label", "faces", "found", "threshold_", "cosine"]
    made["pairs"] = made["pairs"].assign(**dict.fromkeys(names, halves))
    made["pairs"].loc[0, "known_label_error"] = "two people"
    made["faces"].loc[3, "status"] = "centre-crop"
    metrics, *_ = evaluate_dataset(**made, method=METHOD)
    tables.write_table(metrics, tmp_path / "metrics.parquet", schemas.METRICS)
    of_column = {name: metrics[metrics["group"].str.startswith(f"{name}=")] for name in names}
    for name, rows in of_column.items():
        assert {*rows["group"]} == {f"{name}=left", f"{name}=right"}, name
        assert rows[rows["metric"] == "accuracy"]["n"].tolist() == [120, 120]
        np.testing.assert_array_equal(rows["value"], of_column["cosine"]["value"])
    own = metrics[metrics["metric"] == "accuracy"].set_index("group")["n"]
    assert own["known label error=yes"] == 1 and own["faces found=in one image or none"] == 1


def test_an_older_table_whose_column_is_called_like_an_own_group_stops_rather_than_loses_it():
    pairs = made_pairs(4, **{"faces found": list("xxyy")})
    with pytest.raises(ValueError, match="faces found"):
        metric_groups(pairs, made_images(4), np.arange(4) > 0)


def test_groups_are_chosen_from_all_pairs_so_that_tables_and_site_agree():
    made = simulate(240)
    pairs = made["pairs"].assign(camera=[f"no. {i % 15 if i < 120 else i % 30}" for i in range(240)])
    pairs["is_genuine"] = pairs["is_genuine"].astype("boolean").mask(np.arange(240) >= 120)
    scores = made["scores"].assign(is_genuine=pairs["is_genuine"])
    metrics, *_ = evaluate_dataset(**{**made, "pairs": pairs, "scores": scores}, method=METHOD)
    assert {*metrics["group"]} == {"all"} and "camera" not in collect_groups(pairs, made["images"])[0]


def test_missing_and_empty_values_are_no_group_and_words_for_nothing_are():
    pairs = made_pairs(5, note=["nan", "None", "", None, "nan"])
    found, _ = collect_groups(pairs, made_images(5))
    assert found["note"].tolist() == ["nan", "None", None, None, "nan"]


def test_equal_numbers_are_one_group_and_close_ones_are_two():
    pairs = made_pairs(4, year=[1.0, 1, 1000000.25, 1000000.75])
    assert collect_groups(pairs, made_images(4))[0]["year"].tolist() == ["1", "1", "1000000.25", "1000000.75"]


def test_numbers_with_many_values_are_ranges_and_of_images_their_difference():
    pairs = made_pairs(30, yaw=np.arange(30) / 2, note=list("abcdefghijklmnopqrstuvwxyzABCD"))
    images = made_images(30, age=np.r_[np.arange(30.0) ** 2, np.zeros(30)], size=np.arange(60.0))
    found, left_out = collect_groups(pairs, images)
    assert [name for name in found if is_range(found[name])] == ["yaw", "age, difference"]
    assert found["age, difference"].tolist() == [i**2 for i in range(30)]
    assert left_out == {"note": "30 values", "size, difference": "one value"}
    assert metric_groups(pairs, images, np.ones(30, bool)).empty


def test_equal_differences_are_one_group_although_floating_point_tells_them_apart():
    years = 18.9 + np.arange(30)
    images = made_images(30, age=np.r_[years + np.where(np.arange(30) % 2, 11.3, 5), years])
    assert set(collect_groups(made_pairs(30), images)[0]["age, difference"]) == {"11.3", "5"}


def test_many_combinations_of_few_numbers_become_their_difference():
    images = made_images(49, year=np.r_[np.repeat(np.arange(7.0), 7), np.tile(np.arange(7.0), 7)])
    found, left_out = collect_groups(made_pairs(49), images)
    assert list(found) == ["year, difference"] and not left_out
    assert set(found["year, difference"]) == set("0123456")


def test_what_is_left_out_is_said_with_the_reason_once(caplog):
    pairs = made_pairs(30, one="x", none=None, many=[f"no. {i}" for i in range(30)], long=["x" * 101] + ["y"] * 29)
    images = made_images(30, cameras=[f"no. {i}" for i in range(60)])
    with caplog.at_level(logging.INFO, "whyface"):
        metric_groups(pairs, images, np.ones(30, bool))
    left_out = collect_groups(pairs, images)[1]
    assert left_out == {
        "one": "one value",
        "none": "no value",
        "many": "30 values",
        "long": "a value of 101 characters",
        "cameras": "60 values",
    }
    assert [caplog.text.count(f"column {name}: ") for name in left_out] == [1] * 5
