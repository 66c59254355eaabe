"""Masks of planted differences, placed on the maps of both faces."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from whyface.fidelity.planted import warp_mask


def place_masks(
    planted: pd.DataFrame, faces: pd.DataFrame, folder: Path, side_px: int, map_px: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Place the masks of pairs as their faces were cropped.

    Parameters
    ----------
    planted : pandas.DataFrame
        Columns image_a, image_b, mask_a, mask_b.
    faces : pandas.DataFrame
        A faces table of alignment five-point.
    folder : path
        The collection's folder, which holds the masks.
    side_px, map_px : int
        Sides of the crops and of the maps.

    Returns
    -------
    dict of str to numpy.ndarray
        By side (a, b): bool, pairs x map_px x map_px; nothing where no landmarks are known.
    numpy.ndarray
        Pairs, bool: whether both masks have some, but not all pixels.
    """
    landmarks = faces.set_index("image_id")["landmarks"]

    @cache
    def placed(image_id: str, path: str) -> np.ndarray:
        if landmarks[image_id] is None:
            return np.zeros((map_px, map_px), bool)
        return resized_mask(warp_mask(np.asarray(Image.open(folder / path)), landmarks[image_id], side_px), map_px)

    masks = {}
    for side in "ab":
        keys = zip(planted[f"image_{side}"], planted[f"mask_{side}"], strict=True)
        masks[side] = np.array([placed(*key) for key in keys], bool).reshape(-1, map_px, map_px)
    shares = np.stack([masks[side].mean(axis=(1, 2)) for side in "ab"])
    return masks, np.all((shares > 0) & (shares < 1), axis=0)


def resized_mask(mask: np.ndarray, side: int) -> np.ndarray:
    """Shrink a mask: a pixel belongs to it if at least half of its area does."""
    return cv2.resize(mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA) >= 0.5
