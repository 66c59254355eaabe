"""The metrics table: every figure of merit of a model on a dataset, with its interval and the pairs behind it."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from whyface.evaluation import bootstrap
from whyface.evaluation.weighted_metrics import ALL, FMR_TARGETS, Judgement, Key
from whyface.scores.confidence import log_odds
from whyface.tables.schemas import IMAGES, PAIRS

logger = logging.getLogger("whyface")

SEED = 0
MOST_POINTS = 16_384  # distinct scores that the bootstrap tells apart
MOST_VALUES = 20  # a group column with more values breaks nothing down
FNMR_AT_FMR = tuple(f"fnmr_at_fmr_{name}" for name in FMR_TARGETS)
SHARES = ("accuracy", "fmr", "fnmr", "fnmr_acquired", "frr", "auc", *FNMR_AT_FMR)
COSTS = ("d_prime", "ece", "brier", "log_loss", "cllr", "cllr_min", "cllr_cal")
EXACT = ("accuracy_se",)


def judge_pairs(
    pairs: pd.DataFrame,
    scores: pd.DataFrame,
    faces: pd.DataFrame,
    images: pd.DataFrame,
    confidence: pd.DataFrame,
    method: str,
) -> tuple[pd.DataFrame, Judgement, pd.DataFrame]:
    """Measure one model on one dataset.

    Parameters
    ----------
    pairs, scores, faces, images, confidence : pandas.DataFrame
        Tables; faces and images of the whole collection.
    method : str
        The confidence method behind p_same.

    Returns
    -------
    tuple
        A metrics table; the judgement behind it; and FNMR at a range of FMR with intervals: x, y, y_low, y_high.
    """
    shown = [pd.Index(faces["image_id"]).get_indexer(pd.Index(pairs[f"image_{side}"])) for side in "ab"]
    has_face = (faces["status"] == "ok").to_numpy()
    found = has_face[shown[0]] & has_face[shown[1]]
    joined = pairs.drop(columns=["is_genuine", "fold"]).assign(found=found).merge(scores, on="pair_id")
    labelled = joined[joined["is_genuine"].notna()].sort_values("cosine_distance", kind="stable", ignore_index=True)
    groups = group_columns(labelled, images)
    ratios = {name: log_odds(labelled, confidence, name) for name in confidence["method"].unique()}
    judgement = Judgement(labelled, ratios, method, groups)
    values = judgement.measure(np.ones(len(labelled)))
    errors = _standard_errors(labelled, ratios, method, groups) if len(labelled) else values
    rows = _rows(judgement, values, errors)
    rows += _other_rows(has_face[np.unique(shown)], judgement, confidence)
    columns = ["metric", "method", "group", "value", "ci_low", "ci_high", "n"]
    return pd.DataFrame(rows, columns=columns), judgement, _band(judgement, values, errors)


def group_columns(pairs: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Collect whatever pairs can be broken down by.

    The pairs' own group columns; those of their images, as the two values in order; whether the label is known to be
    wrong; and whether a face was found in both images. Columns with one value, or too many, are left out.
    """
    own = [name for name in pairs.columns if name not in _NOT_GROUPS]
    texts = {str(name): _as_text(pairs[name]) for name in own}
    names = pd.Index(images["image_id"])
    rows = [names.get_indexer(pd.Index(pairs[f"image_{side}"])) for side in "ab"]
    for name in [name for name in images.columns if name not in IMAGES.schema.names and name not in texts]:
        texts[str(name)] = _of_both(images[name], *rows)
    groups = {name: pd.Series(values, index=pairs.index) for name, values in texts.items()}
    doubted, found = pairs["known_label_error"].ne(""), pairs["found"]
    groups["label"] = pd.Series(np.where(doubted, "known to be wrong", "not in doubt"), index=pairs.index)
    groups["faces"] = pd.Series(np.where(found, "found in both images", "not found in one or both"), index=pairs.index)
    kept = {name: column for name, column in groups.items() if 1 < column.nunique() <= MOST_VALUES}
    for name in groups.keys() - kept.keys():
        logger.info("group column %s: %d values, nothing to break down", name, groups[name].nunique())
    return pd.DataFrame(kept, index=pairs.index)


