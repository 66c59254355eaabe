"""Tables of what benchmarks/fidelity.py measured."""

import json
from collections.abc import Iterable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from explainers import DEFAULT
from scipy.stats import kendalltau

from whyface.fidelity.controls import RANDOM_MAP
from whyface.fidelity.effects_of_maps import EFFECTS, ORACLE, SIGNS
from whyface.fidelity.normalisation import Estimate, ratio_of_means
from whyface.fidelity.published_protocol import published_areas

ABOUT_PAIRS = (
    "dataset", "pair_id", "outcome", "kind", "fold", "subject_a", "subject_b", "image_a", "image_b", "threshold",
)  # fmt: skip
PAIR = ["dataset", "pair_id"]
ALL_FILLS = "all fills"
TITLES = dict(zip(EFFECTS, ("distance", "log10 likelihood ratio"), strict=True))


class Measured(NamedTuple):
    """What files hold: pairs, and on the same rows the effects by (score, fill, sign, method), costs, and distances."""

    pairs: pd.DataFrame
    effects: pd.DataFrame
    seconds: pd.DataFrame
    passes: pd.DataFrame
    published: list[dict[str, Any]]


def read_rows(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read the pairs of files, which may not exist yet; a line that is being written is passed over."""
    texts = [path.read_text(encoding="utf-8") for path in paths if path.exists()]
    return [json.loads(line) for text in texts for line in text.split("\n")[:-1]]


def gather(paths: Iterable[Path]) -> Measured:
    """Read files; effects are means over both faces."""
    rows = read_rows(paths)
    pairs = pd.DataFrame([{name: row[name] for name in ABOUT_PAIRS} for row in rows])
    long = pd.DataFrame([{"pair": place, **effect} for place, row in enumerate(rows) for effect in row["effects"]])
    effects = long.pivot_table(list(EFFECTS), "pair", ["fill", "sign", "method"], "mean").reindex(pairs.index)
    costs = [
        pd.DataFrame([{name: one[what] for name, one in row["cost"].items()} for row in rows])
        for what in ("seconds", "passes")
    ]
    return Measured(pairs, effects, *costs, [row.get("published", {}) for row in rows])


def report(paths: Iterable[Path]) -> str:
    """Print all tables as markdown: of all datasets together, then of each."""
    found = gather(paths)
    counts = found.pairs.groupby(["dataset", "outcome"]).size().unstack(fill_value=0)
    parts = ["# Pairs", markdown(counts.reset_index()), "# Cost, medians a pair", markdown(cost_table(found))]
    for dataset in ("", *found.pairs["dataset"].drop_duplicates()):
        chosen = (found.pairs["dataset"] == dataset) if dataset else pd.Series(True, found.pairs.index)
        parts += _dataset_parts(found, chosen, dataset or "all datasets")
    if any(found.published):
        parts += ["# Published protocol: face a, black", markdown(published_table(found))]
    return "\n\n".join(parts) + "\n"


def _dataset_parts(found: Measured, chosen: pd.Series, title: str) -> Iterator[str]:
    for kind in found.pairs.loc[chosen, "kind"].drop_duplicates().sort_values():
        own = chosen & (found.pairs["kind"] == kind)
        for score, sign in product(EFFECTS, SIGNS):
            effects = found.effects.loc[own, score].dropna(axis=1, how="all")
            if not effects.empty:
                yield f"## {title}, {kind}, evidence for {sign}, in {TITLES[score]}"
                yield markdown(fidelity_table(effects, found.pairs[own], sign))
                yield markdown(agreement_table(effects, sign))


def fidelity_table(effects: pd.DataFrame, pairs: pd.DataFrame, sign: str) -> pd.DataFrame:
    """Normalise the effects of every method under every fill and over fills, and compare the default with each.

    Parameters
    ----------
    effects : pandas.DataFrame
        Effects of pairs, by (fill, sign, method).
    pairs : pandas.DataFrame
        The same pairs.
    sign : str
        same or different.

    Returns
    -------
    pandas.DataFrame
        A row for each method, best first; estimates with intervals, as text.
    """
    by_fill = {fill: effects[fill][sign] for fill in effects.columns.levels[0] if fill in effects}
    by_fill[ALL_FILLS] = sum(by_fill.values()) / len(by_fill)
    rows = []
    for method in by_fill[ALL_FILLS].columns.drop([RANDOM_MAP, ORACLE]):
        row = {"method": method, "pairs": int(by_fill[ALL_FILLS][method].notna().sum())}
        for fill, own in by_fill.items():
            row[f"fidelity, {fill}"] = share(own, pairs, method, RANDOM_MAP)
            row[f"default less it, {fill}"] = share(own, pairs, DEFAULT, method)
        rows.append(row)
    rows.sort(key=lambda row: -row[f"fidelity, {ALL_FILLS}"][0])
    return pd.DataFrame(rows).map(lambda value: _text(value) if isinstance(value, tuple) else value)


def share(effects: pd.DataFrame, pairs: pd.DataFrame, method: str, below: str) -> Estimate:
    """Measure how far one method lies above another, as a share of how far the oracle lies above a random order."""
    known = effects[[method, below]].notna().all(axis=1)
    own = effects[known]
    part, whole = own[method] - own[below], own[ORACLE] - own[RANDOM_MAP]
    return ratio_of_means(part.to_numpy(), whole.to_numpy(), pairs[known])


def agreement_table(effects: pd.DataFrame, sign: str) -> pd.DataFrame:
    """Compare the methods' rankings between pairs (Krippendorff's alpha) and between fills (Kendall's tau)."""
    by_fill = {
        fill: effects[fill][sign].drop(columns=[RANDOM_MAP, ORACLE]).dropna() for fill in effects.columns.levels[0]
    }
    rows = [
        {
            "between": f"pairs, {fill}",
            "measure": "Krippendorff's alpha",
            "value": krippendorff(own.rank(axis=1).to_numpy()),
        }
        for fill, own in by_fill.items()
    ]
    for (first, one), (second, other) in combinations(by_fill.items(), 2):
        means = [own.rank(axis=1).mean() for own in (one, other)]
        tau = kendalltau(means[0], means[1][means[0].index]).statistic
        rows.append({"between": f"{first} and {second}", "measure": "Kendall's tau", "value": tau})
    return pd.DataFrame(rows).assign(value=lambda table: table["value"].map("{:.2f}".format))


def krippendorff(ranks: np.ndarray) -> float:
    """Krippendorff's alpha of interval data without gaps: raters (pairs) x units (methods)."""
    if len(ranks) < 2:
        return np.nan
    return float(1 - ranks.var(axis=0, ddof=1).mean() / ranks.var(ddof=1))


def cost_table(found: Measured) -> pd.DataFrame:
    """List each method's cost: passes of the model, and seconds, a pair; maps only, not what judging them takes."""
    passes, seconds = found.passes.median(), found.seconds.median()
    return pd.DataFrame({"method": passes.index, "passes": passes.astype(int), "seconds": seconds.round(1)})


def published_table(found: Measured) -> pd.DataFrame:
    """Average the published areas of all pairs and of each kind."""
    rows = []
    for method in dict.fromkeys(name for one in found.published for name in one):
        known = [method in one for one in found.published]
        pairs = found.pairs[known]
        curves = np.array([one[method] for one in found.published if method in one])
        is_genuine, ones = (pairs["kind"] == "genuine").to_numpy(), np.ones(len(pairs))
        areas = [published_areas(curves[:, place], is_genuine, pairs["threshold"].to_numpy()) for place in (0, 1)]
        values = [_text(ratio_of_means(area, ones, pairs)) for area in areas]
        rows.append({"method": method, "pairs": len(pairs), "deletion, low": values[0], "insertion, high": values[1]})
    return pd.DataFrame(rows)


def _text(estimate: Estimate) -> str:
    return "{:.2f} ({:.2f} to {:.2f})".format(*estimate)


def markdown(table: pd.DataFrame) -> str:
    """Write a table as markdown."""
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
