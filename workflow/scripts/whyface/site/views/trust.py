"""View model of the page that says how far to trust a model's maps."""

from collections.abc import Iterable
from typing import Any

from whyface.site.content.fidelity import FidelityRows, Row
from whyface.site.content.planted import Twins
from whyface.site.views.gallery import gallery
from whyface.site.views.metrics import Cell
from whyface.site.views.shown import Shown
from whyface.site.views.verdict import DIRECTIONS, is_better, is_worse, planted_verdict, verdict
from whyface.site.words.numbers import MISSING, TOO_FEW, count, fixed, joined, missing, people_behind
from whyface.site.words.trust import CENTRE, CONTROLS, FILLS, KINDS, PAIR_KINDS, TRUTH_SCORES
from whyface.site.words.vocabulary import MAP_METHODS

FACES = {"a": "Face A", "b": "Face B", "both": "Both faces"}


def trust_page(shown: list[Shown], twins: dict[str, list[Twins]]) -> dict[str, Any]:
    """Make the page; `shown` are all evaluations of one model, `twins` its pairs with a known difference by dataset."""
    measured = [one for one in shown if one.evaluation.fidelity]
    first = next((one for one in measured if planted_verdict(one.evaluation.fidelity, one.main_method)), measured[0])
    known = [one for one in measured if one.evaluation.fidelity.knows_truth]
    return {
        **first.titles,
        "method": first.main_method,
        "fill": first.config["occlusion"]["fill"],
        "verdict": verdict(first),
        "caution": " ".join(_caution(one.evaluation.fidelity, one.main_method) for one in known),
        "scores": list(TRUTH_SCORES.values()),
        "planted": [_planted(one, twins.get(one.evaluation.dataset, [])) for one in known],
        "covered": [_covered(one) for one in measured if one.evaluation.fidelity.find("fidelity")],
        "published": [_published(one) for one in measured if one.evaluation.fidelity.find("published_deletion")],
        "files": [_file(one) for one in measured],
    }


def _caution(rows: FidelityRows, method: str) -> str:
    """Say for which kinds of difference the maps beat the centre prior, and for which not."""
    margins = {kind: rows.find("auc_over_centre", method=method, kind=kind, region="") for kind in _kinds(rows)}
    weak = [kind for kind, found in margins.items() if not all(map(is_better, found))]
    if weak:
        where = joined([f"pairs {KINDS[kind][1]}" for kind in weak])
        return f"On {where} they are not clearly better than that blob."
    return "They are better than that blob for every kind of difference tried."


def _kinds(rows: FidelityRows) -> list[str]:
    found = rows.kinds("auc")
    return [kind for kind in KINDS if kind in found]


def _planted(one: Shown, twins: list[Twins]) -> dict[str, Any]:
    """Describe what was found against known differences."""
    rows = one.evaluation.fidelity
    return {
        **one.titles,
        "kinds": [_kind(rows, kind, one.main_method) for kind in _kinds(rows)],
        "regions": [_regions(rows, kind, one.main_method) for kind in _kinds(rows)],
        "gallery": gallery(one, twins),
    }


def _kind(rows: FidelityRows, kind: str, default: str) -> dict[str, Any]:
    """Describe the scores on one kind of twin: for each face, a row for each method."""
    sides = [side for side in FACES if rows.find("auc", kind=kind, side=side, region="")]
    methods = _in_order({row["method"] for row in rows.find("auc", kind=kind)}, default)
    return {
        "name": KINDS[kind][0],
        "moved": _moved(rows, kind),
        "faces": [
            {"name": FACES[side], "rows": [_scores(rows, kind, side, method, default) for method in methods]}
            for side in sides
        ],
    }


def _in_order(methods: Iterable[str], default: str) -> list[str]:
    """Put the default method first, then other maps, then controls."""
    order = dict.fromkeys([default, *MAP_METHODS, *CONTROLS])
    found = set(methods)
    return [name for name in order if name in found] + sorted(found - order.keys())


def _scores(rows: FidelityRows, kind: str, side: str, method: str, default: str) -> dict[str, Any]:
    found = [rows.first(score, kind=kind, side=side, method=method, region="") for score in TRUTH_SCORES]
    return {**_method(method, default), "cells": [_cell(row) for row in found], **_counts(found)}


def _method(name: str, default: str) -> dict[str, Any]:
    """Name a kind of map or a control."""
    title, knows = CONTROLS.get(name, (name, ""))
    is_default = name == default
    return {"method": title, "note": "the maps shown on this site" if is_default else knows, "is_default": is_default}


