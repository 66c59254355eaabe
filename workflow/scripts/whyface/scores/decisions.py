"""Distances and decisions: same iff the distance is below a threshold fitted without the pair's own fold."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.tables.parquet import stack

AT_ONCE = 10_000  # pairs whose embeddings are copied
SAME, DIFFERENT = "same", "different"
OUTCOMES = ("true-match", "false-match", "true-non-match", "false-non-match")


class Reference(NamedTuple):
    """A labelled dataset to fit on where a dataset's own pairs do not suffice."""

    dataset: str
    pairs: pd.DataFrame


def cosine_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute 1 - cosine similarity of unit vectors, row by row.

    Parameters
    ----------
    a, b : numpy.ndarray
        n x d, L2-normalised; NaN rows (failed images) give NaN.

    Returns
    -------
    numpy.ndarray
        float64, n, 0 to 2, smaller is more alike.
    """
    similarity = np.einsum("nd,nd->n", np.asarray(a, np.float64), np.asarray(b, np.float64))
    return np.clip(1 - similarity, 0, 2)


def threshold_grid(bins: int) -> np.ndarray:
    """Candidate thresholds t_i = 2 i / bins, i = 0 .. bins - 1 (seed method, confidence score, step 1)."""
    return 2 * np.arange(bins) / bins


def fit_threshold(distances: np.ndarray, is_genuine: np.ndarray, bins: int) -> float:
    """Find the grid threshold in the middle of those that maximise accuracy, itself one of them.

    Between two neighbouring distances all thresholds are equally accurate: the best ones form a plateau, or several.
    The published choice, the low end, errs more on other pairs, and more by refusing genuine pairs than by accepting
    impostors. In simulations (docs/method.md) the best threshold nearest to the middle between the first and the last
    erred least.

    Parameters
    ----------
    distances : numpy.ndarray
        n, 0 to 2.
    is_genuine : numpy.ndarray
        n, bool.
    bins : int
        Number of candidates on [0, 2).
    """
    best = _most_accurate(distances, is_genuine, bins)
    return float(threshold_grid(bins)[best[np.argmin(np.abs(2 * best - best[0] - best[-1]))]])


def first_threshold(distances: np.ndarray, is_genuine: np.ndarray, bins: int) -> float:
    """Find the first grid threshold that maximises accuracy, as published (Knoche et al., WACVW 2023: score, step 2).

    It takes what `fit_threshold` takes.
    """
    return float(threshold_grid(bins)[_most_accurate(distances, is_genuine, bins)[0]])


def _most_accurate(distances: np.ndarray, is_genuine: np.ndarray, bins: int) -> np.ndarray:
    """Find the places on the grid where "same iff distance < threshold" is right most often."""
    grid = threshold_grid(bins)
    genuine = np.sort(distances[is_genuine])
    impostor = np.sort(distances[~is_genuine])
    correct = np.searchsorted(genuine, grid) + len(impostor) - np.searchsorted(impostor, grid)
    return np.flatnonzero(correct == correct.max())


def measure_pairs(pairs: pd.DataFrame, embeddings: pd.DataFrame) -> pd.DataFrame:
    """Compute the distance of every pair.

    Parameters
    ----------
    pairs, embeddings : pandas.DataFrame
        Tables.

    Returns
    -------
    pandas.DataFrame
        pair_id, is_genuine, fold, cosine_distance; NaN where an image has no embedding.

    Raises
    ------
    ValueError
        A pair names an image that is not in the table.
    """
    names, sides = pd.Index(embeddings["image_id"]), (pairs["image_a"], pairs["image_b"])
    rows = np.stack([names.get_indexer(pd.Index(side)) for side in sides], axis=1)
    missing = pd.concat([side[own < 0] for side, own in zip(sides, rows.T, strict=True)])
    if len(missing):
        raise ValueError(f"image {min(missing)!r} was not embedded; name the dataset in run.datasets")
    vectors = stack(embeddings["embedding"])
    blocks = np.split(rows, range(AT_ONCE, len(rows), AT_ONCE))
    distances = np.concatenate([cosine_distance(*(vectors[side] for side in block.T)) for block in blocks])
    return pairs[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=distances)


def score_pairs(
    measured: pd.DataFrame, reference: Reference | None, dataset: str, bins: int, method: str
) -> pd.DataFrame:
    """Decide every pair by a threshold that was fitted on other pairs.

    Parameters
    ----------
    measured : pandas.DataFrame
        From `measure_pairs`.
    reference : Reference or None
        The dataset to fit on for pairs without a fold.
    dataset : str
        The pairs' own dataset.
    bins : int
        Candidate thresholds on [0, 2).
    method : str
        The confidence method. With `paper`, decisions are as published too: by the first of the best thresholds.

    Returns
    -------
    pandas.DataFrame
        A decisions table.
    """
    choose = first_threshold if method == "paper" else fit_threshold
    thresholds = pd.Series(np.nan, index=measured.index)
    for split in split_folds(measured, reference, dataset):
        thresholds[split.held_out] = choose(*distances_and_labels(split.training), bins)
    decision = decide(measured["cosine_distance"], thresholds)
    outcome = name_outcomes(decision, measured["is_genuine"])
    return measured.assign(threshold=thresholds, decision=decision, outcome=outcome)


def distances_and_labels(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Distances and is_genuine of labelled pairs, as float64 and bool arrays."""
    return pairs["cosine_distance"].to_numpy(np.float64), pairs["is_genuine"].to_numpy(bool)


