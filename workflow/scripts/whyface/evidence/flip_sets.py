"""A small set of cells of one face that turns a decision: a greedy search of which every step is a full pass.

Distances under single patches predict what covering each cell does. The sets that this prediction names are painted
and embedded in the model's own runtime; what they do corrects the prediction, which then names smaller sets.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from whyface.evidence.cell_effects import CellEffects, Grid
from whyface.evidence.flips import ROUNDING, go_beyond
from whyface.maps.masks import make_filler
from whyface.scores.decisions import cosine_distance
from whyface.tables.logs import progress
from whyface.tables.schemas import FLIP_SETS

FILL = "mean"
OTHER_FILLS = ("blur", "noise", "black")
TRIES = 6  # rounds without a smaller set, after which a search ends
TRIES_AT_FIRST = 4  # as long as no set turns the decision
RECTANGLES = 6  # a face, in each round after one that failed: bars across a face do more than their cells one by one
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # of the first sets
PAIRS_PER_PART = 16  # whose covered faces are held in memory at once
NOWHERE = dict.fromkeys(("side", "cells", "fill", "holds", "cosine_distance"))


class Asked(NamedTuple):
    """A set of cells (bool) of face 0 or 1 that waits for its pass."""

    face: int
    cells: np.ndarray


class Found(NamedTuple):
    """A set of cells that turns the decision, and the distance under it."""

    face: int
    cells: np.ndarray
    distance: float


class Search:
    """The search for one pair's set.

    Parameters
    ----------
    pair : tuple
        pair_id, image_a, image_b, cosine_distance, threshold.
    grid : Grid
        The cells of a face.
    distances : sequence of numpy.ndarray
        Of the pair with face a, then face b, under each patch.

    Attributes
    ----------
    found : Found or None
        The smallest set so far.
    """

    def __init__(self, pair: Any, grid: Grid, distances):
        self.pair = pair
        self.found: Found | None = None
        self._grid, self._failures = grid, -1  # the first round finds out where to start
        self._need = -self._beyond(pair.cosine_distance)
        self._effects = [CellEffects(grid, self._beyond(np.asarray(one, float)) + self._need) for one in distances]
        self._tried: tuple[set[bytes], set[bytes]] = (set(), set())

    @property
    def is_open(self) -> bool:
        """Whether a smaller set may yet be found."""
        return self._most > 0 and self._failures < (TRIES if self.found else TRIES_AT_FIRST)

    @property
    def _most(self) -> int:
        """How many cells the next sets may have: fewer than the smallest that turns the decision, in either face."""
        return self.found.cells.sum() - 1 if self.found else self._grid.limit

    def ask(self) -> list[Asked]:
        """Name the sets of the next round."""
        return [Asked(face, cells) for face in (0, 1) for cells in self._of(face)]

    def take(self, asked: list[Asked], distances: np.ndarray) -> None:
        """Take the distances under the sets that were asked for; NaN where the model gives no embedding."""
        beyond = self._beyond(distances)
        for one, moved in zip(asked, beyond + self._need, strict=True):
            self._effects[one.face].learn(one.cells, moved)
        turning = np.flatnonzero(beyond > ROUNDING)
        self._failures = 0 if len(turning) else self._failures + 1
        if len(turning):
            best = min(turning, key=lambda place: (asked[place].cells.sum(), -beyond[place]))
            self.found = Found(*asked[best], float(distances[best]))

    def _beyond(self, distances: Any) -> Any:
        return go_beyond(distances, self.pair.cosine_distance, self.pair.threshold)

    def _of(self, face: int) -> Iterator[np.ndarray]:
        """Name the sets of one face: what is best by each way of naming them, among those not tried yet."""
        effects, most = self._effects[face], self._most
        if self._failures < 0:
            yield from self._new(face, (effects.strongest(size) for size in SIZES if size <= most), len(SIZES))
            return
        yield from self._new(face, effects.reaching(self._need, most))
        yield from self._new(face, effects.near_strongest(most))
        if self.found and self.found.face == face:
            yield from self._new(face, effects.without_one(self.found.cells))
        if self._failures:
            yield from self._new(face, effects.rectangles(most), RECTANGLES)

    def _new(self, face: int, sets: Iterator[np.ndarray], count: int = 1) -> Iterator[np.ndarray]:
        """Take the first sets that were not tried yet."""
        for cells in islice((cells for cells in sets if cells.tobytes() not in self._tried[face]), count):
            self._tried[face].add(cells.tobytes())
            yield cells


class _Painter:
    """Embeds faces with cells covered, each face once, and measures their distance to the other face as it is."""

    def __init__(self, embeddings: pd.Series, grid: Grid, crop: Callable, embed: Callable):
        self._places, self._crop, self._embed = np.repeat(grid.places[..., None], 3, axis=2), crop, embed
        # A pair's faces are painted again and again with the same fill, and pairs share faces.
        self._clean = cache(lambda image: np.asarray(embeddings[image], np.float64))
        self._filler = cache(lambda image, fill: make_filler(crop(image), fill, image))
        self._embedded: dict[tuple[str, bytes, str], np.ndarray] = {}

    def distances(self, asked: list[tuple[Any, Asked, str]]) -> np.ndarray:
        """Measure pairs under sets of cells with a fill; NaN where the model gives no embedding."""
        shown = [(pair.image_b if one.face else pair.image_a, one.cells.tobytes(), fill) for pair, one, fill in asked]
        if new := [one for one in dict.fromkeys(shown) if one not in self._embedded]:
            vectors = self._embed(np.stack([self._paint(*one) for one in new]))
            self._embedded |= zip(new, vectors, strict=True)
        vectors = np.stack([self._embedded[one] for one in shown])
        clean = np.stack([self._clean(pair.image_a if one.face else pair.image_b) for pair, one, _ in asked])
        return np.where(vectors.any(axis=1), cosine_distance(vectors, clean), np.nan)

    def _paint(self, image: str, cells: bytes, fill: str) -> np.ndarray:
        hidden = np.take(np.frombuffer(cells, bool), self._places)
        return np.where(hidden, self._filler(image, fill), self._crop(image))


def find_flip_sets(
    pairs: pd.DataFrame,
    embeddings: pd.Series,
    distances: Mapping[tuple[str, str], np.ndarray],
    grid: Grid,
    crop: Callable[[str], np.ndarray],
    embed: Callable[[np.ndarray], np.ndarray],
) -> pd.DataFrame:
    """Find small sets of cells that turn the decisions of pairs.

    Parameters
    ----------
    pairs : pandas.DataFrame
        pair_id, image_a, image_b, cosine_distance, threshold.
    embeddings : pandas.Series
        Clean unit vectors by image_id.
    distances : mapping
        By pair_id and side (a or b): distances under each patch of the grid; a pair without them has failed maps.
    grid : Grid
        The cells of a face.
    crop : callable
        image_id -> uint8, side x side x 3.
    embed : callable
        The model's own runtime: uint8 n x side x side x 3 -> unit vectors, n x dimension; zeros where it sees nothing.

    Returns
    -------
    pandas.DataFrame
        A flip_sets table.
    """
    rows = []
    starts = range(0, len(pairs), PAIRS_PER_PART)
    for start in progress(starts, len(starts), f"parts of {PAIRS_PER_PART} pairs searched for sets of cells"):
        part = list(pairs.iloc[start : start + PAIRS_PER_PART].itertuples())
        known = [pair for pair in part if (pair.pair_id, "a") in distances]
        searches = [Search(pair, grid, [distances[pair.pair_id, side] for side in "ab"]) for pair in known]
        painter = _Painter(embeddings, grid, crop, embed)
        _search(searches, painter)
        found = {search.pair.pair_id: _row(search, painter) for search in searches}
        rows += [{**NOWHERE, "turned": None, **found.get(pair.pair_id, {}), "pair_id": pair.pair_id} for pair in part]
    frame = pd.DataFrame(rows, columns=FLIP_SETS.schema.names).assign(cells_per_side=grid.per_side)
    return frame.astype({"turned": "boolean", "cosine_distance": "Float64"})


def _search(searches: list[Search], painter: _Painter) -> None:
    """Let all searches go on, a round at a time, until none has a set left to try."""
    while waiting := [search for search in searches if search.is_open]:
        rounds = [search.ask() for search in waiting]
        asked = [(search.pair, one, FILL) for search, sets in zip(waiting, rounds, strict=True) for one in sets]
        measured = painter.distances(asked) if asked else np.empty(0)
        ends = np.cumsum([len(sets) for sets in rounds])[:-1]
        for search, sets, own in zip(waiting, rounds, np.split(measured, ends), strict=True):
            search.take(sets, own)


def _row(search: Search, painter: _Painter) -> dict[str, Any]:
    """Describe what was found, and try it under the other fills."""
    pair, found = search.pair, search.found
    if found is None:
        return {"turned": False}
    under = painter.distances([(pair, Asked(found.face, found.cells), fill) for fill in OTHER_FILLS])
    turned = go_beyond(under, pair.cosine_distance, pair.threshold) > ROUNDING
    holds = [FILL, *(fill for fill, holds in zip(OTHER_FILLS, turned, strict=True) if holds)]
    place = {"side": "ab"[found.face], "cells": np.flatnonzero(found.cells), "fill": FILL, "holds": " ".join(holds)}
    return {"turned": True, **place, "cosine_distance": found.distance}
