"""View model of the page that shows what a model's confidence is worth on other datasets."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

from whyface.site.views.metrics import Cell
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import (
    TOO_FEW,
    count,
    fixed,
    missing,
    people_behind,
    percent,
    power,
    share_range,
)


def transfer_page(one: Shown) -> dict[str, Any]:
    """Make the page of a model's confidence, fitted on one dataset and judged on another."""
    rows = one.evaluation.transfer
    judged = _in_order(one.config, {row["judged_on"] for row in rows})
    fitted = _in_order(one.config, {row["fitted_on"] for row in rows})
    by_place = {(row["fitted_on"], row["judged_on"]): row for row in rows}
    ids = {place: f"t{number}" for number, place in enumerate(itertools.product(fitted, judged), 1)}
    page = one.titles["transfer"]
    return {
        **one.titles,
        "judged": [{"title": _title(one.config, name), "page": _report_page(one, name)} for name in judged],
        "matrix": [
            {
                "fitted": _title(one.config, f),
                "cells": [_transfer_cell(by_place.get((f, j)), f"{page}#{ids[f, j]}", f == j) for j in judged],
            }
            for f in fitted
        ],
        "realised": _realised(one),
        "realised_file": f"data/realised/model={one.evaluation.model}/realised.parquet",
        "rows": [_transfer_row(by_place[place], ids[place]) for place in ids if place in by_place],
        "methods": ", ".join(sorted({row["method"] for row in rows})),
        "file": f"data/transfer/model={one.evaluation.model}/transfer.parquet",
    }


def _realised(one: Shown) -> list[dict[str, Any]]:
    """List thresholds by where they were set, and the rates that they have on other collections."""
    return [
        {
            "target": power(round(math.log10(row["fmr_target"]))),
            "set_on": _collection(one, row["set_on"]),
            "realised_on": _collection(one, row["realised_on"]),
            "threshold": fixed(row["threshold"], 4),
            "fmr": f"{100 * row['fmr']:.2g} %",
            "fmr_interval": share_range(row["fmr_low"], row["fmr_high"]),
            "times": f"{row['fmr'] / row['fmr_target']:.2g} times",
            "fnmr": percent(row["fnmr"], 2),
            "fnmr_interval": share_range(row["fnmr_low"], row["fnmr_high"]),
        }
        for row in sorted(one.evaluation.realised, key=lambda row: (-row["fmr_target"], row["set_on"]))
        if row["set_on"] != row["realised_on"]
    ]


def _collection(one: Shown, name: str) -> str:
    return one.config["collections"].get(name, {}).get("title") or name


def _in_order(config: Mapping, names: set[str]) -> list[str]:
    """Put datasets in the order of the run, others after them, and "all" last."""
    order = {name: place for place, name in enumerate(config["run"]["datasets"])}
    return sorted(names, key=lambda name: (name == "all", order.get(name, len(order)), name))


def _title(config: Mapping, name: str) -> str:
    return "all" if name == "all" else config["datasets"].get(name, {}).get("title") or name


def _report_page(one: Shown, dataset: str) -> str:
    return f"{one.evaluation.model}/{dataset}/index.html" if dataset in one.config["run"]["datasets"] else ""


def _transfer_cell(row: Mapping[Any, Any] | None, href: str, out_of_fold: bool) -> dict[str, Any]:
    if row is None:
        return {"cell": Cell(), "title": "", "cost": 0, "out_of_fold": False, "seen": ""}
    seen = row["shared_people"]
    known = not (missing(row["ci_low"]) or missing(row["ci_high"]))
    interval = f"{fixed(row['ci_low'])} to {fixed(row['ci_high'])}" if known else TOO_FEW
    return {
        "cell": Cell(fixed(row["cllr"]), "" if missing(row["cllr"]) else interval, href=href),
        "title": f"log loss {fixed(row['log_loss'])} nats, {count(row['n'], 'pair')} of {people_behind(row['people'])}",
        "cost": 0 if missing(row["cllr"]) else round(100 * min(max(row["cllr"], 0), 1)),
        "out_of_fold": out_of_fold,
        "seen": "" if missing(seen) or not seen else f"{seen:,.0f}",
    }


def _transfer_row(row: Mapping[Any, Any], anchor: str) -> dict[str, str]:
    numbers = ("cllr", "ci_low", "ci_high", "log_loss", "ece")
    return {
        "id": anchor,
        "fitted": row["fitted_on"],
        "judged": row["judged_on"],
        "n": str(row["n"]),
        "people": str(row["people"]),
        "shared_people": "null" if missing(row["shared_people"]) else f"{row['shared_people']:.0f}",  # float with nulls
        **{name: "null" if missing(row[name]) else repr(row[name]) for name in numbers},
    }
