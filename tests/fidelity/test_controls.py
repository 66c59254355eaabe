"""Controls keep what they promise to keep, and know nothing else."""

import numpy as np
import pytest

from whyface.fidelity.controls import (
    blurred,
    centre_prior,
    control_maps,
    mean_map,
    other_pair,
    pixel_difference,
    random_maps,
)

MAPS = np.random.default_rng(0).standard_normal((5, 8, 8))


def test_the_centre_prior_is_lowest_in_the_middle():
    prior = centre_prior(5)
    assert prior[2, 2] == -1
    # One pixel off, of a sigma of 5 / 4: exp(-(1 / 1.25)^2 / 2).
    assert prior[2, 3] == prior[1, 2] == pytest.approx(-np.exp(-0.32))
    assert prior[0, 4] == pytest.approx(-np.exp(-0.5 * 2 * (2 / 1.25) ** 2))
    np.testing.assert_array_equal(centre_prior(4), centre_prior(4)[::-1, ::-1])


@pytest.mark.parametrize("side", [7, 8])
def test_random_maps_have_the_spectrum_and_mean_of_the_maps_and_nothing_else(side):
    like = blurred(np.random.default_rng(1).standard_normal((3, side, side))) - 0.1
    drawn = random_maps(like, np.random.default_rng(2))
    np.testing.assert_allclose(np.abs(np.fft.fft2(drawn)), np.abs(np.fft.fft2(like)), atol=1e-12)
    np.testing.assert_allclose(drawn.mean(axis=(1, 2)), like.mean(axis=(1, 2)))
    np.testing.assert_array_equal(drawn, random_maps(like, np.random.default_rng(2)))
    assert (np.abs(drawn - random_maps(like, np.random.default_rng(3))).max(axis=(1, 2)) > 0.01).all()


def test_random_maps_do_not_follow_the_map():
    like = np.repeat(blurred(np.random.default_rng(1).standard_normal((1, 16, 16))), 400, axis=0)
    drawn = random_maps(like, np.random.default_rng(4))
    correlation = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(drawn, like, strict=True)]
    assert abs(np.mean(correlation)) < 0.05 < np.std(correlation)


def test_a_constant_map_stays_constant():
    for control in (blurred, mean_map, lambda maps: random_maps(maps, np.random.default_rng(0))):
        np.testing.assert_allclose(control(np.full((3, 8, 8), -2.0)), -2.0)


def test_blurring_spreads_a_pixel_over_a_gaussian_of_a_fourteenth_of_the_side():
    point = np.zeros((1, 56, 56))
    point[0, 28, 28] = 1
    spread = blurred(point)[0]
    assert spread.sum() == pytest.approx(1)
    offset = np.arange(56) - 28
    assert np.sqrt(spread.sum(axis=0) @ offset**2) == pytest.approx(4, rel=0.01)


def test_the_mean_map_leaves_the_own_pair_out():
    expected = [np.mean([MAPS[j] for j in range(5) if j != i], axis=0) for i in range(5)]
    np.testing.assert_allclose(mean_map(MAPS), expected)
    assert (mean_map(MAPS[:1]) == 0).all(), "there is no other"
    assert mean_map(MAPS.astype(np.float16)).dtype == np.float64


def test_another_pairs_map_is_the_next_of_other_people():
    def taken_from(people):
        return [int(m[0, 0]) for m in other_pair(np.arange(5.0)[:, None, None] * np.ones((1, 2, 2)), np.array(people))]

    assert taken_from(["p", "p", "q", "r", "r"]) == [2, 2, 3, 0, 0]
    both = [["p", "q"], ["q", "r"], ["s", "p"], ["r", "t"], ["u", "u"]]
    assert taken_from(both) == [3, 2, 3, 4, 0]


def test_another_pairs_map_is_nothing_where_all_share_somebody():
    assert (other_pair(MAPS, np.array(["p"] * 5)) == 0).all()


def test_the_pixel_difference_is_lowest_where_colours_differ_most():
    crops = np.random.default_rng(5).integers(0, 100, (2, 56, 56, 3), np.uint8)
    changed = crops.copy()
    changed[0, 10:14, 40:44] += 90
    changed[0, 40:44, 10:14] += 30
    found = pixel_difference(crops, changed, 28)
    assert found.shape == (2, 28, 28) and (found[1] == 0).all()
    np.testing.assert_allclose(found, pixel_difference(changed, crops, 28))
    assert np.unravel_index(found[0].argmin(), (28, 28)) in {(y, x) for y in (5, 6) for x in (20, 21)}
    # Blurring moves colour to neighbours and averaging halves the side: the sum falls to a quarter.
    assert found[0].sum() == pytest.approx(-16 * (90 + 30) / 4, rel=1e-4)
    assert found[0, 5:7, 20:22].mean() == pytest.approx(3 * found[0, 20:22, 5:7].mean(), rel=1e-3)


def test_all_controls_are_made_of_one_method_and_the_crops():
    crops = np.random.default_rng(6).integers(0, 256, (2, 5, 16, 16, 3), np.uint8)
    controls = control_maps(MAPS, np.arange(5), *crops)
    names = ["centre prior", "mean map", "random map", "blurred map", "another pair's map", "pixel difference"]
    assert list(controls) == names and {one.shape for one in controls.values()} == {MAPS.shape}
    np.testing.assert_array_equal(controls["another pair's map"], np.roll(MAPS, -1, axis=0))
    np.testing.assert_array_equal(controls["centre prior"][3], centre_prior(8))
