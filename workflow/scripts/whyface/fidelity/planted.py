"""Planted differences: which pairs have one, and where it lies in either crop."""

import numpy as np
import pandas as pd

from whyface.faces.alignment import crop_five_point

# What identifies the change that makes a twin of a photo.
CHANGE = ["mixture", "mixed_with", "cover"]
COLUMNS = ["pair_id", "kind", "region", "mask_a", "mask_b"]
EXCHANGED, COVERED, POSED = "exchanged", "covered", "posed"


def planted_masks(pairs: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Find the masks of the difference between the two photos of each pair.

    The second photo is a twin; the first is the photo that it is a twin of (kinds exchanged, covered) or the same
    person's in another shot (kind posed). In the latter case, the first photo's own twin with the same change shows
    where the change lies.

    Parameters
    ----------
    pairs : pandas.DataFrame
        A pairs table. Its group columns, which users may call as they like, do not count.
    truth : pandas.DataFrame
        The truth table of the same collection.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`; masks are paths below the collection's folder, of PNG files with 0 where the photos are equal. Pairs
        without a planted difference are left out.
    """
    twins = truth[truth["twin_of"].notna()]
    second = twins.set_index("image_id")[[*CHANGE, "twin_of", "difference"]].rename(columns={"difference": "mask_b"})
    first = twins.rename(columns={"twin_of": "image_a", "difference": "mask_a"})[["image_a", *CHANGE, "mask_a"]]
    listed = pairs[["pair_id", "image_a", "image_b"]].join(second, on="image_b", how="inner")
    found = listed.merge(first, on=["image_a", *CHANGE]).sort_values("pair_id", ignore_index=True)
    is_exchange = found["mixture"] != ""
    of_shot = np.where(is_exchange, EXCHANGED, COVERED)
    kind = np.where(found["twin_of"] == found["image_a"], of_shot, POSED)
    return found.assign(kind=kind, region=found["mixture"].where(is_exchange, found["cover"]))[COLUMNS]


def warp_mask(mask: np.ndarray, landmarks: np.ndarray, side_px: int) -> np.ndarray:
    """Warp the mask of a photo into its five-point crop.

    Parameters
    ----------
    mask : numpy.ndarray
        height x width; what is not 0 belongs to it.
    landmarks : numpy.ndarray
        Ten numbers, as in the table faces: those that the photo was cropped by.
    side_px : int
        Side of the crop.

    Returns
    -------
    numpy.ndarray
        bool, side_px x side_px: where more than half of what the crop shows belongs to the mask.
    """
    shares = (np.asarray(mask) != 0).astype(np.float32)
    return crop_five_point(shares, np.reshape(landmarks, (5, 2)).astype(float), side_px) > 0.5
