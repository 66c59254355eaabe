"""Single patches, as the masks of the maps lay them: where each lies, what fills it, and a face under it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whyface.maps.masks import MaskSet, make_filler, split_by_fill


@dataclass(frozen=True)
class Patches:
    """The n patches of a run, in the order of a face's shifts.

    Attributes
    ----------
    patch_px, x_px, y_px : numpy.ndarray
        int, n: side, and the top left corner; negative where circles hang over the edge.
    fill : numpy.ndarray
        str, n: what each shows.
    measured : numpy.ndarray
        bool, n: whether every face was covered with it; else its effect is predicted from the others.
    covered : numpy.ndarray
        bool, n x side x side: the pixels that each covers.
    """

    patch_px: np.ndarray
    x_px: np.ndarray
    y_px: np.ndarray
    fill: np.ndarray
    measured: np.ndarray
    covered: np.ndarray

    def __len__(self) -> int:
        return len(self.covered)

    def table(self) -> pd.DataFrame:
        """List them as the table patches does."""
        columns = {name: getattr(self, name) for name in ("patch_px", "x_px", "y_px", "fill", "measured")}
        return pd.DataFrame({"place": range(len(self)), **columns})

    def paint(self, place: int, crop: np.ndarray, label: str) -> np.ndarray:
        """Cover a crop with one of the patches; `label` is the image's id, on which the fill `noise` depends."""
        filler = make_filler(crop, self.fill[place], label)
        return np.where(self.covered[place][..., None], filler, crop)


def list_patches(masks: Sequence[MaskSet], fill: str, measured: np.ndarray | None = None) -> Patches:
    """List the patches of all sizes.

    Parameters
    ----------
    masks : sequence of MaskSet
        All masks.
    fill : str
        The fill of the run; with `mixed`, each patch has its own.
    measured : numpy.ndarray or None
        int: the places of those that were measured; None: all.
    """
    patch_px = np.concatenate([np.full(len(one.covered), one.patch_px) for one in masks])
    y_px, x_px = np.concatenate([one.corners for one in masks]).T
    fills = np.empty(len(patch_px), object)
    for part in split_by_fill(masks, fill):
        fills[part.places] = part.fill
    known = np.isin(np.arange(len(fills)), np.arange(len(fills)) if measured is None else measured)
    return Patches(patch_px, x_px, y_px, fills, known, np.concatenate([one.covered for one in masks]))
