"""What an examination of a pair list found, in words: for the log and for the page."""

from collections.abc import Iterable, Iterator, Mapping
from math import floor
from typing import Any

from whyface.evaluation.check_words import CHECKS, MEASURED, RATIOS, SHARES
from whyface.evaluation.group_balance import LEAST
from whyface.lists.findings import FAULT, NOTE, name_examples

Row = Mapping[Any, Any]  # of the table protocol
CLASSES = ("genuine", "impostor")


def found_with(rows: Iterable[Row], status: str) -> list[Row]:
    """Choose the findings of a status, the most serious first; small groups are left to `scarce_words`."""
    order = [*CHECKS]
    found = [row for row in rows if row["status"] == status and row["check"] in CHECKS]
    return sorted(found, key=lambda row: order.index(row["check"]))


def title_of(row: Row) -> str:
    """Name a finding."""
    about = {None: "Pairs", "impostor": "Impostor pairs"}.get(row["group"], row["group"])
    return CHECKS[row["check"]].title.format(about)


def value_of(row: Row) -> str:
    """Write what a check found: a share, a ratio, or a number of so many."""
    check, value = row["check"], row["value"]
    if check in SHARES:
        return f"{100 * value if value == 1 else min(100 * value, 99.9):.1f} %"  # only 1 is written as 100 %
    if check in RATIOS:
        return f"{value:.1f} times"
    if check.endswith("_pairs_apart"):
        return number(whole(value))
    return number(value) if check in MEASURED else f"{number(value)} of {number(row['n'])}"


def number(value: float) -> str:
    """Write a number: whole ones without decimals."""
    return f"{value:,.1f}".removesuffix(".0")


def whole(pairs: float) -> int:
    """Round down pairs that share nobody; a sum of fractions may miss a whole number by its last digits."""
    return floor(round(pairs, 6))


def scarce_groups(rows: Iterable[Row]) -> dict[str, list[str]]:
    """List the groups that are noted for their size, each with the classes of which it has too few pairs."""
    found: dict[str, list[str]] = {}
    for row in rows:
        check, _, label = row["check"].partition("_")
        if check == "group" and label in CLASSES and row["status"] == NOTE:
            found.setdefault(row["group"], []).append(label)
    return found


def scarce_words(rows: Iterable[Row]) -> tuple[str, str]:
    """Say how many groups are too small, and which; two empty texts if none is."""
    found = scarce_groups(rows)
    if not found:
        return "", ""
    groups = f"{len(found):,} groups have" if len(found) > 1 else "1 group has"
    named = [f"{group} ({' and '.join(labels)})" for group, labels in sorted(found.items())]
    return f"{groups} fewer than {LEAST} pairs of a class", name_examples(named, len(named))


def log_lines(dataset: str, rows: list[Row]) -> Iterator[str]:
    """Write each fault and note of a dataset's list in a line."""
    for status in (FAULT, NOTE):
        for row in found_with(rows, status):
            title = title_of(row)
            parts = (dataset, status, title[0].lower() + title[1:], value_of(row), row["detail"])
            yield ": ".join(part for part in parts if part)
    title, examples = scarce_words(rows)
    if title:
        yield f"{dataset}: {NOTE}: {title}: {examples}"
