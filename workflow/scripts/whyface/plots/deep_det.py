"""The DET curve of every two images of a collection, beside the one of a pair list."""

import math
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import ndtri

from whyface.plots.style import BLUE, ORANGE, STYLE, save

CAPTION = (
    "Every two images of the collection show far lower false match rates than the pairs of the list can; the band is "
    "the 95 % interval over people. The lines differ where the list's pairs are harder or easier than those that "
    "chance would draw, and because every person counts the same in the first."
)
NAME = "deep-det"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FNMR_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.95, 0.99)
_RATES = ("fnmr", "fnmr_low", "fnmr_high")
LEAST = 1e-4  # FNMR: lower ones are drawn here


def plot_deep_det(points: pd.DataFrame, curves: pd.DataFrame, folder: Path) -> None:
    """Draw `deep-det.svg` with its caption; remove them if there are no genuine pairs or too few points for a line.

    Parameters
    ----------
    points : pandas.DataFrame
        The table deep_det of the collection.
    curves : pandas.DataFrame
        The table curves of a dataset of it.
    folder : path
        Where the dataset's figures are.
    """
    points = points.dropna(subset=["fnmr"])
    if len(points) < 2:
        for ending in ("svg", "txt"):
            (folder / f"{NAME}.{ending}").unlink(missing_ok=True)
        return
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(5.6, 4.2))
        rates = {name: ndtri(points[name].astype(float).clip(LEAST, 1 - LEAST)) for name in _RATES}
        axes.fill_between(points["fmr"], rates["fnmr_low"], rates["fnmr_high"], color=ORANGE, alpha=0.25, linewidth=0)
        axes.plot(points["fmr"], rates["fnmr"], color=ORANGE, marker="o", label="every two images")
        listed = curves[(curves["curve"] == "det") & (curves["x"] > 0)].sort_values("x")
        lowest, highest = points["fmr"].min(), points["fmr"].max()
        axes.plot(listed["x"], ndtri(listed["y"].clip(LEAST, 1 - LEAST)), color=BLUE, label="pairs of the list")
        axes.set(xscale="log", xlim=(lowest, max(0.1, highest)))
        axes.set_yticks(ndtri(FNMR_TICKS), [f"{100 * tick:g} %" for tick in FNMR_TICKS])
        axes.set(xlabel="FMR, false match rate", ylabel="FNMR, false non-match rate", ylim=_span(rates, listed))
        axes.xaxis.set_major_formatter(lambda rate, _: "10" + str(round(math.log10(rate))).translate(SUPERSCRIPT))
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2)
        save(figure, folder, NAME, CAPTION)


def _span(rates: dict[str, np.ndarray], listed: pd.DataFrame) -> tuple[float, float]:
    """Choose the axis of FNMR, as normal deviates, so that both lines are on it."""
    shown = np.concatenate([*rates.values(), ndtri(listed["y"].clip(LEAST, 1 - LEAST))])
    return float(np.nanmin(shown)) - 0.1, float(np.nanmax(shown)) + 0.1
