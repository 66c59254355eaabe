"""Cells tile the crop, and a map orders them as it should."""

import numpy as np
import pytest

from whyface.fidelity.cells import cell_order, cell_places, cells_a_side, highest_first, resized

QUARTERS = cell_places(16)


def test_cells_of_eight_pixels():
    np.testing.assert_array_equal(QUARTERS, np.kron([[0, 1], [2, 3]], np.ones((8, 8), int)))
    assert cell_places(112).max() + 1 == 14 * 14
    assert np.bincount(cell_places(112).ravel()).tolist() == [64] * 196


def test_cells_of_other_sides_are_cut_as_even_as_possible():
    heights = np.bincount(cell_places(19)[:, 0])  # two cells a side, 10 and 9 px
    assert heights.tolist() == [10, 0, 9]
    assert (cell_places(3) == 0).all(), "a single cell"
    assert cell_places(112, 14).max() + 1 == cells_a_side(112, 14) ** 2 == 64


def test_order_by_mean_of_the_map():
    saliency = np.kron([[0.2, -3], [1, 0.1]], np.ones((8, 8)))
    assert cell_order(saliency, QUARTERS, "same").tolist() == [2, 0, 3, 1]
    assert cell_order(saliency, QUARTERS, "different").tolist() == [1, 3, 0, 2]
    saliency[0, 0] += 64  # one pixel counts by its share of the cell's mean
    assert cell_order(saliency, QUARTERS, "same").tolist() == [0, 2, 3, 1]
    with pytest.raises(ValueError, match="'alike'; allowed: same, different"):
        cell_order(saliency, QUARTERS, "alike")


@pytest.mark.parametrize("side", [4, 16, 32])
def test_maps_of_any_side_and_type(side):
    saliency = np.kron([[0.2, -3], [1, 0.1]], np.ones((side // 2, side // 2))).astype(np.float16)
    assert cell_order(saliency, QUARTERS, "same").tolist() == [2, 0, 3, 1]


def test_shrinking_averages_areas():
    fine = np.arange(64.0).reshape(8, 8)
    np.testing.assert_allclose(resized(fine, 4), fine.reshape(4, 2, 4, 2).mean(axis=(1, 3)))


@pytest.mark.parametrize("side", [30, 112])
def test_ties_are_shuffled_by_the_seed(side):
    """Whatever is rounded on the way: a constant map has no order of its own."""
    constant = np.full((56, 56), 0.1, np.float32)
    orders = [cell_order(constant, cell_places(side), "same", seed) for seed in (0, 0, 1)]
    assert sorted(orders[0]) == list(range(len(orders[0])))
    assert orders[0].tolist() == orders[1].tolist() != orders[2].tolist()
    shuffled = np.random.default_rng(0).permutation(len(orders[0]))
    assert orders[0].tolist() == shuffled.tolist()


def test_ties_among_others_stay_between_them():
    for seed in range(5):
        order = highest_first(np.array([0, 2, 0, -1, 0]), seed)
        assert order[0] == 1 and order[-1] == 3
    assert len({tuple(highest_first(np.array([0, 2, 0, -1, 0]), seed)) for seed in range(50)}) == 6
