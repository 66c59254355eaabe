"""The pairs that were selected for maps, with their decisions."""

from typing import Any

import pandas as pd

from whyface.tables.parquet import read_table
from whyface.tables.schemas import PAIRS, SCORES, SELECTION


def read_selected_pairs(files: Any) -> pd.DataFrame:
    """Read the selected pairs: pair_id, image_a, image_b, fold, cosine_distance and threshold.

    Parameters
    ----------
    files : object
        Paths of the tables `pairs`, `scores` and `selection`, as attributes of these names.
    """
    chosen = read_table(files.selection, SELECTION)["pair_id"]
    decided = ["pair_id", "fold", "cosine_distance", "threshold"]
    scores = read_table(files.scores, SCORES, decided, {"pair_id": chosen})
    return read_table(files.pairs, PAIRS, ["pair_id", "image_a", "image_b"]).merge(scores, on="pair_id")
