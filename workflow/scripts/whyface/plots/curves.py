"""The figures of a model on a dataset, from its curves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from whyface.plots.style import BLUE, BROWN, GREEN, GREY, ORANGE, PURPLE, STYLE, save
from whyface.scores.calibrators import CALIBRATORS

CLASSES = {"genuine": BLUE, "impostor": ORANGE}
_STYLES = [(BLUE, "-"), (ORANGE, "--"), (GREEN, (0, (7, 2, 1.5, 2))), (PURPLE, (0, (3, 1.5))), (BROWN, (0, (1, 1.3)))]
METHOD_STYLES: dict[str, tuple[str, Any]] = dict(zip(CALIBRATORS, _STYLES, strict=True))
CAPTIONS = {
    "histogram": "How far apart the two images of a pair are; genuine pairs show one person, impostor pairs two. A "
    "pair left of the threshold is called same; where the colours overlap, the model errs. Lines are the densities "
    "fitted to the distances; where a line leaves the bars, the confidence built on it is off.",
    "confidence": "What each confidence method makes of a distance, averaged over the folds' fits. Read up from a "
    "distance to a line, then left to the probability of same, if same and different are equally likely beforehand. "
    "Where the lines part, the answer depends on the method; the paper's is not calibrated.",
    "det": "Every threshold trades false matches against false non-matches. Nearer the lower left is better; the curve "
    "meets the dotted line at the equal error rate, and the band is the 95 % interval. The axes begin at the lowest "
    "rate that so many impostor pairs can support; smaller rates are drawn on the frame.",
    "roc": "The share of genuine pairs accepted at each false match rate. Choose the rate that you can bear and read "
    "up; nearer the upper left is better. The band is the 95 % interval, and the axis begins at the lowest "
    "rate that so many impostor pairs can support.",
    "reliability": "Whether a stated probability comes true: of the pairs given 0.8, eight in ten should be genuine. "
    "Below the dotted line the stated probability is too high, above it too low; bars through points are 95 % "
    "intervals. Thin lines are the methods not configured; the lower panel counts pairs by stated probability.",
    "tippett": "How strong the evidence of {method} is: the share of pairs with at least a given likelihood ratio. The "
    "evidence misleads for genuine pairs left of the dotted line and for impostor pairs right of it. The further apart "
    "the two lines, the better.",
    "cross-entropy": "The uncertainty that remains after the likelihood ratio of {method}, for every prior belief; "
    "lower is better. The gap between stated and best is lost to poor calibration; above the dotted line the ratio "
    "does more harm than good. The dots and their numbers are for even odds: Cllr, and the least Cllr.",
    "folds": "Accuracy of each fold, at the threshold that the other folds chose. If every bar reaches the dashed "
    "mean, chance alone can explain the differences; a fold far off holds pairs unlike the rest.",
}
COLUMNS = ["x", "y", "y_low", "y_high", "n"]
RATES = [1e-5, 1e-4, 0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 0.8, 0.95, 0.99]


@dataclass(frozen=True)
class _Report:
    """The data behind the figures of one model on one dataset."""

    curves: dict[str, pd.DataFrame]
    threshold: float
    method: str

    def get(self, name: str) -> pd.DataFrame:
        """Points of a curve; empty if there is no such curve."""
        return self.curves.get(name, pd.DataFrame(columns=COLUMNS, dtype=float))

    def methods(self, prefix: str) -> dict[str, pd.DataFrame]:
        """Curves of the confidence methods, in a fixed order."""
        return {name: self.curves[prefix + name] for name in METHOD_STYLES if prefix + name in self.curves}

    @property
    def reach(self) -> float:
        """Right end of the distance axis: every pair lies to its left."""
        bars = pd.concat([self.get(f"histogram-{kind}") for kind in CLASSES])
        return float(np.nanmin([2, bars.loc[bars["y"] > 0, "x"].max() + 0.1]))

    @property
    def lowest_fmr(self) -> float:
        """Smallest false match rate that the set can support a claim about, capped so that an axis remains."""
        rates = self.get("det-band")["x"] if "det-band" in self.curves else self.get("det")["x"].replace(0, 1)
        return max(RATES[0], rates.to_numpy().min(initial=0.2))

    @property
    def highest_fnmr(self) -> float:
        """False non-match rate at the lowest false match rate, or the upper end of the band if that is higher."""
        det, band = self.get("det"), self.get("det-band")
        at_lowest = det.loc[det["x"] <= self.lowest_fmr, "y"].to_numpy().min(initial=1)
        return float(np.nanmax([at_lowest, band["y_high"].max()]))


def _draw_histogram(axes: Axes, report: _Report) -> None:
    top = 1.0
    for kind, colour in CLASSES.items():
        bars = report.get(f"histogram-{kind}")
        if len(bars):
            axes.stairs(bars["y"], np.append(bars["x"], 2), color=colour, fill=True, alpha=0.4, label=kind)
            top = max(top, bars["y"].max())
        for name, fit in report.methods(f"density-{kind}-").items():
            axes.plot(fit["x"], fit["y"], color=colour, linestyle=METHOD_STYLES[name][1])
    for name in report.methods("density-genuine-"):
        axes.plot([], [], color=GREY, linestyle=METHOD_STYLES[name][1], label=f"{name} fit")
    axes.axvline(report.threshold, color=GREY, linewidth=1.2, label="threshold")
    # The bars set the scale, since a beta density can be infinite at an end.
    axes.set(xlabel="cosine distance", ylabel="pairs per bar", xlim=(0, report.reach), ylim=(0, 1.15 * top))


def _draw_confidence(axes: Axes, report: _Report) -> None:
    for name, curve in report.methods("confidence-").items():
        colour, line = METHOD_STYLES[name]
        axes.plot(curve["x"], curve["y"], color=colour, linestyle=line, label=name)
    axes.axvline(report.threshold, color=GREY, linewidth=1.2, label="threshold")
    axes.set(xlabel="cosine distance", ylabel="probability of same", xlim=(0, report.reach), ylim=(-0.02, 1.02))


def _draw_det(axes: Axes, report: _Report) -> None:
    low, high = report.lowest_fmr, np.clip(1.2 * report.highest_fnmr, max(0.2, 2.5 * report.lowest_fmr), 0.99)
    det, band = (ndtri(report.get(name).clip(low, high)) for name in ("det", "det-band"))
    axes.fill_between(band["x"], band["y_low"], band["y_high"], color=BLUE, alpha=0.25, linewidth=0)
    ends = ndtri([low, high])
    start = det.loc[det["x"] == ends[0], "y"].min()
    axes.plot(det["x"], det["y"].clip(upper=start), color=BLUE, drawstyle="steps-post", clip_on=False)
    axes.plot(ends, ends, color=GREY, linestyle=":")
    ticks = [rate for rate in RATES if low <= rate <= high]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ndtri(ticks), [f"{100 * tick:g} %" for tick in ticks])
    axes.set(xlabel="FMR, false match rate", ylabel="FNMR, false non-match rate", xlim=ends, ylim=ends)


def _draw_roc(axes: Axes, report: _Report) -> None:
    det, band, low = report.get("det"), report.get("det-band"), report.lowest_fmr
    axes.fill_between(band["x"], 1 - band["y_high"], 1 - band["y_low"], color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(det["x"].clip(lower=low / 10), 1 - det["y"], color=BLUE, drawstyle="steps-post")
    axes.set(xscale="log", xlim=(low, 1), ylim=(0.97 * (1 - max(0.1, report.highest_fnmr)), 1.01))
    axes.xaxis.set_major_formatter(lambda rate, _: f"{100 * rate:g} %")
    axes.xaxis.set_minor_formatter(lambda rate, _: "")
    axes.set(xlabel="FMR, false match rate", ylabel="TMR, true match rate")


def _draw_reliability(axes: Axes, report: _Report) -> None:
    below = axes.inset_axes((0, -0.3, 1, 0.22), sharex=axes)
    axes.tick_params(labelbottom=False)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfect")
    for name, bins in report.methods("reliability-").items():
        colour, line = METHOD_STYLES[name]
        if name not in (report.method, "paper"):
            axes.plot(bins["x"], bins["y"], color=GREY, linestyle=line, linewidth=1.1, label=name)
            continue
        _draw_points(axes, bins, color=colour, linestyle=line, label=name)
        counts, edges = np.histogram(bins["x"], bins=20, range=(0, 1), weights=bins["n"].fillna(0))
        below.stairs(counts, edges, color=colour, linestyle=line, linewidth=1.5)
    axes.set(ylabel="share that is genuine", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    below.set(xlabel="stated probability of same", ylabel="pairs", ylim=(0, None))


def _draw_points(axes: Axes, points: pd.DataFrame, **style: Any) -> None:
    reach = [points["y"] - points["y_low"], points["y_high"] - points["y"]]
    axes.errorbar(points["x"], points["y"], np.clip(reach, 0, None), marker="o", elinewidth=1, capsize=2.5, **style)


def _draw_tippett(axes: Axes, report: _Report) -> None:
    for kind, colour in CLASSES.items():
        curve = report.get(f"tippett-{kind}")
        axes.plot(curve["x"], curve["y"], color=colour, drawstyle="steps-pre", label=kind)
    axes.axvline(0, color=GREY, linestyle=":", label="no evidence")
    axes.xaxis.set_major_formatter(_odds)
    axes.set(xlabel="likelihood ratio, same over different", ylabel="share of pairs above", ylim=(-0.02, 1.02))


def _draw_cross_entropy(axes: Axes, report: _Report) -> None:
    lines = {"-neutral": (GREY, ":", "no model"), "": (BLUE, "-", "stated"), "-calibrated": (GREEN, "--", "best")}
    for name, (colour, line, label) in lines.items():
        curve = report.get(f"cross-entropy{name}")
        if len(curve):
            even = np.interp(0, curve["x"], curve["y"])
            axes.plot(curve["x"], curve["y"], color=colour, linestyle=line, label=f"{label}, {even:.3f}")
            axes.plot(0, even, color=colour, marker="o")
    axes.xaxis.set_major_formatter(_odds)
    axes.set(xlabel="prior odds, same over different", ylabel="cross-entropy, bits", ylim=(0, 1.5))


def _odds(log10: float, _: float) -> str:
    """Label for a tick on an axis of log10 odds."""
    odds = f"{round(10 ** abs(log10), 1):,g}"
    return odds if log10 >= 0 else f"1/{odds}"


def _draw_folds(axes: Axes, report: _Report) -> None:
    folds = report.get("fold-accuracy")
    _draw_points(axes, folds, color=BLUE, linestyle="none", label="fold, 95 % interval")
    mean = folds["y"].mean()
    axes.axhline(mean, color=GREY, linestyle="--", linewidth=1.3, label=f"mean, {mean:.3f}")
    axes.set_xticks(folds["x"])
    axes.set(xlabel="fold", ylabel="accuracy")


# Of each figure: the function that draws it, the prefix of the curves that it needs, and its size in inches.
FIGURES: dict[str, tuple[Callable[[Axes, _Report], None], str, tuple[float, float]]] = {
    "histogram": (_draw_histogram, "", (5.6, 3.6)),
    "confidence": (_draw_confidence, "", (5.6, 3.6)),
    "det": (_draw_det, "det", (5.6, 4.8)),
    "roc": (_draw_roc, "det", (5.6, 3.6)),
    "reliability": (_draw_reliability, "reliability-", (5.6, 5.2)),
    "tippett": (_draw_tippett, "tippett-", (5.6, 3.6)),
    "cross-entropy": (_draw_cross_entropy, "cross-entropy", (5.6, 3.6)),
    "folds": (_draw_folds, "fold-accuracy", (5.6, 3.2)),
}


def plot_curves(curves: pd.DataFrame, threshold: float, folder: Path, method: str) -> None:
    """Draw every figure that the curves allow; histogram and confidence always.

    Parameters
    ----------
    curves : pandas.DataFrame
        A curves table.
    threshold : float
        Mean decision threshold of the folds.
    folder : path
        Gets `<figure>.svg` and its caption, `<figure>.txt`; loses those of figures that cannot be drawn.
    method : str
        The configured confidence method.
    """
    points = curves.set_index("curve")[COLUMNS].astype(float).replace([np.inf, -np.inf], np.nan)
    by_name = {str(name): rows for name, rows in points.dropna(subset=["x", "y"]).groupby(level=0)}
    report = _Report(by_name, threshold, method)
    for name, (draw, needed, size) in FIGURES.items():
        if any(curve.startswith(needed) for curve in ["", *by_name]):
            with mpl.rc_context(STYLE):
                figure, axes = plt.subplots(figsize=size)
                draw(axes, report)
                if axes.get_legend_handles_labels()[0]:  # above the axes, where it hides no data
                    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=3)
                save(figure, folder, name, CAPTIONS[name].format(method=method))
        else:
            (folder / f"{name}.svg").unlink(missing_ok=True)
            (folder / f"{name}.txt").unlink(missing_ok=True)
