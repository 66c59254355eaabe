"""The tables patches and patch_distances of an evaluation: what single patches do to pairs."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from whyface.scores.calibrators import Calibrator
from whyface.tables.parquet import read_table, stack
from whyface.tables.schemas import PATCH_DISTANCES, PATCHES


@dataclass(frozen=True)
class Grid:
    """The patches of one size, at every combination of starts, row by row.

    Attributes
    ----------
    patch_px : int
        Side.
    starts : tuple of int
        Left edges of its columns, which are also the upper edges of its rows.
    fills : tuple of str
        What each patch shows.
    measured : tuple of bool
        Whether each was measured; else its distances are predicted.
    places : slice
        Where its distances lie among those of all patches.
    """

    patch_px: int
    starts: tuple[int, ...]
    fills: tuple[str, ...]
    measured: tuple[bool, ...]
    places: slice


@dataclass(frozen=True)
class PairPatches:
    """A pair under single patches, and the fit that says what distances are worth.

    Attributes
    ----------
    grids : tuple of Grid
        The patches, size by size.
    distances : numpy.ndarray
        2 x patches, cosine distances: face a covered, then face b.
    clean : float
        Cosine distance of the pair as it is.
    threshold : float or None
        Of the pair's decision.
    fit : Calibrator or None
        Fitted without the pair's own fold; None if the fit failed.
    bounds : tuple of float or None
        Lowest and highest log10 likelihood ratio that the pairs behind the fit support; None: unbounded.
    """

    grids: tuple[Grid, ...]
    distances: np.ndarray
    clean: float
    threshold: float | None
    fit: Calibrator | None
    bounds: tuple[float | None, float | None]

    @cached_property
    def deviations(self) -> np.ndarray:
        """2 x patches: how far each patch moves the distance."""
        return self.distances.astype(float) - self.clean

    @cached_property
    def peak(self) -> float:
        """The largest absolute deviation."""
        return float(np.abs(self.deviations).max())

    @cached_property
    def reached(self) -> tuple[float, float]:
        """Least and greatest distance, the pair's own among them."""
        return self.clean + min(float(self.deviations.min()), 0), self.clean + max(float(self.deviations.max()), 0)

    def llr(self, distances: np.ndarray) -> np.ndarray | None:
        """Log10 likelihood ratios without bounds; None if the fit failed."""
        return None if self.fit is None else self.fit.log_odds(distances) / np.log(10)

    @cached_property
    def ban_scale(self) -> float | None:
        """Map value at which a patch of the smallest size is worth one ban, to first order; None if unknown.

        The bans of a distance are a secant's slope, between the least and the greatest distance that patches reach:
        beyond them, fits can be steep without end.
        """
        low, high = self.reached
        ends = self.llr(np.array([low, high]))
        fall = 0.0 if ends is None else float(ends[0] - ends[1])
        if not (np.isfinite(fall) and fall > 0):
            return None
        return (high - low) / fall / min(grid.patch_px for grid in self.grids) ** 2


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

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """The table patches as a grid for each size.

        Raises
        ------
        ValueError
            The patches of a size are not a square grid, row by row, or sizes alternate.
        """
        sizes = self.patches.groupby("patch_px", sort=False)
        return tuple(self._grid(int(patch_px), rows) for patch_px, rows in sizes)

    def _grid(self, patch_px: int, rows: pd.DataFrame) -> Grid:
        starts = np.unique(rows["x_px"])
        expected = np.stack([np.tile(starts, len(starts)), np.repeat(starts, len(starts))], axis=1)
        first, last = rows["place"].iloc[[0, -1]]
        if last - first + 1 != len(rows) or not np.array_equal(rows[["x_px", "y_px"]], expected):
            raise ValueError(f"{self._patches}: patches of {patch_px} px are not a square grid, row by row; run again")
        fills, measured = (tuple(rows[name].tolist()) for name in ("fill", "measured"))
        return Grid(patch_px, tuple(starts.tolist()), fills, measured, slice(first, last + 1))

    def of(self, pair_ids: list[str]) -> dict[str, np.ndarray]:
        """Read the distances of pairs: float32, 2 x patches, by pair_id; pairs without are left out."""
        if not self._distances.exists() or not pair_ids:
            return {}
        rows = read_table(self._distances, PATCH_DISTANCES, keep={"pair_id": pair_ids})  # side a before side b
        if rows.empty:
            return {}
        values = stack(rows["cosine_distance"]).reshape(len(rows) // 2, 2, -1)
        return dict(zip(rows["pair_id"][::2], values, strict=True))
