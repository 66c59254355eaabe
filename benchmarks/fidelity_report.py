"""Tables of what benchmarks/fidelity.py measured."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from explainers import DEFAULT
from scipy.stats import kendalltau

from whyface.fidelity.controls import RANDOM_MAP
from whyface.fidelity.effects_of_maps import EFFECTS, ORACLE, SIGNS
from whyface.fidelity.normalisation import Estimate, ratio_of_means, ratios_of_means
from whyface.fidelity.published_protocol import published_areas

ABOUT_PAIRS = (
    "dataset", "pair_id", "outcome", "kind", "fold", "subject_a", "subject_b", "image_a", "image_b", "threshold",
)  # fmt: skip
PAIR = ["dataset", "pair_id"]
ALL_FILLS = "all fills"
ByFill = dict[str, pd.DataFrame]
TITLES = dict(zip(EFFECTS, ("distance", "log10 likelihood ratio"), strict=True))


class Measured(NamedTuple):
    """What files hold: pairs; effects, a row for each pair, method, fill and sign; on the rows of pairs, the rest."""

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
    long = long.astype(dict.fromkeys(EFFECTS, float))
    effects = long.groupby(["pair", "method", "fill", "sign"], sort=False)[list(EFFECTS)].mean().reset_index()
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
        own = found.pairs[chosen & (found.pairs["kind"] == kind)]
        for score, sign in product(EFFECTS, SIGNS):
            effects = effects_by_fill(found, own, score, sign)
            if effects:
                yield f"## {title}, {kind}, evidence for {sign}, in {TITLES[score]}"
                yield markdown(fidelity_table(effects, own))
                yield markdown(agreement_table(effects))


def effects_by_fill(found: Measured, pairs: pd.DataFrame, score: str, sign: str) -> ByFill:
    """Lay out the effects of some pairs, pairs x methods, by fill; none that was not measured."""
    known = found.effects["pair"].isin(pairs.index) & (found.effects["sign"] == sign) & found.effects[score].notna()
    return {
        fill: own.pivot(index="pair", columns="method", values=score).reindex(pairs.index)
        for fill, own in found.effects[known].groupby("fill")
    }


def fidelity_table(effects: ByFill, pairs: pd.DataFrame) -> pd.DataFrame:
    """Normalise the effects of every method under every fill and over fills, and compare the default with each.

    Parameters
    ----------
    effects : mapping of str to pandas.DataFrame
        As `effects_by_fill` gives them.
    pairs : pandas.DataFrame
        The same pairs.

    Returns
    -------
    pandas.DataFrame
        A row for each method, best first; estimates with intervals, as text.
    """
    mean = sum(effects.values()) / len(effects)
    table = pd.DataFrame({"method": mean.columns, "pairs": mean.notna().sum().to_numpy()}, index=mean.columns)
    table = table.drop(index=[RANDOM_MAP, ORACLE])
    for fill, own in {**effects, ALL_FILLS: mean}.items():
        contests = [*((method, RANDOM_MAP) for method in table.index), *((DEFAULT, method) for method in table.index)]
        found = shares(own, pairs, contests)
        table[f"fidelity, {fill}"] = found[: len(table)]
        table[f"default less it, {fill}"] = found[len(table) :]
    best = table[f"fidelity, {ALL_FILLS}"].str[0].sort_values(ascending=False).index
    return table.loc[best].map(lambda value: _text(value) if isinstance(value, tuple) else value)


def shares(effects: pd.DataFrame, pairs: pd.DataFrame, contests: Sequence[tuple[str, str]]) -> list[Estimate]:
    """Measure how far one method lies above another, as a share of how far the oracle lies above a random order.

    Each two are compared on the pairs that both were measured on.
    """
    known = {contest: effects[list(contest)].notna().all(axis=1) for contest in contests}
    found: dict[tuple[str, str], Estimate] = {}
    for mask in {tuple(one): one for one in known.values()}.values():
        alike, own = [contest for contest in contests if known[contest].equals(mask)], effects[mask]
        part = np.stack([own[one] - own[below] for one, below in alike], axis=1)
        whole = (own[ORACLE] - own[RANDOM_MAP]).to_numpy()[:, None]
        estimates = ratios_of_means(part, np.broadcast_to(whole, part.shape), pairs[mask])
        found |= dict(zip(alike, estimates, strict=True))
    return [found[contest] for contest in contests]


def agreement_table(effects: ByFill) -> pd.DataFrame:
    """Compare the methods' rankings between pairs (Krippendorff's alpha) and between fills (Kendall's tau)."""
    ranks = {fill: own.drop(columns=[RANDOM_MAP, ORACLE]).dropna().rank(axis=1) for fill, own in effects.items()}
    rows = [(f"pairs, {fill}", "Krippendorff's alpha", krippendorff(own.to_numpy())) for fill, own in ranks.items()]
    for (first, one), (second, other) in combinations(ranks.items(), 2):
        tau = kendalltau(one.mean(), other.mean()[one.columns]).statistic
        rows.append((f"{first} and {second}", "Kendall's tau", tau))
    return pd.DataFrame([(*what, f"{value:.2f}") for *what, value in rows], columns=["between", "measure", "value"])


def krippendorff(ranks: np.ndarray) -> float:
    """Krippendorff's alpha of interval data without gaps: raters (pairs) x units (methods); NaN if all is alike."""
    if len(ranks) < 2 or np.ptp(ranks) == 0:
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
    value, low, high = estimate
    return f"{value:.2f} (too few people)" if np.isnan(low) else f"{value:.2f} ({low:.2f} to {high:.2f})"


def markdown(table: pd.DataFrame) -> str:
    """Write a table as markdown."""
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
