"""Figures of paired decisions with the influence of each pair, in the order of the pairs."""

import numpy as np

from whyface.evaluation.operating_points import Estimate
from whyface.evaluation.people import Part, mean_part

UNKNOWN = Estimate(np.nan, [])


def fold_accuracy(right: np.ndarray, folds: np.ndarray) -> Estimate:
    """Average the accuracy of the folds.

    Parameters
    ----------
    right : numpy.ndarray
        n, bool; n is at least 1.
    folds : numpy.ndarray
        n, codes of the folds, from 0.
    """
    counts = np.bincount(folds)
    shares = 1 / (counts * len(counts))[folds]
    accuracy = np.bincount(folds, right) / counts
    part = Part(np.arange(len(right)), shares * (right - accuracy[folds]), shares)
    return Estimate(float(accuracy.mean()), [part])


def class_mean(values: np.ndarray, genuine: np.ndarray) -> Estimate:
    """Average values over either class, then over both: of `metrics.pair_costs`, that is Cllr."""
    classes = [np.flatnonzero(genuine), np.flatnonzero(~genuine)]
    if not all(map(len, classes)):
        return UNKNOWN
    parts = [mean_part(rows, values[rows], 1 / 2) for rows in classes]
    return Estimate(float(np.mean([values[rows].mean() for rows in classes])), parts)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """Subtract a figure of one model from that of another on the same pairs; both have the same parts."""
    parts = [
        one._replace(influence=one.influence - other.influence) for one, other in zip(a.parts, b.parts, strict=True)
    ]
    return Estimate(a.value - b.value, parts)