def _moved(rows: FidelityRows, kind: str) -> str:
    """Say how many twins move the model, and how many do not; empty if not measured."""
    row = rows.first("moved", kind=kind, region="")
    if row is None or missing(row["value"]):
        return ""
    moved = round(row["value"] * row["n"])
    return f"{moved:,} of {count(row['n'], 'pair')} move the model, {row['n'] - moved:,} do not."


def _regions(rows: FidelityRows, kind: str, method: str) -> dict[str, Any]:
    """Describe the default method by region: AUC, and what it gains over the centre prior."""
    found = rows.find("auc", kind=kind, method=method)
    regions = dict.fromkeys(row["region"] for row in found if row["region"])
    sides = [side for side in FACES if any(row["side"] == side for row in found)]
    return {
        "name": KINDS[kind][0],
        "faces": [FACES[side] for side in sides],
        "rows": [
            {"region": region, "cells": [cell for side in sides for cell in _region(rows, kind, method, region, side)]}
            for region in regions
        ],
    }


def _region(rows: FidelityRows, kind: str, method: str, region: str, side: str) -> list[dict[str, Any]]:
    columns = {"kind": kind, "method": method, "region": region, "side": side}
    auc, margin = (rows.first(score, **columns) for score in ("auc", "auc_over_centre"))
    weak = margin is not None and not is_better(margin)
    return [
        {"cell": _cell(auc), "n": count(auc["n"], "pair") if auc else "", "flag": ""},
        {"cell": _cell(margin, signed=True), "n": "", "flag": "not better than the blob" if weak else ""},
    ]


def _covered(one: Shown) -> dict[str, Any]:
    """Describe fidelity without truth: by kind of pair, by fill, and in raw units."""
    rows, method = one.evaluation.fidelity, one.main_method
    kinds = [kind for kind in PAIR_KINDS if kind in rows.kinds("fidelity")]
    fills = dict.fromkeys(row["fill"] for row in rows.find("fidelity", method=method, kind=""))
    methods = _in_order({row["method"] for row in rows.find("effect", kind="", fill="")}, method)
    return {
        **one.titles,
        "kinds": [_covered_kind(rows, method, kind) for kind in kinds],
        "fills": [_covered_fill(rows, method, fill) for fill in fills],
        "raw": [{**_method(name, method), "cells": _raw(rows, name)} for name in methods],
    }


def _covered_kind(rows: FidelityRows, method: str, kind: str) -> dict[str, Any]:
    cells, own = [], None
    for sign in DIRECTIONS:
        own, blob = (rows.first("fidelity", method=m, sign=sign, fill="", kind=kind) for m in (method, CENTRE))
        flag = "less than the middle of the face" if is_worse(own, blob) else ""
        cells += [{"cell": _cell(own), "flag": flag}, {"cell": _cell(blob), "flag": ""}]
    return {"name": PAIR_KINDS[kind], "cells": cells, **_counts([own])}


def _covered_fill(rows: FidelityRows, method: str, fill: str) -> dict[str, Any]:
    found = [
        rows.first(score, method=method, sign=sign, fill=fill, kind="")
        for sign in DIRECTIONS
        for score in ("fidelity", "fidelity_llr")
    ]
    return {"name": FILLS.get(fill, fill), "cells": [_cell(row) for row in found], **_counts(found)}


def _raw(rows: FidelityRows, method: str) -> list[Cell]:
    return [
        _cell(rows.first(score, method=method, sign=sign, fill="", kind=""), digits, signed=True)
        for sign in DIRECTIONS
        for score, digits in (("effect", 3), ("effect_llr", 2))
    ]


def _published(one: Shown) -> dict[str, Any]:
    found = [one.evaluation.fidelity.first(f"published_{way}", kind="") for way in ("deletion", "insertion")]
    return {**one.titles, "cells": [_cell(row, 3) for row in found], **_counts(found)}


def _file(one: Shown) -> dict[str, str]:
    evaluation = one.evaluation
    where = f"data/fidelity/model={evaluation.model}/dataset={evaluation.dataset}/fidelity.parquet"
    return {"dataset": one.titles["dataset"], "href": where}


def _counts(rows: list[Row | None]) -> dict[str, str]:
    """Count pairs and people behind rows that share them."""
    row = next((row for row in rows if row is not None), None)
    if row is None:
        return {"n": MISSING, "people": ""}
    return {"n": f"{row['n']:,}", "people": people_behind(row["people"])}


def _cell(row: Row | None, digits: int = 2, signed: bool = False) -> Cell:
    """Write a row's value with its interval."""
    if row is None or missing(row["value"]):
        return Cell()
    low, high = row["ci_low"], row["ci_high"]
    interval = TOO_FEW if missing(low) or missing(high) else f"{fixed(low, digits)} to {fixed(high, digits)}"
    sign = "+" if signed and row["value"] > 0 else ""
    return Cell(sign + fixed(row["value"], digits), interval)
