"""View model of the page on a pair list: what is wrong with it, what it holds, and which figures it supports."""

from collections.abc import Iterator, Mapping
from typing import Any

from whyface.lists.findings import FAULT, NOTE, OK
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import MISSING, count, joined, missing, natural, percent, power
from whyface.site.words.protocol import CHECKS, MEASURED, RATIOS, SHARES

Row = Mapping[Any, Any]
SIZES = ("pairs", "genuine", "impostor", "people", "images")
RATES = {"fmr": "FMR", "fnmr": "FNMR", "accuracy": "Accuracy"}
USES = ("uses_mean", "uses_max", "top_percent_share", "top_ten_share")
CLASSES = ("genuine", "impostor")


def protocol_page(shown: list[Shown]) -> dict[str, Any]:
    """Make the page on a dataset's list; `shown` are all models on it."""
    one = shown[0]
    rows = one.evaluation.protocol
    return {
        **one.titles,
        "models": [one.titles for one in shown],
        "tests_maps": one.tests_maps,
        "verdict": verdict_on_list(one),
        "faults": [*_findings(rows, FAULT)],
        "notes": [*_findings(rows, NOTE)],
        "scarce": [row for row in _groups(rows) if row["scarce"]],
        "passed": [CHECKS[name].title for name in _passed(rows)],
        "sizes": _sizes(rows),
        "uses": [*_uses(rows)],
        "groups": _groups(rows),
        "apart": {row["check"].split("_")[0]: row for row in _apart(rows)},
        "supported": [*_supported(rows)],
        "missing": [*_missing(rows)],
        "file": f"data/protocol/dataset={one.evaluation.dataset}/protocol.parquet",
    }


def verdict_on_list(one: Shown) -> str:
    """Count what is wrong: "2 faults, 1 note"; empty if nobody looked."""
    rows = one.evaluation.protocol
    faults, notes = (
        sum(row["status"] == status and row["check"] in CHECKS for row in rows) for status in (FAULT, NOTE)
    )
    notes += any(row["scarce"] for row in _groups(rows))
    if not rows:
        return ""
    return f"{count(faults, 'fault') if faults else 'No fault'}, {count(notes, 'note') if notes else 'no note'}."


def _findings(rows: list[dict[Any, Any]], status: str) -> Iterator[dict[str, str]]:
    """Say what was found, the most serious first."""
    order = [*CHECKS]
    found = [row for row in rows if row["status"] == status and row["check"] in CHECKS]
    for row in sorted(found, key=lambda row: order.index(row["check"])):
        check = CHECKS[row["check"]]
        about = {None: "Pairs", "impostor": "Impostor pairs"}.get(row["group"], row["group"])
        title = check.title.format(about)
        yield {"title": title, "value": _value(row), "meaning": check.meaning, "detail": row["detail"]}


def _value(row: Row) -> str:
    """Write what a check found: a share, a ratio, or a number of so many."""
    if row["check"] in SHARES:
        return percent(row["value"], 1)
    if row["check"] in RATIOS:
        return f"{row['value']:.1f} times"
    if row["check"] in MEASURED or row["check"].endswith("apart"):
        return _number(row["value"])
    return f"{_number(row['value'])} of {_number(row['n'])}"


def _number(value: float | None) -> str:
    """Write a number: whole ones without decimals."""
    if value is None or missing(value):
        return MISSING
    return f"{value:,.1f}".removesuffix(".0")


def _passed(rows: list[dict[Any, Any]]) -> list[str]:
    """List the checks that looked for something and found nothing."""
    clean = {row["check"] for row in rows if row["status"] == OK and row["value"] == 0}
    return [name for name in CHECKS if name in clean and name not in MEASURED]


def _sizes(rows: list[dict[Any, Any]]) -> list[dict[str, str]]:
    """Make the rows of the table of sizes: the whole list, then its folds."""
    known = {(row["check"], row["fold"]): row for row in rows if row["group"] is None}
    folds = sorted({fold for _, fold in known if fold is not None})
    names = {None: "All pairs", **{fold: f"Fold {fold}" for fold in folds}}
    return [
        {"name": name, **{size: _number(known[size, fold]["value"]) for size in SIZES}} for fold, name in names.items()
    ]


def _uses(rows: list[dict[Any, Any]]) -> Iterator[dict[str, str]]:
    """Make the rows of the table that says how often images and people recur."""
    known = {(row["check"], row["group"]): row for row in rows}
    for kind, name in {"image": "An image", "person": "A person"}.items():
        for group, pairs in {None: "all pairs", "impostor": "impostor pairs"}.items():
            found = [known.get((f"{kind}_{use}", group)) for use in USES]
            if all(found):
                mean, most, percents, tens = (row for row in found if row)
                yield {
                    "name": name,
                    "pairs": pairs,
                    "mean": _number(mean["value"]),
                    "most": _number(most["value"]),
                    "percent": percent(percents["value"], 1),
                    "first": _number(percents["n"]),
                    "ten": percent(tens["value"], 1),
                }


def _groups(rows: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    """Make the rows of the table of groups; `scarce` names the classes of which a group has too few pairs."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        for label in CLASSES:
            if row["check"] == f"group_{label}":
                found.setdefault(row["group"], {})[label] = row
    return [
        {
            "name": group,
            **{label: _number(row["value"]) for label, row in found[group].items()},
            "scarce": joined([label for label, row in found[group].items() if row["status"] == NOTE]),
        }
        for group in sorted(found, key=natural)
    ]


def _apart(rows: list[dict[Any, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["check"].endswith("_pairs_apart"):
            yield {"check": row["check"], "value": _number(int(row["value"])), "people": _number(row["n"])}


def _supported(rows: list[dict[Any, Any]]) -> Iterator[dict[str, str]]:
    """Make the rows of the table of what the list supports: by pairs, and by people."""
    known = {(row["check"], row["group"]): row for row in rows}
    for rate, name in RATES.items():
        if (lowest := known.get((f"lowest_{rate}", None))) is not None:
            by_people = known[f"lowest_{rate}_by_people", None]
            yield {"name": name, "what": "lowest told from zero", **_both(lowest, by_people, "")}
        for row in rows:
            if row["check"] == f"{rate}_interval_width":
                by_people = known[f"{rate}_interval_width_by_people", row["group"]]
                at = f"{100 * float(row['group']):g}\u00a0%"
                yield {"name": f"{name} {at}", "what": "width of the interval", **_both(row, by_people, " points")}


def _both(pairs: Row, people: Row, unit: str) -> dict[str, str]:
    """Write a share by pairs and by people; differences between percentages are points."""
    texts = (percent(row["value"]) for row in (pairs, people))
    return dict(zip(("pairs", "people"), (text.replace(" %", unit) if unit else text for text in texts), strict=True))


def _missing(rows: list[dict[Any, Any]]) -> Iterator[dict[str, str]]:
    """Make the rows of the table of what lower false match rates would need."""
    people = {row["group"]: row for row in rows if row["check"] == "people_missing"}
    pairs = [row for row in rows if row["check"] == "impostor_pairs_missing"]
    for row in sorted(pairs, key=lambda row: -float(row["group"])):
        aim = power(int(f"{float(row['group']):e}".partition("e")[2]))
        yield {"aim": aim, "pairs": _number(row["value"]), "people": _number(people[row["group"]]["value"])}
