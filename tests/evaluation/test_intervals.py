"""Intervals by hand."""

from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import t

from whyface.evaluation import intervals
from whyface.evaluation.people import NOBODY, Spread

Z = NormalDist().inv_cdf(0.975)


def make(error, apart=1e9):
    return Spread(error, 99, apart, apart - 1)


def test_wilson_by_hand():
    # Half of 4 trials: centre 1/2, reach z / (1 + z^2/4) sqrt(1/16 + z^2/64).
    reach = Z / (1 + Z**2 / 4) * np.sqrt(1 / 16 + Z**2 / 64)
    np.testing.assert_allclose(intervals.wilson(0.5, 4, Z), (0.5 - reach, 0.5 + reach))
    # A standard error of 1/4 is that of four independent trials.
    np.testing.assert_allclose(intervals.share_interval(0.5, make(0.25)), intervals.wilson(0.5, 4, Z), rtol=1e-6)


def test_no_error_is_the_rule_of_three_over_pairs_that_share_nobody():
    assert intervals.share_interval(0.0, make(0.0, 300)) == (0, 0.01)
    assert intervals.share_interval(1.0, make(0.0, 300)) == (0.99, 1)
    # 20 people with 300 pairs tell what 20 pairs would.
    assert intervals.share_interval(0.0, make(0.0, 20)) == (0, 3 / 20)


def test_few_people_widen_every_interval_by_students_t():
    wide = t.ppf(0.975, 9)
    assert intervals.plain_interval(2.0, make(0.1, 10)) == pytest.approx((2 - wide * 0.1, 2 + wide * 0.1))
    low, high = intervals.cost_interval(0.2, make(0.02, 10))
    assert low * high == pytest.approx(0.04) and high / 0.2 == pytest.approx(np.exp(0.1 * wide))


def test_too_few_people_have_no_interval():
    assert np.isnan(intervals.share_interval(0.2, NOBODY)).all()
    assert np.isnan(intervals.share_interval(0.0, NOBODY)).all()
    assert np.isnan(intervals.cost_interval(0.2, NOBODY)).all()
    assert np.isnan(intervals.plain_interval(0.2, NOBODY)).all()
    assert np.isnan(intervals.cost_interval(0.0, make(0.01))).all(), "there is no logarithm of 0"
