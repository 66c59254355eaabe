"""View models of several models at a glance: ranks, decisions alike, costs, fusions."""

from collections.abc import Mapping, Sequence
from typing import Any

from whyface.site.drawing.dots import place_dots
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import (
    MISSING,
    TOO_FEW,
    count,
    fixed,
    missing,
    ordinals,
    people_behind,
    percent,
    size_words,
)
from whyface.site.words.vocabulary import CONFIDENCE_METHODS, metric_value

Row = Mapping[Any, Any]
RANKED = (
    ("Accuracy", "accuracy"),
    ("EER", "eer"),
    ("FNMR at FMR 1 %", "fnmr_at_fmr_1e-2"),
    ("FNMR at FMR 0.1 %", "fnmr_at_fmr_1e-3"),
    ("Cllr", "cllr"),
)


def ranking_of(shown: list[Shown]) -> dict[str, Any] | None:
    """Make the ranking; None without one, and where pairs are made to test maps."""
    first = shown[0]
    rows = first.evaluation.ranking
    if not rows or first.tests_maps:
        return None
    titles = {one.evaluation.model: one.titles["model"] for one in shown}
    by_metric = {metric: [row for row in rows if row["metric"] == metric] for _, metric in RANKED}
    return {
        "n": count(rows[0]["n"], "labelled pair"),
        "people": people_behind(max(row["people"] for row in rows)),
        "left_out": rows[0]["left_out"] and count(rows[0]["left_out"], "pair"),
        "metrics": [_metric(_named(title, first), by_metric[metric], titles) for title, metric in RANKED],
        "file": f"data/ranking/dataset={first.evaluation.dataset}/ranking.parquet",
    }


def _named(title: str, one: Shown) -> str:
    return f"{title}, {CONFIDENCE_METHODS[one.confidence_method]}" if title == "Cllr" else title


def _metric(name: str, rows: Sequence[Row], titles: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "known": not all(missing(row["value"]) for row in rows), "rows": _ranked(rows, titles)}


def _ranked(rows: Sequence[Row], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Write out one metric, the best ranks first."""
    last = len(rows) + 1
    ordered = sorted(rows, key=lambda row: [last if missing(row[name]) else row[name] for name in _RANKS])
    dots = place_dots([(row["value"], row["ci_low"], row["ci_high"]) for row in ordered])
    return [{"model": titles[row["model"]], "dot": dot, **_words(row)} for row, dot in zip(ordered, dots, strict=True)]


_RANKS = ("rank_low", "rank_high")


def _words(row: Row) -> dict[str, str]:
    if missing(row["value"]):
        return {"value": "unknown", "interval": "", "rank": MISSING}
    ends = [metric_value(row["metric"], row[end]) for end in ("ci_low", "ci_high") if not missing(row[end])]
    return {
        "value": metric_value(row["metric"], row["value"]),
        "interval": f"{ends[0].removesuffix(' %')} to {ends[1]}" if ends else TOO_FEW,
        "rank": ordinals(int(row["rank_low"]), int(row["rank_high"])),
    }


def alike_of(shown: list[Shown]) -> dict[str, Any]:
    """Make the matrix of how often every two models decide alike, and how many of their errors they share."""
    both = {frozenset((row["model_a"], row["model_b"])): row for row in shown[0].evaluation.comparisons}
    names = [one.evaluation.model for one in shown]
    return {
        "models": [one.titles["model"] for one in shown],
        "rows": [[_alike(both.get(frozenset((a, b)))) for b in names] for a in names],
    }


def _alike(row: Row | None) -> dict[str, str] | None:
    """Write how far two models agree; None for a model and itself."""
    if row is None:
        return None
    pairs = sum(row[name] for name in ("both_right", "only_a_right", "only_b_right", "both_wrong"))
    errors, common = pairs - row["both_right"], row["both_wrong"]
    shared = f"{percent(common / errors, 0)} of errors shared, {common:,} of {errors:,}" if errors else "no errors"
    return {"alike": percent((row["both_right"] + common) / pairs) if pairs else MISSING, "errors": shared}


def costs_of(shown: list[Shown]) -> list[dict[str, str]]:
    """List what each model costs; empty if that was not measured."""
    return [{"model": one.titles["model"], **_cost(row)} for one in shown for row in one.evaluation.costs]


def _cost(row: Row) -> dict[str, str]:
    return {
        "time": f"{row['milliseconds']:.3g} ms",
        "device": f"{row['device']}, {count(row['batch'], 'image')} at a time",
        "size": size_words(row["weights_bytes"]),
        "dimensions": f"{row['dimensions']:,}",
        "input": f"{row['input_px']:,} px",
    }


def fusions_of(shown: list[Shown]) -> dict[str, Any] | None:
    """Make the fusions, those that gain most first; None without any, and where pairs are made to test maps."""
    first = shown[0]
    rows = [row for row in first.evaluation.fusions if not missing(row["cllr"])]
    if not rows or first.tests_maps:
        return None
    titles = {one.evaluation.model: one.titles["model"] for one in shown}
    return {
        "rows": [
            {"a": titles[row["model_a"]], "b": titles[row["model_b"]], **_fusion(row)}
            for row in sorted(rows, key=lambda row: row["difference"])
        ],
        "n": count(rows[0]["n"], "pair"),
        "people": people_behind(rows[0]["people"]),
        "file": f"data/fusions/dataset={first.evaluation.dataset}/fusions.parquet",
    }


def _fusion(row: Row) -> dict[str, str]:
    known = not missing(row["ci_low"])
    written = {name: metric_value(name, row[name]) for name in ("cllr", "eer", "accuracy")}
    alone = {f"{name}_alone": metric_value(name, row[f"single_{name}"]) for name in written}
    interval = f"{fixed(row['ci_low'], 4)} to {fixed(row['ci_high'], 4)}" if known else TOO_FEW
    return {
        **written,
        **alone,
        "difference": fixed(row["difference"], 4),
        "interval": interval,
        "verdict": _verdict(row),
    }


def _verdict(row: Row) -> str:
    if missing(row["ci_low"]):
        return TOO_FEW
    if row["helps"]:
        return "helps"
    return "makes it worse" if row["ci_low"] > 0 else "no more than chance"
