"""Selects the pairs that get maps: all, or a stated, seeded selection that a laptop can afford."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whyface.scores.decisions import OUTCOMES

ERRORS = ("false-match", "false-non-match")


def select_pairs(
    dataset: str,
    tables: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    select: Mapping[str, str | Mapping[str, Any]],
) -> pd.DataFrame:
    """Choose pairs of a dataset.

    Parameters
    ----------
    dataset : str
        The dataset whose pairs are chosen.
    tables : mapping of str to tuple of pandas.DataFrame
        Scores and pairs of this dataset and of all others of its collection, by name.
    select : mapping of str to str or mapping
        By dataset: `all`, or any of these: `errors` (`all` or a number, the most confident first),
        `least_sure` (a number), `per_outcome` (the size of a random sample of each outcome, and of unlabelled pairs),
        `seed`. Pairs without a decision have no maps and are never chosen. The cost lies in occluding images, which the
        datasets of a collection share, so every other pair that the chosen images form joins for free.

    Returns
    -------
    pandas.DataFrame
        pair_id, reason; a pair chosen for several reasons carries the first.
    """
    chosen = {name: _choose(scores[scores["decision"].notna()], select[name]) for name, (scores, _) in tables.items()}
    occluded: set[str] = set()
    for name, (_, pairs) in tables.items():
        rows = pairs["pair_id"].isin(chosen[name]["pair_id"])
        occluded.update(pairs.loc[rows, "image_a"], pairs.loc[rows, "image_b"])
    scores, pairs = tables[dataset]
    has_decision = pairs["pair_id"].isin(scores.loc[scores["decision"].notna(), "pair_id"])
    both = pairs["image_a"].isin(occluded) & pairs["image_b"].isin(occluded)
    free = pairs.loc[has_decision & both, ["pair_id"]].assign(reason="free")
    return pd.concat([chosen[dataset], free]).drop_duplicates("pair_id").reset_index(drop=True)


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
