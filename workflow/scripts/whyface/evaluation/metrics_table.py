"""The metrics table: every metric of a model on a dataset, with its interval and the pairs behind it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whyface.evaluation import bootstrap
from whyface.evaluation.groups import metric_groups
from whyface.evaluation.weighted_metrics import ALL, FMR_TARGETS, Key, WeightedMetrics
from whyface.scores.confidence import log_odds
from whyface.tables.schemas import PAIRS

MOST_POINTS = 16_384  # distinct scores that the bootstrap keeps apart
FNMR_AT_FMR = tuple(f"fnmr_at_fmr_{name}" for name in FMR_TARGETS)
SHARES = ("accuracy", "fmr", "fnmr", "fnmr_acquired", "frr", "auc", *FNMR_AT_FMR)
COSTS = ("d_prime", "ece", "brier", "log_loss", "cllr", "cllr_min", "cllr_cal")
EXACT = ("accuracy_se",)


def evaluate_dataset(
    pairs: pd.DataFrame,
    scores: pd.DataFrame,
    faces: pd.DataFrame,
    images: pd.DataFrame,
    confidence: pd.DataFrame,
    method: str,
) -> tuple[pd.DataFrame, WeightedMetrics, pd.DataFrame]:
    """Compute the metrics of one model on one dataset.

    Parameters
    ----------
    pairs, scores, faces, images, confidence : pandas.DataFrame
        Tables; faces and images of the whole collection.
    method : str
        The confidence method behind p_same.

    Returns
    -------
    tuple
        A metrics table; what computed it; and FNMR at a range of FMR with intervals: x, y, y_low, y_high.
    """
    shown = [pd.Index(faces["image_id"]).get_indexer(pd.Index(pairs[f"image_{side}"])) for side in "ab"]
    has_face = (faces["status"] == "ok").to_numpy()
    found = has_face[shown[0]] & has_face[shown[1]]
    own = pairs[PAIRS.schema.names].drop(columns=["is_genuine", "fold"])  # group columns may have any name
    joined = own.assign(found=found).merge(scores, on="pair_id")
    labelled = joined[joined["is_genuine"].notna()].sort_values("cosine_distance", kind="stable", ignore_index=True)
    groups = metric_groups(pairs, images, found).set_index(pairs["pair_id"]).loc[labelled["pair_id"]]
    ratios = {name: log_odds(labelled, confidence, name) for name in confidence["method"].unique()}
    weighted = WeightedMetrics(labelled, ratios, method, groups)
    values = weighted.compute(np.ones(len(labelled)))
    errors = _standard_errors(labelled, ratios, method, groups) if len(labelled) else values
    rows = _rows(weighted, values, errors)
    rows += _other_rows(has_face[np.unique(shown)], weighted, confidence)
    columns = ["metric", "method", "group", "value", "ci_low", "ci_high", "n"]
    return pd.DataFrame(rows, columns=columns), weighted, _band(weighted, values, errors)


def _standard_errors(
    labelled: pd.DataFrame, ratios: Mapping[str, np.ndarray], method: str, groups: pd.DataFrame
) -> np.ndarray:
    coarse = WeightedMetrics(labelled, ratios, method, groups, MOST_POINTS)
    return bootstrap.standard_errors(coarse.compute, bootstrap.replicate_weights(labelled))


def _rows(weighted: WeightedMetrics, values: np.ndarray, errors: np.ndarray) -> list[tuple]:
    rows = []
    for key, count, value, error in zip(weighted.keys, weighted.counts, values, errors, strict=False):
        rows.append((*key, value, *interval(key.metric, value, error, count), count))
    return rows


def interval(metric: str, value: float, error: float, count: int) -> tuple[float, float]:
    """Give the 95 % interval of a metric, of the kind that holds the truth as often as it says (test_bootstrap.py)."""
    if metric in EXACT or count == 0:
        return np.nan, np.nan
    if metric in SHARES or (metric == "eer" and value == 0):
        return bootstrap.share_interval(value, error, count)
    if metric in COSTS:
        return bootstrap.cost_interval(value, error)
    low, high = bootstrap.plain_interval(value, error)
    return max(0.0, low), high  # the EER and the thresholds


def _other_rows(has_face: np.ndarray, weighted: WeightedMetrics, confidence: pd.DataFrame) -> list[tuple]:
    """Add what is counted or fitted rather than estimated from weighted pairs."""
    lost = float(np.mean(~has_face))
    images = bootstrap.wilson(lost, len(has_face))
    rows: list[tuple] = [(*Key("fta_rate"), lost, *images, len(has_face))]
    impostors = int((~weighted.genuine).sum())
    rows.append((*Key("fmr_floor"), weighted.fmr_floor, np.nan, np.nan, impostors))
    for name, fits in confidence.groupby("method"):
        for bound in ("llr_low", "llr_high"):
            rows.append((bound, name, ALL, fits[bound].mean(), np.nan, np.nan, int(fits["n_fit"].mean())))
    return rows


def _band(weighted: WeightedMetrics, values: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    start, genuine = len(weighted.keys), int(weighted.genuine.sum())
    points = zip(weighted.band, values[start:], errors[start:], strict=True)
    rows = [(x, y, *bootstrap.share_interval(y, error, genuine)) for x, y, error in points]
    band = pd.DataFrame(rows, columns=["x", "y", "y_low", "y_high"])
    # FNMR falls with FMR: its upper bound at one FMR holds at every larger one, its lower bound at every smaller one.
    return band.assign(y_low=band["y_low"][::-1].cummax()[::-1], y_high=band["y_high"].cummin())
