"""The table covers of an evaluation, read pair by pair."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from whyface.tables.parquet import read_table
from whyface.tables.schemas import COVERS

ALONE, REST = "region", "rest"  # what is covered: the region alone, or all but the region


class Covers:
    """What covering each region does to pairs; empty if the run has no such table.

    Parameters
    ----------
    path : path
        The table.
    """

    def __init__(self, path: Path):
        self._path = path

    @cached_property
    def _frame(self) -> pd.DataFrame:
        if not self._path.exists():
            return pd.DataFrame(columns=COVERS.schema.names)
        return read_table(self._path, COVERS)  # in order of pair_id

    @cached_property
    def _starts(self) -> dict[str, tuple[int, int]]:
        """First row of each pair, and the row after its last."""
        ids, starts = np.unique(self._frame["pair_id"].to_numpy(str), return_index=True)
        ends = np.append(starts, len(self._frame))[1:]  # none without rows
        return dict(zip(ids.tolist(), zip(starts, ends, strict=True), strict=True))

    @cached_property
    def _rows(self) -> pa.Table:
        """The frame in Arrow, which gives a pair's rows fifty times as fast."""
        return pa.Table.from_pandas(self._frame, preserve_index=False)

    def of(self, pair_id: str) -> list[dict[str, Any]]:
        """Rows of a pair, null as None; none if its regions were not covered."""
        start, end = self._starts.get(pair_id, (0, 0))
        return self._rows.slice(start, end - start).to_pylist() if end > start else []

    def typical(self, side: str) -> dict[str, float]:
        """Give the median size of the evidence of each region, covered in one face or in both, over all pairs."""
        return self._typical.get(side, {})

    @cached_property
    def _typical(self) -> dict[str, dict[str, float]]:
        alone = self._frame[self._frame["covered"] == ALONE]
        sizes = alone["evidence"].astype(float).abs()
        return {
            str(side): rows.groupby(alone["region"]).median().dropna().to_dict()
            for side, rows in sizes.groupby(alone["side"])
        }
