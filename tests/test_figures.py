"""Curves carry what the figures show, and figures are SVG with text as text."""

import json

import numpy as np
import pandas as pd
import pytest

from whyface.curves import trace_curves
from whyface.figures import plot_curves

DISTANCES = np.array([0.1, 0.11, 0.6, 0.4, 0.8, 1.2])
GENUINE = np.array([True, True, True, False, False, False])


def curves(genuine=GENUINE):
    scores = pd.DataFrame({"is_genuine": genuine, "cosine_distance": DISTANCES})
    paper = {"a": 1.0, "x0": 0.5, "k": -20.0, "b": 0.0, "threshold": 0.5}
    parameters = [json.dumps({"intercept": 5.0, "slope": -10.0}), json.dumps(paper), None]
    confidence = pd.DataFrame({"method": ["logistic", "paper", "paper"], "parameters": parameters})
    return trace_curves(scores, confidence.assign(threshold=0.5))


def of(frame, name):
    return frame[frame["curve"] == name].set_index("x")["y"]


def test_histograms_count_every_pair():
    frame = curves()
    genuine = of(frame, "histogram-genuine")
    assert genuine.sum() == 3 and of(frame, "histogram-impostor").sum() == 3
    assert genuine[np.isclose(genuine.index, 0.1)].tolist() == [2]


def test_confidence_curves_cross_one_half_where_they_should():
    frame = curves()
    for name in ("confidence-logistic", "confidence-paper"):
        curve = of(frame, name)
        assert curve[np.isclose(curve.index, 0.5)].iloc[0] == pytest.approx(0.5)
        assert (np.diff(curve) <= 0).all()


def test_det_keeps_the_lowest_fnmr_of_each_fmr():
    # FMR 0 is reached up to a distance of 0.4 with two of three genuine pairs accepted.
    assert of(curves(), "det").to_dict() == pytest.approx({0: 1 / 3, 1 / 3: 0, 2 / 3: 0, 1: 0})


def test_one_class_has_no_det():
    assert "det" not in set(curves(np.ones(6, bool))["curve"])


def test_figures_have_text_captions_and_come_out_the_same_twice(tmp_path):
    for folder in ("one", "two"):
        plot_curves(curves(), 0.5, tmp_path / folder)
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {f"{name}.{kind}" for name in ("histogram", "det", "confidence") for kind in ("svg", "txt")}
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    svg = (tmp_path / "one" / "histogram.svg").read_text()
    assert ">cosine distance</text>" in svg and "<script" not in svg
