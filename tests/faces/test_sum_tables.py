"""Averages from tables of sums are those of adaptive average pooling, to the last bit."""

import numpy as np
import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from whyface.faces.sum_tables import cut, shrink, sum_tables

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 50, 37, 3), np.uint8)


def pooled(image, height, width):
    planes = torch.from_numpy(image.copy()).permute(2, 0, 1).float()
    return adaptive_avg_pool2d(planes, (height, width)).permute(1, 2, 0).numpy()


def test_a_table_sums_what_is_above_and_left():
    sums = sum_tables(np.array([[[[1, 10, 100]] * 2, [[2, 20, 200]] * 2]], np.uint8))
    np.testing.assert_array_equal(sums[0, :, :, 0], [[0, 0, 0], [0, 1, 2], [0, 3, 6]])
    np.testing.assert_array_equal(sums[0, 2, 2], [6, 60, 600])


@pytest.mark.parametrize(("height", "width"), [(50, 37), (31, 23), (7, 5), (60, 40)])
def test_images_are_shrunk_as_by_pooling(height, width):
    found = shrink(sum_tables(IMAGES), height, width).numpy()
    np.testing.assert_array_equal(found, [pooled(image, height, width) for image in IMAGES])


def test_rectangles_of_several_images_are_cut_as_by_pooling():
    owners, corners = torch.tensor([1, 0, 1]), torch.tensor([[0, 0, 37, 50], [3, 10, 4, 47], [30, 40, 37, 45]])
    found = cut(sum_tables(IMAGES), owners, corners, 24).numpy()
    for owner, (left, top, right, bottom), square in zip(owners, corners, found, strict=True):
        np.testing.assert_array_equal(square, pooled(IMAGES[owner][top:bottom, left:right], 24, 24))


def test_a_table_that_overflows_still_gives_the_right_averages():
    white = np.full((1, 3000, 3000, 3), 255, np.uint8)
    sums = sum_tables(white)
    assert sums.min() < 0, "the image is large enough to overflow"
    assert (shrink(sums, 12, 12) == 255).all()
    assert (cut(sums, torch.tensor([0]), torch.tensor([[2500, 2600, 2999, 3000]]), 24) == 255).all()
