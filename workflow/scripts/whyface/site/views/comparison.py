"""View models of pages that compare: models on a dataset, and what a confidence is worth on other datasets."""

import itertools
from collections.abc import Mapping
from typing import Any

from whyface.site.views.metrics import Cell
from whyface.site.views.pair import Shown, outcome_of, pair_view
from whyface.site.words.vocabulary import MISSING, OUTCOMES, count, fixed, frequency, missing, percent

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
    }


def _side_by_side(one: Shown) -> list[Cell]:
    return [one.measures.cell(name, one.method if name == "cllr" else "") for _, name in SIDE_BY_SIDE]


def _versus(row: Mapping[Any, Any], a: Shown, b: Shown) -> dict[str, Any]:
    """Two models on the same pairs."""
    counts = {name: f"{row[name]:,}" for name in ("both_right", "only_a_right", "only_b_right", "both_wrong")}
    return {
        "a": a.titles["model"],
        "b": b.titles["model"],
        "counts": counts,
        "p": MISSING if missing(row["p_value"]) else f"{row['p_value']:.2g}",
        "frequency": frequency(row["p_value"]),
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
    by_id = {row["pair_id"]: row for row in right.rows}
    pairs = [
        (by_id[row["pair_id"]], row)
        for row in wrong.rows
        if row["pair_id"] in by_id
        and OUTCOMES[outcome_of(row)][1] is False
        and OUTCOMES[outcome_of(by_id[row["pair_id"]])][1] is True
    ]
    pairs.sort(key=lambda both: -(both[1]["confidence"] or 0))
    return {
        "right": right.titles["model"],
        "wrong": wrong.titles["model"],
        "total": count(len(pairs), "pair"),
        "rest": max(0, len(pairs) - LISTED),
        "pairs": [{"right": pair_view(right, r), "wrong": pair_view(wrong, w)} for r, w in pairs[:LISTED]],
    }


def transfer_page(one: Shown) -> dict[str, Any]:
    """Make the page of a model that shows its confidence fitted on one dataset and judged on another."""
    rows = one.evaluation.transfer
    judged = _in_order(one.config, {row["judged_on"] for row in rows})
    fitted = _in_order(one.config, {row["fitted_on"] for row in rows})
    by_place = {(row["fitted_on"], row["judged_on"]): row for row in rows}
    ids = {place: f"t{number}" for number, place in enumerate(itertools.product(fitted, judged), 1)}
    page = one.titles["transfer"]
    return {
        **one.titles,
        "judged": [{"title": _title(one.config, name), "page": _report(one, name)} for name in judged],
        "matrix": [
            {
                "fitted": _title(one.config, f),
                "cells": [_transfer_cell(by_place.get((f, j)), f"{page}#{ids[f, j]}", f == j) for j in judged],
            }
            for f in fitted
        ],
        "rows": [_transfer_row(by_place[place], ids[place]) for place in ids if place in by_place],
        "methods": ", ".join(sorted({row["method"] for row in rows})),
        "file": f"data/transfer/model={one.evaluation.model}/transfer.parquet",
    }


def _in_order(config: Mapping, names: set[str]) -> list[str]:
    """Put datasets in the order of the run, others after them, and "all" last."""
    order = {name: place for place, name in enumerate(config["run"]["datasets"])}
    return sorted(names, key=lambda name: (name == "all", order.get(name, len(order)), name))


def _title(config: Mapping, name: str) -> str:
    return "all" if name == "all" else config["datasets"].get(name, {}).get("title") or name


def _report(one: Shown, dataset: str) -> str:
    return f"{one.evaluation.model}/{dataset}/index.html" if dataset in one.config["run"]["datasets"] else ""


def _transfer_cell(row: Mapping[Any, Any] | None, href: str, out_of_fold: bool) -> dict[str, Any]:
    if row is None:
        return {"cell": Cell(), "title": "", "cost": 0, "out_of_fold": False}
    known = not (missing(row["ci_low"]) or missing(row["ci_high"]))
    interval = f"{fixed(row['ci_low'])} to {fixed(row['ci_high'])}"
    return {
        "cell": Cell(fixed(row["cllr"]), interval if known else "", href=href),
        "title": f"log loss {fixed(row['log_loss'])} nats, {count(row['n'], 'pair')}",
        "cost": 0 if missing(row["cllr"]) else round(100 * min(max(row["cllr"], 0), 1)),
        "out_of_fold": out_of_fold,
    }


def _transfer_row(row: Mapping[Any, Any], anchor: str) -> dict[str, str]:
    numbers = ("cllr", "ci_low", "ci_high", "log_loss", "ece")
    return {
        "id": anchor,
        "fitted": row["fitted_on"],
        "judged": row["judged_on"],
        "n": str(row["n"]),
        **{name: "null" if missing(row[name]) else repr(row[name]) for name in numbers},
    }
