"""The rows of a metrics table as pages show them: written out, with interval and count, linked to the row itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whyface.site.content.evaluation import Evaluation
from whyface.site.words.vocabulary import CONFIDENCE_METHODS, METRICS, MISSING, count, measure, metric_value, missing


@dataclass(frozen=True)
class Cell:
    """One number of a page.

    Attributes
    ----------
    value, interval, n : str
        The number, its 95 % interval and the count behind it, in words; empty where there is none.
    href : str
        Its row, from the site's root; empty if the table has no such row.
    """

    value: str = MISSING
    interval: str = ""
    n: str = ""
    href: str = ""


class Measures:
    """The metrics table of an evaluation; knows where its rows page shows each row."""

    def __init__(self, one: Evaluation):
        self.page = f"{one.path}/rows.html"
        self.rows: list[dict[Any, Any]] = sorted(one.metrics.to_dict("records"), key=_order)
        self.ids = {_key(row): f"r{place}" for place, row in enumerate(self.rows, 1)}
        self._rows = {_key(row): row for row in self.rows}

    def row(self, metric: str, method: str = "", group: str = "all") -> Mapping[Any, Any] | None:
        """Find a row."""
        return self._rows.get((metric, method, group))

    def cell(self, metric: str, method: str = "", group: str = "all") -> Cell:
        """Write out a row."""
        row = self.row(metric, method, group)
        if row is None:
            return Cell()
        value, interval = self._words(row)
        counted = count(row["n"], measure(metric).counted) if row["n"] else ""
        return Cell(value, interval, counted, self.link(metric, method, group))

    def link(self, metric: str, method: str = "", group: str = "all") -> str:
        """Address of a row, from the site's root."""
        return f"{self.page}#{self.ids[metric, method, group]}"

    def _words(self, row: Mapping[Any, Any]) -> tuple[str, str]:
        """Value and interval; what the set cannot support is not a number."""
        metric, value, low, high = row["metric"], row["value"], row["ci_low"], row["ci_high"]
        if missing(value):
            return self._refusal(row), ""
        is_rate = measure(metric).digits is None
        if is_rate and value == 0 and not missing(high) and high > 0:
            return "0", f"(below {100 * high:.2g} % at 95 %)"
        if missing(low) or missing(high):
            return metric_value(metric, value), ""
        ends = [metric_value(metric, end) for end in (low, high)]
        return metric_value(metric, value), f"{ends[0].removesuffix(' %')} to {ends[1]}"

    def _refusal(self, row: Mapping[Any, Any]) -> str:
        if not row["n"]:
            return f"no {measure(row['metric']).counted}s"
        floor = self.row("fmr_floor")
        if not row["metric"].startswith("fnmr_at_fmr_") or floor is None or missing(floor["value"]):
            return "set too small to claim"
        pairs = count(floor["n"], "impostor pair")
        return f"too small: {pairs} say nothing below FMR {100 * floor['value']:.2g} %"


def methods_of(measures: Measures) -> list[str]:
    """Name the confidence methods that the rows judge, in a fixed order."""
    found = {row["method"] for row in measures.rows if row["method"]}
    known = list(CONFIDENCE_METHODS)
    return [name for name in known if name in found] + sorted(found.difference(known))


def groups_of(measures: Measures) -> dict[str, list[str]]:
    """Values of each group column, numbers in them in order of size."""
    groups: dict[str, set[str]] = {}
    for row in measures.rows:
        if row["group"] != "all":
            column, _, value = row["group"].partition("=")
            groups.setdefault(column, set()).add(value)
    return {column: sorted(values, key=natural) for column, values in groups.items()}


def rows_page(measures: Measures) -> list[dict[str, str]]:
    """List the rows of the table in full precision, null as such."""
    return [
        {"id": measures.ids[_key(row)], **{name: _exact(value) for name, value in row.items()}} for row in measures.rows
    ]


def _key(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    return row["metric"], row["method"], row["group"]


def _order(row: Mapping[Any, Any]) -> tuple:
    places = {name: place for place, name in enumerate(METRICS)}
    place = places.get(row["metric"], len(places))
    return row["group"] != "all", natural(row["group"]), row["method"] != "", place, row["metric"], row["method"]


def natural(text: str) -> list[tuple[int, str]]:
    """Key that sorts "9" before "10": digits as numbers, between them text."""
    parts = [part.lstrip("0") if place % 2 else part for place, part in enumerate(re.split("([0-9]+)", text))]
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def _exact(value: Any) -> str:
    return "null" if value is None else repr(value) if isinstance(value, float) else str(value)
