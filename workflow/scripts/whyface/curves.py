"""The points of every figure, as rows of the curves table."""

import json

import numpy as np
import pandas as pd

from whyface.confidence import Logistic, PaperScore
from whyface.metrics import det_points

BAR_WIDTH = 0.02
DET_POINTS = 400
GRID = np.linspace(0, 2, 201)


def trace_curves(scores: pd.DataFrame, confidence: pd.DataFrame) -> pd.DataFrame:
    """Trace histograms, DET and confidence against distance.

    Parameters
    ----------
    scores, confidence : pandas.DataFrame
        Tables of one model on one dataset.

    Returns
    -------
    pandas.DataFrame
        A curves table.
    """
    judged = scores[scores["is_genuine"].notna() & scores["cosine_distance"].notna()]
    distances, genuine = judged["cosine_distance"].to_numpy(), judged["is_genuine"].to_numpy(bool)
    curves = {
        "histogram-genuine": _count(distances[genuine]),
        "histogram-impostor": _count(distances[~genuine]),
        **{f"confidence-{name}": (GRID, y) for name, y in _mean_over_folds(confidence).items()},
    }
    if genuine.any() and not genuine.all():
        curves["det"] = _thin_det(*det_points(distances, genuine))
    return pd.concat(
        [pd.DataFrame({"curve": name, "x": x, "y": y.astype(float)}) for name, (x, y) in curves.items()],
        ignore_index=True,
    )


def _count(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bars = round(2 / BAR_WIDTH)
    counts, edges = np.histogram(distances, bins=bars, range=(0, 2))
    return edges[:-1], counts


def _mean_over_folds(confidence: pd.DataFrame) -> dict[str, np.ndarray]:
    """Trace what each method makes of a distance, averaged over the fits of all folds."""
    by_method: dict[str, list[np.ndarray]] = {}
    for row in confidence.dropna(subset="parameters").itertuples():
        parameters = json.loads(row.parameters)
        y = PaperScore(**parameters).sigmoid(GRID) if row.method == "paper" else Logistic(**parameters).p_same(GRID)
        by_method.setdefault(row.method, []).append(y)
    return {method: np.mean(values, axis=0) for method, values in by_method.items()}


def _thin_det(fmr: np.ndarray, fnmr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest FNMR of every FMR, thinned to what a figure can show, both ends kept."""
    lowest = pd.Series(fnmr).groupby(fmr).min()
    keep = np.unique(np.linspace(0, len(lowest) - 1, min(DET_POINTS, len(lowest))).round().astype(int))
    return lowest.index.to_numpy()[keep], lowest.to_numpy()[keep]
