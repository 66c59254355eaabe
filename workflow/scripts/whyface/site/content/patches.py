"""The tables patches and patch_distances of an evaluation: what single patches do to pairs."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from whyface.tables.parquet import read_table, stack
from whyface.tables.schemas import PATCH_DISTANCES, PATCHES


class PatchDistances:
    """What single patches do to pairs; empty if the run has no such tables.

    Parameters
    ----------
    patches, distances : path
        The tables.
    """

    def __init__(self, patches: Path, distances: Path):
        self._patches, self._distances = patches, distances

    @cached_property
    def patches(self) -> pd.DataFrame:
        """The table patches."""
        if not self._patches.exists():
            return pd.DataFrame(columns=PATCHES.schema.names)
        return read_table(self._patches, PATCHES)

    def of(self, pair_ids: list[str]) -> dict[str, np.ndarray]:
        """Read the distances of pairs: float32, 2 x patches, by pair_id; pairs without are left out."""
        if not self._distances.exists() or not pair_ids:
            return {}
        rows = read_table(self._distances, PATCH_DISTANCES, keep={"pair_id": pair_ids})  # side a before side b
        if rows.empty:
            return {}
        values = stack(rows["cosine_distance"]).reshape(len(rows) // 2, 2, -1)
        return dict(zip(rows["pair_id"][::2], values, strict=True))
