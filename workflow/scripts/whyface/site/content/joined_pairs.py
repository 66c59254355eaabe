"""The pairs of a dataset, with all that tables say of each."""

import numpy as np
import pandas as pd

from whyface.site.content.rows import plain
from whyface.tables.schemas import PAIRS


def join_pairs(pairs: pd.DataFrame, scores: pd.DataFrame, faces: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Join pairs with their scores and what became of their faces, in order of pair_id.

    Raises
    ------
    ValueError
        The tables do not belong together, or a pair_id cannot be part of a path.
    """
    if set(pairs.pair_id) != set(scores.pair_id):
        raise ValueError(f"dataset {dataset}: the tables pairs and scores hold different pairs; run again")
    unsafe = [pair_id for pair_id in pairs.pair_id if not (pair_id.isascii() and pair_id.isdigit())]
    if unsafe:
        raise ValueError(f"dataset {dataset}: pair_id {unsafe[0]!r} is not a row of digits")
    named = pairs[[name for name in PAIRS.schema.names if name not in ("is_genuine", "fold")]]
    joined = named.merge(scores, on="pair_id", validate="one_to_one").sort_values("pair_id", ignore_index=True)
    faces = faces.set_index("image_id")
    rows = pd.Series(np.arange(len(faces)), index=faces.index)
    for side in "ab":
        images = joined[f"image_{side}"]
        if not images.isin(faces.index).all():
            raise ValueError(f"dataset {dataset}: images of its pairs are not in the table faces; run again")
        joined[f"face_{side}"] = images.map(rows)
        joined[f"status_{side}"] = images.map(faces["status"])
        joined[f"detail_{side}"] = images.map(faces["detail"])
    return plain(joined)
