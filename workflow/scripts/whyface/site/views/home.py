"""View model of the start page, and the pages that every page leads to."""

from typing import Any

from whyface.site.content.averages import averaged_pairs
from whyface.site.content.pair_rows import outcome_of
from whyface.site.views.mean_maps import average_card
from whyface.site.views.pair import pair_view
from whyface.site.views.protocol import faults_of_list
from whyface.site.views.report import acquisition
from whyface.site.views.shown import Shown
from whyface.site.views.verdict import known_differences, verdict
from whyface.site.words.numbers import MISSING, count
from whyface.site.words.vocabulary import OUTCOMES


def navigation(shown: list[Shown]) -> list[tuple[str, str]]:
    """List the pages that every page leads to: address from the site's root, and name."""
    tested = benchmarks(shown) or shown
    first = tested[0].titles
    several = len(tested) > 1
    trust = list(dict.fromkeys(one.titles["trust"] for one in shown if one.titles["trust"]))
    found = [
        ("explore.html", "Explore"),
        ("index.html#reports", "Reports") if several else (first["page"], "Report"),
        ("index.html#regions" if several else first["regions"], "Regions"),
        *[("index.html#trust" if len(trust) > 1 else href, "Trust") for href in trust[:1]],
        ("method.html", "Method"),
        ("data.html", "Data"),
        ("about.html", "Limits & sources"),
    ]
    # The start page has cards only where there is something to average; a page of regions says if there is nothing.
    has_regions = any(averaged_pairs(one.evaluation).any() for one in tested) if several else first["regions"]
    return [(href, name) for href, name in found if name != "Regions" or has_regions]


def home(shown: list[Shown]) -> dict[str, Any]:
    """Make the start page: one striking pair, and a row and a mean map for each model and benchmark."""
    tested = benchmarks(shown)
    errors = sum(_errors(one) for one in tested)
    rows = [_home_row(one) for one in tested]
    return {
        "rows": rows,
        "nobody_looked": any(row["acquired"]["lost"] == MISSING for row in rows),
        "striking": next((pair for one in tested if (pair := _striking(one))), None),
        "averages": [card for one in tested if (card := average_card(one))],
        "trust": [
            view for model in dict.fromkeys(one.evaluation.model for one in shown) if (view := _trust(shown, model))
        ],
        "totals": {
            "pairs": count(sum(len(one.rows) for one in shown), "pair"),
            "errors": errors,
        },
    }


def benchmarks(shown: list[Shown]) -> list[Shown]:
    """Leave out pairs that are made to test maps: they are no measure of a model's accuracy."""
    return [one for one in shown if not one.tests_maps]


def _trust(shown: list[Shown], model: str) -> dict[str, Any] | None:
    """Say how far to trust a model's maps, and which pairs test them; None if nothing does."""
    own = [one for one in shown if one.evaluation.model == model]
    tests = [{**one.titles, "pairs": known_differences(one)} for one in own if one.tests_maps]
    if not tests and not own[0].titles["trust"]:
        return None
    return {**own[0].titles, "verdict": verdict(own[0], own[0].titles["dataset"]), "tests": tests}


def _striking(one: Shown) -> dict[str, Any] | None:
    """Choose the most confident error with maps; without one, the least sure decision with maps."""
    mapped = [row for row in map(one.rows.of, sorted(one.evaluation.methods)) if row["confidence"] is not None]
    wrong = [r for r in mapped if OUTCOMES[outcome_of(r)][1] is False and not r["known_label_error"]]
    if wrong:
        row = max(wrong, key=lambda row: row["confidence"])
    elif mapped:
        row = min(mapped, key=lambda row: row["confidence"])
    else:
        return None
    return {**one.titles, **pair_view(one, row), "synthetic": one.synthetic}


def _errors(one: Shown) -> int:
    return sum(OUTCOMES[outcome][1] is False for outcome in one.outcomes)


def _home_row(one: Shown) -> dict[str, Any]:
    shown = (("accuracy", ""), ("eer", ""), ("cllr", one.confidence_method))
    return {
        **one.titles,
        "metrics": [one.metrics.cell(*metric) for metric in shown],
        "pairs": f"{len(one.rows):,}",
        "errors": f"{_errors(one):,}",
        "errors_in": f"{one.titles['explorer']}&outcome=errors&sort=-confidence",
        "acquired": acquisition(one.evaluation),
        "list_faults": faults_of_list(one),
    }
