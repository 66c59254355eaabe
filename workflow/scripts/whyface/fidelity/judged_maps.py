"""The maps of a dataset, and the pairs, faces and crops behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from pathlib import Path

import numpy as np
import pandas as pd

from whyface.tables.parquet import read_about, read_table, stack
from whyface.tables.schemas import EXPLANATIONS, PAIRS


@dataclass(frozen=True)
class JudgedMaps:
    """The maps that are judged.

    Attributes
    ----------
    explanations : path
        File of the table explanations; maps are read when they are needed.
    methods : sequence of str
        Methods of the maps, the default one first.
    pairs, scores, faces : pandas.DataFrame
        Tables of the dataset; faces of the whole collection.
    crops : numpy.ndarray
        uint8, n x side x side x 3, in the order of `faces`; may be a memory map.
    """

    explanations: Path | str
    methods: Sequence[str]
    pairs: pd.DataFrame
    scores: pd.DataFrame
    faces: pd.DataFrame
    crops: np.ndarray

    @cached_property
    def measured(self) -> pd.DataFrame:
        """Pairs whose distance is known, with it and the threshold."""
        columns = ["cosine_distance", "threshold"]
        known = self.scores.loc[self.scores["cosine_distance"].notna(), ["pair_id", *columns]]
        own = self.pairs[self.pairs.columns.intersection(PAIRS.schema.names)]  # group columns may have any name
        return own.merge(known, on="pair_id", validate="one_to_one")

    @cached_property
    def with_maps(self) -> pd.DataFrame:
        """Those of them that have maps."""
        mapped = read_table(self.explanations, EXPLANATIONS, ["pair_id"], {"status": ["ok"]})["pair_id"]
        return self.measured[self.measured["pair_id"].isin(mapped)].reset_index(drop=True)

    @property
    def side_px(self) -> int:
        """Side of the crops."""
        return self.crops.shape[1]

    @property
    def map_px(self) -> int:
        """Side of the maps."""
        return int(read_about(self.explanations)["map_px"])

    def crop(self, image_id: str) -> np.ndarray:
        """Read the crop of an image."""
        return np.asarray(self.crops[self._row_of[image_id]])

    def maps(self, pair_ids: Sequence[str], method: str) -> dict[str, np.ndarray]:
        """Read the maps of pairs that have any, of one method; pairs x map_px x map_px by side (a, b)."""
        keep = {"pair_id": pair_ids, "method": [method]}
        stored = read_table(self.explanations, EXPLANATIONS, ["pair_id", "side", "map"], keep)
        by_side = {side: rows.set_index("pair_id")["map"] for side, rows in stored.groupby("side")}
        return {side: _squares(rows.loc[list(pair_ids)]) for side, rows in by_side.items()}

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {image_id: row for row, image_id in enumerate(self.faces["image_id"])}


def _squares(rows: pd.Series) -> np.ndarray:
    maps = stack(rows).astype(np.float64)
    return maps.reshape(len(maps), isqrt(maps.shape[1]), -1)
