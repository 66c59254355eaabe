"""View model of the report's section on errors: worst slices, what errors have in common, suspected labels."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from whyface.evaluation.conditions import WORSE
from whyface.site.views.pair import pair_view
from whyface.site.views.quality import NAMES as QUALITIES
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count, fixed, people_behind, percent, share_range

LEVEL = 0.05
MOST_CARDS, CLUSTER_CARDS = 10, 4
GRID_PX = 56
KINDS = {"genuine": "false-non-match", "impostor": "false-match"}
NAMES = ("class", "condition", "and_condition")
SURE, DOUBTFUL = 0.01, 0.001  # priors of a wrong label


def errors_of(one: Shown) -> dict[str, Any] | None:
    """Make the section; None where nobody looked, or where pairs are made to test maps."""
    found = one.evaluation
    if one.tests_maps or not (found.slices or found.suspects):
        return None
    worst = sorted((row for row in found.slices if _is_worst(row)), key=lambda row: -row["excess"])
    where = f"model={found.model}/dataset={found.dataset}"
    files = {name: f"data/{name}/{where}/{name}.parquet" for name in ("slices", "clusters")}
    return {
        "tested": count(len(found.slices), "slice"),
        "worst": [_slice(one, row) for row in worst],
        "findable": [_findable(found.slices, kind) for kind in KINDS if _tested(found.slices, kind)],
        "clusters": [_cluster(one, row) for row in [*worst, None]],
        "suspects": _grouped(one)[:MOST_CARDS],
        "suspected": count(len(found.suspects), "label"),
        "files": {**files, "suspects": f"data/suspects/dataset={found.dataset}/suspects.parquet"},
    }


def _is_worst(row: Mapping[Any, Any]) -> bool:
    return row["adjusted"] is not None and row["adjusted"] <= LEVEL


def _tested(slices: list[dict[Any, Any]], kind: str) -> list[dict[Any, Any]]:
    """Select the slices of a class that have enough people."""
    own = (row for row in slices if row["class"] == kind)
    return [row for row in own if row["p_value"] is not None or row["findable"] is not None]


def _findable(slices: list[dict[Any, Any]], kind: str) -> str:
    """Say what could have been found among the pairs of a class."""
    for row in slices:
        if row["class"] == kind and row["findable"] is not None:
            rates = f"{percent(row['findable'], 1)} instead of {percent(row['rest'], 1)}"
            return f"{count(row['n'], f'{kind} pair')} with an error rate of {rates}"
    return f"{kind} pairs at no error rate"


def _slice(one: Shown, row: Mapping[Any, Any]) -> dict[str, str]:
    """Write a slice, with the explorer's query for its errors if that can express it."""
    queries = [_query(one, row[name]) for name in NAMES[1:] if row[name]]
    outcome = f"&outcome={KINDS[row['class']]}"
    return {
        "name": _name(row),
        "explorer": one.titles["explorer"] + outcome + "".join(queries) if all(queries) else "",
        "errors": f"{row['errors']:,} of {row['n']:,}",
        "people": people_behind(row["people"]),
        "rate": percent(row["rate"], 1),
        "interval": share_range(row["ci_low"], row["ci_high"]),
        "rest": percent(row["rest"], 1),
        "excess": fixed(row["excess"], 1),
        "adjusted": fixed(row["adjusted"], 3),
    }


def _query(one: Shown, condition: str) -> str:
    """Express "column=value" for the explorer; empty for thirds. A column's own name may hold "="."""
    columns = [name for name in one.evaluation.groups if condition.startswith(f"{name}=")]
    return next(filter(None, (one.group_query(name, condition[len(name) + 1 :]) for name in columns)), "")


def _name(row: Mapping[Any, Any]) -> str:
    """Say what pairs are in a slice."""
    conditions = [_in_words(row[name]) for name in NAMES[1:] if row[name]]
    return f"{row['class'].capitalize()} pairs, {' and '.join(conditions)}"


def _in_words(condition: str) -> str:
    """Write "column=value"; qualities under the names that they have elsewhere on the page."""
    column, is_quality, third = condition.rpartition(f"{WORSE}=")
    name = QUALITIES.get(column, column).partition(",")[0]
    return f"{name} of the worse image: {third}" if is_quality else condition.replace("=", ": ", 1)


