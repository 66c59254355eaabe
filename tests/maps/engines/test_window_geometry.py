"""Windows: a case worked by hand, and a comparison with a convolution that shows what it reads."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from whyface.maps.engines.window_geometry import FIRST_ROW, LOWEST_ROW, Sliding, Windows


def windows(size, top, left, map_size):
    return Windows(size, np.array(top), np.array(left), map_size)


def test_a_window_grows_as_worked_by_hand():
    """A 3 x 3 kernel, stride 2, padding 1 on 8 rows: output i reads rows 2i - 1 to 2i + 1."""
    first = windows((2, 2), [0, 3, 6], [0, 3, 6], (8, 8))
    after = first.after(Sliding((3, 3), (2, 2), (1, 1)), (4, 4))
    # Rows 0-1 reach outputs 0-1; rows 3-4 reach 1-2; rows 6-7 reach only 3, and the window moves up to fit.
    assert after.size == (2, 2)
    assert after.top.tolist() == after.left.tolist() == [0, 1, 2]
    size, top, left = after.read_by(Sliding((3, 3), (2, 2), (1, 1)))
    assert size == (5, 5)
    assert top.tolist() == left.tolist() == [-1, 1, 3]


def test_rows_name_edge_clean_map_and_windows():
    one = windows((1, 2), [1], [0], (2, 3))
    clean, changed = FIRST_ROW + 1, 20
    found = one.rows((2, 4), np.array([0]), np.array([-1]), LOWEST_ROW, clean, changed).reshape(2, 4)
    assert found.tolist() == [
        [LOWEST_ROW, clean, clean + 1, clean + 2],
        [LOWEST_ROW, changed, changed + 1, clean + 5],
    ]


def test_joined_windows_hold_both():
    joined = windows((2, 2), [0, 4], [0, 4], (6, 6)).joined(windows((1, 3), [3, 5], [1, 2], (6, 6)))
    assert joined.size == (4, 4)
    assert joined.top.tolist() == [0, 2]
    assert joined.left.tolist() == [0, 2]


def test_share_and_whole():
    half = windows((2, 3), [1], [0], (4, 3))
    assert half.share == 0.5
    assert half.whole().size == (4, 3)
    assert half.whole().equals(windows((4, 3), [0], [0], (4, 3)))
    assert not half.equals(half.whole())


@settings(deadline=None, max_examples=60)
@given(
    extent=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    length=st.integers(6, 14),
    height=st.integers(1, 4),
    tops=st.lists(st.integers(0, 13), min_size=1, max_size=4),
)
def test_nothing_outside_the_windows_changes(extent, stride, padding, length, height, tops):
    top = np.minimum(tops, length - height)
    before = windows((height, height), top, top, (length, length))
    kernel = torch.ones(1, 1, extent, extent)
    images = torch.zeros(len(top), 1, length, length)
    for image, start in zip(images, top, strict=True):
        image[:, start : start + height, start : start + height] = 1
    changed = torch.nn.functional.conv2d(images, kernel, stride=stride, padding=padding)[:, 0] > 0
    out = tuple(changed.shape[1:])
    after = before.after(Sliding((extent, extent), (stride, stride), (padding, padding)), out)
    assert after.top.min() >= 0
    assert (after.top + after.size[0] <= out[0]).all()
    for one, y, x in zip(changed, after.top, after.left, strict=True):
        one[y : y + after.size[0], x : x + after.size[1]] = False
        assert not one.any()


@pytest.mark.parametrize("stride", [1, 2])
def test_windows_that_reach_nothing_stay_on_the_map(stride):
    """At stride 2 without padding, no output reads the last of seven rows; the window must still lie on the map."""
    after = windows((1, 1), [6], [6], (7, 7)).after(
        Sliding((2, 2), (stride, stride), (0, 0)), (6 // stride, 6 // stride)
    )
    assert after.size == (1, 1)
    assert 0 <= after.top[0] < 6 // stride
