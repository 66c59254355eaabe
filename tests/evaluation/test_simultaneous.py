"""Several estimates at once: levels against exact ones, and the step-down by hand."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from whyface.evaluation.intervals import share_interval, widen
from whyface.evaluation.people import Spread
from whyface.evaluation.simultaneous import joint_level, step_down


def test_estimates_with_nothing_in_common_share_the_level():
    assert joint_level(np.eye(4)) == pytest.approx(1 - 0.95 ** (1 / 4), rel=0.1)  # Sidak's


def test_estimates_that_say_the_same_or_nothing_take_no_level():
    one = np.array([1.0, -2.0, 0.5])
    assert joint_level(np.stack([one, 3 * one, -one])) == pytest.approx(0.05, rel=0.05)
    assert joint_level(np.stack([one, 0 * one])) == joint_level(np.zeros((2, 3))) == 0.05


@pytest.mark.parametrize("alike", [0.3, 0.9])
def test_the_level_is_that_of_the_largest_of_two_correlated_errors(alike):
    effects = np.array([[1.0, 0.0], [alike, np.sqrt(1 - alike**2)]])
    reach = norm.isf(joint_level(effects) / 2)
    both = multivariate_normal(cov=[[1, alike], [alike, 1]])
    assert both.cdf([reach, reach], lower_limit=[-reach, -reach]) == pytest.approx(0.95, abs=0.005)


def test_what_is_found_leaves_room_for_the_rest():
    effects = np.eye(3)
    # Levels for three, two and one: 0.017, 0.025, 0.05; as with Holm's procedure, nearly.
    assert step_down(np.array([0.04, 0.001, 0.02]), effects).tolist() == [True, True, True]
    assert step_down(np.array([0.04, 0.03, 0.02]), effects).tolist() == [False, False, False]
    assert step_down(np.array([0.04, 0.001, 0.03]), effects).tolist() == [False, True, False]
    assert step_down(np.array([np.nan, 0.001, np.nan]), effects).tolist() == [False, True, False]


def test_a_wider_spread_has_a_wider_interval():
    spread = Spread(0.02, 60, 50.0, 49.0)
    same, wider = (share_interval(0.3, widen(spread, level)) for level in (0.05, 0.01))
    assert same == pytest.approx(share_interval(0.3, spread))
    assert wider[0] < same[0] and same[1] < wider[1]
    assert share_interval(0, widen(spread, 0.01)) == pytest.approx((0, 3 * np.log(0.01) / np.log(0.05) / 50))
    assert np.isnan(share_interval(0.3, widen(Spread(np.nan, 2, 1.0, np.nan), 0.01))).all()
