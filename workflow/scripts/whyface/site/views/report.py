"""View model of the report on one model and one dataset; its numbers lead to their rows."""

from typing import Any

import numpy as np
import pandas as pd

from whyface.evaluation.groups import LONGEST_VALUE, MOST_VALUES, is_range
from whyface.scores.plausibility import implausible
from whyface.site.content.evaluation import Evaluation
from whyface.site.views.belief import report_belief
from whyface.site.views.errors import errors_of
from whyface.site.views.flips import flip_shares, selected_first
from whyface.site.views.leakage import leakage_words
from whyface.site.views.metrics import TURNED, Cell, MetricRows, groups_of, methods_of, rows_page
from whyface.site.views.pair import pair_view
from whyface.site.views.pair_groups import pair_groups_of
from whyface.site.views.people_groups import people_groups_of
from whyface.site.views.protocol import verdict_on_list
from whyface.site.views.quality import knowing_quality, quality_of
from whyface.site.views.shown import Shown, threshold_origin
from whyface.site.views.sources import source
from whyface.site.views.tails import tails_of
from whyface.site.words.chances import ratio
from whyface.site.words.numbers import MISSING, count, fixed, missing
from whyface.site.words.vocabulary import CONFIDENCE_METHODS, OUTCOMES, PERCENTAGES, metric_called

STRIP = 10  # pairs in a strip
OPEN_GROUPS = 12  # groups that a table shows without a click
SECTIONS = (
    ("At the decision threshold", ("accuracy", "accuracy_se", "fmr", "fnmr", "fmr_floor")),
    ("Over all thresholds", ("eer", "eer_threshold", "auc", "d_prime")),
    (
        "At a stated false match rate",
        tuple(f"{name}_at_fmr_1e-{power}" for power in (1, 2, 3) for name in ("fnmr", "threshold")),
    ),
    ("Images without a face", ("fta_rate", "fnmr_acquired", "frr")),
    (
        "By InsightFace's own convention",
        tuple(f"insightface_{name}" for name in ("accuracy", "accuracy_sd", "val", "val_sd", "far")),
    ),
)
GROUP_METRICS = ("accuracy", "fmr", "fnmr", TURNED, "cllr")
WORTH = ("cllr", "ece", "wrong_at_99")
CALIBRATION = ("cllr", "cllr_min", "cllr_cal", "log_loss", "brier", "ece")


def report_page(one: Shown) -> dict[str, Any]:
    """Make a report, except for its figures."""
    outcomes = one.outcomes
    known = int((one.evaluation.pairs.known_label_error != "").sum())
    return {
        **one.titles,
        "tests_maps": one.tests_maps,
        "tested": tested(one),
        "outcomes": [
            {"key": key, "name": name, "meaning": meaning, "count": f"{outcomes.count(key):,}"}
            for key, (name, _, meaning) in OUTCOMES.items()
            if outcomes.count(key) or key not in ("unlabelled", "no-decision")
        ],
        "known_errors": known and count(known, "pair"),
        "odd": [*implausible(one.evaluation.pairs), *_failed_fits(one), *one.failed_maps],
        "threshold": thresholds(one),
        "leakage": leakage_words(one),
        "list": verdict_on_list(one),
        "flips": flip_shares(one),
        "acquired": acquisition(one.evaluation),
        "histogram": one.histogram,
        "belief": report_belief(one),
        "mark": one.histogram and one.histogram.mark("threshold", usual_threshold(one)),
        "sections": _sections(one.metrics),
        "tails": tails_of(one),
        "people_groups": people_groups_of(one),
        "quality": quality_of(one),
        "knowing_quality": knowing_quality(one),
        "calibration": _calibration(one.metrics, one.confidence_method),
        "percentages": _percentages(one.metrics, one.confidence_method),
        "worth": [(metric_called(name).title, metric_called(name).meaning) for name in WORTH],
        "legend": [(metric_called(name).title, metric_called(name).meaning) for name in CALIBRATION],
        "groups": _groups(one),
        "pair_groups": pair_groups_of(one),
        "selected_first": selected_first(one) if one.metrics.row(TURNED) else "",
        "ungrouped": _ungrouped(one.evaluation),
        "groups_need": f"2 to {MOST_VALUES} values of at most {LONGEST_VALUE} characters",
        "errors": errors_of(one),
        "strips": _strips(one),
        "curves": one.evaluation.curves,
        "floor": one.metrics.cell("fmr_floor"),
        "sources": [
            source(one.config, "collections", one.evaluation.collection),
            source(one.config, "models", one.evaluation.model),
        ],
    }


