"""What shows through covers of any shape."""

import numpy as np
import pytest

from whyface.fidelity import fills
from whyface.fidelity.fills import FILLS, NOISE_SIGMA, cover
from whyface.maps.masks import make_filler

RNG = np.random.default_rng(0)
CROP, STRANGER = RNG.integers(0, 256, (2, 9, 9, 3), np.uint8)
COVERED = np.zeros((4, 9, 9), bool)
COVERED[0, 2:5, 3:6] = True
COVERED[1, :, :4] = True  # to the edges
COVERED[2] = RNG.random((9, 9)) < 0.5
EMPTY = 3


@pytest.fixture
def without_noise(monkeypatch):
    monkeypatch.setattr(fills, "NOISE_SIGMA", 0)


@pytest.mark.parametrize("fill", FILLS)
def test_only_what_is_covered_changes(fill):
    shown = cover(CROP, COVERED, fill, "x", STRANGER)
    assert shown.dtype == np.uint8 and shown.shape == (4, 9, 9, 3)
    for image, covered in zip(shown, COVERED, strict=True):
        np.testing.assert_array_equal(image[~covered], CROP[~covered])
    np.testing.assert_array_equal(cover(CROP, COVERED[0], fill, "x", STRANGER), shown[0])


@pytest.mark.parametrize("fill", ["black", "mean", "blur"])
def test_fills_that_maps_use_too_are_the_same(fill):
    np.testing.assert_array_equal(
        cover(CROP, COVERED, fill, "x")[1][COVERED[1]], make_filler(CROP, fill, "x")[COVERED[1]]
    )


def test_a_stranger_shows_through():
    np.testing.assert_array_equal(
        cover(CROP, COVERED, "stranger", stranger=STRANGER)[2][COVERED[2]], STRANGER[COVERED[2]]
    )
    with pytest.raises(ValueError, match="needs another person's crop"):
        cover(CROP, COVERED, "stranger")


def test_unknown_fills_are_refused():
    with pytest.raises(ValueError, match="'red'; allowed: black, mean, blur, linear, stranger"):
        cover(CROP, COVERED, "red")


def test_one_hidden_pixel_is_the_mean_of_its_neighbours(without_noise):
    crop = np.zeros((3, 3, 3), np.uint8)
    crop[0, 1], crop[2, 2] = 60, 120  # direct, diagonal
    hidden = np.zeros((3, 3), bool)
    hidden[1, 1] = True
    assert cover(crop, hidden, "linear")[1, 1].tolist() == [60 / 6 + 120 / 12] * 3
    corner = np.zeros((3, 3), bool)
    corner[0, 0] = True
    # A corner has two direct neighbours and one diagonal one: weights 2 : 2 : 1.
    assert cover(crop, corner, "linear")[0, 0].tolist() == [60 * 2 / 5] * 3


def test_two_hidden_pixels_lean_on_each_other(without_noise):
    crop = np.full((3, 4, 3), 110, np.uint8)[:, :3]
    crop[:, 0] = 0
    hidden = np.zeros((3, 3), bool)
    hidden[1, 1:] = True
    # u (centre) = (0 + v + 110 + 110) / 6 + (0 + 0 + 110 + 110) / 12; v (edge: weights 2, 2, 2, 1, 1 of 8)
    # = (2 u + 4 * 110 + 2 * 110) / 8. So 6 u = v + 330 and 4 v = u + 330: u = v * 4 - 330, 23 v = 2310.
    v = 2310 / 23
    assert cover(crop, hidden, "linear")[1, 1:, 0].tolist() == [round((v + 330) / 6), round(v)]


def slow_imputation(crop, covered):
    """All equations, one by one, solved as a dense system."""
    unknown = [tuple(p) for p in np.argwhere(covered)]
    system, constant = np.eye(len(unknown)), np.zeros((len(unknown), 3))
    for row, (y, x) in enumerate(unknown):
        steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]
        around = {(y + dy, x + dx): 1 / 12 if dy and dx else 1 / 6 for dy, dx in steps}
        around = {p: w for p, w in around.items() if 0 <= p[0] < len(crop) and 0 <= p[1] < len(crop)}
        for place, weight in around.items():
            if place in unknown:
                system[row, unknown.index(place)] -= weight / sum(around.values())
            else:
                constant[row] += weight / sum(around.values()) * crop[place]
    result = crop.astype(float)
    result[covered] = np.linalg.solve(system, constant)
    return result


def test_imputation_is_that_of_a_slow_transcription(without_noise):
    for covered in COVERED[:3]:
        exact = slow_imputation(CROP, covered)
        assert np.abs(cover(CROP, covered, "linear") - exact).max() <= 0.5 + 1e-9, "rounded to whole levels"


def test_the_noise_has_its_size_and_depends_on_the_label():
    grey = np.full((64, 64, 3), 128, np.uint8)
    covered = np.zeros((64, 64), bool)
    covered[2:62, 2:62] = True
    one, other = (cover(grey, covered, "linear", label)[covered].astype(float) - 128 for label in "xy")
    assert abs(one.mean()) < 0.1
    assert one.std() == pytest.approx(np.hypot(NOISE_SIGMA, 1 / 12**0.5), rel=0.03), "and what rounding adds"
    assert (one != other).any()
    np.testing.assert_array_equal(cover(grey, covered, "linear", "x")[covered] - 128.0, one)


def test_a_crop_covered_altogether_shows_its_mean(without_noise):
    shown = cover(CROP, np.ones((9, 9), bool), "linear")
    np.testing.assert_array_equal(shown, make_filler(CROP, "mean", ""))
