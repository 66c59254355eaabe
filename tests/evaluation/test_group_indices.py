"""Indices of how groups differ: by hand, and against slow transcriptions of the papers' formulas."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.group_differences import holm
from whyface.evaluation.group_indices import OF_BOTH, OF_ONE, Rates, compute_index, index_interval
from whyface.evaluation.group_noise import found_factors, p_value
from whyface.evaluation.people import Spread


def rates(values, sizes=1000.0, errors=0.001):
    values = np.array(values, float)
    return Rates(values, np.broadcast_to(sizes, values.shape), np.broadcast_to(errors, values.shape))


def test_indices_by_hand():
    fmr, fnmr = rates([0.01, 0.04]), rates([0.1, 0.1])
    assert OF_ONE["max_min"](fmr) == pytest.approx(4)
    assert OF_ONE["max_mean"](fmr) == pytest.approx(2)  # the geometric mean is 0.02
    assert OF_ONE["gini"](fmr) == pytest.approx(0.6)  # 2 / 1 * (0.03 + 0.03) / (2 * 4 * 0.025)
    assert OF_BOTH["fdr"](fmr, fnmr) == pytest.approx(1 - 0.5 * 0.03)
    assert OF_BOTH["inequity_rate"](fmr, fnmr) == pytest.approx(2)  # the root of 4 * 1
    assert OF_BOTH["garbe"](fmr, fnmr) == pytest.approx(0.3)


def test_equal_rates_are_fair_and_one_group_with_all_errors_is_not():
    same, alone = rates([0.02] * 4), rates([0.0, 0.0, 0.3])
    assert [float(OF_ONE[name](same)) for name in OF_ONE] == pytest.approx([0, 1, 1, 0])
    assert OF_ONE["gini"](alone) == pytest.approx(1)
    assert OF_ONE["max_min"](alone) == pytest.approx(0.3 / 0.0005)  # half an error of 1,000 stands for none
    assert OF_ONE["gini"](rates([0.0, 0.0])) == 0 and OF_ONE["wald"](rates([0.0, 0.0])) == 0


def test_wald_by_hand():
    # Logarithms 0 and 1 below the first, with standard errors 0.1 and 0.2: (0 - 1)^2 / (0.01 + 0.04).
    one = Rates(np.array([0.1, 0.1 / np.e]), np.array([9.0, 9.0]), np.array([0.01, 0.02 / np.e]))
    assert OF_ONE["wald"](one) == pytest.approx(1 / 0.05)


def transcribe(name, fmr, fnmr):
    """Compute an index with loops, as its paper writes it."""
    if name == "fdr":
        far, lost = ([abs(a - b) for a, b in product(one, one)] for one in (fmr, fnmr))
        return 1 - (0.5 * max(far) + 0.5 * max(lost))
    if name == "inequity_rate":
        return (max(fmr) / min(fmr)) ** 0.5 * (max(fnmr) / min(fnmr)) ** 0.5
    if name == "garbe":
        return 0.5 * transcribe("gini", fmr, None) + 0.5 * transcribe("gini", fnmr, None)
    if name == "gini":
        n, mean = len(fmr), sum(fmr) / len(fmr)
        return n / (n - 1) * sum(abs(a - b) for a, b in product(fmr, fmr)) / (2 * n * n * mean)
    return max(fmr) / (min(fmr) if name == "max_min" else np.prod(fmr) ** (1 / len(fmr)))


@pytest.mark.parametrize("name", ["max_min", "max_mean", "gini", *OF_BOTH])
def test_indices_equal_slow_transcriptions(name):
    fmr, fnmr = np.random.default_rng(1).uniform(0.001, 0.2, (2, 5, 4))
    parts = [rates(fmr), rates(fnmr)][: 2 if name in OF_BOTH else 1]
    expected = [transcribe(name, list(a), list(b)) for a, b in zip(fmr, fnmr, strict=True)]
    np.testing.assert_allclose(compute_index(name, parts), expected)


def test_interval_of_a_ratio_is_that_of_its_logarithm():
    one = Rates(np.array([0.02, 0.01]), np.array([1e5, 1e5]), np.array([0.002, 0.001]))  # 10 % each
    spread = Spread(0.0, 100, 100.0, 60.0)
    low, high = index_interval("max_min", [one], [spread, spread])
    reach = spread._replace(error=1.0).reach * np.sqrt(0.02)
    assert (low, high) == pytest.approx((2 / np.exp(reach), 2 * np.exp(reach)), rel=1e-3)
    assert np.isnan(index_interval("gini", [rates([0.0, 0.0])], [spread])).all()  # nobody erred: nothing is known
    assert index_interval("max_min", [rates([0.01, 0.01], errors=0.005)], [spread])[0] == 1  # a ratio cannot be less


def test_intervals_hold_the_index_of_the_population():
    rng, truth, held = np.random.default_rng(3), rates([0.02, 0.01, 0.005]), {"max_min": 0, "max_mean": 0, "gini": 0}
    spread = Spread(0.0, 500, 500.0, 400.0)
    for _ in range(300):
        counts = rng.poisson(truth.values * 10_000)
        drawn = Rates(counts / 1e4, np.full(3, 1e4), np.sqrt(counts) / 1e4)
        for name in held:
            low, high = index_interval(name, [drawn], [spread])
            held[name] += low <= float(compute_index(name, [truth])) <= high
    assert all(0.92 * 300 <= one <= 0.98 * 300 for one in held.values()), held


def test_p_value_counts_the_system_itself():
    assert p_value(3.0, np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(3 / 5)
    assert p_value(9.0, np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(1 / 5)
    assert p_value(1.0, np.array([1.0, 2.0, 3.0, 4.0]), high_is_fair=True) == pytest.approx(2 / 5)


def test_holm_by_hand():
    adjusted = holm(pd.Series([0.04, 0.01, np.nan, 0.03], index=[7, 3, 5, 1]))
    np.testing.assert_allclose(adjusted.loc[[3, 1, 7]], [0.03, 0.06, 0.06])
    assert np.isnan(adjusted[5])


def test_the_factor_stated_is_found_as_often_as_stated():
    # Four groups of independent matches, as a Poisson law has them; a tenth of standard error each.
    rng = np.random.default_rng(0)

    def draw(means, times):
        counts = rng.poisson(means, (times, 4))
        return Rates(counts / 1e4, np.full((times, 4), 1e4), np.sqrt(counts) / 1e4)

    fair = draw([100] * 4, 2000)
    factors = found_factors(fair, 0.05)
    limit = np.quantile(OF_ONE["wald"](fair), 0.95)
    found = (OF_ONE["wald"](draw([100 * factors[0], 100, 100, 100], 2000)) > limit).mean()
    assert 0.75 < found < 0.9 and np.ptp(factors) < 0.1 and 1.2 < factors.min() < factors.max() < 1.6


def test_no_factor_is_stated_where_none_could_be_found():
    hardly = Rates(np.array([[1e-4, 2e-4]] * 50), np.full((50, 2), 1e4), np.array([[1e-4, 1e-4]] * 50))
    noisy = hardly._replace(errors=hardly.values * np.linspace(0.1, 100, 50)[:, None])
    assert np.isnan(found_factors(noisy, 0.05)).all()


def test_a_rate_without_errors_has_no_factor():
    none = Rates(np.zeros((50, 2)), np.full((50, 2), 30.0), np.zeros((50, 2)))
    assert np.isnan(found_factors(none, 0.05)).all()
