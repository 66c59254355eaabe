"""The square cells in which a crop is covered, and the order in which a map covers them."""

import cv2
import numpy as np

CELL_PX = 8
DIGITS = 6  # of the largest value: smaller differences are rounding in single precision, and count as ties


def cell_places(side: int, cell_px: float = CELL_PX) -> np.ndarray:
    """Cut a crop into cells of about `cell_px`, as even as possible; side x side, int: each pixel's cell, row-major."""
    parts = np.array_split(np.arange(side), cells_a_side(side, cell_px))
    line = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return line[:, None] * len(parts) + line


def cells_a_side(side: int, cell_px: float) -> int:
    """Count the cells in a row; at least one."""
    return max(1, round(side / cell_px))


def cell_order(saliency: np.ndarray, places: np.ndarray, sign: str, seed: int = 0) -> np.ndarray:
    """Order cells as a map says: what speaks most for `sign` comes first.

    Parameters
    ----------
    saliency : numpy.ndarray
        The map, of any side.
    places : numpy.ndarray
        As `cell_places` gives them, in pixels of the crop.
    sign : str
        same: cells with the highest mean first; different: with the lowest.
    seed : int
        Of the order of cells that share a mean.

    Returns
    -------
    numpy.ndarray
        int, cells.
    """
    values = resized(saliency, len(places)).ravel()
    means = np.bincount(places.ravel(), values) / np.bincount(places.ravel())
    return highest_first(direction(sign) * means, seed)


def direction(sign: str) -> int:
    """+1 for same, -1 for different: covering what speaks for "same" must raise the distance, the other lower it."""
    if sign not in ("same", "different"):
        raise ValueError(f"sign {sign!r}; allowed: same, different")
    return 1 if sign == "same" else -1


def resized(saliency: np.ndarray, side: int) -> np.ndarray:
    """Bring a map to the crop's side, float64."""
    values = np.asarray(saliency, np.float64)
    if len(values) == side:
        return values
    return cv2.resize(values, (side, side), interpolation=cv2.INTER_LINEAR if len(values) < side else cv2.INTER_AREA)


def highest_first(values: np.ndarray, seed: int) -> np.ndarray:
    """Sort indices by falling value, ties by a seeded shuffle."""
    shuffled = np.random.default_rng(seed).permutation(len(values))
    size = np.abs(values).max()
    rounded = np.round(values / size, DIGITS) if size > 0 else values
    return shuffled[np.argsort(-rounded[shuffled], kind="stable")]
