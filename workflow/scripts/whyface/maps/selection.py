"""Which pairs get maps: all, or a stated, seeded selection that a laptop can afford."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from whyface.scores.decisions import OUTCOMES

ERRORS = ("false-match", "false-non-match")


class Scored(NamedTuple):
    """A dataset as one model scored it: its collection, and the tables scores and pairs."""

    collection: str
    scores: pd.DataFrame
    pairs: pd.DataFrame


def select_pairs(datasets: Mapping[str, Scored], select: str | Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Choose pairs of every dataset.

    Parameters
    ----------
    datasets : mapping of str to Scored
        By name. Pairs without a decision have no maps and are never chosen.
    select : str or mapping
        `all`, or any of `errors` (all, or how many, the most confident first), `least_sure` (how many),
        `per_outcome` (a random sample of so many of each outcome, and of unlabelled pairs), `seed`: of each dataset.
        Whatever other pairs the images of these form join them: all the work is in the images, which datasets of one
        collection share.

    Returns
    -------
    dict of str to pandas.DataFrame
        pair_id, reason, by dataset; a pair chosen for several reasons carries the first.
    """
    chosen = {name: _choose(one.scores[one.scores["decision"].notna()], select) for name, one in datasets.items()}
    occluded: dict[str, set[str]] = {one.collection: set() for one in datasets.values()}
    for name, one in datasets.items():
        rows = one.pairs["pair_id"].isin(chosen[name]["pair_id"])
        occluded[one.collection].update(one.pairs.loc[rows, "image_a"], one.pairs.loc[rows, "image_b"])
    for name, one in datasets.items():
        has_decision = one.pairs["pair_id"].isin(one.scores.loc[one.scores["decision"].notna(), "pair_id"])
        both = one.pairs[["image_a", "image_b"]].isin(occluded[one.collection]).all(axis=1)
        free = one.pairs.loc[has_decision & both, ["pair_id"]].assign(reason="free")
        chosen[name] = pd.concat([chosen[name], free]).drop_duplicates("pair_id").reset_index(drop=True)
    return chosen


def _choose(decided: pd.DataFrame, select: str | Mapping[str, Any]) -> pd.DataFrame:
    if isinstance(select, str):
        return decided[["pair_id"]].assign(reason="all")
    errors = decided[decided["outcome"].isin(ERRORS)].sort_values("confidence", ascending=False, kind="stable")
    wanted = select.get("errors", 0)
    least_sure = decided.sort_values("confidence", kind="stable")
    parts = {
        "error": errors if wanted == "all" else errors.head(wanted),
        "least-sure": least_sure.head(select.get("least_sure", 0)),
        "sample": _sample_outcomes(decided, select.get("per_outcome", 0), select.get("seed", 0)),
    }
    rows = pd.concat([part[["pair_id"]].assign(reason=reason) for reason, part in parts.items()])
    return rows.drop_duplicates("pair_id")


def _sample_outcomes(decided: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    outcomes = decided["outcome"].fillna("unlabelled")
    samples = []
    for outcome in (*OUTCOMES, "unlabelled"):
        members = decided[outcomes == outcome]
        samples.append(members.iloc[rng.permutation(len(members))[:count]])
    return pd.concat(samples)
