"""The pairs whose maps are tested by covering: a seeded sample, as large as a tenth of the maps' own cost allows."""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.fidelity.cells import CELL_PX, cells_a_side
from whyface.fidelity.covering import LEVELS
from whyface.fidelity.effects_of_maps import ORDERS
from whyface.fidelity.fills import FILLS
from whyface.fidelity.published_protocol import PASSES

logger = logging.getLogger("whyface")

SHARE_OF_COST = 0.1
# The coarser cells make the oracle cheaper: they are for budgets that do not allow enough pairs with finer ones.
CELL_SIZES_PX = (CELL_PX, 14)
ENOUGH_PAIRS = 20
KINDS = ("genuine", "impostor", "unlabelled")
SEED = 0


class Size(NamedTuple):
    """How many pairs are tested, with which cells, and the model passes that one pair takes."""

    pairs: int
    cell_px: int
    passes: int


def sample_size(pairs: pd.DataFrame, masks: int, side_px: int) -> Size:
    """Decide how many pairs to test.

    Parameters
    ----------
    pairs : pandas.DataFrame
        All pairs of the dataset that have maps.
    masks : int
        Passes that the maps take for each image.
    side_px : int
        Side of the crops.

    Returns
    -------
    Size
        At least one pair, even if that costs more than the budget.
    """
    budget = int(SHARE_OF_COST * masks * pd.concat([pairs["image_a"], pairs["image_b"]]).nunique())
    for cell_px in CELL_SIZES_PX:
        passes = passes_of_pair(side_px, cell_px)
        if budget >= passes * min(ENOUGH_PAIRS, len(pairs)):
            break
    size = Size(min(len(pairs), max(1, budget // passes)), cell_px, passes)
    numbers = (size.pairs, cell_px, size.pairs * passes, budget)
    logger.info("pairs judged: %d, in cells of %d px; passes: %d, budget %d", *numbers)
    return size


def passes_of_pair(side_px: int, cell_px: int) -> int:
    """Count the passes of a pair: both faces clean, covered in every order and cell by cell; published protocol."""
    return 2 * (1 + ORDERS * len(LEVELS) + cells_a_side(side_px, cell_px) ** 2) + PASSES


def draw_sample(pairs: pd.DataFrame, size: int, made_with: str) -> pd.DataFrame:
    """Draw pairs, genuine and impostor in turn, and give each a fill and a stranger.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Pairs that have maps.
    size : int
        How many.
    made_with : str
        The fill of the maps, which must not judge them.

    Returns
    -------
    pandas.DataFrame
        The pairs drawn, with columns kind (one of `KINDS`), fill, and stranger: an image of somebody else. Without a
        third person, nothing is filled with a stranger's pixels.
    """
    rng = np.random.default_rng(SEED)
    images = _people(pairs)
    known = [fill for fill in FILLS if fill != made_with and (fill != "stranger" or images.nunique() > 2)]
    kind = pairs["is_genuine"].map({True: 0, False: 1}).fillna(2).astype(int)
    shuffled = pairs.assign(kind=kind).iloc[rng.permutation(len(pairs))]
    rank = shuffled.groupby("kind").cumcount()
    # Half of the fills later for impostors, so that few pairs meet many fills.
    fill = (rank + shuffled["kind"] * (len(known) // 2)) % len(known)
    drawn = shuffled.assign(rank=rank, fill=fill.map(dict(enumerate(known)))).sort_values(["rank", "kind"]).head(size)
    strangers = [_stranger(pair, images, rng) for pair in drawn.itertuples()]
    return drawn.assign(kind=drawn["kind"].map(dict(enumerate(KINDS))), stranger=strangers).drop(columns="rank")


def _people(pairs: pd.DataFrame) -> pd.Series:
    """Who each image shows; an image without a subject shows somebody of its own."""
    sides = [pairs.set_index(f"image_{side}")[f"subject_{side}"] for side in "ab"]
    people = pd.concat(sides)
    people = people[~people.index.duplicated()].sort_index()
    return people.where(people != "", "\0" + people.index)


def _stranger(pair, images: pd.Series, rng: np.random.Generator) -> str | None:
    """Choose an image of somebody who is not in the pair."""
    others = images.index[~images.isin([images[pair.image_a], images[pair.image_b]])]
    return str(rng.choice(others)) if len(others) else None
