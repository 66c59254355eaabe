"""Positions of the occluding patches, and what fills them.

There are two variants. `paper` reproduces the published masks, defects included: squares are one pixel too large, and
positions never reach the last rows and columns. `corrected` paints exact patches up to every edge, and covers every
pixel.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from whyface.config import inner_square

# What `mixed` takes in turn: in every square of two by two positions, each once. A map that averages over them depends
# less on what any one fill does to a model.
MIXED = ("mean", "noise", "black", "blur")


@dataclass(frozen=True)
class MaskSet:
    """All masks of one patch size.

    Attributes
    ----------
    patch_px : int
        Side of the square, or diameter of the circle.
    covered : numpy.ndarray
        bool, n x side x side: the pixels that each mask covers; positions are in row-major order.
    corners : numpy.ndarray
        int, n x 2: first row and column, negative where circles hang over the edge.
    turns : numpy.ndarray
        int, n: which fill of `MIXED` each takes if fills are mixed.
    """

    patch_px: int
    covered: np.ndarray
    corners: np.ndarray
    turns: np.ndarray

    def take(self, rows: np.ndarray) -> "MaskSet":
        """Leave only some of the masks."""
        return MaskSet(self.patch_px, self.covered[rows], self.corners[rows], self.turns[rows])


def make_masks(side_px: int, occlusion: Mapping[str, Any]) -> list[MaskSet]:
    """Lay out the masks of every patch size.

    Parameters
    ----------
    side_px : int
        Side of the model's input.
    occlusion : mapping
        The config section: variant, shape, patch_px (list), stride_px.

    Returns
    -------
    list of MaskSet
        In the order of `patch_px`.
    """
    variant, shape, stride = occlusion["variant"], occlusion["shape"], occlusion["stride_px"]
    sets = []
    for patch in occlusion["patch_px"]:
        # What tiles the image is the square inside each patch: circles hang over the edges, or corners stay bare.
        inner = inner_square(patch, shape)
        starts = [start - (patch - inner) // 2 for start in patch_starts(side_px, inner, stride, variant)]
        corners = np.array([(top, left) for top in starts for left in starts])
        sets.append(MaskSet(patch, _cover(side_px, patch, corners, shape, variant), corners, _turns(len(starts))))
    return sets


def take_masks(masks: Sequence[MaskSet], places: np.ndarray) -> list[MaskSet]:
    """Leave only the masks at these places among all, ascending; sizes of which none is left are dropped."""
    ends = np.cumsum([len(mask_set.covered) for mask_set in masks])
    parts = np.split(places, np.searchsorted(places, ends[:-1]))
    firsts = [0, *ends[:-1]]
    return [m.take(part - first) for m, part, first in zip(masks, parts, firsts, strict=True) if len(part)]


def patch_starts(side_px: int, patch_px: int, stride_px: int, variant: str) -> list[int]:
    """First row (or column) of each patch position.

    `paper` (seed method, maps, step 1): 0, stride, ... below side - patch. `corrected`: the same, and side - patch
    itself, so that the last patch ends at the edge.
    """
    last = side_px - patch_px
    starts = list(range(0, last, stride_px))
    return starts if variant == "paper" else [*starts, last]


class FilledMasks(NamedTuple):
    """The masks that share one fill: its name, their places among all masks, and themselves."""

    fill: str
    places: np.ndarray
    masks: list[MaskSet]


def split_by_fill(masks: Sequence[MaskSet], fill: str) -> list[FilledMasks]:
    """Say which masks are filled with what: all alike, or with `mixed` by their positions."""
    if fill != "mixed":
        return [FilledMasks(fill, np.arange(sum(len(m.covered) for m in masks)), list(masks))]
    starts = np.cumsum([0, *(len(m.covered) for m in masks)])
    parts = []
    for turn, name in enumerate(MIXED):
        own = [np.flatnonzero(m.turns == turn) for m in masks]
        chosen = [m.take(rows) for m, rows in zip(masks, own, strict=True) if len(rows)]
        places = np.concatenate([start + rows for start, rows in zip(starts, own, strict=False)])
        parts.append(FilledMasks(name, places, chosen))
    return [part for part in parts if part.masks]


def _turns(positions: int) -> np.ndarray:
    """Index into `MIXED` for each of positions x positions masks, row by row."""
    row, column = np.indices((positions, positions)) % 2
    return (2 * row + column).ravel()


def make_filler(crop: np.ndarray, fill: str, label: str) -> np.ndarray:
    """Make the image that shows through the patches.

    Parameters
    ----------
    crop : numpy.ndarray
        uint8, side x side x 3.
    fill : str
        black; mean: the crop's mean colour; blur: the crop, blurred beyond recognition; noise: uniform noise that
        depends on `label` alone.
    label : str
        The image's id.

    Returns
    -------
    numpy.ndarray
        uint8, side x side x 3.
    """
    if fill == "black":
        return np.zeros_like(crop)
    if fill == "mean":
        return np.full_like(crop, np.rint(crop.mean(axis=(0, 1))))
    if fill == "blur":
        return cv2.GaussianBlur(crop, (0, 0), sigmaX=crop.shape[0] / 8)
    if fill == "noise":
        seed = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8])
        return np.random.default_rng(seed).integers(0, 256, crop.shape, np.uint8)
    raise ValueError(f"occlusion.fill: {fill!r}; allowed: black, mean, blur, noise")


def _cover(side: int, patch: int, corners: np.ndarray, shape: str, variant: str) -> np.ndarray:
    painted = patch + 1 if variant == "paper" else patch
    stamp = np.ones((painted, painted), bool) if shape == "square" else _disc(patch)
    margin = -min(int(corners.min()), 0)
    covered = np.zeros((len(corners), side + 2 * margin, side + 2 * margin), bool)
    for mask, (top, left) in zip(covered, corners + margin, strict=True):
        mask[top : top + painted, left : left + painted] = stamp
    return covered[:, margin : margin + side, margin : margin + side]


def _disc(patch: int) -> np.ndarray:
    """Pixels of a patch x patch cell whose centres lie within patch / 2 of the cell's centre."""
    offset = np.arange(patch) - (patch - 1) / 2
    return offset[:, None] ** 2 + offset**2 <= (patch / 2) ** 2
