"""The heat map of what confidence is worth on other datasets than its own."""

from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from whyface.plots.style import GREY, STYLE, save

# From informative to worthless; a cell's text is black or white, whichever reads better on its colour.
BITS = LinearSegmentedColormap.from_list("bits", ["#0f4c75", "#5b9bc8", "#e9e4d8"])
CAPTION = (
    "What the confidence is worth on one dataset (column) when it was fitted on another (row), as Cllr in "
    "bits: 0 is perfect, 1 tells nothing, more misleads; darker is better. Compare a cell with the bold one of its "
    "column, fitted on that dataset itself. A dash means that nothing could be computed."
)


def plot_transfer(transfer: pd.DataFrame, folder: Path) -> None:
    """Draw `transfer.svg`, a heat map of Cllr, with its caption.

    Parameters
    ----------
    transfer : pandas.DataFrame
        A transfer table of one model.
    folder : path
        Gets `transfer.svg` and `transfer.txt`.
    """
    bits = transfer.pivot(index="fitted_on", columns="judged_on", values="cllr").astype(float)
    bits = bits.loc[sorted(bits.index, key=lambda name: (name == "all", name))]
    # The axes fill the figure and the labels lie outside; saving crops the file to what was drawn.
    with mpl.rc_context(STYLE | {"figure.constrained_layout.use": False, "axes.grid": False}):
        figure = plt.figure(figsize=(max(4, 0.85 * bits.shape[1]), 0.5 * bits.shape[0]))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.pcolormesh(np.ma.masked_invalid(bits), cmap=BITS, vmin=0, vmax=1, edgecolor=GREY, linewidth=0.6)
        for (row, column), value in np.ndenumerate(bits.to_numpy()):
            ink = "white" if value < 0.3 else "black"
            label, ink = (f"{value:.3f}", ink) if np.isfinite(value) else ("–", GREY)
            weight = "bold" if bits.index[row] == bits.columns[column] else "normal"
            axes.text(column + 0.5, row + 0.5, label, color=ink, weight=weight, ha="center", va="center")
        rows, columns = ([fill(name, 24) for name in names] for names in (bits.index, bits.columns))
        axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
        axes.set(xlabel="judged on", ylabel="fitted on", ylim=(bits.shape[0], 0))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        save(figure, folder, "transfer", CAPTION)
