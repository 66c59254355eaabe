"""What single patches do to a pair: its distance under each, and the smallest one that turns its decision.

The stored shifts of embeddings tell the distance under every patch without another pass. What they find is then
checked: the patch is painted and embedded in the model's own runtime, and a flip that does not hold is not stated.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from whyface.evidence.patches import Patches
from whyface.maps.stored_shifts import StoredShifts, count_undefined
from whyface.scores.decisions import cosine_distance
from whyface.tables.logs import progress
from whyface.tables.schemas import FLIPS, PATCH_DISTANCES

PAIRS_PER_PART = 64
# Engines, batches and threads round a distance differently, by less than this.
ROUNDING = 1e-6
NOWHERE = dict.fromkeys(("side", "patch_px", "x_px", "y_px", "fill", "cosine_distance"))


class Turns(NamedTuple):
    """What single patches do to a decision, by the stored shifts.

    Attributes
    ----------
    places : numpy.ndarray
        The patches that turn it, the smallest first; of one size, the one that goes furthest beyond the threshold.
    margin : float
        What the decision needs to turn, in units of what the strongest patch does; NaN if none moves the pair that way.
    """

    places: np.ndarray
    margin: float


NO_TURNS = Turns(np.empty(0, int), np.nan)


def find_turns(changes: np.ndarray, distance: float, threshold: float, patch_px: np.ndarray) -> Turns:
    """Find the patches that turn a decision.

    Parameters
    ----------
    changes : numpy.ndarray
        m, how far each patch changes the distance.
    distance, threshold : float
        Of the pair as it is; same iff distance < threshold.
    patch_px : numpy.ndarray
        m, sides of the patches.
    """
    beyond = go_beyond(distance + changes, distance, threshold)
    order = np.lexsort((-beyond, patch_px))
    reached = (_direction(distance, threshold) * changes).max()
    margin = abs(threshold - distance) / reached if reached > ROUNDING else np.nan
    return Turns(order[beyond[order] > ROUNDING], float(margin))


def go_beyond(covered: Any, distance: float, threshold: float) -> Any:
    """Measure how far distances lie on the other side of the threshold than a pair's own; negative if they do not."""
    return _direction(distance, threshold) * (covered - threshold)


def _direction(distance: float, threshold: float) -> int:
    """Which way the distance must go to turn the decision."""
    return 1 if distance < threshold else -1


@dataclass
class Search:
    """The search for one pair's flip.

    Attributes
    ----------
    pair : tuple
        pair_id, image_a, image_b, cosine_distance, threshold.
    clean : tuple of numpy.ndarray
        Unit vectors of both faces as they are.
    turns : Turns
        Candidates among the patches of face a, then of face b.
    covered : numpy.ndarray or None
        2 x patches, distances with a patch on face a, then on face b, by the stored shifts. None if an image has no
        embedding under some patch; then there are no candidates.
    refuted : int
        How many of them, from the first, do not hold.
    distance : float
        Cosine distance under the first that holds; NaN until it is found.
    """

    pair: Any
    clean: tuple[np.ndarray, np.ndarray]
    turns: Turns
    covered: np.ndarray | None = None
    refuted: int = 0
    distance: float = np.nan

    @property
    def is_open(self) -> bool:
        """Whether a candidate waits for its check."""
        return np.isnan(self.distance) and self.refuted < len(self.turns.places)

    def candidate(self, patches: int) -> tuple[int, int]:
        """Tell the face (0 or 1) and the patch of the first candidate that is not refuted."""
        return divmod(int(self.turns.places[self.refuted]), patches)

    def check(self, distance: float) -> None:
        """Take the distance that the model's own runtime gives under the candidate; NaN if it gives none."""
        if go_beyond(distance, self.pair.cosine_distance, self.pair.threshold) > ROUNDING:
            self.distance = distance
        else:
            self.refuted += 1