def numbers_page(one: Shown) -> dict[str, Any]:
    """Make the page of the rows behind a report."""
    where = f"model={one.evaluation.model}/dataset={one.evaluation.dataset}"
    return {**one.titles, "rows": rows_page(one.metrics), "file": f"data/metrics/{where}/metrics.parquet"}


def acquisition(one: Evaluation) -> dict[str, str]:
    """Say of how many images no face was found, and count them; without a count where nobody looked."""
    sides = [one.pairs[[f"image_{s}", f"status_{s}"]].set_axis(["image", "status"], axis=1) for s in "ab"]
    images = pd.concat(sides).drop_duplicates("image")
    lost = int((images.status != "ok").sum())
    failed = int((images.status == "failed").sum())
    of_all = f"of {count(len(images), 'image')}"
    if not one.metrics.metric.eq("fta_rate").any():
        unreadable = f" {failed:,} {of_all} could not be read: their pairs have no decision." if failed else ""
        return {
            "lost": MISSING,
            "says": f"The images were taken as they are: nobody looked for faces in them.{unreadable}",
        }
    if not lost:
        return {"lost": "0", "says": f"A face was found in every one {of_all}."}
    says = f"{lost:,} {of_all} showed no detectable face ({failed:,} unreadable). All are counted, none dropped."
    return {"lost": f"{lost:,}", "says": says}


def _failed_fits(one: Shown) -> list[str]:
    """Say which methods could not be fitted, and what is missing for it."""
    fits = one.evaluation.fits
    failed = fits[fits.parameters.isna()].groupby("method").size()
    return [
        f"{CONFIDENCE_METHODS[str(method)].capitalize()} could not be fitted for "
        f"{number:,} of {count(int((fits.method == method).sum()), 'fold')}: their pairs have "
        f"{'no probability' if method == one.confidence_method else 'no such score'}."
        for method, number in failed.items()
    ]


def tested(one: Shown) -> str:
    """Say what was tested: pairs of each kind, persons, images, folds."""
    pairs = one.evaluation.pairs
    kinds = {"genuine": True, "impostor": False}
    parts = [f"{(pairs.is_genuine == label).sum():,} {kind}" for kind, label in kinds.items()]
    unlabelled = int(pairs.is_genuine.isna().sum())
    if unlabelled:
        parts.append(f"{unlabelled:,} unlabelled")
    subjects = {*pairs.subject_a, *pairs.subject_b} - {""}
    images = len({*pairs.image_a, *pairs.image_b})
    folds = pairs.fold.nunique()
    words = f"{', '.join(parts[:-1])} and {parts[-1]} pairs of {count(images, 'image')}"
    words += f" of {count(len(subjects), 'subject')}" if subjects else ""
    return f"{words}, in {count(folds, 'fold')}." if folds else f"{words}, without folds."


def _sections(metrics: MetricRows) -> list[dict[str, Any]]:
    """Rows of the table of error rates, under headings; metrics that no heading knows come last."""
    found = [row["metric"] for row in metrics.rows if row["group"] == "all" and not row["method"]]
    known = {name for _, names in SECTIONS for name in names}
    sections = [*SECTIONS, ("Other", tuple(name for name in found if name not in known))]
    return [
        {"title": title, "rows": [_metric(metrics, name) for name in names if name in found]}
        for title, names in sections
        if {*names} & {*found}
    ]


def _metric(metrics: MetricRows, name: str) -> dict[str, Any]:
    return {"name": metric_called(name).title, "meaning": metric_called(name).meaning, "cell": metrics.cell(name)}


def _calibration(metrics: MetricRows, configured: str) -> list[dict[str, Any]]:
    """Describe each confidence method: its metrics, and the bounds of its likelihood ratios."""
    return [
        {
            "method": method,
            "configured": method == configured,
            "cells": [metrics.cell(name, method) for name in CALIBRATION],
            "bounds": _bounds(metrics, method),
        }
        for method in methods_of(metrics)
        if method not in PERCENTAGES
    ]


def _percentages(metrics: MetricRows, configured: str) -> list[dict[str, Any]]:
    """Describe what percentages from elsewhere are worth, beside ours and the published one; empty if unknown."""
    names = {configured: f"ours: {CONFIDENCE_METHODS[configured]}", "paper": CONFIDENCE_METHODS["paper"], **PERCENTAGES}
    return [
        {
            "name": name,
            "configured": method == configured,
            "cells": [metrics.cell(metric, method) for metric in WORTH],
        }
        for method, name in names.items()
        if metrics.row(WORTH[-1], method)
    ]