def fitting_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the pairs that can be fitted on: labelled, in a fold, and with a distance."""
    return pairs[pairs["is_genuine"].notna() & pairs["fold"].notna() & pairs["cosine_distance"].notna()]


class Split(NamedTuple):
    """The pairs of a fold, held out, and the pairs to fit on for them.

    Attributes
    ----------
    fold : int or None
        The fold held out; None for pairs without a fold.
    held_out : pandas.Index
        Its rows.
    training : pandas.DataFrame
        Pairs of both classes, none of them held out.
    fitted_on : str
        The dataset that `training` belongs to.
    """

    fold: int | None
    held_out: pd.Index
    training: pd.DataFrame
    fitted_on: str


def split_folds(pairs: pd.DataFrame, reference: Reference | None, dataset: str) -> Iterator[Split]:
    """Hold out each fold in turn, and find the pairs to fit on for it.

    These are the dataset's other folds; where those do not suffice (unlabelled, one class), and for pairs without a
    fold, the reference dataset. Without a reference, all folds together serve the pairs without a fold.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns pair_id, is_genuine, fold, cosine_distance.
    reference : Reference or None
        The dataset that `datasets.<dataset>.reference` names, with the same columns.
    dataset : str
        The name of the pairs' own dataset.

    Raises
    ------
    ValueError
        Some pairs have nothing to fit on.
    """
    own = Reference(dataset, fitting_pairs(pairs))
    elsewhere = Reference(reference.dataset, fitting_pairs(reference.pairs)) if reference else None
    for fold in sorted(pairs["fold"].dropna().unique()):
        others = Reference(dataset, own.pairs[own.pairs["fold"] != fold])
        source = others if _has_both_classes(others.pairs) else elsewhere
        yield _split(int(fold), pairs.index[pairs["fold"] == fold], source, own)
    if pairs["fold"].isna().any():
        yield _split(None, pairs.index[pairs["fold"].isna()], elsewhere or own, own)


def _split(fold: int | None, held_out: pd.Index, source: Reference | None, own: Reference) -> Split:
    if source is None or not _has_both_classes(source.pairs):
        what = "pairs without a fold" if fold is None else f"fold {fold}"
        raise ValueError(
            f"dataset {own.dataset}, {what}: no genuine and impostor pairs to fit a threshold on; labelled, in a fold, "
            f"and with both faces found: {_count_by_fold(own.pairs)}. Give labelled pairs in at least two folds, or "
            f"name a labelled dataset with folds in datasets.{own.dataset}.reference"
        )
    return Split(fold, held_out, source.pairs, source.dataset)


def _count_by_fold(pairs: pd.DataFrame) -> str:
    """Count genuine and impostor pairs, in the first ten folds each."""
    folds = [
        f"fold {int(fold)}: {labels.sum()} genuine, {(~labels).sum()} impostor"
        for fold, labels in pairs["is_genuine"].astype(bool).groupby(pairs["fold"])
    ]
    more = f"; and {len(folds) - 10} more folds" if len(folds) > 10 else ""
    return "; ".join(folds[:10]) + more or "none"


def _has_both_classes(pairs: pd.DataFrame) -> bool:
    return pairs["is_genuine"].nunique() == 2


def decide(distances: pd.Series, threshold: pd.Series) -> pd.Series:
    """Decide same or different; null without a distance."""
    decision = pd.Series(np.where(distances < threshold, SAME, DIFFERENT), index=distances.index, dtype=object)
    return decision.mask(distances.isna(), None)


def name_outcomes(decisions: pd.Series, is_genuine: pd.Series) -> pd.Series:
    """Name each decision's outcome; null without a decision or a label."""
    same = decisions == SAME
    genuine = is_genuine.fillna(False).astype(bool)
    conditions = [same & genuine, same & ~genuine, ~same & ~genuine]
    outcome = pd.Series(np.select(conditions, OUTCOMES[:3], OUTCOMES[3]), index=decisions.index, dtype=object)
    return outcome.mask(decisions.isna() | is_genuine.isna(), None)
