"""Geometry of windows: on every map of the network, the one rectangle per image that a patch changes.

A window may be larger than the change, but never smaller, so all windows of a batch can have the same size.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# First rows of a pixel table: the padding that a convolution reads, that which a max pooling reads, then the maps.
ZERO_ROW, LOWEST_ROW, FIRST_ROW = 0, 1, 2


class Sliding(NamedTuple):
    """The sliding window of a convolution or a pooling, vertically and horizontally.

    Attributes
    ----------
    extent : tuple of int
        Pixels from the first to the last that one output pixel reads: (k - 1) d + 1 for a kernel k dilated by d.
    stride, padding : tuple of int
        In pixels.
    outside : int
        Row of the pixel table that stands for pixels beyond the edge.
    """

    extent: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    outside: int = ZERO_ROW


@dataclass(frozen=True, eq=False)
class Windows:
    """One rectangle per image on the maps of a layer.

    Attributes
    ----------
    size : tuple of int
        Height and width, the same for all.
    top, left : numpy.ndarray
        int, n: first row and column of each.
    map_size : tuple of int
        Height and width of the map; windows lie within it.
    """

    size: tuple[int, int]
    top: np.ndarray
    left: np.ndarray
    map_size: tuple[int, int]

    @property
    def share(self) -> float:
        """Share of the map that a window covers."""
        return self.size[0] * self.size[1] / (self.map_size[0] * self.map_size[1])

    def equals(self, other: "Windows") -> bool:
        """Return whether both are the same rectangles."""
        return self.size == other.size and np.array_equal(self.top, other.top) and np.array_equal(self.left, other.left)

    def whole(self) -> "Windows":
        """Return windows that cover the whole map."""
        none = np.zeros_like(self.top)
        return Windows(self.map_size, none, none, self.map_size)

    def after(self, sliding: Sliding, map_size: tuple[int, int]) -> "Windows":
        """Find the windows that change on the output of a sliding layer, whose maps have `map_size`."""
        (height, top), (width, left) = (self._after_axis(axis, sliding, map_size[axis]) for axis in (0, 1))
        return Windows((height, width), top, left, map_size)

    def _after_axis(self, axis: int, sliding: Sliding, length: int) -> tuple[int, np.ndarray]:
        # Output pixel i reads input pixel i * stride - padding and the extent - 1 pixels after it.
        extent, stride, padding = sliding.extent[axis], sliding.stride[axis], sliding.padding[axis]
        start = (self.top, self.left)[axis] + padding
        first = np.clip(-((extent - 1 - start) // stride), 0, length - 1)
        end = np.clip((start + self.size[axis] - 1) // stride + 1, first + 1, length)
        size = int((end - first).max())
        return size, np.minimum(first, length - size)

    def read_by(self, sliding: Sliding) -> tuple[tuple[int, int], np.ndarray, np.ndarray]:
        """Find what a sliding layer reads to compute these windows: size, top, left; may cross the map's edge."""
        height, width = ((self.size[i] - 1) * sliding.stride[i] + sliding.extent[i] for i in (0, 1))
        top = self.top * sliding.stride[0] - sliding.padding[0]
        return (height, width), top, self.left * sliding.stride[1] - sliding.padding[1]

    def joined(self, other: "Windows") -> "Windows":
        """Return windows that cover these and those of another input whose maps have the same size."""
        sizes, starts = [], []
        for axis, (ours, theirs) in enumerate(((self.top, other.top), (self.left, other.left))):
            first = np.minimum(ours, theirs)
            end = np.maximum(ours + self.size[axis], theirs + other.size[axis])
            sizes.append(int((end - first).max()))
            starts.append(np.minimum(first, self.map_size[axis] - sizes[-1]))
        return Windows((sizes[0], sizes[1]), starts[0], starts[1], self.map_size)

    def rows(
        self,
        size: tuple[int, int],
        top: np.ndarray,
        left: np.ndarray,
        outside: int,
        first_clean: int,
        first_changed: int,
    ) -> np.ndarray:
        """Find the rows of a pixel table that hold the pixels of other rectangles.

        Parameters
        ----------
        size : tuple of int
            Height and width of the rectangles, one per image.
        top, left : numpy.ndarray
            int, n: first row and column, possibly beyond the edge.
        outside : int
            Row for pixels beyond the edge.
        first_clean : int
            Row of the clean map's first pixel; the others follow in row-major order.
        first_changed : int
            Row of the first pixel of window 0; its other pixels follow, then window 1, and so on.

        Returns
        -------
        numpy.ndarray
            int32, n * height * width.
        """
        height, width = self.map_size
        y = top[:, None] + np.arange(size[0])
        x = left[:, None] + np.arange(size[1])
        on_map = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None, :]
        v, u = y - self.top[:, None], x - self.left[:, None]
        in_window = ((v >= 0) & (v < self.size[0]))[:, :, None] & ((u >= 0) & (u < self.size[1]))[:, None, :]
        clean = first_clean + y[:, :, None] * width + x[:, None, :]
        first = first_changed + np.arange(len(top))[:, None, None] * (self.size[0] * self.size[1])
        changed = first + v[:, :, None] * self.size[1] + u[:, None, :]
        return np.where(on_map, np.where(in_window, changed, clean), outside).astype(np.int32).ravel()
