"""Groups of a small set, by hand."""

from test_metrics_table import simulate

from whyface.evaluation.groups import collect_groups


def test_groups_of_pairs_images_labels_and_faces():
    made = simulate(60)
    pairs, images = made["pairs"].assign(found=True, age=2.5, camera="one"), made["images"]
    pairs.loc[0, ["known_label_error", "found"]] = ["two people", False]
    pairs.loc[:9, "age"] = 3.0
    images["pose"] = ["front"] * 60 + ["side"] * 30 + [None] * 30
    images["serial"] = range(120)
    groups = collect_groups(pairs, images)
    assert set(groups) == {"age", "label", "faces"}, "one camera, one kind of poses, too many serials"
    assert groups["age"][0] == "3" and groups["age"][59] == "2.5"
    images.loc[0, "pose"] = "side"
    groups = collect_groups(pairs, images)
    assert groups["pose"][0] == "side + side" and groups["pose"][1] == "front + side" and groups["pose"].isna()[59]
    assert groups["label"].tolist()[:2] == ["known to be wrong", "not in doubt"]
