"""The rows of a metrics table as pages show them: value, interval and count in words, linked to the row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whyface.site.content.evaluation import Evaluation
from whyface.site.words.numbers import MISSING, TOO_FEW, count, missing, natural, people_behind
from whyface.site.words.vocabulary import CONFIDENCE_METHODS, METRICS, metric_called, metric_value


@dataclass(frozen=True)
class Cell:
    """One number of a page.

    Attributes
    ----------
    value, interval, n : str
        The number, its 95 % interval or why it has none, and the pairs and people behind it; empty where there is none.
    href : str
        Its row, from the site's root; empty if the table has no such row.
    """

    value: str = MISSING
    interval: str = ""
    n: str = ""
    href: str = ""


# Fitted or counted, or a standard error itself.
TURNED = "turned"
WITHOUT_INTERVAL = ("accuracy_se", "fmr_floor", "llr_low", "llr_high")


class MetricRows:
    """The metrics table of an evaluation, with the place of each row on its rows page; and shares of turned decisions.

    The latter, `turned` of the table flip_metrics, have no row on that page.
    """

    def __init__(self, one: Evaluation):
        self.page = f"{one.path}/rows.html"
        self.rows: list[dict[Any, Any]] = sorted(one.metrics.to_dict("records"), key=_order)
        self.ids = {_key(row): f"r{place}" for place, row in enumerate(self.rows, 1)}
        self._rows = {_key(row): row for row in self.rows}
        self._rows |= {(TURNED, "", row["group"]): row for row in one.flip_metrics if row["metric"] == TURNED}

    def row(self, metric: str, method: str = "", group: str = "all") -> Mapping[Any, Any] | None:
        """Find a row."""
        return self._rows.get((metric, method, group))

    def cell(self, metric: str, method: str = "", group: str = "all") -> Cell:
        """Write out a row."""
        row = self.row(metric, method, group)
        if row is None:
            return Cell()
        value, interval = self._words(row)
        counted = count(row["n"], metric_called(metric).counted) if row["n"] else ""
        if counted and (people := people_behind(row["people"])):
            counted += f" of {people}"
        return Cell(value, interval, counted, self.link(metric, method, group))

    def link(self, metric: str, method: str = "", group: str = "all") -> str:
        """Address of a row, from the site's root; empty for shares of turned decisions."""
        return "" if metric == TURNED else f"{self.page}#{self.ids[metric, method, group]}"

    def _words(self, row: Mapping[Any, Any]) -> tuple[str, str]:
        """Write value and interval; in place of a value that the set cannot support, say why."""
        metric, value, low, high = row["metric"], row["value"], row["ci_low"], row["ci_high"]
        if missing(value):
            return self._refusal(row), ""
        is_rate = metric_called(metric).digits is None
        if is_rate and value == 0 and not missing(high) and high > 0:
            return "0", f"(below {100 * high:.2g} % at 95 %)"
        if missing(low) or missing(high):
            has_none = metric in WITHOUT_INTERVAL or missing(row["people"])
            return metric_value(metric, value), "" if has_none else TOO_FEW
        ends = [metric_value(metric, end) for end in (low, high)]
        return metric_value(metric, value), f"{ends[0].removesuffix(' %')} to {ends[1]}"

    def _refusal(self, row: Mapping[Any, Any]) -> str:
        if not row["n"]:
            return f"no {metric_called(row['metric']).counted}s"
        floor = self.row("fmr_floor")
        if not row["metric"].startswith("fnmr_at_fmr_") or floor is None or missing(floor["value"]):
            return "set too small to claim"
        pairs = count(floor["n"], "impostor pair")
        return f"too small: {pairs} say nothing below FMR {100 * floor['value']:.2g} %"


def methods_of(metrics: MetricRows) -> list[str]:
    """Name the confidence methods in the rows, in a fixed order."""
    found = {row["method"] for row in metrics.rows if row["method"]}
    known = list(CONFIDENCE_METHODS)
    return [name for name in known if name in found] + sorted(found.difference(known))


def groups_of(metrics: MetricRows) -> dict[str, list[str]]:
    """List the values of each group column, in natural order."""
    groups: dict[str, set[str]] = {}
    for row in metrics.rows:
        if row["group"] != "all":
            column, _, value = row["group"].partition("=")
            groups.setdefault(column, set()).add(value)
    return {column: sorted(values, key=natural) for column, values in groups.items()}


def rows_page(metrics: MetricRows) -> list[dict[str, str]]:
    """List the rows of the table in full precision, null as such."""
    return [
        {
            "id": metrics.ids[_key(row)],
            **{name: _exact(value) for name, value in row.items()},
            "people": _exact(row["people"]).removesuffix(".0"),  # pandas makes whole numbers with nulls floats
        }
        for row in metrics.rows
    ]


def _key(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    return row["metric"], row["method"], row["group"]


def _order(row: Mapping[Any, Any]) -> tuple:
    places = {name: place for place, name in enumerate(METRICS)}
    place = places.get(row["metric"], len(places))
    return row["group"] != "all", natural(row["group"]), row["method"] != "", place, row["metric"], row["method"]


def _exact(value: Any) -> str:
    return "null" if value is None else repr(value) if isinstance(value, float) else str(value)
