"""Averages over rectangles of images, from tables of sums: four look-ups for each, however large it is.

The averages are those of torch's `adaptive_avg_pool2d`, to the last bit.
"""

import cv2
import numpy as np
import torch
from torch import Tensor


def sum_tables(images: np.ndarray) -> Tensor:
    """Sum the pixels above and left of each corner.

    Parameters
    ----------
    images : numpy.ndarray
        uint8, n x height x width x 3.

    Returns
    -------
    torch.Tensor
        n x (height + 1) x (width + 1) x 3. int32 is enough: sums of more than eight million white pixels wrap around,
        and their differences wrap back.
    """
    n, height, width, channels = images.shape
    sums = np.empty((n, height + 1, width + 1, channels), np.int32)
    for image, out in zip(images, sums, strict=True):
        cv2.integral(image, out)
    return torch.from_numpy(sums)


def shrink(sums: Tensor, height: int, width: int) -> Tensor:
    """Average whole images down to n x height x width x 3, float32."""
    n, rows, columns = sums.shape[0], sums.shape[1] - 1, sums.shape[2] - 1
    (top,), (bottom,) = _edges(torch.tensor([rows], device=sums.device), height)
    (left,), (right,) = _edges(torch.tensor([columns], device=sums.device), width)
    bands = (sums.index_select(1, bottom) - sums.index_select(1, top)).flatten(0, 1)
    totals = (bands.index_select(1, right) - bands.index_select(1, left)).unflatten(0, (n, height))
    return totals.float() / (bottom - top)[:, None, None] / (right - left)[:, None]


def cut(sums: Tensor, owners: Tensor, corners: Tensor, side: int) -> Tensor:
    """Average rectangles down to squares.

    Parameters
    ----------
    sums : torch.Tensor
        Of `sum_tables`.
    owners : torch.Tensor
        k, int64: the image that each rectangle lies in.
    corners : torch.Tensor
        k x 4, int64: left, top, right, bottom, within the image; right and bottom are the first pixels outside.
    side : int
        Of the squares, in pixels.

    Returns
    -------
    torch.Tensor
        k x side x side x 3, float32.
    """
    left, right = (corners[:, :1] + edge for edge in _edges(corners[:, 2] - corners[:, 0], side))
    top, bottom = (corners[:, 1:2] + edge for edge in _edges(corners[:, 3] - corners[:, 1], side))
    table = sums.flatten(0, 2)

    def sums_at(y: Tensor, x: Tensor) -> Tensor:
        places = ((owners[:, None] * sums.shape[1] + y) * sums.shape[2])[:, :, None] + x[:, None]
        return table.index_select(0, places.flatten()).view(-1, side, side, 3)

    totals = sums_at(bottom, right) - sums_at(top, right) - sums_at(bottom, left) + sums_at(top, left)
    return totals.float() / (bottom - top)[:, :, None, None] / (right - left)[:, None, :, None]


def _edges(lengths: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """Cut lengths into equal bins: first and last edges, k x bins; a pixel that is cut counts on both sides."""
    i, lengths = torch.arange(bins, device=lengths.device), lengths[:, None]
    return i * lengths // bins, ((i + 1) * lengths + bins - 1) // bins
