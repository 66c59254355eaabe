"""The histogram of distances as geometry for a template: computed once, then marked for every pair."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from whyface.site.words.numbers import fixed

WIDTH, TOP, BOTTOM, MARGIN, BARS = 640, 44, 168, 16, 48


@dataclass(frozen=True)
class Series:
    """One outline: the kind of pairs and the SVG path."""

    kind: str
    path: str


@dataclass(frozen=True)
class Histogram:
    """Outlines of the distances of each kind of pair, and the axis below them."""

    low: float
    high: float
    series: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...]

    @cached_property
    def axis(self) -> str:
        """SVG path of the axis with its ticks."""
        ticks = "".join(f"M{x} {BOTTOM}v5" for x, _ in self.ticks)
        return f"M{MARGIN} {BOTTOM}H{WIDTH - MARGIN}{ticks}"

    def place(self, distance: float) -> float:
        """Horizontal position of a distance."""
        share = (min(max(distance, self.low), self.high) - self.low) / (self.high - self.low)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    def mark(self, name: str, distance: float | None) -> dict | None:
        """Position and label of a vertical mark, None without a distance."""
        if distance is None:
            return None
        x = self.place(distance)
        anchor = "start" if x < WIDTH * 0.3 else "end" if x > WIDTH * 0.7 else "middle"
        return {"x": x, "anchor": anchor, "label": f"{name} {fixed(distance)}"}

    def marks(self, threshold: float | None, distance: float | None) -> dict[str, dict | None]:
        """Mark the threshold and a pair; the threshold's label keeps clear of the pair's line."""
        found = {"threshold": self.mark("threshold", threshold), "pair": self.mark("this pair", distance)}
        if found["threshold"] and found["pair"]:
            x = found["threshold"]["x"]
            if WIDTH * 0.25 < x < WIDTH * 0.75:
                found["threshold"]["anchor"] = "end" if found["pair"]["x"] >= x else "start"
        return found


def distance_histogram(pairs: pd.DataFrame) -> Histogram | None:
    """Outline the distances of genuine, impostor and unlabelled pairs, each as shares of its own kind.

    Parameters
    ----------
    pairs : pandas.DataFrame
        With `cosine_distance` and `is_genuine`, null as None.

    Returns
    -------
    Histogram or None
        None if no pair has a distance.
    """
    distances = pairs.cosine_distance.dropna().astype(float)
    if distances.empty:
        return None
    thresholds = pairs.threshold.dropna().astype(float)
    ends = pd.concat([distances, thresholds])
    pad = max(0.05 * (ends.max() - ends.min()), 0.02)
    low, high = max(0.0, float(ends.min() - pad)), min(2.0, float(ends.max() + pad))
    label = pairs.is_genuine.reindex(distances.index)
    kinds = {"genuine": label.eq(True), "impostor": label.eq(False), "unlabelled": label.isna()}
    edges = np.linspace(low, high, BARS + 1)
    shares = {k: np.histogram(distances[rows], edges)[0] / rows.sum() for k, rows in kinds.items() if rows.any()}
    tallest = max(share.max() for share in shares.values())
    step = _tick_step(high - low)
    blank = Histogram(low, high, (), ())
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return Histogram(
        low,
        high,
        tuple(Series(kind, _outline(share / tallest)) for kind, share in shares.items()),
        tuple((blank.place(tick), f"{tick:.3g}") for tick in ticks),
    )


def _outline(heights: np.ndarray) -> str:
    """Trace the outline of the bars; neighbours of equal height share one line."""
    bar = (WIDTH - 2 * MARGIN) / len(heights)
    path, last = f"M{MARGIN} {BOTTOM}", 0.0
    for index, height in enumerate(heights):
        if height != last:
            path += f"H{MARGIN + index * bar:.0f}V{BOTTOM - height * (BOTTOM - TOP):.0f}"
            last = height
    return f"{path}H{WIDTH - MARGIN}V{BOTTOM}Z"


def _tick_step(span: float) -> float:
    return next((step for step in (0.02, 0.05, 0.1, 0.2, 0.25) if span / step <= 8), 0.5)
