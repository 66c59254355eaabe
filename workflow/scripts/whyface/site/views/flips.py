"""How many decisions a single patch turns, in words, for the report."""

from collections.abc import Mapping
from typing import Any

from whyface.site.views.shown import Shown
from whyface.site.words.numbers import TOO_FEW, joined, missing, percent
from whyface.site.words.vocabulary import OUTCOMES

OF_ALL = "all"


def flip_shares(one: Shown) -> str:
    """Say which share of the decisions with maps one patch turns, and of each outcome; empty if nobody measured."""
    turned = {row["group"]: row for row in one.evaluation.flip_metrics if row["metric"] == "turned"}
    whole = turned.pop(OF_ALL, None)
    if whole is None or missing(whole["value"]):
        return ""
    words = f"One patch turns {_of(whole)} decisions with maps ({_interval(whole)})"
    parts = [
        f"{_of(row)} {OUTCOMES[value][0].lower()}es"
        for column, _, value, row in ((*group.partition("="), row) for group, row in turned.items())
        if column == "outcome" and not missing(row["value"])
    ]
    words += f": {joined(parts)}." if parts else "."
    only = "Patches whose effect is only predicted do not count." if one.evaluation.agreements else ""
    return " ".join(part for part in (words, only, selected_first(one)) if part)


def selected_first(one: Shown) -> str:
    """Say whose shares these are if only some pairs have maps."""
    if len(one.evaluation.methods) == len(one.rows):
        return ""
    return "Pairs were selected for maps, errors and close calls before others: shares turned by one patch are theirs."


def _of(row: Mapping[Any, Any]) -> str:
    return f"{round(row['value'] * row['n']):,} of {row['n']:,}"


def _interval(row: Mapping[Any, Any]) -> str:
    share = percent(row["value"], 0)
    if missing(row["ci_low"]):
        return f"{share}; {TOO_FEW} for an interval"
    return f"{share}, 95 % interval {percent(row['ci_low'], 0).removesuffix(' %')} to {percent(row['ci_high'], 0)}"
