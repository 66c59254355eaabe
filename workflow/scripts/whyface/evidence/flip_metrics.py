"""How many decisions one patch turns, and how well the flip margin finds errors."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from whyface.evaluation.intervals import share_interval
from whyface.evaluation.operating_points import Estimate, OperatingPoints
from whyface.evaluation.people import People, mean_part
from whyface.scores.decisions import OUTCOMES
from whyface.tables.schemas import FLIP_METRICS


def flip_metrics(pairs: pd.DataFrame, scores: pd.DataFrame, flips: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Make a table of flip metrics.

    Parameters
    ----------
    pairs, scores, flips : pandas.DataFrame
        Tables.
    groups : pandas.DataFrame
        Group columns, a row for each of `pairs`; null where a pair is in no group.
    """
    decided = scores.loc[scores["decision"].notna(), ["pair_id", "cosine_distance", "threshold", "outcome", "llr"]]
    own = pairs[["pair_id", "subject_a", "subject_b", "image_a", "image_b"]].merge(decided, on="pair_id")
    known = own.merge(flips.loc[flips["flipped"].notna(), ["pair_id", "flipped", "margin"]], on="pair_id")
    judge = _Judge(known, known["pair_id"].nunique() == len(own))
    places = dict(_places(groups, groups.set_index(pairs["pair_id"]).loc[known["pair_id"]]))
    return pd.DataFrame([*judge.shares(places), *judge.areas()], columns=FLIP_METRICS.schema.names)


def _places(groups: pd.DataFrame, known: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Find the rows of each group among `known` pairs; none where a group of all pairs is not among them."""
    for name, column in groups.items():
        for value in sorted(column.dropna().unique()):
            yield f"{name}={value}", np.flatnonzero(known[name] == value)


class _Judge:
    """Judges pairs whose flip is known; `is_all` says whether those are all that have a decision."""

    def __init__(self, known: pd.DataFrame, is_all: bool):
        self._known, self._is_all = known, is_all
        self._people = People(known)

    def shares(self, groups: Mapping[str, np.ndarray]) -> Iterator[tuple[Any, ...]]:
        """Share of the decisions that one patch turns, over all, by outcome and in groups, given their pairs' rows."""
        turned = self._known["flipped"].to_numpy(float)
        outcomes = {f"outcome={one}": np.flatnonzero(self._known["outcome"] == one) for one in OUTCOMES}
        for group, rows in {"all": np.arange(len(turned)), **outcomes, **groups}.items():
            own = turned[rows]
            value = float(own.mean()) if len(own) else np.nan
            yield self._row("turned", "", group, Estimate(value, [mean_part(rows, own)]), rows)

    def areas(self) -> Iterator[tuple[Any, ...]]:
        """How often an error has a lower score than a right decision, by what scores them."""
        labelled = np.flatnonzero(self._known["outcome"].notna())
        own = self._known.iloc[labelled]
        wrong = own["outcome"].str.startswith("false").to_numpy(bool)
        scores = {
            "margin": own["margin"].fillna(np.inf),  # no patch moves the pair towards the threshold
            "llr": own["llr"].abs(),
            "distance": (own["cosine_distance"] - own["threshold"]).abs(),
        }
        for name, values in scores.items():
            is_known = self._is_all and values.notna().all() and 0 < wrong.sum() < len(wrong)
            area = OperatingPoints(values.to_numpy(float), wrong).area() if is_known else Estimate(np.nan, [])
            parts = [part._replace(rows=labelled[part.rows]) for part in area.parts]
            yield self._row("auc", name, "all", Estimate(area.value, parts), labelled)

    def _row(self, metric: str, score: str, group: str, found: Estimate, rows: np.ndarray) -> tuple[Any, ...]:
        spread = self._people.spread(found.parts)
        return (
            metric,
            score,
            group,
            found.value,
            *share_interval(found.value, spread),
            len(rows),
            self._people.count(rows),
        )
