"""View model of the explorer: its filters, and the pairs that it lists without JavaScript."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from whyface.evaluation.groups import is_range
from whyface.site.views.pair import pair_view
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import natural
from whyface.site.words.vocabulary import OUTCOMES

# Rows that a model and a dataset have without JavaScript, and all of them together: a page stays below 300 KB.
MOST_ROWS, MOST_ROWS_IN_ALL = 20, 200


def explorer_page(shown: Sequence[Shown]) -> dict[str, Any]:
    """Make the explorer's page: the choices of its filters, and the pairs it lists without JavaScript."""
    present = {outcome for one in shown for outcome in set(one.outcomes)}
    folds = {fold for one in shown for fold in one.evaluation.pairs.fold.unique() if fold is not None}
    rows = max(1, min(MOST_ROWS, MOST_ROWS_IN_ALL // len(shown)))
    return {
        "models": list({one.evaluation.model: one.titles["model"] for one in shown}.items()),
        "datasets": list({one.evaluation.dataset: one.titles["dataset"] for one in shown}.items()),
        "outcomes": [(key, name) for key, (name, _, _) in OUTCOMES.items() if key in present],
        "folds": sorted(folds),
        "groups": _group_filters(shown),
        "has_errors": any(OUTCOMES[outcome][1] is False for outcome in present),
        "has_flips": any(row["flipped"] is not None for one in shown for row in one.evaluation.flips.values()),
        "pages_for_all": all(one.pages_for_all for one in shown),
        "has_maps": any(one.evaluation.methods for one in shown),
        "has_known_errors": any((one.evaluation.pairs.known_label_error != "").any() for one in shown),
        "total": f"{sum(len(one.evaluation.pairs) for one in shown):,}",
        "samples": [{**one.titles, "pairs": [pair_view(one, row) for row in _worst(one, rows)]} for one in shown],
    }


def _worst(one: Shown, most: int) -> list[dict[Any, Any]]:
    """Choose the most confident errors; if they are few, then the least sure of the other decisions."""
    pairs = one.evaluation.pairs
    wrong = np.array([OUTCOMES[outcome][1] is False for outcome in one.outcomes], dtype=bool)
    margin = (pairs.cosine_distance.astype(float) - pairs.threshold.astype(float)).abs()
    ranks = pd.DataFrame({"right": ~wrong, "confidence": pairs.confidence.astype(float), "margin": margin})
    ranks.loc[wrong, ["confidence", "margin"]] *= -1
    order = ranks.sort_values(["right", "confidence", "margin"], kind="stable").index[:most]
    return pairs.loc[order].to_dict("records")


def _group_filters(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """Offer each group column of any dataset: its values if they are few, else its range."""
    columns: dict[str, list[pd.Series]] = {}
    datasets: dict[str, list[str]] = {}
    for one in {one.evaluation.dataset: one.evaluation for one in shown}.values():
        for name, column in one.groups.items():
            columns.setdefault(str(name), []).append(column.dropna())
            datasets.setdefault(str(name), []).append(one.dataset)
    filters = []
    for name, parts in columns.items():
        texts = {value for part in parts if not is_range(part) for value in part}
        ranges = [float(end) for part in parts if is_range(part) for end in (part.min(), part.max())]
        view = {"name": name, "datasets": " ".join(datasets[name]), "choices": sorted(texts, key=natural)}
        filters.append({**view, "low": f"{min(ranges):g}", "high": f"{max(ranges):g}"} if ranges else view)
    return filters