_NOT_GROUPS = {
    *PAIRS.schema.names,
    *("found", "cosine_distance", "threshold", "decision", "outcome", "p_same", "llr", "confidence", "paper_score"),
}


def _as_text(column: pd.Series) -> np.ndarray:
    """Write the values of a column as text, null as None; a million rows have but few values."""
    codes, values = pd.factorize(column)
    return np.array([*map(_text, values), None], object)[codes]


def _of_both(column: pd.Series, rows_a: np.ndarray, rows_b: np.ndarray) -> np.ndarray:
    """Write the values of a pair's two images as one text, in alphabetical order; None if one is null."""
    codes, values = pd.factorize(pd.Series(_as_text(column)), sort=True)
    if len(values) > MOST_VALUES:
        return np.arange(len(rows_a)).astype(object)
    texts = np.array([[f"{a} + {b}" for b in values] + [None] for a in values] + [[None] * (len(values) + 1)], object)
    low, high = np.sort([codes[rows_a], codes[rows_b]], axis=0)
    return texts[np.where(low < 0, -1, low), np.where(low < 0, -1, high)]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _standard_errors(
    labelled: pd.DataFrame, ratios: Mapping[str, np.ndarray], method: str, groups: pd.DataFrame
) -> np.ndarray:
    coarse = Judgement(labelled, ratios, method, groups, MOST_POINTS)
    weights = bootstrap.draw_weights(*bootstrap.subject_codes(labelled), bootstrap.replicates(len(labelled)), SEED)
    return bootstrap.standard_errors(coarse.measure, weights)


def _rows(judgement: Judgement, values: np.ndarray, errors: np.ndarray) -> list[tuple]:
    rows = []
    for key, count, value, error in zip(judgement.keys, judgement.counts, values, errors, strict=False):
        rows.append((*key, value, *interval(key.metric, value, error, count), count))
    return rows


def interval(metric: str, value: float, error: float, count: int) -> tuple[float, float]:
    """Give the 95 % interval of a metric, of the kind that was seen to hold its promise (tests/test_bootstrap.py)."""
    if metric in EXACT or count == 0:
        return np.nan, np.nan
    if metric in SHARES or (metric == "eer" and value == 0):
        return bootstrap.share_interval(value, error, count)
    if metric in COSTS:
        return bootstrap.cost_interval(value, error)
    low, high = bootstrap.plain_interval(value, error)
    return max(0.0, low), high  # the EER and the thresholds


def _other_rows(has_face: np.ndarray, judgement: Judgement, confidence: pd.DataFrame) -> list[tuple]:
    """Add what is counted or fitted rather than estimated from weighted pairs."""
    lost = float(np.mean(~has_face))
    images = bootstrap.wilson(lost, len(has_face))
    rows: list[tuple] = [(*Key("fta_rate"), lost, *images, len(has_face))]
    impostors = int((~judgement.genuine).sum())
    rows.append((*Key("fmr_floor"), judgement.fmr_floor, np.nan, np.nan, impostors))
    for name, fits in confidence.groupby("method"):
        for bound in ("llr_low", "llr_high"):
            rows.append((bound, name, ALL, fits[bound].mean(), np.nan, np.nan, int(fits["n_fit"].mean())))
    return rows


def _band(judgement: Judgement, values: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    start, genuine = len(judgement.keys), int(judgement.genuine.sum())
    points = zip(judgement.band, values[start:], errors[start:], strict=True)
    rows = [(x, y, *bootstrap.share_interval(y, error, genuine)) for x, y, error in points]
    band = pd.DataFrame(rows, columns=["x", "y", "y_low", "y_high"])
    # FNMR falls with FMR: its upper bound at one FMR holds at every larger one, its lower bound at every smaller one.
    return band.assign(y_low=band["y_low"][::-1].cummax()[::-1], y_high=band["y_high"].cummin())
