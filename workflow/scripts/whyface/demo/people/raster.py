"""Draws triangles into a grid of samples, with the nearest in front."""

import numpy as np

# Triangles of similar size, in samples, are drawn together as one array.
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 18, 24, 48, 96)


def grid_triangles(rows: int, columns: int, closed: bool, start: int = 0) -> np.ndarray:
    """List the triangles (n x 3 vertex numbers) of a grid of vertices, numbered by rows from `start`."""
    number = np.arange(rows * columns).reshape(rows, columns) + start
    if closed:
        number = np.concatenate([number, number[:, :1]], axis=1)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])


def rasterise(
    xy: np.ndarray, depth: np.ndarray, triangles: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest triangle at the centre of every sample.

    Parameters
    ----------
    xy : numpy.ndarray
        2 x n, places of the vertices in samples; sample (i, j) has its centre at x = j + 0.5, y = i + 0.5.
    depth : numpy.ndarray
        n, larger is nearer.
    triangles : numpy.ndarray
        m x 3, vertex numbers, clockwise when the camera sees the outside; others show their inside and are not drawn.
    side : int
        Samples along either side.

    Returns
    -------
    sample : numpy.ndarray
        k, row * side + column of every sample that a triangle covers, each once.
    triangle : numpy.ndarray
        k, row of `triangles`.
    weights : numpy.ndarray
        3 x k, barycentric weights of its vertices.
    """
    corners = np.ascontiguousarray(triangles.T)
    x, y = np.take(xy[0], corners), np.take(xy[1], corners)  # 3 x m each; faster than an index in brackets
    area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    (left, right), (top, bottom) = _sample_span(x, side), _sample_span(y, side)
    is_drawn = (area > 1e-9) & (right >= left) & (bottom >= top)
    extent = np.where(is_drawn, np.maximum(right - left, bottom - top) + 1, 0).astype(np.int16)
    order = np.argsort(extent, kind="stable")[np.count_nonzero(extent == 0) :]
    x, y, area, left, top = (np.take(one, order, axis=-1) for one in (x, y, area, left, top))
    sizes, hits, start = (*SIZES, side), [], 0
    for size, end in zip(sizes, np.searchsorted(extent[order], sizes, side="right"), strict=True):
        if start < end:
            own = slice(start, end)
            found = _cover(x[:, own], y[:, own], area[own], left[own], top[own], size, side)
            hits.append((found[0], found[1] + start, found[2]))
        start = end
    sample, triangle, weights = (np.concatenate(part, axis=-1) for part in zip(*hits, strict=True))
    near = np.take(depth, np.take(corners, order, axis=1))
    nearness = sum(np.take(near[vertex], triangle) * weights[vertex] for vertex in range(3))
    kept = _find_nearest(sample, nearness, side)
    return sample[kept], order[triangle[kept]], np.take(weights, kept, axis=1)


def _sample_span(place: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last sample whose centre lies between the vertices of a triangle (3 x m), within the image."""
    low = np.minimum(np.minimum(place[0], place[1]), place[2])
    high = np.maximum(np.maximum(place[0], place[1]), place[2])
    first, last = np.ceil(low - 0.5).astype(int), np.floor(high - 0.5).astype(int)
    return np.maximum(first, 0), np.minimum(last, side - 1)


def _cover(x, y, area, left, top, size, side):
    """Test every sample of boxes of size x size, at (left, top), against their triangles."""
    step = np.arange(size)[:, None]
    share = []
    for start, end in ((1, 2), (2, 0)):  # the edge across from vertex 0, then from vertex 1
        along_x, along_y = (x[end] - x[start]) / area, (y[end] - y[start]) / area
        corner = along_x * (top + 0.5 - y[start]) - along_y * (left + 0.5 - x[start])
        share.append((corner + along_x * step)[:, None] - along_y * step)  # rows x columns x m
    least = 1 - share[0] - share[1]
    for part in share:
        np.minimum(least, part, out=least)
    hit = np.flatnonzero(least >= 0)
    box, triangle = np.divmod(hit, len(area))
    row, column = top[triangle] + box // size, left[triangle] + box % size
    within = np.flatnonzero((column < side) & (row < side))
    first, second = (np.take(part, hit[within]) for part in share)
    return row[within] * side + column[within], triangle[within], np.stack([first, second, 1 - first - second])


def _find_nearest(sample, nearness, side):
    """Find the hits that nothing hides, one for each sample that is hit."""
    nearest = np.full(side * side, -np.inf)
    np.maximum.at(nearest, sample, nearness)
    front = np.flatnonzero(nearness == np.take(nearest, sample))
    # If triangles are equally near, as along a shared edge, one of them is kept.
    winner = np.full(side * side, -1)
    winner[sample[front]] = front
    return winner[winner >= 0]
