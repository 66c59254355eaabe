"""View model of the page that compares models on a dataset."""

from collections.abc import Mapping
from typing import Any

from whyface.site.views.metrics import Cell
from whyface.site.views.pair import pair_view
from whyface.site.views.ranking import alike_of, costs_of, fusions_of, ranking_of
from whyface.site.views.shown import Shown
from whyface.site.words.chances import frequency
from whyface.site.words.numbers import MISSING, count, missing, people_behind, percent
from whyface.site.words.vocabulary import OUTCOMES

LISTED = 50  # disagreements listed for either direction
SIDE_BY_SIDE = (("Accuracy", "accuracy"), ("EER", "eer"), ("FNMR at FMR 1 %", "fnmr_at_fmr_1e-2"), ("Cllr", "cllr"))


def compare_page(shown: list[Shown]) -> dict[str, Any]:
    """Make the page that compares models; `shown` are all models on one dataset."""
    by_model = {one.evaluation.model: one for one in shown}
    first = shown[0]
    where = f"data/comparisons/dataset={first.evaluation.dataset}/comparisons.parquet"
    return {
        **first.titles,
        "columns": [title for title, _ in SIDE_BY_SIDE],
        "models": [{**one.titles, "cells": _side_by_side(one)} for one in shown],
        "versus": [
            {"id": f"v{place}", **_versus(row, by_model[row["model_a"]], by_model[row["model_b"]])}
            for place, row in enumerate(first.evaluation.comparisons, 1)
        ],
        "file": where,
        "ranking": ranking_of(shown),
        "alike": alike_of(shown),
        "costs": costs_of(shown),
        "fusions": fusions_of(shown),
    }


def _side_by_side(one: Shown) -> list[Cell]:
    return [one.metrics.cell(name, one.confidence_method if name == "cllr" else "") for _, name in SIDE_BY_SIDE]


def _versus(row: Mapping[Any, Any], a: Shown, b: Shown) -> dict[str, Any]:
    """Two models on the same pairs."""
    counts = {name: f"{row[name]:,}" for name in ("both_right", "only_a_right", "only_b_right", "both_wrong")}
    return {
        "a": a.titles["model"],
        "b": b.titles["model"],
        "counts": counts,
        "p": MISSING if missing(row["p_value"]) else f"{row['p_value']:.2g}",
        "frequency": "" if missing(row["p_value"]) else frequency(row["p_value"]),
        "people": people_behind(row["people"]),
        "difference": _difference(row, a.titles["model"], b.titles["model"]),
        "directions": [_disagreements(a, b), _disagreements(b, a)],
    }


def _difference(row: Mapping[Any, Any], a: str, b: str) -> str:
    """Say which model is right more often, and by how much."""
    value, low, high = row["difference"], row["ci_low"], row["ci_high"]
    if missing(value):
        return "No pair was decided by both."
    if value < 0:
        a, b, value, low, high = b, a, -value, high and -high, low and -low
    interval = "" if missing(low) or missing(high) else f" (95 % interval {_points(low)} to {_points(high)})"
    if not value:
        return f"Both are right equally often{interval}."
    return f"{a} is right more often than {b}, by {_points(value)} percentage points{interval}."


def _points(value: float) -> str:
    return percent(value).removesuffix(" %")


def _disagreements(right: Shown, wrong: Shown) -> dict[str, Any]:
    """List pairs that only one model decides rightly, those where the other was surest first."""
    pairs = [
        (right.rows[place], wrong.rows.of(pair_id))
        for pair_id, outcome in zip(wrong.evaluation.pairs.pair_id, wrong.outcomes, strict=True)
        if OUTCOMES[outcome][1] is False
        and (place := right.rows.place_of(pair_id)) is not None
        and OUTCOMES[right.outcomes[place]][1] is True
    ]
    pairs.sort(key=lambda both: -(both[1]["confidence"] or 0))
    return {
        "right": right.titles["model"],
        "wrong": wrong.titles["model"],
        "total": count(len(pairs), "pair"),
        "rest": max(0, len(pairs) - LISTED),
        "pairs": [{"right": pair_view(right, r), "wrong": pair_view(wrong, w)} for r, w in pairs[:LISTED]],
    }
