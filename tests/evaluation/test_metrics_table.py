"""The metrics table and the curves of small sets, by hand, and of sets that cannot say much."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from whyface.evaluation.curves import trace_curves
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.scores.calibrators import CALIBRATORS
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs
from whyface.tables import parquet as tables
from whyface.tables import schemas

METHOD = "beta"


def make(distances, genuine, folds, method=METHOD, **columns):
    """Tables of pairs of people p0, p1, ...: genuine pairs of p_i, impostor pairs of p_i and p_{i + 1}."""
    n = len(distances)
    pairs = pd.DataFrame({"pair_id": [f"{i:07d}" for i in range(n)], "fold": folds})
    pairs["is_genuine"] = np.asarray(genuine, bool)
    pairs["subject_a"] = [f"p{i // 2}" for i in range(n)]
    pairs["subject_b"] = [f"p{i // 2 + (not g)}" for i, g in enumerate(genuine)]
    pairs["image_a"], pairs["image_b"] = [f"a{i}" for i in range(n)], [f"b{i}" for i in range(n)]
    pairs = pairs.assign(known_label_error="", **columns)
    names = [*pairs["image_a"], *pairs["image_b"]]
    faces = pd.DataFrame({"image_id": names, "status": "ok", "landmarks": [np.zeros(10)] * len(names)})
    images = pd.DataFrame(
        {"image_id": names, "subject_id": "", "path": "", "width_px": 1, "height_px": 1, "sha256": ""}
    )
    measured = pairs[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=np.asarray(distances, float))
    decisions = score_pairs(measured, None, "d", 200, "beta")
    scores, confidence = fit_confidence(decisions, None, "d", method, 200)
    return {"pairs": pairs, "scores": scores, "faces": faces, "images": images, "confidence": confidence}


def simulate(n=240, seed=0, folds=4):
    rng = np.random.default_rng(seed)
    genuine = np.arange(n) % 2 == 0
    distances = np.where(genuine, rng.normal(0.5, 0.15, n), rng.normal(0.9, 0.15, n)).clip(0, 2)
    return make(distances, genuine, np.arange(n) * folds // n)


def nobody_apart(method=METHOD):
    """All distances near 0.002, as a wrongly scaled model gives them: the paper's fit fails on every fold."""
    distances = np.random.default_rng(0).normal(0.002, 0.0003, 60)
    return make(distances, np.arange(60) % 2 == 0, np.arange(60) // 20, method)


def summarise(made, method=METHOD):
    metrics, weighted, band = evaluate_dataset(**made, method=method)
    return metrics, trace_curves(weighted, made["confidence"], band)


def rows(metrics, group="all", method=""):
    chosen = metrics[(metrics["group"] == group) & (metrics["method"] == method)]
    return chosen.set_index("metric")


@pytest.fixture(scope="module")
def usual():
    made = simulate()
    return made, *summarise(made)


def test_tables_fit_their_schemas(usual, tmp_path):
    _, metrics, curves = usual
    tables.write_table(metrics, tmp_path / "m.parquet", schemas.METRICS)
    tables.write_table(curves, tmp_path / "c.parquet", schemas.CURVES)


def test_metrics_by_hand_and_against_sklearn(usual):
    made, metrics, _ = usual
    scores = made["scores"]
    genuine, p = scores["is_genuine"].to_numpy(bool), scores["p_same"].to_numpy(float)
    right = scores["outcome"].isin(["true-match", "true-non-match"])
    found = rows(metrics)
    by_fold = right.groupby(scores["fold"]).mean()
    assert found.value["accuracy"] == pytest.approx(by_fold.mean())
    assert found.value["accuracy_se"] == pytest.approx(by_fold.std() / 2)
    assert found.value["fmr"] == pytest.approx((scores["outcome"] == "false-match").sum() / 120)
    assert found.value["fnmr"] == pytest.approx((scores["outcome"] == "false-non-match").sum() / 120)
    assert found.n["fmr"] == found.n["fnmr"] == 120 and found.n["accuracy"] == 240
    calibration = rows(metrics, method=METHOD)
    assert calibration.value["brier"] == pytest.approx(brier_score_loss(genuine, p))
    assert calibration.value["log_loss"] == pytest.approx(log_loss(genuine, p))
    assert calibration.value["cllr_cal"] == pytest.approx(calibration.value["cllr"] - calibration.value["cllr_min"])
    assert set(metrics["method"]) == {"", *CALIBRATORS, "cosine", "sigmoid", "face-recognition", "deepface"}


def test_every_estimate_lies_within_its_interval(usual):
    _, metrics, _ = usual
    known = metrics.dropna(subset=["ci_low", "ci_high"])
    assert (known["ci_low"] <= known["value"]).all() and (known["value"] <= known["ci_high"]).all()
    unknown = set(metrics[metrics["ci_low"].isna() & metrics["value"].notna()]["metric"])
    assert unknown == {"accuracy_se", "fmr_floor", "llr_low", "llr_high"}


def test_the_same_pairs_give_the_same_numbers():
    first, second = (summarise(simulate(60))[0] for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_rates_that_the_set_cannot_support_are_null(usual):
    _, metrics, _ = usual
    found = rows(metrics)
    assert found.value["fmr_floor"] == 3 / 120 and found.n["fmr_floor"] == 120
    assert found.value.notna()[["fnmr_at_fmr_1e-1", "threshold_at_fmr_1e-1"]].all()
    assert found.value.isna()[["fnmr_at_fmr_1e-2", "fnmr_at_fmr_1e-3", "threshold_at_fmr_1e-3"]].all()


def test_faces_not_found_are_counted_and_refused():
    made = simulate(60)
    made["faces"].loc[made["faces"]["image_id"] == "a0", "status"] = "centre-crop"
    failed = made["scores"]["pair_id"] == "0000002"
    made["faces"].loc[made["faces"]["image_id"] == "a2", "status"] = "failed"
    empty = ["cosine_distance", "p_same", "llr", "confidence", "paper_score"]
    made["scores"].loc[failed, empty] = np.nan
    made["scores"].loc[failed, ["decision", "outcome"]] = None
    metrics, _ = summarise(made)
    found = rows(metrics)
    assert found.value["fta_rate"] == pytest.approx(2 / 120) and found.n["fta_rate"] == 120
    assert found.n["fnmr"] == 29 and found.n["fnmr_acquired"] == 28 and found.n["frr"] == 30
    wrong = (made["scores"]["outcome"] == "false-non-match") | made["pairs"]["image_a"].isin(["a0", "a2"])
    assert found.value["frr"] == pytest.approx((wrong & made["pairs"]["is_genuine"]).sum() / 30)


def test_where_nobody_looked_for_faces_nothing_is_said_of_faces_found():
    made = simulate(60)
    made["faces"].loc[made["faces"]["image_id"] == "a2", "status"] = "failed"
    looked, _ = summarise(made)
    made["faces"]["landmarks"] = None
    metrics, _ = summarise(made)
    assert {*looked["metric"]} - {*metrics["metric"]} == {"fta_rate", "fnmr_acquired", "frr"}
    assert rows(looked, "faces found=in both images").n["accuracy"] == 59
    assert not metrics["group"].str.startswith("faces found").any()
    rest = looked["metric"].isin(metrics["metric"]) & ~looked["group"].str.startswith("faces found")
    pd.testing.assert_frame_equal(metrics, looked[rest].reset_index(drop=True))


def test_images_that_all_are_unreadable_or_without_a_face_are_failures_to_acquire():
    made = simulate(60)
    made["faces"]["landmarks"] = None
    for status in ("centre-crop", "failed"):
        made["faces"]["status"] = status
        assert rows(summarise(made)[0]).value["fta_rate"] == 1


def test_groups_have_their_counts():
    made = simulate()
    made["pairs"]["camera"] = np.where(np.arange(240) < 80, "old", "new")
    metrics, _ = summarise(made)
    old = rows(metrics, "camera=old")
    wrong = made["scores"]["outcome"][:80].isin(["false-match"]).sum()
    assert old.value["fmr"] == pytest.approx(wrong / 40) and old.n["fmr"] == 40 and old.n["accuracy"] == 80
    both = rows(metrics, "camera=new", METHOD).n["cllr"] + rows(metrics, "camera=old", METHOD).n["cllr"]
    assert both == 240
    assert set(metrics[metrics["group"] != "all"]["metric"]) == {"accuracy", "fmr", "fnmr", "cllr"}


def test_separable_pairs_have_bounds_instead_of_certainty():
    made = make([0.1, 1.0] * 60, [True, False] * 60, np.arange(120) // 60)
    metrics, _ = summarise(made)
    found = rows(metrics)
    # Impostor pairs make a chain of 61 people: no two in 30 and a quarter of them share anybody. Genuine pairs do not.
    assert found.value["eer"] == 0 and found.ci_high["eer"] == pytest.approx(3 / 30.25, rel=1e-3)
    assert found.value["auc"] == 1 and found.ci_low["auc"] == pytest.approx(1 - 3 / 30.25, rel=1e-3)
    assert found.value["fmr"] == 0 and found.ci_high["fmr"] == pytest.approx(3 / 30.25, rel=1e-3)
    assert found.value["fnmr"] == 0 and found.ci_high["fnmr"] == pytest.approx(3 / 60)
    assert found.people["fmr"] == 61 and found.people["fnmr"] == 60
    assert rows(metrics, method=METHOD).value["llr_high"] < np.log10(31) + 0.02
    assert made["scores"]["p_same"].between(0.01, 0.99).all(), "30 pairs of a class cannot support more"


def test_a_thousand_pairs_of_one_person_are_no_certainty():
    made = simulate(2000)
    one = made["pairs"]["is_genuine"]
    made["pairs"].loc[one, ["subject_a", "subject_b"]] = "p0"
    metrics, curves = summarise(made)
    found = rows(metrics)
    assert 0 < found.value["fnmr"] < 1 and found.people["fnmr"] == 1
    assert np.isnan(found.ci_low["fnmr"]) and np.isnan(found.ci_high["fnmr"]) and np.isnan(found.ci_low["eer"])
    assert curves[curves["curve"] == "det-band"]["y_low"].isna().all()


def test_equal_distances_and_ten_pairs_and_one_class_are_no_crash():
    for made in (make([0.7] * 10, [True, False] * 5, [0] * 5 + [1] * 5), simulate(10, folds=2)):
        metrics, curves = summarise(made)
        calibration = rows(metrics, method=METHOD)
        assert np.isfinite(calibration.value["cllr"]) and np.isfinite(curves[["x", "y"]].to_numpy()).all()
    made = simulate(60)
    genuine = made["pairs"]["is_genuine"]
    made |= {table: made[table][genuine].reset_index(drop=True) for table in ("pairs", "scores")}
    metrics, curves = summarise(made)
    found = rows(metrics)
    assert found.n["fmr"] == 0 and np.isnan(found.value["fmr"]) and "eer" not in found.index
    assert found.value["fnmr"] >= 0 and "det" not in set(curves["curve"])


@pytest.mark.parametrize("method", ["beta", "paper"])
def test_a_failed_fit_has_no_metrics_and_no_curves(tmp_path, method):
    made = nobody_apart(method)
    tables.write_table(made["confidence"], tmp_path / "f.parquet", schemas.CONFIDENCE)
    made["confidence"] = tables.read_table(tmp_path / "f.parquet", schemas.CONFIDENCE)
    metrics, curves = summarise(made, method)
    tables.write_table(metrics, tmp_path / "m.parquet", schemas.METRICS)
    tables.write_table(curves, tmp_path / "c.parquet", schemas.CURVES)
    assert set(rows(metrics, method="paper").index) == {"llr_low", "llr_high"}
    assert rows(metrics, method="paper").value.isna().all()
    assert rows(metrics).value["auc"] == pytest.approx(0.5, abs=0.2)
    traced = {name.removeprefix("confidence-") for name in curves["curve"] if name.startswith("confidence-")}
    assert traced == CALIBRATORS.keys() - {"paper"} and "reliability-paper" not in set(curves["curve"])
    assert ("tippett-genuine" in set(curves["curve"])) == (method == "beta")


def test_unlabelled_pairs_are_no_crash():
    made = simulate(60)
    for table in ("pairs", "scores"):
        made[table] = made[table].assign(is_genuine=None)
    metrics, curves = summarise(made)
    assert rows(metrics).n["fta_rate"] == 120 and np.isnan(rows(metrics).value["accuracy"])
    assert "confidence-beta" in set(curves["curve"])


def test_curves_by_hand(usual):
    made, metrics, curves = usual
    by_name = dict(list(curves.groupby("curve")))
    distances, genuine = made["scores"]["cosine_distance"], made["scores"]["is_genuine"].astype(bool)
    assert by_name["histogram-genuine"]["y"].sum() == by_name["histogram-impostor"]["y"].sum() == 120
    bar = by_name["histogram-genuine"].set_index("x")["y"]
    assert bar.iloc[25] == ((distances >= 0.5) & (distances < 0.52) & genuine).sum()
    for kind in ("genuine", "impostor"):
        density = by_name[f"density-{kind}-beta"]
        # Pairs a bar: as many in all as there are, on a grid of 0.01 and bars of 0.02.
        assert density["y"].sum() / 2 == pytest.approx(120, rel=0.01)
    det = by_name["det"]
    for x, y in det[["x", "y"]].to_numpy()[:: len(det) // 5]:
        reachable = [t for t in [*distances, 2.1] if (distances[~genuine] < t).mean() <= x + 1e-12]
        assert y == pytest.approx(min((distances[genuine] >= t).mean() for t in reachable))
    reliability = by_name["reliability-beta"]
    assert reliability["n"].sum() == 240
    assert reliability["y"] @ reliability["n"] == pytest.approx(120)
    tippett = by_name["tippett-genuine"]
    llr = made["scores"]["llr"][genuine].to_numpy(float)
    for x, y in tippett[["x", "y"]].to_numpy()[::20]:
        assert y == pytest.approx((llr >= x).mean())
    entropy = {name: by_name[name].set_index(by_name[name]["x"].round(6))["y"] for name in by_name if "entropy" in name}
    calibration = rows(metrics, method=METHOD).value
    assert entropy["cross-entropy"][0] == pytest.approx(calibration["cllr"]), "at even odds"
    assert entropy["cross-entropy-calibrated"][0] == pytest.approx(calibration["cllr_min"])
    assert entropy["cross-entropy-neutral"][0] == 1
    folds = by_name["fold-accuracy"]
    assert folds["x"].tolist() == [0, 1, 2, 3] and folds["y"].mean() == pytest.approx(rows(metrics).value["accuracy"])


def test_confidence_crosses_one_half_between_the_classes(usual):
    _, _, curves = usual
    for method in CALIBRATORS:
        curve = curves[curves["curve"] == f"confidence-{method}"]
        assert 0.55 < np.interp(-0.5, -curve["y"], curve["x"]) < 0.85
