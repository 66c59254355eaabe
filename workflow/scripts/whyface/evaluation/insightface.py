"""The figures that InsightFace's test prints of a pack, so that readers can check ours against those they know.

Its convention (`recognition/arcface_torch/eval/verification.py`) differs from ours: image and mirror image are embedded
and summed, squared Euclidean distances are compared with a grid of thresholds, and the spread is the population's.
"""

import logging

import numpy as np
import pandas as pd

from whyface.evaluation.intervals import NONE
from whyface.evaluation.pair_metrics import ALL
from whyface.tables.schemas import METRICS

logger = logging.getLogger("whyface")

FOLDS = 10
ACCURACY_GRID, VAL_GRID = np.arange(0, 4, 0.01), np.arange(0, 4, 0.001)
FAR = 1e-3


def insightface_rows(pairs: pd.DataFrame, embeddings: pd.DataFrame) -> pd.DataFrame:
    """Compute InsightFace's figures of a model on a pack.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The pairs table of a pack, in its order.
    embeddings : pandas.DataFrame
        The collection's embeddings table; `with_mirror` is used.

    Returns
    -------
    pandas.DataFrame
        Rows of a metrics table: insightface_accuracy and its population standard deviation over folds,
        insightface_accuracy_sd; insightface_val, the share of genuine pairs accepted where one impostor pair in 1,000
        is, and insightface_val_sd; and insightface_far, the share of impostor pairs accepted there. Empty if an image
        has no embedding or if a tenth of the list lacks a class: the test has no figure then.
    """
    vectors = embeddings.set_index("image_id")["with_mirror"]
    sides = [vectors.loc[pairs[side]] for side in ("image_a", "image_b")]
    genuine = pairs["is_genuine"].to_numpy(bool)
    if any(side.isna().any() for side in sides) or not _has_both(genuine):
        logger.warning("InsightFace's figures are left out: an image has no embedding, or a tenth lacks a class")
        return pd.DataFrame(columns=METRICS.schema.names)
    a, b = (np.stack(side.tolist()).astype(np.float64) for side in sides)
    figures = insightface_figures(((a - b) ** 2).sum(axis=1), genuine)
    counts = {"val": genuine.sum(), "val_sd": genuine.sum(), "far": (~genuine).sum()}
    rows = [
        (f"insightface_{name}", "", ALL, value, *NONE, int(counts.get(name, len(pairs))), None)
        for name, value in figures.items()
    ]
    return pd.DataFrame(rows, columns=METRICS.schema.names)


def _has_both(genuine: np.ndarray) -> bool:
    return all(0 < part.sum() < len(part) for part in np.array_split(genuine, FOLDS))


def insightface_figures(distances: np.ndarray, genuine: np.ndarray) -> dict[str, float]:
    """Compute accuracy and VAL at FAR 1e-3 over ten contiguous folds.

    Parameters
    ----------
    distances : numpy.ndarray
        Squared Euclidean distances of unit vectors, 0 to 4, in the order of the list.
    genuine : numpy.ndarray
        bool.

    Returns
    -------
    dict
        accuracy, accuracy_sd, val, val_sd, far.
    """
    folds = np.array_split(np.arange(len(distances)), FOLDS)
    accepted = [np.array([_count_below(distances[fold], genuine[fold], grid) for fold in folds]) for grid in _GRIDS]
    totals = np.array([[genuine[fold].sum(), (~genuine[fold]).sum()] for fold in folds])
    accuracy = [_accuracy(accepted[0], totals, fold) for fold in range(FOLDS)]
    shares = [
        _val_and_far(accepted[1], totals, fold, distances[rows], genuine[rows]) for fold, rows in enumerate(folds)
    ]
    val, far = np.transpose(shares)
    figures = {"accuracy": np.mean(accuracy), "accuracy_sd": np.std(accuracy), "val": np.mean(val)}
    return {**figures, "val_sd": np.std(val), "far": np.mean(far)}


_GRIDS = (ACCURACY_GRID, VAL_GRID)


def _count_below(distances: np.ndarray, genuine: np.ndarray, grid: np.ndarray) -> list[np.ndarray]:
    """Count the genuine and the impostor pairs strictly below each threshold."""
    return [np.searchsorted(np.sort(distances[one]), grid, side="left") for one in (genuine, ~genuine)]


def _accuracy(accepted: np.ndarray, totals: np.ndarray, fold: int) -> float:
    """Accuracy on a fold at the first threshold that is best on the others; `accepted` is folds x classes x grid."""
    right = accepted[:, 0] + totals[:, 1, None] - accepted[:, 1]
    best = np.argmax(right.sum(axis=0) - right[fold])
    return right[fold, best] / totals[fold].sum()


def _val_and_far(
    accepted: np.ndarray, totals: np.ndarray, fold: int, distances: np.ndarray, genuine: np.ndarray
) -> tuple[float, float]:
    """Shares of a fold's genuine and impostor pairs below the threshold that gives `FAR` on the other folds.

    Between two thresholds of the grid it is interpolated linearly, as `scipy.interpolate.interp1d` does.
    """
    others = np.arange(FOLDS) != fold
    far = accepted[others, 1].sum(axis=0) / totals[others, 1].sum()
    above = np.searchsorted(far, FAR)
    threshold = 0.0
    if above < len(far):
        share = (FAR - far[above - 1]) / (far[above] - far[above - 1])
        threshold = VAL_GRID[above - 1] + share * (VAL_GRID[above] - VAL_GRID[above - 1])
    below = distances < threshold
    return float(below[genuine].mean()), float(below[~genuine].mean())
