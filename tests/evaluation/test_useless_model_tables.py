"""What follows a useless model's fits: metrics, curves, transfer and figures come out, without a warning."""

import numpy as np
import pandas as pd
import pytest

from useless_models import USELESS
from whyface.evaluation.curves import trace_curves
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.evaluation.transfer import ScoredDataset, judge_transfer
from whyface.plots.curves import plot_curves
from whyface.plots.transfer import plot_transfer
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs
from whyface.tables import parquet as tables
from whyface.tables import schemas

pytestmark = pytest.mark.filterwarnings("error")
SOME = [
    name
    for name in USELESS
    if "within" not in name or name.endswith(("1e-09 of 0.7, shift 6", "0.0001 of 0.002, shift 0"))
]


def scored(distances, genuine, method):
    """Tables of the pairs twice over, in two folds, of people who are all in both."""
    distances, genuine = np.tile(distances, 2), np.tile(genuine, 2)
    n, who = len(distances), np.arange(len(distances)) % 12
    pairs = pd.DataFrame(
        {"pair_id": [f"{i:05d}" for i in range(n)], "is_genuine": genuine, "fold": np.arange(n) * 2 // n}
    )
    pairs = pairs.assign(subject_a=[f"p{i}" for i in who], subject_b=[f"p{i}" for i in (who + ~genuine) % 12])
    pairs = pairs.assign(image_a=[f"a{i}" for i in range(n)], image_b=[f"b{i}" for i in range(n)], known_label_error="")
    names, subjects = [*pairs["image_a"], *pairs["image_b"]], [*pairs["subject_a"], *pairs["subject_b"]]
    images = pd.DataFrame({"image_id": names, "subject_id": subjects, "path": "", "width_px": 1, "height_px": 1})
    measured = pairs[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=distances)
    decisions = score_pairs(measured, None, "d", 200, method)
    scores, confidence = fit_confidence(decisions, None, "d", method, 200)
    faces = images[["image_id"]].assign(status="ok", landmarks=[np.zeros(10)] * len(images))
    return {
        "pairs": pairs,
        "scores": scores,
        "confidence": confidence,
        "faces": faces,
        "images": images.assign(sha256=""),
    }


@pytest.mark.parametrize("method", ["beta", "paper"])
@pytest.mark.parametrize("model", SOME)
def test_every_table_comes_out_and_holds_no_infinity(model, method, tmp_path):
    made = scored(*USELESS[model], method)
    metrics, computed, band = evaluate_dataset(**made, method=method)
    curves = trace_curves(computed, made["confidence"], band)
    joined = made["pairs"].drop(columns=["is_genuine", "fold"]).merge(made["scores"], on="pair_id")
    other = ScoredDataset("elsewhere", joined, made["confidence"].assign(fitted_on="e"))
    transfer = judge_transfer({"d": ScoredDataset("c", joined, made["confidence"]), "e": other}, method, 200)
    for frame, schema in (
        (made["scores"], schemas.SCORES),
        (made["confidence"], schemas.CONFIDENCE),
        (metrics, schemas.METRICS),
        (curves, schemas.CURVES),
        (transfer, schemas.TRANSFER),
    ):
        tables.write_table(frame, tmp_path / f"{schema.name}.parquet", schema)
        read = tables.read_table(tmp_path / f"{schema.name}.parquet", schema)
        assert not np.isinf(read.select_dtypes("number").to_numpy(float, na_value=np.nan)).any(), schema.name
    rows = metrics[metrics["group"] == "all"].set_index(["metric", "method"])["value"]
    failed = made["confidence"].set_index("method").loc[method, "parameters"].isna()
    assert made["scores"]["p_same"].isna().any() == failed.any()
    assert ("cllr", method) in rows.index or failed.any()
    assert 0 <= rows["accuracy", ""] <= 1 and np.isfinite(rows["eer", ""])


@pytest.mark.parametrize(("model", "method"), [("all 0.7", "beta"), ("two distances, reversed", "paper")])
def test_figures_come_out(model, method, tmp_path):
    made = scored(*USELESS[model], method)
    _, computed, band = evaluate_dataset(**made, method=method)
    curves = trace_curves(computed, made["confidence"], band)
    plot_curves(curves, float(made["confidence"]["threshold"].mean()), tmp_path, method)
    joined = made["pairs"].drop(columns=["is_genuine", "fold"]).merge(made["scores"], on="pair_id")
    plot_transfer(judge_transfer({"d": ScoredDataset("c", joined, made["confidence"])}, method, 200), tmp_path)
    assert {"histogram.svg", "det.svg"} <= {path.name for path in tmp_path.iterdir()}
