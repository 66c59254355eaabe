"""How well the maps of an evaluation agree with maps of all masks, as its table explanations estimates it."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from whyface.tables.parquet import read_about, read_table
from whyface.tables.schemas import EXPLANATIONS


class Agreements:
    """The agreement of fast maps with maps of all masks; false if the run's maps are exact.

    Parameters
    ----------
    explanations : path
        The table.
    """

    def __init__(self, explanations: Path):
        self._path = explanations

    @cached_property
    def _about(self) -> dict[str, str]:
        return read_about(self._path) if self._path.exists() else {}

    def __bool__(self) -> bool:
        return self._about.get("exactness") == "fast"

    @property
    def masks(self) -> int:
        """How many masks there are."""
        return int(self._about["masks"])

    @property
    def measured(self) -> int:
        """How many of them were measured of every face; of some faces, all were."""
        return int(self._about["measured"])

    @cached_property
    def _maps(self) -> pd.DataFrame:
        """The maps that did not fail."""
        columns = ["pair_id", "side", "method", "status", "agreement", "agreement_low"]
        maps = read_table(self._path, EXPLANATIONS, columns=columns)
        return maps[maps["status"] == "ok"]

    @cached_property
    def lowest(self) -> dict[tuple[str, str], tuple[float, float]]:
        """By pair_id and method: the estimate and what the correlation is at least, the lower of both faces; or NaN."""
        of_pairs = self._maps.groupby(["pair_id", "method"])[["agreement", "agreement_low"]].min(skipna=False)
        return dict(zip(of_pairs.index, of_pairs.itertuples(index=False, name=None), strict=True))

    def measures_all(self, pair_id: str) -> bool:
        """Whether both faces of a pair with maps were measured under all masks."""
        return all(self.lowest[pair_id, method][0] == 1 for method in self._methods)

    @cached_property
    def _methods(self) -> list[str]:
        return self._maps["method"].unique().tolist()

    def of_maps(self, method: str) -> np.ndarray:
        """Give the estimates of all maps of a method, of either face, as far as they are known."""
        return self._maps.loc[self._maps["method"] == method, "agreement"].dropna().to_numpy(float)
