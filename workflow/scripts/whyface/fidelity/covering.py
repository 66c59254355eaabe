"""Fidelity without truth: whether covering what a map names does what the map says.

One face is covered, cell by cell in the order of its map, and compared with the clean face of its partner. Covering
what speaks for "same" must raise the distance, covering what speaks for "different" must lower it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whyface.fidelity.cells import CELL_PX, cell_places, direction
from whyface.fidelity.fills import cover

LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3)  # shares of the cells that are covered


@dataclass
class Covering:
    """One face of a pair, how it is covered, and what it is compared with.

    Attributes
    ----------
    embed : callable
        uint8 n x side x side x 3 -> unit vectors, n x dimension.
    crop : numpy.ndarray
        uint8, side x side x 3.
    partner : numpy.ndarray
        Unit vector of the partner's clean face.
    fill, label, stranger
        As for `fills.cover`.
    cell_px : int
        Side of the cells, as for `cells.cell_places`.
    passes : int
        How many crops were embedded so far.
    """

    embed: Callable[[np.ndarray], np.ndarray]
    crop: np.ndarray
    partner: np.ndarray
    fill: str
    label: str = ""
    stranger: np.ndarray | None = None
    cell_px: int = CELL_PX
    passes: int = 0

    @property
    def places(self) -> np.ndarray:
        """The crop's cells, as `cells.cell_places` gives them."""
        return cell_places(len(self.crop), self.cell_px)

    def distances(self, covered: np.ndarray) -> np.ndarray:
        """Measure the cosine distance to the partner under covers, n x side x side, in one call of `embed`; n."""
        self.passes += len(covered)
        crops = cover(self.crop, covered, self.fill, self.label, self.stranger)
        return 1 - self.embed(crops) @ self.partner


def covered_counts(cells: int, levels: Sequence[float] = LEVELS) -> np.ndarray:
    """Count the cells that are covered at each level, at least one."""
    return np.maximum(1, np.rint(np.array(levels) * cells).astype(int))


def covering_curve(face: Covering, orders: np.ndarray, levels: Sequence[float] = LEVELS) -> np.ndarray:
    """Measure the distance to the clean partner after covering the first cells of each order.

    Takes one pass for each order and level, all in one call of `embed`.

    Parameters
    ----------
    face : Covering
        The face to cover.
    orders : numpy.ndarray
        int, m x cells.
    levels : sequence of float
        Shares of the cells.

    Returns
    -------
    numpy.ndarray
        Distances, m x levels.
    """
    orders = np.asarray(orders)
    position = np.argsort(orders, axis=1)  # m x cells: when each cell is covered
    first = position[:, None, :] < covered_counts(orders.shape[1], levels)[:, None]  # m x levels x cells
    covered = first[..., face.places]  # m x levels x side x side
    return face.distances(covered.reshape(-1, *covered.shape[2:])).reshape(first.shape[:2])


def effects(distances: np.ndarray, clean: np.ndarray | float, sign: str, llr: Callable | None = None) -> np.ndarray:
    """Average over the levels how far covering moves a pair as `sign` says it must.

    Parameters
    ----------
    distances : numpy.ndarray
        ... x levels, as `covering_curve` gives them.
    clean : float or numpy.ndarray
        Distance of the clean pair, or ... of them.
    sign : str
        same: how far the faces move apart; different: how far they come together.
    llr : callable, optional
        Turns distances into log10 likelihood ratios, in which the effect is then measured.

    Returns
    -------
    numpy.ndarray
        ..., in units of distance, or of log10 likelihood ratio; positive is what the map says.
    """
    before, after = np.asarray(clean)[..., None], np.asarray(distances)
    moved = after - before if llr is None else llr(before) - llr(after)
    return direction(sign) * np.mean(moved, axis=-1)
