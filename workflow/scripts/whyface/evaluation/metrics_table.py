"""The metrics table: every metric of a model on a dataset, with its interval and the pairs behind it."""

import numpy as np
import pandas as pd

from whyface.evaluation import intervals
from whyface.evaluation.groups import faces_found, looked_for_faces, metric_groups
from whyface.evaluation.pair_metrics import ALL, FMR_TARGETS, Figure, Key, PairMetrics
from whyface.evaluation.people import People, mean_part
from whyface.scores.confidence import log_odds
from whyface.scores.percentages import stated_log_odds
from whyface.tables.schemas import PAIRS

FNMR_AT_FMR = tuple(f"fnmr_at_fmr_{name}" for name in FMR_TARGETS)
SHARES = ("accuracy", "fmr", "fnmr", "fnmr_acquired", "frr", "fta_rate", "eer", "auc", "wrong_at_99", *FNMR_AT_FMR)
OF_FACES = ("fta_rate", "fnmr_acquired", "frr")  # left out where nobody looked for faces
COSTS = ("d_prime", "ece", "brier", "log_loss", "cllr", "cllr_min", "cllr_cal")
EXACT = ("accuracy_se",)
COLUMNS = ["metric", "method", "group", "value", "ci_low", "ci_high", "n", "people"]


def evaluate_dataset(
    pairs: pd.DataFrame,
    scores: pd.DataFrame,
    faces: pd.DataFrame,
    images: pd.DataFrame,
    confidence: pd.DataFrame,
    method: str,
) -> tuple[pd.DataFrame, PairMetrics, pd.DataFrame]:
    """Compute the metrics of one model on one dataset.

    Parameters
    ----------
    pairs, scores, faces, images, confidence : pandas.DataFrame
        Tables; faces and images also of the collection's other datasets.
    method : str
        The confidence method behind p_same.

    Returns
    -------
    tuple
        A metrics table; what computed it; and FNMR at a range of FMR with intervals: x, y, y_low, y_high.
    """
    found = faces_found(pairs, faces)
    own = pairs[PAIRS.schema.names].drop(columns=["is_genuine", "fold"])  # group columns may have any name
    labelled = own.assign(found=found).merge(scores, on="pair_id").dropna(subset="is_genuine")
    labelled = labelled.sort_values("cosine_distance", kind="stable", ignore_index=True)
    groups = metric_groups(pairs, images, found).set_index(pairs["pair_id"]).loc[labelled["pair_id"]]
    ratios = {name: log_odds(labelled, confidence, name) for name in confidence["method"].unique()}
    computed = PairMetrics(labelled, ratios, method, groups)
    shown = faces["image_id"].isin(pd.concat([pairs["image_a"], pairs["image_b"]]))
    seen = faces[shown].merge(images[["image_id", "subject_id"]], on="image_id")
    figures = {figure.key: figure for figure in (*computed.figures(), _fta_rate(seen))}
    stated = {name: values for name, values in ratios.items() if name in (method, "paper")}
    stated |= stated_log_odds(labelled, confidence)
    figures |= {figure.key: figure for figure in PairMetrics(labelled, stated, method, groups.iloc[:, :0]).worth()}
    if not looked_for_faces(faces):
        figures = {key: figure for key, figure in figures.items() if key.metric not in OF_FACES}
    rows = [*map(_row, figures.values()), *_other_rows(computed, confidence)]
    return pd.DataFrame(rows, columns=COLUMNS), computed, _band(computed)


def _row(figure: Figure) -> tuple:
    return *figure.key, figure.value, *interval(figure), figure.n, figure.spread.people


def interval(figure: Figure) -> intervals.Interval:
    """Give the 95 % interval of a metric, of the kind that holds the truth as often as it says (test_coverage.py)."""
    (metric, _, _), value, _, spread = figure
    if metric in EXACT or np.isnan(value):
        return intervals.NONE
    if metric in SHARES:
        return intervals.share_interval(value, spread)
    if metric in COSTS:
        return intervals.cost_interval(value, spread)
    low, high = intervals.plain_interval(value, spread)
    return max(0.0, low), high  # the thresholds


def _other_rows(computed: PairMetrics, confidence: pd.DataFrame) -> list[tuple]:
    """List what is counted or fitted rather than averaged over pairs."""
    impostors = np.flatnonzero(~computed.genuine)
    people = computed.people.count(impostors)
    rows: list[tuple] = [(*Key("fmr_floor"), computed.fmr_floor, *intervals.NONE, len(impostors), people)]
    for name, fits in confidence.groupby("method"):
        for bound in ("llr_low", "llr_high"):
            rows.append((bound, name, ALL, fits[bound].mean(), *intervals.NONE, int(fits["n_fit"].mean()), None))
    return rows


def _fta_rate(shown: pd.DataFrame) -> Figure:
    """Share of the images without a face; `shown` are rows of images and faces, joined."""
    alone = {f"{name}_{side}": shown[f"{name}_id"] for name in ("subject", "image") for side in "ab"}
    lost = (shown["status"] != "ok").to_numpy(np.float64)
    spread = People(pd.DataFrame(alone)).spread([mean_part(np.arange(len(lost)), lost)])
    return Figure(Key("fta_rate"), float(lost.mean()), len(lost), spread)


def _band(computed: PairMetrics) -> pd.DataFrame:
    rows = [(x, y, *intervals.share_interval(y, spread)) for x, y, spread in computed.band()]
    band = pd.DataFrame(rows, columns=["x", "y", "y_low", "y_high"])
    # FNMR falls with FMR: its upper bound at one FMR holds at every larger one, its lower bound at every smaller one.
    return band.assign(y_low=band["y_low"][::-1].cummax()[::-1], y_high=band["y_high"].cummin())
