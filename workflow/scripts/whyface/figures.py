"""Figures as SVG with text as text, readable on light and dark ground, each with a caption in a file beside it."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import ndtri

from whyface.files import atomic_path

mpl.use("svg")

# Blue and orange stay apart for every kind of colour vision; the grey keeps its contrast on white and on near-black.
GENUINE, IMPOSTOR, GREY = "#3b82c4", "#e0772a", "#808890"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "whyface",
    "font.family": "sans-serif",
    "font.sans-serif": ["system-ui", "Helvetica", "Arial", "sans-serif"],
    "font.size": 11,
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "legend.frameon": False,
    "figure.figsize": (6.4, 3.6),
    "figure.constrained_layout.use": True,
}
CAPTIONS = {
    "histogram": "How far apart the two images of a pair are. Genuine pairs show one person, impostor pairs two. "
    "The line is the mean threshold of the folds: a pair to its left is called same. Where the colours overlap, "
    "errors are made.",
    "det": "Detection error trade-off: every threshold trades false matches (x) for false non-matches (y). Both axes "
    "are on the normal-deviate scale; nearer the lower left is better. The dotted line marks equal error rates.",
    "confidence": "What each confidence method makes of a distance, averaged over the folds' fits: the calibrated "
    "probability of same, and the published sigmoid, which is not calibrated. The line is the mean threshold.",
}
TICKS = [0.001, 0.01, 0.05, 0.2, 0.4]


def plot_curves(curves: pd.DataFrame, threshold: float, folder: Path) -> None:
    """Draw every figure that the curves allow.

    Parameters
    ----------
    curves : pandas.DataFrame
        A curves table.
    threshold : float
        Mean decision threshold of the folds.
    folder : path
        Gets `<figure>.svg` and its caption, `<figure>.txt`.
    """
    by_name = {str(name): (rows["x"].to_numpy(), rows["y"].to_numpy()) for name, rows in curves.groupby("curve")}
    with mpl.rc_context(STYLE):
        _save(_draw_histogram(by_name, threshold), folder, "histogram")
        _save(_draw_confidence(by_name, threshold), folder, "confidence")
        if "det" in by_name:
            _save(_draw_det(*by_name["det"]), folder, "det")


def _draw_histogram(by_name: dict[str, tuple[np.ndarray, np.ndarray]], threshold: float) -> plt.Figure:
    figure, axes = plt.subplots()
    top = 0.0
    for kind, colour in (("genuine", GENUINE), ("impostor", IMPOSTOR)):
        x, y = by_name[f"histogram-{kind}"]
        axes.stairs(y, np.append(x, 2), color=colour, fill=True, alpha=0.45, label=kind)
        axes.stairs(y, np.append(x, 2), color=colour)
        top = max(top, float(x[np.nonzero(y)[0][-1]]) if y.any() else 0.0)
    axes.axvline(threshold, color=GREY, linestyle="--", label="threshold")
    axes.set(xlabel="cosine distance", ylabel="pairs", xlim=(0, min(2, top + 0.1)))
    axes.legend()
    return figure


def _draw_confidence(by_name: dict[str, tuple[np.ndarray, np.ndarray]], threshold: float) -> plt.Figure:
    figure, axes = plt.subplots()
    styles = {"paper": (IMPOSTOR, "--")}
    for name, (x, y) in by_name.items():
        if name.startswith("confidence-"):
            method = name.removeprefix("confidence-")
            colour, line = styles.get(method, (GENUINE, "-"))
            axes.plot(x, y, color=colour, linestyle=line, label=method)
    axes.axvline(threshold, color=GREY, linestyle=":", label="threshold")
    axes.set(xlabel="cosine distance", ylabel="probability of same", ylim=(-0.02, 1.02), xlim=(0, 2))
    axes.legend()
    return figure


def _draw_det(fmr: np.ndarray, fnmr: np.ndarray) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(4.8, 4.4))
    inner = (fmr > 0) & (fnmr > 0) & (fmr < 1) & (fnmr < 1)
    axes.plot(ndtri(fmr[inner]), ndtri(fnmr[inner]), color=GENUINE, drawstyle="steps-post")
    ends = ndtri([0.0005, 0.5])
    axes.plot(ends, ends, color=GREY, linestyle=":")
    labels = [f"{100 * tick:g} %" for tick in TICKS]
    axes.set_xticks(ndtri(TICKS), labels)
    axes.set_yticks(ndtri(TICKS), labels)
    axes.set(xlabel="FMR", ylabel="FNMR", xlim=ends, ylim=ends)
    return figure


def _save(figure: plt.Figure, folder: Path, name: str) -> None:
    with atomic_path(folder / f"{name}.svg") as path:
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)
    with atomic_path(folder / f"{name}.txt") as path:
        path.write_text(CAPTIONS[name] + "\n", encoding="utf-8")