def find_flips(
    pairs: pd.DataFrame,
    embeddings: pd.Series,
    shifts: Mapping[str, np.ndarray] | StoredShifts,
    patches: Patches,
    crop: Callable[[str], np.ndarray],
    embed: Callable[[np.ndarray], np.ndarray],
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Measure what single patches do to pairs, and find those that flip their decisions.

    Parameters
    ----------
    pairs : pandas.DataFrame
        pair_id, image_a, image_b, cosine_distance, threshold.
    embeddings : pandas.Series
        Clean unit vectors by image_id.
    shifts : StoredShifts
        By image_id: what each patch adds to the clean unit vector.
    patches : Patches
        What was embedded, in the order of the shifts.
    crop : callable
        image_id -> uint8, side x side x 3.
    embed : callable
        The model's own runtime: uint8 n x side x side x 3 -> unit vectors, n x dimension; zeros where it sees nothing.

    Yields
    ------
    tuple of pandas.DataFrame
        Parts of the tables flips and patch_distances, in the order of their keys; one without rows if there are no
        pairs. Pairs without an embedding under some patch have no distances.
    """
    ordered = pairs.sort_values("pair_id", ignore_index=True)
    starts = range(0, max(len(ordered), 1), PAIRS_PER_PART)
    for start in progress(starts, len(starts), f"parts of {PAIRS_PER_PART} pairs searched for flips"):
        part = ordered.iloc[start : start + PAIRS_PER_PART].itertuples()
        searches = [_search(pair, embeddings, shifts, patches) for pair in part]
        _check(searches, patches, crop, embed)
        rows = [_row(search, patches) for search in searches]
        yield _typed(pd.DataFrame(rows, columns=FLIPS.schema.names)), _distances(searches, len(patches))


def _search(
    pair: Any, embeddings: pd.Series, shifts: Mapping[str, np.ndarray] | StoredShifts, patches: Patches
) -> Search:
    """Look up what every patch does to a pair."""
    images = pair.image_a, pair.image_b
    a, b = (np.asarray(embeddings[image], np.float64) for image in images)
    moved = [shifts[image].astype(np.float64) for image in images]
    if any(map(count_undefined, moved)):
        return Search(pair, (a, b), NO_TURNS)
    changes = -np.stack([moved[0] @ b, moved[1] @ a])
    # A patch whose effect was only predicted turns no decision.
    measured = np.where(patches.measured, changes, 0)
    turns = find_turns(measured.ravel(), pair.cosine_distance, pair.threshold, np.tile(patches.patch_px, 2))
    return Search(pair, (a, b), turns, np.clip(pair.cosine_distance + changes, 0, 2))


def _check(searches: list[Search], patches: Patches, crop: Callable, embed: Callable) -> None:
    """Embed each pair's first candidate; where it does not hold, the next one, until one does or none is left."""
    while waiting := [search for search in searches if search.is_open]:
        shown, partners = [], []
        for search in waiting:
            face, patch = search.candidate(len(patches))
            image = search.pair.image_b if face else search.pair.image_a
            shown.append(patches.paint(patch, crop(image), image))
            partners.append(search.clean[1 - face])
        vectors = embed(np.stack(shown))
        distances = np.where(vectors.any(axis=1), cosine_distance(vectors, np.stack(partners)), np.nan)
        for search, distance in zip(waiting, distances, strict=True):
            search.check(float(distance))


def _row(search: Search, patches: Patches) -> dict[str, Any]:
    row = {**NOWHERE, "pair_id": search.pair.pair_id, "patches": 2 * int(patches.measured.sum())}
    if search.covered is None:
        return {**row, "flipped": None, "turning": None, "margin": None}
    flipped = not np.isnan(search.distance)
    turning = len(search.turns.places) - search.refuted
    row |= {"flipped": flipped, "turning": turning, "margin": search.turns.margin}
    return row | _where(search, patches) if flipped else row


def _where(search: Search, patches: Patches) -> dict[str, Any]:
    face, patch = search.candidate(len(patches))
    found = {name: getattr(patches, name)[patch] for name in ("patch_px", "x_px", "y_px", "fill")}
    return {**found, "side": "ab"[face], "cosine_distance": search.distance}


def _distances(searches: list[Search], patches: int) -> pd.DataFrame:
    """Make a part of the table patch_distances; without rows, its type tells how many patches there are."""
    rows = [
        (search.pair.pair_id, side, distances.astype(np.float32))
        for search in searches
        if search.covered is not None
        for side, distances in zip("ab", search.covered, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=PATCH_DISTANCES.schema.names)
    kind = pd.ArrowDtype(pa.list_(pa.float32(), patches))
    return frame if rows else frame.astype({"cosine_distance": kind})


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep whole numbers and yes or no beside nulls."""
    whole = ("patch_px", "x_px", "y_px", "turning", "patches")
    real = ("cosine_distance", "margin")
    return rows.astype({**dict.fromkeys(whole, "Int32"), **dict.fromkeys(real, "Float64"), "flipped": "boolean"})
