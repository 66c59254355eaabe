"""The rasteriser, compared with triangles worked by hand and with a slow transcription."""

import numpy as np
import pytest

from whyface.demo.people.raster import grid_triangles, rasterise

SIDE = 24


def draw(xy, depth, triangles, side=SIDE):
    sample, triangle, weights = rasterise(np.array(xy, float).T, np.array(depth, float), np.array(triangles), side)
    return {int(s): (int(t), w) for s, t, w in zip(sample, triangle, weights.T, strict=True)}


def transcribe(xy, depth, triangles, side):
    """Find the nearest triangle of every sample in plain loops, from areas instead of edges."""

    def area(a, b, c):
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    found = {}
    for number, (a, b, c) in enumerate(triangles):
        whole = area(xy[a], xy[b], xy[c])
        if whole <= 0:
            continue
        for row in range(side):
            for column in range(side):
                place = (column + 0.5, row + 0.5)
                parts = area(place, xy[b], xy[c]), area(xy[a], place, xy[c]), area(xy[a], xy[b], place)
                weights = np.array(parts) / whole
                nearness = weights @ depth[[a, b, c]]
                if weights.min() >= 0 and nearness > found.get(row * side + column, (0, 0, -np.inf))[2]:
                    found[row * side + column] = (number, weights, nearness)
    return found


def test_a_triangle_covers_the_samples_whose_centres_lie_in_it():
    # Corners (0, 0), (3, 0), (0, 3): centres (0.5, 0.5), (1.5, 0.5), (0.5, 1.5); (1.5, 1.5) lies on the long side.
    drawn = draw([(0, 0), (3, 0), (0, 3)], [0, 0, 0], [(0, 1, 2)], side=4)
    assert sorted(drawn) == [0, 1, 2, 4, 5, 8]
    np.testing.assert_allclose(drawn[0][1], [4 / 6, 1 / 6, 1 / 6])
    np.testing.assert_allclose(drawn[1][1], [2 / 6, 3 / 6, 1 / 6])


def test_the_nearer_triangle_hides_the_other():
    corners = [(0, 0), (20, 0), (0, 20)]
    drawn = draw(corners * 2, [1, 1, 1, 2, 2, 2], [(0, 1, 2), (3, 4, 5)])
    assert {triangle for triangle, _ in drawn.values()} == {1}


def test_the_inside_of_a_triangle_is_not_drawn():
    corners = [(0, 0), (20, 0), (0, 20)]
    drawn = draw([*corners, (1, 1), (4, 1), (1, 4)], [5, 5, 5, 0, 0, 0], [(0, 2, 1), (3, 4, 5)])
    assert {triangle for triangle, _ in drawn.values()} == {1}


def test_triangles_may_extend_beyond_the_image():
    drawn = draw([(-30, -30), (90, -30), (-30, 90)], [0, 0, 0], [(0, 1, 2)])
    assert sorted(drawn) == [s for s in range(SIDE * SIDE) if s // SIDE + s % SIDE + 1 <= 60]


@pytest.mark.parametrize("seed", range(4))
def test_rasterise_agrees_with_a_slow_transcription(seed):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-4, SIDE + 4, (60, 2))
    small = xy[:20] + rng.uniform(-2, 2, (20, 2))
    xy = np.concatenate([xy, small])
    depth = rng.uniform(0, 9, len(xy))
    triangles = rng.integers(0, len(xy), (40, 3))
    triangles = np.concatenate([triangles, np.stack([np.arange(20), np.arange(60, 80), rng.integers(0, 80, 20)], 1)])
    drawn, wanted = draw(xy, depth, triangles), transcribe(xy, depth, triangles, SIDE)
    assert drawn.keys() == wanted.keys()
    for sample, (triangle, weights) in drawn.items():
        assert triangle == wanted[sample][0]
        np.testing.assert_allclose(weights, wanted[sample][1], atol=1e-9)


def test_a_grid_has_two_triangles_a_cell_and_wraps_if_closed():
    assert grid_triangles(2, 2, closed=False).tolist() == [[0, 1, 2], [1, 3, 2]]
    closed = grid_triangles(2, 3, closed=True)
    assert len(closed) == 2 * 3
    assert [2, 0, 5] in closed.tolist()
