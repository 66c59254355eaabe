"""Distances of every two images of a collection, block by block: what protocols of a few thousand pairs cannot show.

A collection of n images has n (n - 1) / 2 pairs, nearly all of them impostor pairs. They are counted in bins of
distance, and the closest impostor pairs are kept: all that is known of a false match rate comes from these.
"""

from typing import NamedTuple

import numpy as np

from whyface.evaluation.distance_blocks import BINS, open_blocks
from whyface.evaluation.people import FREE, LEAST_FREE, LEAST_PAIRS, Spread, count_equal

ROWS = 1024  # of the matrix of distances, at a time
CLOSEST = 1_000_000  # impostor pairs that are kept


class AllPairs(NamedTuple):
    """The pairs of a collection.

    Attributes
    ----------
    genuine, impostor : numpy.ndarray
        int64, counts of `BINS` equal bins of cosine distance from 0 to 2.
    a, b : numpy.ndarray
        The closest impostor pairs, nearest first: rows of the embeddings.
    distances : numpy.ndarray
        float32, their distances.
    of_people : tuple of numpy.ndarray
        Each genuine pair's person, and its distance.
    """

    genuine: np.ndarray
    impostor: np.ndarray
    a: np.ndarray
    b: np.ndarray
    distances: np.ndarray
    of_people: tuple[np.ndarray, np.ndarray]


def score_all(
    embeddings: np.ndarray, people: np.ndarray, closest: int = CLOSEST, rows: int = ROWS, device: str = "cpu"
) -> AllPairs:
    """Compare every two images once.

    Parameters
    ----------
    embeddings : numpy.ndarray
        float32, n x d, unit vectors.
    people : numpy.ndarray
        n, who is shown: whole numbers from 0.
    closest : int
        How many impostor pairs to keep.
    rows : int
        Images to compare with all others at a time; memory is a few times rows x n x 4 bytes.
    device : str
        cpu or cuda: where to multiply and count.
    """
    order = np.argsort(people, kind="stable")
    sorted_people = people[order]
    ends = np.searchsorted(sorted_people, sorted_people, side="right")
    blocks = open_blocks(embeddings[order], ends, device)
    genuine, impostor = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    kept = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    own: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(people), rows):
        block = blocks.compare(start, rows)
        own.append((sorted_people[block.genuine_rows], block.genuine_distances))
        genuine += block.genuine
        impostor += block.impostor
        _keep(kept, *blocks.closest(_limit(impostor, closest)))
        if sum(map(len, kept[1])) > 2 * closest:
            kept = _nearest(kept, closest)
    (pairs,), (nearest,) = _nearest(kept, closest)
    a, b = order[pairs].T
    shown, distances = (np.concatenate(part) for part in zip(*own, strict=True))
    return AllPairs(genuine, impostor, a, b, nearest, (shown, distances))


def _limit(counts: np.ndarray, closest: int) -> float:
    """Return a distance within which the closest pairs are, of those counted so far and so of all."""
    full = np.searchsorted(np.cumsum(counts), closest) + 1
    return float(full * 2 / BINS)


def _keep(
    kept: tuple[list[np.ndarray], list[np.ndarray]], row: np.ndarray, column: np.ndarray, distances: np.ndarray
) -> None:
    kept[0].append(np.stack([row, column], axis=1))
    kept[1].append(distances)


def _nearest(
    kept: tuple[list[np.ndarray], list[np.ndarray]], closest: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    pairs, distances = np.concatenate(kept[0]), np.concatenate(kept[1])
    order = np.argsort(distances, kind="stable")[:closest]
    return [pairs[order]], [distances[order]]


def spread_fmr(people: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, Spread]:
    """Estimate a false match rate over all pairs of different people, and how far it spreads.

    Parameters
    ----------
    people : numpy.ndarray
        n, who is shown in each image: whole numbers from 0.
    a, b : numpy.ndarray
        Images of the false matches.

    Returns
    -------
    tuple
        The rate, and its spread.
    """
    total = _pairs_of(np.bincount(people)).sum() / 2
    rate = len(a) / total
    return rate, spread_few(people, a, b, np.full(len(a), (1 - rate) / total))


def spread_few(people: np.ndarray, a: np.ndarray, b: np.ndarray, influence: np.ndarray) -> Spread:
    """Estimate how far a figure spreads that depends on a few of all pairs of different people.

    What `People.spread` does pair by pair follows here from these few alone, as all others are alike.

    Parameters
    ----------
    people : numpy.ndarray
        n, who is shown in each image: whole numbers from 0.
    a, b : numpy.ndarray
        m, the images of the few.
    influence : numpy.ndarray
        m, what the figure gains by each of them, to first order; all others share the opposite of their sum.
    """
    images = np.bincount(people).astype(np.float64)
    pairs_of = _pairs_of(images)
    total = pairs_of.sum() / 2
    shares = pairs_of / total
    apart = float(shares.sum() / (shares**2).sum())
    if apart < LEAST_PAIRS:
        return Spread(np.nan, int(np.count_nonzero(images)), apart, np.nan)
    other = -float(influence.sum()) / max(total - len(a), 1)
    first, second, beyond = people[a], people[b], influence - other
    added = np.bincount(first, beyond, len(images)) + np.bincount(second, beyond, len(images))
    own = (added + other * pairs_of) / (1 - shares)
    twice = _of_two(images, first, second, beyond, other)
    alone = total / (total - 1) * float(influence @ influence + other**2 * (total - len(a)))
    error = float(np.sqrt(max(own @ own - twice, alone)))
    freedom = min(apart - 1, max(LEAST_FREE, FREE * count_equal(own**2) - 1))
    return Spread(error, int(np.count_nonzero(images)), apart, freedom)


def _pairs_of(images: np.ndarray) -> np.ndarray:
    """Count the pairs with others that each person is in."""
    return images * (images.sum() - images)


def _of_two(images: np.ndarray, first: np.ndarray, second: np.ndarray, beyond: np.ndarray, other: float) -> float:
    """Sum, over every two people, the square of the influence of their pairs."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    codes, places = np.unique(low.astype(np.int64) * len(images) + high, return_inverse=True)
    sums = np.bincount(places, beyond, len(codes))
    pairs = images[codes // len(images)] * images[codes % len(images)]
    squares = (images**2).sum() ** 2 - (images**4).sum()
    return float((sums**2).sum() + 2 * other * (sums * pairs).sum() + other**2 * squares / 2)


def spread_fnmr(people: np.ndarray, is_rejected: np.ndarray) -> tuple[float, Spread]:
    """Estimate a false non-match rate as a mean over people, and how far it spreads.

    Each person counts the same: with n images a person has n (n - 1) / 2 genuine pairs, so that a mean over pairs would
    tell of the few with most images.

    Parameters
    ----------
    people : numpy.ndarray
        Who is shown in each genuine pair: whole numbers from 0.
    is_rejected : numpy.ndarray
        bool, whether the pair is rejected.
    """
    pairs = np.bincount(people)
    rates = np.bincount(people, is_rejected)[pairs > 0] / pairs[pairs > 0]
    n = len(rates)
    if n < LEAST_PAIRS:
        return (float(rates.mean()) if n else np.nan), Spread(np.nan, n, n, np.nan)
    rate = float(rates.mean())
    own = (rates - rate) / n / (1 - 1 / n)
    error = float(np.sqrt(own @ own))
    return rate, Spread(error, n, n, min(n - 1, max(LEAST_FREE, FREE * count_equal(own**2) - 1)))