def _bounds(metrics: MetricRows, method: str) -> list[Cell]:
    """Write the lowest and the highest likelihood ratio that the pairs support; empty if unknown."""
    rows = [metrics.row(name, method) for name in ("llr_low", "llr_high")]
    known = [row for row in rows if row is not None and not missing(row["value"])]
    cells = [Cell(ratio(row["value"]), href=metrics.link(row["metric"], method)) for row in known]
    return cells if len(cells) == 2 else []


def _groups(one: Shown) -> list[dict[str, Any]]:
    """Describe each group column: a row for each of its values, after one for all pairs."""
    metrics = one.metrics
    shown = [name for name in GROUP_METRICS if name != TURNED or metrics.row(TURNED)]

    def cells(group: str) -> list[Cell]:
        return [metrics.cell(name, one.confidence_method if name == "cllr" else "", group) for name in shown]

    def pairs(column: str, value: str) -> str:
        """Link to its pairs in the explorer."""
        query = one.group_query(column, value)
        return f"{one.titles['explorer']}{query}" if query else ""

    def row(column: str, value: str) -> dict[str, Any]:
        return {"value": value, "cells": cells(f"{column}={value}"), "pairs": pairs(column, value)}

    return [
        {
            "column": column,
            "metrics": [metric_called(name).title for name in shown],
            "rows": [row(column, value) for value in values],
            "all": cells("all"),
            "open": len(values) <= OPEN_GROUPS,
        }
        for column, values in groups_of(metrics).items()
    ]


def _ungrouped(one: Evaluation) -> dict[str, str]:
    """List the columns that make no groups in the report, and why."""
    ranges = [name for name in one.groups if is_range(one.groups[name])]
    return one.left_out | dict.fromkeys(ranges, f"more than {MOST_VALUES} numbers: a range in the explorer")


def _strips(one: Shown) -> list[dict[str, Any]]:
    """Choose the pairs worth a look: heading, note, the explorer's query for all of them, and the pairs."""
    surest, rightness = _surest(one), [OUTCOMES[outcome][1] for outcome in one.outcomes]
    wrong = [place for place in surest if rightness[place] is False]
    right = [place for place in surest if rightness[place] is True]
    unlabelled = [place for place in surest if one.outcomes[place] == "unlabelled"]
    known = np.flatnonzero(one.evaluation.pairs.known_label_error != "").tolist()
    strips = (
        ("Most confident errors", "Wrong, and sure of it.", "outcome=errors&sort=-confidence", wrong),
        ("Least sure right decisions", "Right, but close to a coin toss.", "sort=confidence", right[::-1]),
        ("Most confident right decisions", "What an easy pair looks like.", "sort=-confidence", right),
        ("Least sure without label", "Nobody knows.", "outcome=unlabelled&sort=confidence", unlabelled[::-1]),
        ("Known label errors", "Flagged, and still counted as labelled.", "known=1", known),
    )
    return [
        {"title": title, "note": note, "query": query, "pairs": [pair_view(one, one.rows[at]) for at in places[:STRIP]]}
        for title, note, query, places in strips
        if places
    ]


def _surest(one: Shown) -> list[int]:
    """Places of the pairs with a confidence, surest first; equal ones by how far they lie from the threshold."""
    pairs = one.evaluation.pairs
    confidence, distance, threshold = (
        pairs[name].to_numpy(float) for name in ("confidence", "cosine_distance", "threshold")
    )
    order = np.lexsort((-np.abs(distance - threshold), -confidence))
    return order[~np.isnan(confidence[order])].tolist()


def usual_threshold(one: Shown) -> float:
    """Choose the median of the pairs' thresholds, which differ from fold to fold."""
    return float(one.evaluation.pairs.threshold.astype(float).median())


def thresholds(one: Shown) -> str:
    """Say how large the thresholds are, and where they come from."""
    values = one.evaluation.pairs.threshold.astype(float)
    folds = sorted({*one.evaluation.pairs.fold} - {None})
    origin = threshold_origin(one, folds[0] if folds else None)
    low, high = fixed(values.min()), fixed(values.max())
    if len(folds) < 2:
        return f"{low}, {origin}."
    span = low if low == high else f"{low} to {high}"
    return (
        f"{span}: one for each of {len(folds)} folds, always chosen on the other folds, "
        f"so that no pair affects its own threshold. Fold {folds[0]}: {origin}."
    )
