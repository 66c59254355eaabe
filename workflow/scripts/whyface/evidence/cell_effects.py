"""What covering each cell of a face is thought to do to a pair, and which sets of cells are thought to do most."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from whyface.fidelity.cells import cell_places

CELLS_PER_SIDE = 8
RIDGE = 1.0  # patches overlap, so that least squares alone would tell neighbours apart by rounding
PASS_WEIGHT = 4.0  # of a set of cells against a patch, which lies across cells and may show another fill


@dataclass(frozen=True)
class Grid:
    """The square cells of a face.

    Attributes
    ----------
    covered : numpy.ndarray
        bool, patches x side x side: the pixels that each patch covers.
    per_side : int
        How many cells a row and a column have.
    """

    covered: np.ndarray
    per_side: int = CELLS_PER_SIDE

    @property
    def limit(self) -> int:
        """Most cells of a set: half of the face."""
        return self.per_side**2 // 2

    @cached_property
    def places(self) -> np.ndarray:
        """Each pixel's cell, side x side."""
        side = self.covered.shape[1]
        return cell_places(side, side / self.per_side)

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of each cell that each patch covers, patches x cells."""
        flat, cells = self.places.ravel(), self.per_side**2
        counts = [np.bincount(flat, one.ravel(), cells) for one in self.covered]
        return np.stack(counts) / np.bincount(flat, minlength=cells)

    @cached_property
    def rectangles(self) -> np.ndarray:
        """All rectangles of cells up to the limit, bool, n x cells."""
        spans = list(combinations(range(self.per_side + 1), 2))
        lines = np.zeros((len(spans), self.per_side), bool)
        for line, (first, end) in zip(lines, spans, strict=True):
            line[first:end] = True
        every = (lines[:, None, :, None] & lines[None, :, None, :]).reshape(-1, self.per_side**2)
        return every[every.sum(axis=1) <= self.limit]


class CellEffects:
    """Predicts how far covered cells move a pair towards the threshold, as a sum over cells fitted by ridge regression.

    Parameters
    ----------
    grid : Grid
        The cells.
    moved : numpy.ndarray
        How far each patch moves the pair that way.
    """

    def __init__(self, grid: Grid, moved: np.ndarray):
        self._grid = grid
        self._squares = grid.shares.T @ grid.shares + RIDGE * np.eye(grid.per_side**2)
        self._products = grid.shares.T @ moved
        self._fitted: tuple[np.ndarray, np.ndarray] | None = None

    def learn(self, cells: np.ndarray, moved: float) -> None:
        """Take into account how far a set of cells (bool) moves the pair; NaN is not known."""
        if np.isfinite(moved):
            self._squares += PASS_WEIGHT * np.outer(cells, cells)
            self._products += PASS_WEIGHT * moved * cells
            self._fitted = None

    def strongest(self, size: int) -> np.ndarray:
        """Take the cells that are thought to do most."""
        return self._set_of(self._order[:size])

    def reaching(self, need: float, most: int) -> Iterator[np.ndarray]:
        """Yield the strongest cells that are thought to move the pair by `need`, if at most so many are."""
        enough = np.flatnonzero(np.cumsum(self._values[self._order[:most]]) >= need)
        yield from (self.strongest(first + 1) for first in enough[:1])

    def near_strongest(self, size: int) -> Iterator[np.ndarray]:
        """Yield the strongest cells, then the same with the last of them exchanged for each weaker one."""
        for last in self._order[size - 1 :]:
            yield self._set_of([*self._order[: size - 1], last])

    def without_one(self, cells: np.ndarray) -> Iterator[np.ndarray]:
        """Yield a set less one of its cells, the weakest first."""
        inside = np.flatnonzero(cells)
        for cell in inside[np.argsort(self._values[inside], kind="stable")]:
            yield self._set_of(inside[inside != cell])

    def rectangles(self, most: int) -> Iterator[np.ndarray]:
        """Yield the rectangles of at most so many cells, the strongest first."""
        small = self._grid.rectangles[self._grid.rectangles.sum(axis=1) <= most]
        yield from small[np.argsort(-(small @ self._values), kind="stable")]

    @property
    def _values(self) -> np.ndarray:
        return self._fit()[0]

    @property
    def _order(self) -> np.ndarray:
        return self._fit()[1]

    def _fit(self) -> tuple[np.ndarray, np.ndarray]:
        """Fit what each cell does and order the cells by it, if something was learnt since the last time."""
        if self._fitted is None:
            values = np.linalg.solve(self._squares, self._products)
            self._fitted = values, np.argsort(-values, kind="stable")
        return self._fitted

    def _set_of(self, cells) -> np.ndarray:
        chosen = np.zeros(self._grid.per_side**2, bool)
        chosen[cells] = True
        return chosen
