"""View model of the page of regions: mean maps over a mean face, and what they say in words and numbers."""

from pathlib import Path
from typing import Any

import numpy as np

from whyface.evaluation.people import Spread
from whyface.site.content.averages import LEAST_PAIRS, Averages, average_maps, lay_out
from whyface.site.views.mean_maps import LEADING, MeanMaps, outline
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import MISSING, count, fixed, joined, power, scientific
from whyface.site.words.vocabulary import MAP_METHODS, OUTCOMES
from whyface.tables.parquet import read_table
from whyface.tables.schemas import SELECTION

OUTLINE_PX = 112  # finer than the maps, so that outlines look round
REASONS = {
    "error": "wrong",
    "least-sure": "near the threshold",
    "sample": "drawn at random from each outcome",
    "free": "whose images were occluded anyway",
}


def region_page(one: Shown, results: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Make the page of regions, and its images by path; it has no averages if no pair with maps shows two faces."""
    evaluation = one.evaluation
    model, dataset = evaluation.model, evaluation.dataset
    averages = average_maps(evaluation, one.config["models"][model]["alignment"])
    images = MeanMaps(one)
    views = {
        **one.titles,
        "methods": [],
        "total": f"{len(one.rows):,}",
        "explained": f"{len(evaluation.methods):,}",
        "is_all": len(evaluation.methods) == len(one.rows),
        "failed": one.failed_maps,
        "reasons": _reasons(one, results),
        "explanations": f"data/explanations/model={model}/dataset={dataset}/explanations.parquet",
    }
    return views | (_averages(averages, images, results) if averages else {}), images.files


def _averages(averages: Averages, images: MeanMaps, results: Path) -> dict[str, Any]:
    """Describe the averages, and draw them."""
    one, pairs = images.one, len(averages.groups[0].members)
    methods = [_method(averages, name, images, groups=not place) for place, name in enumerate(averages.methods)]
    alignment = one.config["models"][one.evaluation.model]["alignment"]
    return {
        "methods": methods,
        "main": methods[0],
        "leading": _leading(methods[0]["panels"]),
        "columns": _columns(averages, methods[0]),
        "contrasts": [_contrast(averages, place, methods[0], images) for place in range(len(averages.contrasts))],
        "face": images.add_face(results),
        "outline": outline(lay_out(one.evaluation, alignment, OUTLINE_PX)),
        "regions_named": averages.regions,
        "averaged": count(pairs, "pair"),
        "lost": len(one.evaluation.methods) - pairs,
        "least": LEAST_PAIRS,
    }


def _method(averages: Averages, name: str, images: MeanMaps, groups: bool) -> dict[str, Any]:
    """Describe one saliency method: panels of all pairs, of outcomes and, if asked, of groups; and a table."""
    means = averages.methods[name]
    plain = [place for place, group in enumerate(averages.groups) if group.column in ("", "outcome")]
    scale = _scale(means.maps[[place for place in plain if means.counts[place]]])
    unit = _unit(means.regions[plain])
    places = range(len(averages.groups)) if groups else plain
    panels = {place: _panel(averages, name, place, scale, images) for place in places}
    return {
        "name": name,
        "meaning": MAP_METHODS[name],
        "scale": scientific(scale),
        "panels": [panels[place] for place in plain],
        "by_place": panels,
        "unit": power(unit),
        "exponent": unit,
        "rows": _rows(averages.regions, means.regions[plain], [means.spreads[place] for place in plain], unit),
        "said": panels[0]["said"],
    }


def _leading(panels: list[dict[str, Any]]) -> dict[str, Any]:
    """Choose the panel that leads the page: true matches if there are enough, else all pairs."""
    return next((one for one in panels if one["key"] == LEADING and not one["few"]), panels[0])


def _columns(averages: Averages, main: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe each group column by the first method: a panel and a column of numbers for each value."""
    means = averages.methods[main["name"]]
    columns: dict[str, list[int]] = {}
    for place, group in enumerate(averages.groups):
        if group.column not in ("", "outcome"):
            columns.setdefault(group.column, []).append(place)
    return [
        {
            "name": name,
            "panels": [main["by_place"][place] for place in places],
            "rows": _rows(
                averages.regions, means.regions[places], [means.spreads[at] for at in places], main["exponent"]
            ),
        }
        for name, places in columns.items()
    ]


def _panel(averages: Averages, method: str, place: int, scale: float, images: MeanMaps) -> dict[str, Any]:
    """Describe the mean map of one group, and draw it."""
    group, means = averages.groups[place], averages.methods[method]
    pairs, is_outcome = int(means.counts[place]), group.column == "outcome"
    name = OUTCOMES[group.value][0] if is_outcome else group.value or "All"
    key = group.value if is_outcome else place or "all"
    said = _said(averages.regions, means.regions[place], means.spreads[place])
    clear = [f"clearly for {side}: {said[side]}" for side in ("same", "different") if said[side]]
    return {
        "name": name,
        "key": group.value if is_outcome else "",
        "pairs": count(pairs, "pair"),
        "few": pairs < LEAST_PAIRS,
        "maps": images.add(f"{method}-{key}", means.maps[place], scale) if pairs else {},
        "said": said,
        "alt": f"Mean map of {count(pairs, 'pair')}, {name}; {'; '.join(clear) or 'no region is clearly for either'}",
    }


def _scale(maps: np.ndarray) -> float:
    """Choose the value of full colour: the largest absolute value."""
    return float(np.abs(maps).max()) or 1.0


def _unit(values: np.ndarray) -> int:
    """Choose the power of ten that gives the largest value one digit before the point."""
    largest = np.nanmax(np.abs(values))
    return int(np.floor(np.log10(largest))) if largest > 0 else 0


def _rows(regions: tuple[str, ...], values: np.ndarray, spreads: list[list[Spread]], unit: int) -> list[dict[str, Any]]:
    """Write out a table of means, groups x regions: a row for each region, a cell for each group."""
    values = values / 10.0**unit
    halves = np.array([[one.reach * one.error for one in group] for group in spreads]) / 10.0**unit
    reach = float(np.nanmax(np.abs(values) + np.nan_to_num(halves))) or 1.0
    return [
        {
            "region": region,
            "cells": [_cell(v, half, reach) for v, half in zip(values[:, at], halves[:, at], strict=True)],
        }
        for at, region in enumerate(regions)
    ]


def _cell(value: float, half: float, reach: float) -> dict[str, Any]:
    """Write a mean with its interval, `half` to either side, and draw both: a bar from 0, and a line; -100 to 100."""
    if np.isnan(value):
        return {"value": MISSING, "interval": "", "bar": None}
    bar: dict[str, Any] = {"at": round(100 * min(value, 0) / reach, 1), "width": round(100 * abs(value) / reach, 1)}
    bar |= {"side": "same" if value > 0 else "different", "line": ""}
    if np.isnan(half):
        return {"value": fixed(value, 2), "interval": "", "bar": bar}
    low, high = value - half, value + half
    bar["line"] = f"M{100 * low / reach:.1f} 6H{100 * high / reach:.1f}"
    return {"value": fixed(value, 2), "interval": f"{fixed(low, 2)} to {fixed(high, 2)}", "bar": bar}


def _contrast(averages: Averages, place: int, main: dict[str, Any], images: MeanMaps) -> dict[str, Any]:
    """Compare wrong with right decisions on pairs of one kind, by the first method."""
    means, (wrong, right) = averages.methods[main["name"]], averages.contrasts[place]
    difference = means.maps[wrong] - means.maps[right]
    scale = _scale(difference)
    values, spreads = means.differences[[place]], means.difference_spreads[place]
    unit = _unit(values)
    names = [main["by_place"][at]["name"] for at in (wrong, right)]
    return {
        "wrong": main["by_place"][wrong],
        "right": main["by_place"][right],
        "few": min(means.counts[wrong], means.counts[right]) < LEAST_PAIRS,
        "maps": images.add(f"{main['name']}-contrast-{place}", difference, scale),
        "alt": f"Mean map of {names[0]} less that of {names[1]}",
        "scale": scientific(scale),
        "unit": power(unit),
        "rows": _rows(averages.regions, values, [spreads], unit),
        "said": _said(averages.regions, values[0], spreads),
    }


def _said(regions: tuple[str, ...], values: np.ndarray, spreads: list[Spread]) -> dict[str, str]:
    """Name the regions clear of 0, the clearest first; all regions share the level (Bonferroni)."""
    level = 1 - 0.025 / len(regions)
    needed = np.array([one.error * one.quantile(level) if one.error > 0 else np.inf for one in spreads])
    ratios = np.nan_to_num(values / needed)
    order = np.argsort(-np.abs(ratios), kind="stable")
    clear = [(regions[at], ratios[at]) for at in order if abs(ratios[at]) > 1]
    return {
        "same": joined([region for region, ratio in clear if ratio > 0]),
        "different": joined([region for region, ratio in clear if ratio < 0]),
    }


def _reasons(one: Shown, results: Path) -> str:
    """Say why these pairs got maps and not others; empty if all were selected, or if nothing says why."""
    model, dataset = one.evaluation.model, one.evaluation.dataset
    path = results / f"tables/selection/model={model}/dataset={dataset}/selection.parquet"
    if not path.exists():
        return ""
    found = read_table(path, SELECTION).reason.value_counts()
    return joined([f"{found[key]:,} {words}" for key, words in REASONS.items() if key in found])
