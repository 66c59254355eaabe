"""Blocks of the matrix of distances of every two images: compared and counted on the CPU, or on a card.

The rows of a block are some images, its columns these and all later ones, so that each pair is in one block. Both ways
are the same few lines, in NumPy and in PyTorch, which takes longer to open than a small collection takes to compare.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

BINS = 20_000  # of distances 0 to 2
AT_ONCE = 2_000_000  # distances to count, on the CPU
NONE = 4.0  # in place of the distance of a pair that does not count here; real ones end at 2


class Block(NamedTuple):
    """What a block holds.

    Attributes
    ----------
    genuine, impostor : numpy.ndarray
        int64, counts of `BINS` equal bins of cosine distance from 0 to 2.
    genuine_rows : numpy.ndarray
        An image of each genuine pair.
    genuine_distances : numpy.ndarray
        float32, their distances.
    """

    genuine: np.ndarray
    impostor: np.ndarray
    genuine_rows: np.ndarray
    genuine_distances: np.ndarray


class Blocks(Protocol):
    """Compares images block by block."""

    def compare(self, start: int, rows: int) -> Block:
        """Compare `rows` images from `start` on with these and all later ones."""

    def closest(self, limit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """List the last block's impostor pairs below a distance: both images, and the distances."""


def open_blocks(vectors: np.ndarray, ends: np.ndarray, device: str) -> Blocks:
    """Take images to where they are compared.

    Parameters
    ----------
    vectors : numpy.ndarray
        float32, n x d, unit vectors; each person's images follow one another.
    ends : numpy.ndarray
        n, for each image, the first image of the next person.
    device : str
        cpu, or a device of PyTorch.
    """
    return OnCpu(vectors, ends) if device == "cpu" else OnCard(vectors, ends, device)


class OnCpu:
    """Compares in NumPy."""

    def __init__(self, vectors: np.ndarray, ends: np.ndarray):
        self._vectors, self._ends = vectors, ends
        self._distances = np.empty((0, 0), np.float32)

    def compare(self, start: int, rows: int) -> Block:
        """Compare some images with these and all later ones; count a few rows at a time."""
        self._distances = self._distances[:0].copy()  # frees the last block
        distances = self._vectors[start : start + rows] @ self._vectors[start:].T
        np.subtract(1, distances, out=distances)
        some = max(1, AT_ONCE // distances.shape[1])
        parts = [
            self._count(start + first, distances[first : first + some]) for first in range(0, len(distances), some)
        ]
        self._start, self._distances = start, distances
        genuine, impostor, shown, own = zip(*parts, strict=True)
        counts = np.sum(genuine, axis=0), np.sum(impostor, axis=0)
        return Block(*counts, np.concatenate(shown), np.concatenate(own))

    def _count(self, start: int, distances: np.ndarray) -> Block:
        """Count some rows of the block; in place of all but impostor pairs, put `NONE`."""
        rows, columns = np.arange(start, start + len(distances)), np.arange(-distances.shape[1], 0) + len(self._vectors)
        distances[columns <= rows[:, None]] = NONE
        is_genuine = (columns < self._ends[rows, None]) & (distances < NONE)
        own = distances[is_genuine]
        distances[is_genuine] = NONE
        return Block(_count(own), _count(distances), rows[np.nonzero(is_genuine)[0]], own)

    def closest(self, limit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """List the last block's impostor pairs below a distance."""
        row, column = np.nonzero(self._distances < limit)
        return row + self._start, column + self._start, self._distances[row, column]


class OnCard:
    """Compares in PyTorch."""

    def __init__(self, vectors: np.ndarray, ends: np.ndarray, device: str):
        import torch

        self._torch, self._device = torch, device
        self._vectors, self._ends = (torch.from_numpy(array).to(device) for array in (vectors, ends))

    def compare(self, start: int, rows: int) -> Block:
        """Compare some images with these and all later ones."""
        block = self._vectors[start : start + rows]
        distances = 1 - block @ self._vectors[start:].T
        columns = self._torch.arange(start, len(self._vectors), device=self._device)
        distances[columns <= columns[: len(block), None]] = NONE
        is_genuine = (columns < self._ends[start : start + len(block), None]) & (distances < NONE)
        own, shown = distances[is_genuine], self._torch.nonzero(is_genuine)[:, 0]
        distances[is_genuine] = NONE
        self._start, self._distances = start, distances
        return Block(_count(own.cpu().numpy()), self._count(distances), start + shown.cpu().numpy(), own.cpu().numpy())

    def closest(self, limit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """List the last block's impostor pairs below a distance."""
        found = self._torch.nonzero(self._distances < limit)
        pairs = (found + self._start).cpu().numpy()
        return pairs[:, 0], pairs[:, 1], self._distances[found[:, 0], found[:, 1]].cpu().numpy()

    def _count(self, distances: Any) -> np.ndarray:
        bins = (distances.ravel() * (BINS / 2)).clamp_(min=0).int()
        return _fold(self._torch.bincount(bins, minlength=2 * BINS + 1).cpu().numpy())


def _count(distances: np.ndarray) -> np.ndarray:
    """Count distances by bin; rounding may put one just outside 0 to 2."""
    bins = np.maximum(distances.ravel() * np.float32(BINS / 2), 0).astype(np.intp)
    return _fold(np.bincount(bins, minlength=2 * BINS + 1))


def _fold(counts: np.ndarray) -> np.ndarray:
    """Leave out pairs at `NONE`, and add those just beyond 2 to the last bin."""
    return np.append(counts[: BINS - 1], counts[BINS - 1 : 2 * BINS].sum())
