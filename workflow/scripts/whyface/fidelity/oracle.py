"""The greedy oracle: the order of covering that a map would name if it knew what each cell does."""

from collections.abc import Sequence

import numpy as np

from whyface.fidelity.cells import direction, highest_first
from whyface.fidelity.covering import LEVELS, Covering, covered_counts


def greedy_order(
    face: Covering, sign: str, rounds: int = len(LEVELS), levels: Sequence[float] = LEVELS, seed: int = 0
) -> np.ndarray:
    """Order cells by what covering each of them does, under the fill that judges.

    A round covers every remaining cell, one at a time, on top of those taken before, and takes the best up to the next
    level. The last round orders all that remain. The order is greedy, not the best of all.

    Parameters
    ----------
    face : Covering
        The face to cover.
    sign : str
        same: cells that move the faces apart come first; different: cells that bring them together.
    rounds : int
        From 1, which measures each cell once, on the clean face, to the number of levels; see `greedy_passes`. Where a
        crop has so few cells that levels coincide, there are fewer rounds.
    levels : sequence of float
        Shares of the cells.
    seed : int
        Of the order of cells that do the same.

    Returns
    -------
    numpy.ndarray
        int, cells.
    """
    places = face.places
    cells = int(places.max()) + 1
    taken = np.array([], int)
    for end in _ends(cells, rounds, levels):
        rest = np.setdiff1d(np.arange(cells), taken)
        covered = np.isin(places, taken) | (places == rest[:, None, None])
        best = highest_first(direction(sign) * face.distances(covered), seed)
        taken = np.concatenate([taken, rest[best][: end - len(taken)]])
    return taken


def one_round(face: Covering, seed: int = 0) -> dict[str, np.ndarray]:
    """Order cells for either sign as `greedy_order` does in one round, at the price of one."""
    cells = np.arange(face.places.max() + 1)
    distances = face.distances(face.places == cells[:, None, None])
    return {sign: highest_first(direction(sign) * distances, seed) for sign in ("same", "different")}


def greedy_passes(cells: int, rounds: int = len(LEVELS), levels: Sequence[float] = LEVELS) -> int:
    """Count the passes that `greedy_order` takes."""
    return sum(cells - start for start in [0, *_ends(cells, rounds, levels)[:-1]])


def _ends(cells: int, rounds: int, levels: Sequence[float]) -> list[int]:
    """How many cells are taken after each round: up to the levels, and all after the last."""
    if not 1 <= rounds <= len(levels):
        raise ValueError(f"rounds: {rounds}; allowed: 1 to {len(levels)}, the number of levels")
    counts = np.unique(covered_counts(cells, levels)[: rounds - 1])
    return [*counts[counts < cells].tolist(), cells]
