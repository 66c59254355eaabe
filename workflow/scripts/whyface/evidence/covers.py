"""The table covers: distance, evidence and decision of a pair with a region covered in one face or in both."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.evidence.covered_images import COVERED, CoveredImage
from whyface.scores.bounds import BoundedCalibrator
from whyface.scores.calibrators import Calibrator
from whyface.scores.confidence import fits_of_pairs
from whyface.scores.decisions import DIFFERENT, SAME, cosine_distance
from whyface.tables.schemas import COVERS

PART = 500  # pairs that are held in memory at once

Rows = dict[str, np.ndarray]  # by column
_NO_ROWS: Rows = {name: np.empty(0, object) for name in ("pair_id", "side", "region", "covered")}
_NO_ROWS["cosine_distance"] = np.empty(0)


def weigh_pairs(
    pairs: pd.DataFrame,
    clean: Mapping[str, np.ndarray],
    covered: Mapping[str, CoveredImage],
    confidence: pd.DataFrame,
    method: str,
) -> Iterator[pd.DataFrame]:
    """Say what each region is worth to each pair.

    Parameters
    ----------
    pairs : pandas.DataFrame
        pair_id, image_a, image_b, fold, cosine_distance and threshold.
    clean : mapping of str to numpy.ndarray
        Unit vector of every image as it is.
    covered : mapping of str to CoveredImage
        Every image under its covers.
    confidence : pandas.DataFrame
        The table whose fits turn distances into likelihood ratios.
    method : str
        Which of its methods.

    Yields
    ------
    pandas.DataFrame
        Parts of the table covers, in the order of its key; one without rows if there are no pairs.
    """
    ordered = pairs.sort_values("pair_id", ignore_index=True)
    for start in range(0, max(len(ordered), 1), PART):
        part = ordered.iloc[start : start + PART]
        rows = [_NO_ROWS, *(rows for pair in part.itertuples() for rows in pair_distances(pair, clean, covered))]
        columns = {name: np.concatenate([one[name] for one in rows]) for name in _NO_ROWS}
        frame = pd.DataFrame(columns).merge(
            part[["pair_id", "fold", "threshold", "cosine_distance"]], on="pair_id", suffixes=("", "_clean")
        )
        yield add_evidence(frame, confidence, method)[COVERS.schema.names]


def pair_distances(pair, clean: Mapping[str, np.ndarray], covered: Mapping[str, CoveredImage]) -> Iterator[Rows]:
    """Measure a pair's distances with each region covered in face a, in face b, and in both if both have it."""
    one, other = covered[pair.image_a], covered[pair.image_b]
    yield _rows(pair.pair_id, "a", one.names, one.of(one.names), clean[pair.image_b])
    yield _rows(pair.pair_id, "b", other.names, other.of(other.names), clean[pair.image_a])
    shared = [name for name in one.names if name in other.names]
    if shared:
        yield _rows(pair.pair_id, "both", shared, one.of(shared), other.of(shared))


def add_evidence(rows: pd.DataFrame, confidence: pd.DataFrame, method: str) -> pd.DataFrame:
    """Add what the fit of each row's fold says.

    Parameters
    ----------
    rows : pandas.DataFrame
        fold, threshold, cosine_distance and cosine_distance_clean, in which NaN is a distance that is unknown.
    confidence, method
        As for `weigh_pairs`.

    Returns
    -------
    pandas.DataFrame
        The rows with llr, evidence, within, p_same and decision.
    """
    known = rows["cosine_distance"].notna() & rows["cosine_distance_clean"].notna()
    decision = np.where(rows["cosine_distance"] < rows["threshold"], SAME, DIFFERENT)
    columns = {"llr": np.nan, "evidence": np.nan, "p_same": np.nan, "within": None}
    rows = rows.assign(decision=pd.Series(decision, rows.index, object).where(rows["cosine_distance"].notna(), None))
    rows = rows.assign(**columns).astype({"within": object})
    for own, fit in fits_of_pairs(rows, confidence, method):
        if fit.calibrator is not None:
            places = own & known.to_numpy()
            rows.loc[places, list(columns)] = _evidence(rows[places], fit, fit.calibrator)
    return rows


def _evidence(rows: pd.DataFrame, fit: BoundedCalibrator, calibrator: Calibrator) -> pd.DataFrame:
    before, after = (
        calibrator.log_odds(rows[name].to_numpy()) / np.log(10) for name in ("cosine_distance_clean", "cosine_distance")
    )
    p_same = expit(fit.log_odds(rows["cosine_distance"].to_numpy()))
    columns = {"llr": after, "evidence": before - after, "p_same": p_same, "within": None}
    found = pd.DataFrame(columns, rows.index).astype({"within": object})
    if np.isfinite([fit.llr_low, fit.llr_high]).all():
        ends = np.stack([before, after])
        found["within"] = ((ends >= fit.llr_low) & (ends <= fit.llr_high)).all(axis=0).astype(object)
    return found


def _rows(pair_id: str, side: str, names, vectors: np.ndarray, partner: np.ndarray) -> Rows:
    """Make the rows of one side; `vectors` regions x 2 x dimension, `partner` one vector or as many."""
    flat = vectors.reshape(-1, vectors.shape[-1])
    distances = cosine_distance(flat, np.broadcast_to(partner, vectors.shape).reshape(flat.shape))
    return {
        "pair_id": np.full(len(flat), pair_id, object),
        "side": np.full(len(flat), side, object),
        "region": np.repeat(np.array(names, object), len(COVERED)),
        "covered": np.tile(np.array(COVERED, object), len(names)),
        "cosine_distance": distances,
    }
