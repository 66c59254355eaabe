"""What all figures share: colours, type, and how they are saved."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from whyface.tables.files import atomic_path

mpl.use("svg")

# Mid tones after Okabe and Ito, contrast 3:1 or better on white and on #14161a; line styles serve the colour-blind.
BLUE, ORANGE, GREEN, PURPLE, BROWN, GREY = "#2b78c2", "#e0772a", "#0a9b74", "#c77bb8", "#946a2c", "#7a7f87"
STYLE: Any = {
    **dict.fromkeys(["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"], GREY),
    **dict.fromkeys(["axes.spines.top", "axes.spines.right", "legend.frameon", "text.parse_math"], False),
    "svg.fonttype": "none",
    "svg.hashsalt": "whyface",
    "font.sans-serif": ["system-ui", "Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 10.5,
    "axes.grid": True,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "figure.constrained_layout.use": True,
}


def save(figure: plt.Figure, folder: Path, name: str, caption: str) -> None:
    """Write a figure and its caption, each at once, and close it."""
    with atomic_path(folder / f"{name}.svg") as path:
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    with atomic_path(folder / f"{name}.txt") as path:
        path.write_text(caption + "\n", encoding="utf-8")
