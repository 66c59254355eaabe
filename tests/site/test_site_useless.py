"""The site of a model that tells nobody apart: every page is there, and says what is missing and why."""

import shutil

import numpy as np
import pandas as pd
import pytest

import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.evaluation.curves import trace_curves
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs
from whyface.site import render_site
from whyface.tables import parquet as tables
from whyface.tables import schemas

WRONGLY_SCALED = "All 12 distances lie between 0.0"
FAILED = "The published score could not be fitted for 2 of 2 folds: their pairs have no "


def rewrite(results, method):
    """Replace the scores of demo on synth by those of a wrongly scaled model: no distance tells anything."""
    place = "model=demo/dataset=synth"
    pairs = tables.read_table(results / "tables/pairs/dataset=synth/pairs.parquet", schemas.PAIRS)
    images = tables.read_table(results / "tables/images/collection=synth/images.parquet", schemas.IMAGES)
    faces = "tables/faces/collection=synth/alignment=five-point-112px/faces.parquet"
    faces = tables.read_table(results / faces, schemas.FACES)
    # Rising with the distance, as the published sigmoid then does: impostors are the closer ones.
    distances = 0.002 + 1e-5 * np.arange(len(pairs)) + 0.001 * pairs["is_genuine"].astype(float)
    fold = pd.Series(np.arange(len(pairs)) // 2 % 2, dtype="Int64")  # both classes in both folds
    pairs = pairs.assign(fold=fold)
    measured = pairs[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=distances)
    scores, confidence = fit_confidence(score_pairs(measured, None, "synth", 200, method), None, "synth", method, 200)
    metrics, computed, band = evaluate_dataset(pairs, scores, faces, images, confidence, method)
    curves = trace_curves(computed, confidence, band)
    about = {"model": "demo", "dataset": "synth", "weights": "ab" * 32}
    for frame, table in (
        (scores, schemas.SCORES),
        (confidence, schemas.CONFIDENCE),
        (metrics, schemas.METRICS),
        (curves, schemas.CURVES),
    ):
        tables.write_table(frame, results / f"tables/{table.name}/{place}/{table.name}.parquet", table, about)


@pytest.mark.parametrize("method", ["paper", "beta"])
def test_pages_of_a_wrongly_scaled_model_say_what_is_missing_and_why(few, tmp_path, method):
    results = shutil.copytree(few, tmp_path / "results")
    rewrite(results, method)
    config = fabricate.config()
    config["confidence"]["method"] = method
    render_site(config, results, tmp_path / "site", REPOSITORY / "site_templates")
    report = Page(tmp_path / "site/demo/synth/index.html").text
    assert WRONGLY_SCALED in report and "are pixel_mean and pixel_std those" in report
    assert "Genuine pairs lie no closer than impostor pairs" in report
    assert FAILED + ("probability" if method == "paper" else "such score") in report
    pair = Page(tmp_path / "site/demo/synth/p/000/000000/index.html").text
    failed = "The fit of this site's method (the published score) failed on the pairs behind this decision"
    assert (failed in pair) == ("No confidence." in pair) == (method == "paper")
    assert ("If genuine and impostor pairs are equally frequent." in pair) == (method != "paper")
    assert "not a probability; its fit failed on the pairs behind this decision" in pair
    other = Page(tmp_path / "site/mobile/synth/index.html").text
    assert WRONGLY_SCALED not in other and FAILED not in other
