"""Figures are SVG whose text stays text, drawn from whatever curves there are, each with a caption."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from whyface.plots import curves as figures
from whyface.plots.curves import plot_curves
from whyface.plots.deep_det import plot_deep_det
from whyface.plots.transfer import plot_transfer
from whyface.scores.calibrators import CALIBRATORS

SVG = "{http://www.w3.org/2000/svg}"
AXES = {
    "histogram": {"cosine distance", "pairs per bar", "genuine", "impostor", "kde fit", "beta fit", "threshold"},
    "confidence": {"cosine distance", "probability of same", *CALIBRATORS, "threshold"},
    "det": {"FMR, false match rate", "FNMR, false non-match rate", "10 %"},
    "roc": {"FMR, false match rate", "TMR, true match rate", "100 %"},
    "reliability": {"stated probability of same", "share that is genuine", "pairs", *CALIBRATORS},
    "tippett": {"likelihood ratio, same over different", "share of pairs above", "1/10", "100"},
    "cross-entropy": {"prior odds, same over different", "cross-entropy, bits", "1/1,000", "stated, 0.500"},
    "folds": {"fold", "accuracy", "mean, 0.950"},
}


def curve(name, x, y, margin=np.nan, n=np.nan):
    x, y = np.asarray(x, float), np.asarray(y, float)
    columns = {"curve": name, "point": range(len(x)), "x": x, "y": y, "y_low": y - margin, "y_high": y + margin, "n": n}
    return pd.DataFrame(columns)


def every_curve():
    bars, grid = np.arange(100) * 0.02, np.linspace(0, 2, 81)
    rates, odds = np.geomspace(0.01, 1, 9), np.linspace(-3, 3, 61)
    parts = [
        curve("det", [0, *rates], [0.4, *(0.3 - 0.3 * rates)]),
        curve("det-band", rates, 0.3 - 0.3 * rates, 0.05),
        curve("fold-accuracy", range(4), [0.9, 0.95, 0.97, 0.98], 0.02, 60),
        curve("cross-entropy", odds, 0.5 - abs(odds) / 8),
        curve("cross-entropy-calibrated", odds, 0.4 - abs(odds) / 8),
        curve("cross-entropy-neutral", odds, 1 - abs(odds) / 4),
    ]
    for kind, centre in (("genuine", 0.4), ("impostor", 0.9)):
        bell = np.exp(-(((grid - centre) / 0.2) ** 2))
        parts.append(curve(f"histogram-{kind}", bars, np.round(20 * np.exp(-(((bars - centre) / 0.2) ** 2)))))
        parts += [curve(f"density-{kind}-{fit}", grid, 20 * bell) for fit in ("kde", "beta")]
        parts.append(curve(f"tippett-{kind}", np.linspace(-2, 2, 30), np.linspace(1, 0, 30)))
    for method in CALIBRATORS:
        parts.append(curve(f"confidence-{method}", grid, 1 / (1 + np.exp(10 * (grid - 0.6)))))
        parts.append(curve(f"reliability-{method}", np.linspace(0, 1, 5), np.linspace(0.1, 0.9, 5), 0.1, 40))
    return pd.concat(parts, ignore_index=True)


def transfer(cllr):
    rows = [(fitted, judged, "logistic", value) for (fitted, judged), value in cllr.items()]
    return pd.DataFrame(rows, columns=["fitted_on", "judged_on", "method", "cllr"])


def texts(path):
    return ["".join(text.itertext()) for text in ElementTree.parse(path).iter(f"{SVG}text")]


def drawn(folder):
    return {path.stem for path in folder.glob("*.svg")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    plot_curves(every_curve(), 0.6, folder, "logistic")
    return folder


def test_every_figure_is_drawn(folder):
    assert drawn(folder) == set(AXES) == set(figures.FIGURES)


@pytest.mark.parametrize("name", AXES)
def test_a_figure_has_its_words_as_text(folder, name):
    assert AXES[name] <= set(texts(folder / f"{name}.svg"))


@pytest.mark.parametrize("name", AXES)
def test_a_caption_says_what_and_how_in_a_few_sentences(folder, name):
    caption = (folder / f"{name}.txt").read_text()
    assert len(re.findall(r"[.;:] |\.\n", caption)) >= 2 and "{" not in caption
    assert ("logistic" in caption) == (name in ("tippett", "cross-entropy"))


@pytest.mark.parametrize("name", AXES)
def test_a_figure_holds_no_script_and_no_background(folder, name):
    svg = (folder / f"{name}.svg").read_text()
    assert "<script" not in svg and "javascript:" not in svg and "<image" not in svg
    ground = next(g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("id") == "patch_1")
    assert "fill: none" in ground.find(f"{SVG}path").get("style")


def test_the_same_table_gives_the_same_bytes(folder, tmp_path):
    plot_curves(every_curve(), 0.6, tmp_path, "logistic")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_no_curve_leaves_the_two_promised_figures(tmp_path):
    plot_curves(every_curve().head(0), np.nan, tmp_path, "logistic")
    assert drawn(tmp_path) == {"histogram", "confidence"}


def test_a_figure_that_can_no_longer_be_drawn_goes(tmp_path):
    plot_curves(curve("det", [0, 1], [1, 0]), 0.6, tmp_path, "logistic")
    assert drawn(tmp_path) == {"histogram", "confidence", "det", "roc"}
    plot_curves(curve("fold-accuracy", [0], [1]), 0.6, tmp_path, "logistic")
    assert drawn(tmp_path) == {"histogram", "confidence", "folds"}
    assert not (tmp_path / "det.txt").exists()


@pytest.mark.parametrize("turn", [0, 1])
def test_every_other_curve_may_be_missing(tmp_path, turn):
    frame = every_curve()
    kept = sorted(set(frame["curve"]))[turn::2]
    plot_curves(frame[frame["curve"].isin(kept)], 0.6, tmp_path, "logistic")
    assert drawn(tmp_path) >= {"histogram", "confidence", "reliability", "tippett", "cross-entropy"}


DEGENERATE = {
    "every count and value is zero": lambda frame: frame.assign(y=0.0, y_low=0.0, y_high=0.0, n=0),
    "every value is one": lambda frame: frame.assign(y=1.0),
    "one point a curve": lambda frame: frame.groupby("curve").head(1),
    "no bounds": lambda frame: frame.assign(y_low=None, y_high=None, n=None),
    "bounds a rounding error beside the value": lambda frame: frame.assign(y_low=frame["y"] + 1e-16),
    "no values": lambda frame: frame.assign(y=np.nan),
    "values beyond all bounds": lambda frame: frame.assign(y=np.inf, y_high=np.inf),
    "one class": lambda frame: frame[~frame["curve"].str.contains("impostor|det|tippett|reliability")],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_curves_are_drawn_all_the_same(tmp_path, case):
    plot_curves(DEGENERATE[case](every_curve()), 0.6, tmp_path, "paper")
    assert {"histogram", "confidence"} <= drawn(tmp_path)
    for name in drawn(tmp_path):
        assert texts(tmp_path / f"{name}.svg")


def test_a_set_too_small_for_any_claim_still_has_axes(tmp_path):
    frame = pd.concat([curve("det", [0, 0.5, 1], [1, 0.5, 0]), curve("det-band", [1], [0], 0.9)])
    plot_curves(frame, 0.6, tmp_path, "logistic")
    assert "20 %" in texts(tmp_path / "det.svg") and "100 %" in texts(tmp_path / "roc.svg")


def test_the_axes_begin_where_the_set_supports_a_claim(folder):
    assert "1 %" in texts(folder / "det.svg") and "0.1 %" not in texts(folder / "det.svg")
    assert "1 %" in texts(folder / "roc.svg") and "0.1 %" not in texts(folder / "roc.svg")


def test_transfer_shows_each_number_and_a_dash_for_none(tmp_path):
    cllr = {("lfw", "lfw"): 0.123, ("lfw", "cfp"): 1.5, ("all", "lfw"): 0.25, ("all", "cfp"): np.nan}
    plot_transfer(transfer(cllr | {("cfp", "lfw"): 0.456, ("cfp", "cfp"): 0.0}), tmp_path)
    words = texts(tmp_path / "transfer.svg")
    assert {"0.123", "1.500", "0.250", "0.456", "0.000", "–", "judged on", "fitted on"} <= set(words)
    assert [word for word in words if word in ("lfw", "cfp", "all")] == ["cfp", "lfw", "cfp", "lfw", "all"]
    assert (tmp_path / "transfer.txt").read_text().count(".") >= 2


def test_transfer_takes_long_and_odd_names_and_none_at_all(tmp_path):
    name = "a-very-long-name-of-a-dataset-that-somebody-wrote-down-$x_1$-<script>"
    plot_transfer(transfer({(name, name): np.nan, ("all", name): None}), tmp_path)
    words = texts(tmp_path / "transfer.svg")
    assert "".join(words).count(name) == 2 and words.count("–") == 2
    assert "<script" not in (tmp_path / "transfer.svg").read_text()


def test_transfer_comes_out_the_same_twice(tmp_path):
    for half in ("one", "two"):
        plot_transfer(transfer({("lfw", "lfw"): 0.1, ("all", "lfw"): 0.2}), tmp_path / half)
    assert (tmp_path / "one" / "transfer.svg").read_bytes() == (tmp_path / "two" / "transfer.svg").read_bytes()


@pytest.mark.parametrize("ground", ["#ffffff", "#14161a"])
def test_every_colour_keeps_its_contrast_on_light_and_dark(ground):
    def luminance(colour):
        parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    for colour in (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE, figures.BROWN, figures.GREY):
        dark, light = sorted([luminance(colour), luminance(ground)])
        assert (light + 0.05) / (dark + 0.05) >= 3, colour


def test_the_deep_det_reaches_its_lowest_rate_and_goes_with_its_points(tmp_path):
    fnmr = np.array([0.2, 0.1, 0.05])
    points = pd.DataFrame({"fmr": [1e-5, 1e-3, 0.1], "fnmr": fnmr, "fnmr_low": fnmr / 2, "fnmr_high": fnmr * 2})
    listed = pd.DataFrame({"curve": "det", "x": [0, 0.01, 0.5], "y": [1, 0.08, 0]})
    plot_deep_det(points, listed, tmp_path)
    drawing = (tmp_path / "deep-det.svg").read_text(encoding="utf-8")
    assert "10⁻⁵" in drawing and "10 %" in drawing and "pairs of the list" in drawing
    assert "every person counts the same" in (tmp_path / "deep-det.txt").read_text(encoding="utf-8")
    plot_deep_det(points.assign(fnmr=np.nan), listed, tmp_path)
    assert not list(tmp_path.iterdir())
