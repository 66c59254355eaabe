"""Models so simple that their right maps are known: each says how much covering a cell with black moves the faces."""

import numpy as np
import pandas as pd

from whyface.fidelity.cells import cell_places
from whyface.fidelity.covering import Covering

SIDE = 32  # 4 x 4 cells of 8 px
PLACES = cell_places(SIDE)
CLEAN = 0.7
WHITE = np.full((SIDE, SIDE, 3), 255, np.uint8)
PARTNER = np.array([1.0, 0.0])


def linear_model(weights):
    """Make a model whose distance to `PARTNER` is `CLEAN` plus the weights of the cells that are dark."""
    share = np.asarray(weights)[PLACES] / np.bincount(PLACES.ravel())[PLACES]

    def embed(crops):
        darkness = 1 - crops.mean(axis=3) / 255
        cosine = 1 - (CLEAN + (darkness * share).sum(axis=(1, 2)))
        return np.stack([cosine, np.sqrt(1 - cosine**2)], axis=1)

    return embed


def face(weights, crop=WHITE, fill="black", **options):
    return Covering(linear_model(weights), crop, PARTNER, fill, **options)


def people(n):
    """List n impostor pairs of 2 n people."""
    columns = {f"{what}_{side}": [f"{side}{i}" for i in range(n)] for side in "ab" for what in ("subject", "image")}
    return pd.DataFrame(columns)
