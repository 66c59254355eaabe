"""View model of a report's section on groups of people: rates by group, beside what a fair system would show."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from whyface.site.content.people_groups import PeopleGroups
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import MISSING, count, fixed, missing, people_behind, percent, power, share_range

LEAST_MATCHES = 100  # within groups, for a false match rate to be the one that the page shows
FEW_ERRORS = 10  # in a cell
SHADES = 5
INDICES = {
    "wald": "Wald statistic",
    "max_min": "Highest over lowest",
    "max_mean": "Highest over geometric mean",
    "gini": "Gini coefficient",
    "fdr": "Fairness discrepancy rate",
    "inequity_rate": "Inequity rate",
    "garbe": "GARBE",
}
RATES = {"fmr": "FMR within groups", "fnmr": "FNMR", "both": "both"}


class Column(NamedTuple):
    """The rows of one column at one false match rate.

    Attributes
    ----------
    rates, indices : pandas.DataFrame
        Rows of `group_rates` and `group_indices`; of rates also those without a threshold.
    groups : list of str
        Its groups.
    """

    rates: pd.DataFrame
    indices: pd.DataFrame
    groups: list[str]

    def of(self, rate: str, group: str, other: str = "") -> dict[Any, Any]:
        """Give the row of a rate of one group, or of the pairs of two; empty if there is none."""
        rows = self.rates[(self.rates["rate"] == rate)]
        both = {group, other}
        found = rows[[{a, b} == both for a, b in zip(rows["group_a"], rows["group_b"], strict=True)]]
        return found.iloc[0].to_dict() if len(found) else {}

    def verdict(self, rate: str) -> dict[Any, Any]:
        """Give the row that the verdict on a rate rests on."""
        found = self.indices[(self.indices["rate"] == rate) & (self.indices["index"] == "wald")]
        return found.iloc[0].to_dict()


def people_groups_of(one: Shown) -> dict[str, Any] | None:
    """Make the section; None where no column divides people, or where pairs are made to test maps."""
    groups: PeopleGroups = one.evaluation.people_groups
    names = groups.indices["column"].unique() if groups else ()
    if one.tests_maps or not len(names):
        return None
    files = {table: f"data/{table}/{groups.where}/{table}.parquet" for table in ("group_rates", "group_indices")}
    return {
        "columns": [_column(name, groups) for name in names],
        "tested": len(names),
        "left_out": groups.left_out,
        "files": files,
    }


def _column(name: str, groups: PeopleGroups) -> dict[str, Any]:
    rates, indices = (one[one["column"] == name] for one in (groups.rates, groups.indices))
    target = shown_target(rates)
    column = Column(
        rates[(rates["fmr_target"] == target) | rates["fmr_target"].isna()],
        indices[indices["fmr_target"] == target],
        sorted(set(rates["group_a"])),
    )
    return {
        "name": name,
        "target": power(round(math.log10(target))),
        "verdicts": [sentence(column, "fmr", " within groups"), sentence(column, "fnmr")],
        "matrix": matrix_of(column, target),
        "groups": column.groups,
        "rows": [_group(column, group) for group in column.groups],
        "indices": list(indices_of(column)),
    }


def matrix_of(column: Column, target: float) -> list[dict[str, Any]]:
    """Write the false match rates within groups and between every two."""
    return [
        {"group": row, "cells": [cell_of(column.of("fmr", row, other), target) for other in column.groups]}
        for row in column.groups
    ]


def shown_target(rates: pd.DataFrame) -> float:
    """Choose the lowest false match rate with enough false matches within groups to say much, else the highest."""
    within = rates[(rates["rate"] == "fmr") & (rates["group_a"] == rates["group_b"])]
    errors = within.groupby("fmr_target")["errors"].sum()
    enough = errors[errors >= LEAST_MATCHES].index
    return float(min(enough) if len(enough) else max(errors.index))


def sentence(column: Column, rate: str, where: str = "") -> dict[str, Any]:
    """Say in plain words whether a rate differs, and what difference would have been found."""
    row, name = column.verdict(rate), "FMR" if rate == "fmr" else "FNMR"
    says = {
        "difference": f"The {name}{where} differs between groups by more than chance would explain",
        "within noise": f"The differences of {name}{where} are no larger than those that chance makes",
        "too few people": f"Too few people to compare the {name}: fewer than two groups have enough of them.",
        "too many pairs": f"The {name} was not compared: a fair system would need more pairs than are kept.",
    }[row["verdict"]]
    if missing(row["p_value"]):
        return {"verdict": row["verdict"], "says": says, "power": "", "extremes": []}
    ends = _extremes(column, rate) if row["verdict"] == "difference" else []
    says = f"{says} ({_p(row['p_holm'])})."
    return {"verdict": row["verdict"], "says": says, "power": _power(row, name), "extremes": ends}


def _extremes(column: Column, rate: str) -> list[tuple[str, str, str]]:
    """Name the groups with the highest and the lowest rate, of those that were compared."""
    rows = column.rates[column.rates["rate"] == rate]
    own = rows[((rows["group_b"] == "") | (rows["group_b"] == rows["group_a"])) & rows["ci_low"].notna()]
    ordered = own.sort_values("value", kind="stable")
    return [
        (word, row["group_a"], percent(row["value"], 3))
        for word, row in (("highest", ordered.iloc[-1]), ("lowest", ordered.iloc[0]))
    ]


def _power(row: dict[Any, Any], name: str) -> str:
    factor = row["power_factor"]
    if missing(factor):
        return f"There are too few people or errors for a difference of one group’s {name} to be found reliably."
    return f"Had any one group’s {name} been {factor:.2g} times as high, it would have been found in 80 of 100 cases."


def _p(value: float) -> str:
    return "p < 0.01" if value < 0.01 else f"p = {value:.2g}"


def cell_of(row: dict[Any, Any], target: float) -> dict[str, Any]:
    """Write a cell of the matrix; its shade goes with the logarithm of its rate over the target."""
    if not row or missing(row["value"]):
        return {"value": MISSING, "interval": "no pairs", "shade": 0, "few": ""}
    times = math.log2(max(row["value"] / target, 1e-9))
    few = f"few: {count(int(row['errors']), 'error')}" if row["errors"] < FEW_ERRORS else ""
    return {
        "value": percent(row["value"], 4 if target < 1e-3 else 3),
        "interval": share_range(row["ci_low"], row["ci_high"]),
        "shade": min(max(round(times) + 2, 0), SHADES - 1),
        "few": few,
    }


def _group(column: Column, group: str) -> dict[str, Any]:
    lost, fta = column.of("fnmr", group), column.of("fta_rate", group)
    return {
        "group": group,
        "people": people_behind(column.of("fmr", group, group).get("people")),
        "cells": [
            _rate(lost, "genuine pair"),
            _rate(fta, "image"),
            _shift(column.of("genuine_shift", group)),
            _shift(column.of("impostor_shift", group)),
            _factors(column.of("fmr", group, group), lost),
        ],
    }


def _rate(row: dict[Any, Any], noun: str) -> tuple[str, str, str]:
    if not row or missing(row["value"]):
        return MISSING, "", ""
    return percent(row["value"]), share_range(row["ci_low"], row["ci_high"]), f"of {count(int(row['n']), noun)}"


def _shift(row: dict[Any, Any]) -> tuple[str, str, str]:
    if not row or missing(row["value"]):
        return MISSING, "", ""
    interval = "too few people" if missing(row["ci_low"]) else f"{_signed(row['ci_low'])} to {_signed(row['ci_high'])}"
    return _signed(row["value"]), interval, ""


def _signed(value: float) -> str:
    return ("+" if round(value, 3) > 0 else "") + fixed(value if round(value, 3) else 0.0)


def _factors(*rows: dict[Any, Any]) -> tuple[str, str, str]:
    """Write by what factor the FMR and the FNMR of a group would have to differ to be found."""
    words = [MISSING if not row or missing(row["power_factor"]) else f"{row['power_factor']:.2g}" for row in rows]
    return f"{words[0]} and {words[1]}", "", ""


def indices_of(column: Column) -> Iterator[dict[str, str]]:
    """Write every index but the one that is tested."""
    for row in column.indices.to_dict("records"):
        index = row["index"]
        if index != "wald":
            ends = "" if missing(row["ci_low"]) else f"{row['ci_low']:.3g} to {round(row['ci_high'], 9):.3g}"
            yield {
                "name": INDICES[index],
                "rate": RATES[row["rate"]],
                "value": MISSING if missing(row["value"]) else f"{row['value']:.3g}",
                "interval": ends,
                "fair": MISSING if missing(row["fair_median"]) else f"{row['fair_median']:.3g}",
                "limit": "" if missing(row["fair_limit"]) else f"95 % {_side(index)} {row['fair_limit']:.3g}",
                "p": MISSING if missing(row["p_holm"]) else _p(row["p_holm"]).removeprefix("p ").removeprefix("= "),
            }


def _side(index: str) -> str:
    return "above" if index == "fdr" else "below"
