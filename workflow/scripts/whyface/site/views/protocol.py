"""View model of the page on a pair list: what is wrong with it, what it holds, and which figures it supports."""

from collections.abc import Iterator, Mapping
from typing import Any

from whyface.evaluation.check_words import CHECKS, MEASURED
from whyface.evaluation.finding_words import (
    CLASSES,
    found_with,
    number,
    scarce_groups,
    scarce_words,
    title_of,
    value_of,
    whole,
)
from whyface.lists.findings import FAULT, NOTE, OK
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import MISSING, count, missing, natural, percent, power

Row = Mapping[Any, Any]
SIZES = ("pairs", "genuine", "impostor", "people", "images")
RATES = {"fmr": "FMR", "fnmr": "FNMR", "accuracy": "Accuracy"}
USES = ("uses_mean", "uses_max", "top_percent_share", "top_ten_share")


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
        "scarce": dict(zip(("title", "detail"), scarce_words(rows), strict=True)),
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
    """Count what is wrong: "2 faults, 1 note."; empty if nobody looked."""
    rows = one.evaluation.protocol
    notes = len(found_with(rows, NOTE)) + any(scarce_words(rows))
    if not rows:
        return ""
    return f"{faults_of_list(one) or 'No fault'}, {count(notes, 'note') if notes else 'no note'}."


def faults_of_list(one: Shown) -> str:
    """Count the faults: "4 faults"; empty if there is none, or nobody looked."""
    faults = len(found_with(one.evaluation.protocol, FAULT))
    return count(faults, "fault") if faults else ""


def _findings(rows: list[dict[Any, Any]], status: str) -> Iterator[dict[str, str]]:
    """Say what was found, the most serious first."""
    for row in found_with(rows, status):
        meaning = CHECKS[row["check"]].meaning
        yield {"title": title_of(row), "value": value_of(row), "meaning": meaning, "detail": row["detail"]}


def _number(value: float | None) -> str:
    return MISSING if value is None or missing(value) else number(value)


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


def _groups(rows: list[dict[Any, Any]]) -> list[dict[str, str]]:
    """Make the rows of the table of groups; `scarce` names the classes of which a group has too few pairs."""
    counts = {(row["check"], row["group"]): _number(row["value"]) for row in rows}
    scarce = scarce_groups(rows)
    return [
        {
            "name": group,
            **{label: counts[f"group_{label}", group] for label in CLASSES},
            "scarce": " and ".join(scarce.get(group, [])),
        }
        for group in sorted({group for check, group in counts if check == f"group_{CLASSES[0]}"}, key=natural)
    ]


def _apart(rows: list[dict[Any, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["check"].endswith("_pairs_apart"):
            yield {"check": row["check"], "value": number(whole(row["value"])), "people": _number(row["n"])}


def _supported(rows: list[dict[Any, Any]]) -> Iterator[dict[str, str]]:
    """Make the rows of the table of what the list supports: by pairs, and by people."""
    known = {(row["check"], row["group"]): row for row in rows}
    for rate, name in RATES.items():
        if (lowest := known.get((f"lowest_{rate}", None))) is not None:
            by_people = known[f"lowest_{rate}_by_people", None]
            yield {"name": name, "what": "lowest rate distinguishable from zero", **_both(lowest, by_people, "")}
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