def _cluster(one: Shown, worst: Mapping[Any, Any] | None) -> dict[str, Any]:
    """Show the errors counted to a slice; None: to none."""
    key = tuple(worst[name] for name in NAMES[1:]) if worst else ("", "")
    own = [
        one.rows.of(row["pair_id"])
        for row in one.evaluation.clusters
        if (row["condition"], row["and_condition"]) == key and (not worst or row["class"] == worst["class"])
    ]
    places = Counter(filter(None, (_flip_region(one, row) for row in own)))
    return {
        "name": _name(worst) if worst else "Nothing in common found",
        "count": count(len(own), "error"),
        "flips": ", ".join(f"{name} ({count(number, 'pair')})" for name, number in places.most_common(3)),
        "pairs": [pair_view(one, row) for row in own[:CLUSTER_CARDS]],
    }


def _flip_region(one: Shown, row: Mapping[Any, Any]) -> str:
    """Name the region under the middle of the smallest patch that turns a decision; empty without one."""
    flip = one.evaluation.flips.get(row["pair_id"])
    if not flip or not flip["flipped"]:
        return ""
    regions = one.regions(row, GRID_PX)
    scale = GRID_PX / one.config["models"][one.evaluation.model]["input_px"]
    x, y = (min(int((flip[f"{axis}_px"] + flip["patch_px"] / 2) * scale), GRID_PX - 1) for axis in "xy")
    return list(regions.by_name)[regions.places[y, x]]


def _grouped(one: Shown) -> list[dict[str, Any]]:
    """Collect suspects that share a wrong image, or else the two people, by their best score."""
    entries: dict[Any, list[dict[Any, Any]]] = {}
    for row in one.evaluation.suspects:
        pair = one.rows.of(row["pair_id"])
        people = frozenset((pair["subject_a"], pair["subject_b"])) - {""}
        key = row["wrong_image"] or (people if len(people) > 1 else row["pair_id"])
        entries.setdefault(key, []).append(row)
    return [
        {
            "image": rows[0]["wrong_image"],
            "people": sorted(key) if isinstance(key, frozenset) else [],
            "pairs": [_suspect(one, row) for row in rows[:MOST_CARDS]],
            "more": count(len(rows) - MOST_CARDS, "more pair") if len(rows) > MOST_CARDS else "",
        }
        for key, rows in entries.items()
    ]


def _suspect(one: Shown, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Show a pair whose label may be wrong, and say why."""
    low, high = (_chance(row["score"], prior) for prior in (DOUBTFUL, SURE))
    return {
        "pair": pair_view(one, one.rows.of(row["pair_id"])),
        "label": "same person" if row["is_genuine"] else "different people",
        "reasons": _reasons(row),
        "chance": f"{percent(low, 0)} to {percent(high, 0)}",
    }


def _chance(bans: float, prior: float) -> float:
    """Probability that a label is wrong, from the evidence against it and how often labels are."""
    odds = 10**bans * prior / (1 - prior)
    return float(odds / (1 + odds))


def _ratio(bans: float) -> str:
    """Write a likelihood ratio in two digits."""
    return f"{float(f'{10**bans:.2g}'):,.0f}"


def _reasons(row: Mapping[Any, Any]) -> list[str]:
    """Say what speaks against a label."""
    models = f"{row['contradicting']:,} of {count(row['models'], 'model')}"
    told = "different people" if row["is_genuine"] else "one person"
    reasons = [f"{models} and every calibrator see {told}: {_ratio(row['pair_llr'])} to 1 at least."]
    if row["photos_llr"] is None:
        return [*reasons, "There are no other photos of them to compare."]
    own, cross = (
        [f"{side.upper()} {fixed(row[f'{kind}_{side}'], 2)}" for side in "ab" if row[f"{kind}_{side}"] is not None]
        for kind in ("own", "cross")
    )
    if own:
        reasons.append(f"Mean distance to other photos of its own person: {', '.join(own)}.")
    if cross and not row["is_genuine"]:
        reasons.append(f"To other photos of the other’s person: {', '.join(cross)}.")
    return reasons
