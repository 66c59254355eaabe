"""Bounds by hand and against lir; a fit within its bounds, as rows of the confidence table and back."""

from collections import namedtuple

import numpy as np
import pytest
from lir.algorithms.bayeserror import elub
from test_calibrators import GRID, simulate

from whyface.scores.bounds import BoundedCalibrator, fit_bounded, supported_range
from whyface.scores.calibrators import CALIBRATORS, Logistic

Row = namedtuple("Row", ["method", "parameters", "llr_low", "llr_high"])


@pytest.mark.parametrize("seed", range(5))
def test_supported_range_agrees_with_lir(seed):
    distances, genuine = simulate(300, seed)
    ratios = Logistic(15.0, -22.0).log_odds(distances)
    expected = elub(ratios / np.log(10), genuine.astype(int), add_misleading=1)
    np.testing.assert_allclose(supported_range(ratios, genuine), expected, atol=1e-9)


def test_supported_range_by_hand():
    # One genuine pair with ratio 10, one impostor with 1/10. At log10 ratio t, with one misleading pair more in either
    # class: missed 1/2, accepted 1/2, so a cost of 1/2 + 10^t / 2, against min(1, 10^t): never less but at t = 0.
    low, high = supported_range(np.log([10, 0.1]), np.array([True, False]))
    assert (low, high) == pytest.approx((0, 0))


def test_ratios_are_cut_at_the_bounds():
    line = Logistic(intercept=np.log(1000), slope=-3 * np.log(10))  # log10 ratios 3, 0 and -3
    distances = np.array([0, 1, 2])
    np.testing.assert_allclose(BoundedCalibrator(line).log_odds(distances) / np.log(10), [3, 0, -3], atol=1e-12)
    bounded = BoundedCalibrator(line, llr_low=-1, llr_high=2)
    np.testing.assert_allclose(bounded.log_odds(distances) / np.log(10), [2, 0, -1], atol=1e-12)


@pytest.mark.parametrize("method", CALIBRATORS)
def test_a_fit_survives_its_row_and_only_the_paper_s_is_unbounded(method):
    fit = fit_bounded(method, *simulate(300, 9), 200)
    again = BoundedCalibrator.from_row(Row(method, **fit.to_row()))
    np.testing.assert_array_equal(again.log_odds(GRID), fit.log_odds(GRID))
    assert np.isnan([fit.llr_low, fit.llr_high]).all() == (method == "paper")


@pytest.mark.parametrize("null", [None, np.nan])
def test_a_failed_fit_has_no_parameters_and_no_ratios(null):
    assert BoundedCalibrator(None).to_row()["parameters"] is None
    fit = BoundedCalibrator.from_row(Row("paper", null, np.nan, np.nan))
    assert fit.calibrator is None and np.isnan(fit.log_odds(GRID)).all()
