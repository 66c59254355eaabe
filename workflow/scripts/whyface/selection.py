"""Which pairs get maps: all, or a stated, seeded selection that a laptop can afford."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whyface.decisions import OUTCOMES

ERRORS = ("false-match", "false-non-match")


def select_pairs(scores: pd.DataFrame, pairs: pd.DataFrame, select: str | Mapping[str, Any]) -> pd.DataFrame:
    """Choose pairs.

    Parameters
    ----------
    scores : pandas.DataFrame
        A scores table. Pairs without a decision have no maps and are never chosen.
    pairs : pandas.DataFrame
        The pairs table.
    select : str or mapping
        `all`, or any of `errors` (all, or how many, the most confident first), `least_sure` (how many),
        `per_outcome` (a random sample of so many of each outcome, and of unlabelled pairs), `seed`. Pairs of images
        that these choose anyway join them: all the work is in the images.

    Returns
    -------
    pandas.DataFrame
        pair_id, reason; a pair chosen for several reasons carries the first.
    """
    decided = scores[scores["decision"].notna()]
    if isinstance(select, str):
        return pd.DataFrame({"pair_id": decided["pair_id"], "reason": "all"})
    errors = decided[decided["outcome"].isin(ERRORS)].sort_values("confidence", ascending=False, kind="stable")
    wanted = select.get("errors", 0)
    least_sure = decided.sort_values("confidence", kind="stable")
    parts = {
        "error": errors if wanted == "all" else errors.head(wanted),
        "least-sure": least_sure.head(select.get("least_sure", 0)),
        "sample": _sample_outcomes(decided, select.get("per_outcome", 0), select.get("seed", 0)),
    }
    chosen = pairs[pairs["pair_id"].isin(pd.concat(parts.values())["pair_id"])]
    occluded = set(chosen["image_a"]) | set(chosen["image_b"])
    free = pairs.loc[pairs["image_a"].isin(occluded) & pairs["image_b"].isin(occluded), "pair_id"]
    parts["free"] = decided[decided["pair_id"].isin(free)]
    rows = pd.concat([part[["pair_id"]].assign(reason=reason) for reason, part in parts.items()])
    return rows.drop_duplicates("pair_id").reset_index(drop=True)


def _sample_outcomes(decided: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    outcomes = decided["outcome"].fillna("unlabelled")
    samples = []
    for outcome in (*OUTCOMES, "unlabelled"):
        members = decided[outcomes == outcome]
        samples.append(members.iloc[rng.permutation(len(members))[:count]])
    return pd.concat(samples)
