"""View model of the audit sheet of a run: five numbers on a page to sign, what stands behind them, what is missing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whyface.lists.column_names import FACES_FOUND, KNOWN_LABEL_ERROR
from whyface.site.views.agreement import agreement_fact
from whyface.site.views.flips import flip_shares
from whyface.site.views.leakage import leakage_words
from whyface.site.views.metrics import MetricRows, groups_of
from whyface.site.views.report import acquisition, tested, thresholds
from whyface.site.views.shown import Shown
from whyface.site.views.verdict import verdict
from whyface.site.words.numbers import count, joined, missing
from whyface.site.words.vocabulary import metric_called
from whyface.tables.parquet import read_about

MOST_COLUMNS = 6  # group columns named
FNMR_AT = tuple(f"fnmr_at_fmr_1e-{power}" for power in (3, 2, 1))  # the strictest first
# What each number answers in ISO/IEC 19795-1; by the term that the standard defines.
TERMS = {
    "fnmr": "false non-match rate (FNMR)",
    "fmr": "false match rate (FMR)",
    "fta_rate": "failure-to-acquire rate, of the images at hand",
    **dict.fromkeys(FNMR_AT, "FNMR at a stated FMR, a point of the DET curve"),
    "eer": "equal error rate, a point of the DET curve",
    "cllr": "not in it; from Brümmer & du Preez (2006)",
}


def sheet_page(one: Shown, results: Path, commit: str) -> dict[str, Any]:
    """Make the sheet of an evaluation; `commit` is that of the code that builds the site."""
    return {
        **one.titles,
        "tests_maps": one.tests_maps,
        "five": _five(one),
        "facts": [(name, says) for name, says in _facts(one, results, commit) if says],
        "unmeasured": list(_unmeasured(one)),
    }


def _five(one: Shown) -> list[dict[str, Any]]:
    """List the five numbers: errors at the threshold, images lost, the strictest point supported, calibration."""
    point = strictest_point(one.metrics)
    return [_number(one, name) for name in ("fnmr", "fmr", "fta_rate", point, "cllr")]


def strictest_point(metrics: MetricRows) -> str:
    """Name the metric at the lowest false match rate that the people support; the equal error rate if none is."""
    rows = {name: metrics.row(name) for name in FNMR_AT}
    return next((name for name, row in rows.items() if row is not None and not missing(row["value"])), "eer")


def _number(one: Shown, name: str) -> dict[str, Any]:
    method = one.confidence_method if name == "cllr" else ""
    about = metric_called(name)
    return {
        "title": about.title,
        "meaning": about.meaning,
        "cell": one.metrics.cell(name, method),
        "best": one.metrics.cell("cllr_min", method) if name == "cllr" else None,
        "term": TERMS[name],
    }


def _facts(one: Shown, results: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Say what the numbers rest on; what nobody measured is empty."""
    path = results / f"tables/scores/model={one.evaluation.model}/dataset={one.evaluation.dataset}/scores.parquet"
    weights = read_about(path).get("weights_sha256")
    known = int((one.evaluation.pairs.known_label_error != "").sum())
    yield "Pairs", tested(one)
    yield "Labels", f"{count(known, 'pair')} with a label known to be wrong, counted as labelled" if known else ""
    yield "Images", acquisition(one.evaluation)["says"]
    yield "Threshold", thresholds(one)
    yield "Model", f"{one.titles['model']}, weights SHA-256 {weights}" if weights else one.titles["model"]
    yield "Scores written", f"{datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d %H:%M} UTC"
    yield "Software", f"WhyFace, git commit {commit}" if commit else "WhyFace, commit not known"
    yield "Leakage", leakage_words(one)
    yield "Patches", flip_shares(one)
    yield "Maps", verdict(one)
    yield "Fast maps", agreement_fact(one)


def _unmeasured(one: Shown) -> Iterator[str]:
    """Say what this run leaves open: what no run of WhyFace measures, then what this one lacks."""
    yield "Failure to enrol, identification among many, and transactions of several attempts: single comparisons only."
    yield "Presentation attacks and any other attempt to deceive, which ISO/IEC 19795-1 leaves out too."
    yield "Other cameras, other places, other people; how long a decision takes."
    yield "Whether the model learned from these people or images."
    yield _ungrouped(one)
    pairs, mapped = len(one.rows), len(one.evaluation.methods)
    unlabelled = int(one.evaluation.pairs.is_genuine.isna().sum())
    if unlabelled:
        yield f"Whether decisions on {count(unlabelled, 'pair')} without a label are right."
    if one.synthetic:
        yield "Photographs: every face is drawn by a computer."
    if mapped < pairs:
        yield f"What moved the model in {count(pairs - mapped, 'pair')} without maps."
    if not one.metrics.row("fta_rate"):
        yield "In how many images a face would be found."
    if mapped and not verdict(one):
        yield "Whether the maps are right."
    if not one.evaluation.leakage:
        yield "Leakage between folds."


def _ungrouped(one: Shown) -> str:
    """Say by which columns of the list the report tells people apart, and that nothing else does."""
    columns = [name for name in groups_of(one.metrics) if name not in (FACES_FOUND, KNOWN_LABEL_ERROR)]
    if not columns:
        return "Differences between groups of people, and the time between two photos: the list records no groups."
    rest = [count(len(columns) - MOST_COLUMNS, "other column")] if len(columns) > MOST_COLUMNS else []
    return (
        f"Differences between people, or by time between photos, other than by {joined(columns[:MOST_COLUMNS] + rest)}."
    )
