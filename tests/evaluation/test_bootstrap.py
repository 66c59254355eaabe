"""Intervals by hand, and what they promise: the truth within them in 95 of 100 sets."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from whyface.evaluation import bootstrap
from whyface.evaluation.metrics_table import interval
from whyface.evaluation.weighted_metrics import Key, WeightedMetrics

PEOPLE, GENUINE_PAIRS, IMPOSTOR_PAIRS = 300, 300, 300
THRESHOLD, SLOPE = 0.72, 14
# Standard deviations: of a person in their own pairs, of one among strangers, of a genuine and of an impostor pair.
OWN, STRANGER, GENUINE_NOISE, IMPOSTOR_NOISE = 0.06, 0.05, 0.1, 0.08
GENUINE_SD, IMPOSTOR_SD = np.hypot(OWN, GENUINE_NOISE), np.sqrt(2 * STRANGER**2 + IMPOSTOR_NOISE**2)


def pairs(names):
    return pd.DataFrame(names, columns=["subject_a", "subject_b", "image_a", "image_b"])


def test_subjects_are_told_apart_and_an_image_without_one_is_its_own():
    a, b, n = bootstrap.subject_codes(pairs([("x", "x", "1", "2"), ("x", "y", "1", "3"), ("", "", "4", "5")]))
    assert n == 4
    assert a[0] == b[0] == a[1] != b[1]
    assert a[2] != b[2] and not {a[2], b[2]} & {a[0], b[1]}


def test_weights_by_hand():
    a, b, n = bootstrap.subject_codes(pairs([("x", "x", "1", "2"), ("x", "y", "1", "3"), ("z", "w", "4", "5")]))
    draws = np.stack(list(bootstrap.draw_weights(a, b, n, 4000, 0)))
    assert set(draws[:, 0]) == {0.5, 1.5} and draws.min() > 0
    np.testing.assert_allclose(draws.mean(axis=0), 1, atol=0.03)
    # Times 4: a genuine pair 1, an impostor pair 2 x 3/4, sqrt(3/4) where they share a person, 0 where they share none.
    expected = [[1, 0.75**0.5, 0], [0.75**0.5, 1.5, 0], [0, 0, 1.5]]
    np.testing.assert_allclose(4 * np.cov(draws.T), expected, atol=0.1)
    again = np.stack(list(bootstrap.draw_weights(a, b, n, 4000, 0)))
    np.testing.assert_array_equal(draws, again)


def test_people_get_the_same_draws_whatever_the_order_of_their_pairs():
    one = pairs([("x", "x", "1", "2"), ("x", "y", "1", "3"), ("", "z", "4", "5"), ("z", "y", "5", "6")])
    order = [2, 0, 3, 1]
    found = [
        np.stack(list(bootstrap.draw_weights(*bootstrap.subject_codes(frame), 50, 0)))
        for frame in (one, one.iloc[order].reset_index(drop=True))
    ]
    np.testing.assert_array_equal(found[0][:, order], found[1])


def test_standard_error_of_a_mean_of_people_is_the_textbook_one():
    x = np.random.default_rng(0).normal(size=400)
    codes = np.arange(400)
    weights = bootstrap.draw_weights(codes, codes, 400, 2000, 0)
    found = bootstrap.standard_errors(lambda w: np.array([w @ x / w.sum()]), weights)[0]
    assert found == pytest.approx(x.std() / 20, rel=0.05)


def test_wilson_by_hand():
    # Half of 4 trials: centre 1/2, reach z / (1 + z^2/4) sqrt(1/16 + z^2/64).
    z = NormalDist().inv_cdf(0.975)
    reach = z / (1 + z**2 / 4) * np.sqrt(1 / 16 + z**2 / 64)
    np.testing.assert_allclose(bootstrap.wilson(0.5, 4), (0.5 - reach, 0.5 + reach))
    # None and all of n trials: z^2 / (n + z^2) from the end that the share lies at, and that end exactly.
    reach = z**2 / (269 + z**2)
    np.testing.assert_allclose(bootstrap.wilson(0, 269)[1], reach)
    np.testing.assert_allclose(bootstrap.wilson(1, 269)[0], 1 - reach)
    assert bootstrap.wilson(0, 269)[0] == 0 and bootstrap.wilson(1, 269)[1] == 1
    # A standard error of 1/4 is that of four independent trials.
    np.testing.assert_allclose(bootstrap.share_interval(0.5, 0.25, 999), bootstrap.wilson(0.5, 4))


def test_no_error_in_n_pairs_is_the_rule_of_three():
    assert bootstrap.share_interval(0.0, 0.0, 300) == (0, 0.01)
    assert bootstrap.share_interval(1.0, 0.0, 300) == (0.99, 1)
    assert bootstrap.share_interval(0.0, 0.0, 2) == (0, 1)


def test_cost_interval_by_hand():
    low, high = bootstrap.cost_interval(0.2, 0.02)
    assert low * high == pytest.approx(0.04) and high / 0.2 == pytest.approx(np.exp(0.1 * 1.959963984540054))
    assert np.isnan(bootstrap.cost_interval(0.0, 0.01)).all()


def simulate(rng, people):
    """Pairs of people who have something of their own in every pair, as in LFW: most in few pairs, some in many."""
    own, stranger = rng.normal(0, OWN, people), rng.normal(0, STRANGER, people)
    g, a = rng.integers(0, people, GENUINE_PAIRS), rng.integers(0, people, IMPOSTOR_PAIRS)
    b = (a + rng.integers(1, people, IMPOSTOR_PAIRS)) % people
    distances = np.concatenate(
        [
            0.5 + own[g] + rng.normal(0, GENUINE_NOISE, GENUINE_PAIRS),
            0.95 + stranger[a] + stranger[b] + rng.normal(0, IMPOSTOR_NOISE, IMPOSTOR_PAIRS),
        ]
    )
    frame = pd.DataFrame({"is_genuine": np.arange(len(distances)) < GENUINE_PAIRS, "fold": 0, "found": True})
    frame = frame.assign(cosine_distance=distances, decision=np.where(distances < THRESHOLD, "same", "different"))
    return frame, np.concatenate([g, a]), np.concatenate([g, b])


def truth():
    """FNMR, EER and Cllr of endlessly many such pairs."""
    x = np.linspace(-0.5, 2.5, 300_001)
    genuine, impostor = norm.pdf(x, 0.5, GENUINE_SD), norm.pdf(x, 0.95, IMPOSTOR_SD)
    odds = SLOPE * (THRESHOLD - x)
    step = x[1] - x[0]
    cllr = (genuine @ np.logaddexp(0, -odds) + impostor @ np.logaddexp(0, odds)) * step / 2 / np.log(2)
    # Both distributions are normal: the rates meet as many standard deviations from either mean.
    eer = norm.cdf(-(0.95 - 0.5) / (GENUINE_SD + IMPOSTOR_SD))
    return {"fnmr": norm.sf(THRESHOLD, 0.5, GENUINE_SD), "eer": eer, "cllr": cllr}


@pytest.mark.slow
@pytest.mark.parametrize("people", [PEOPLE, 100])
def test_intervals_hold_the_truth_in_95_of_100_sets(people):
    rng, known, repetitions = np.random.default_rng(people), truth(), 200
    inside = dict.fromkeys(known, 0)
    for _ in range(repetitions):
        frame, code_a, code_b = simulate(rng, people)
        odds = {"m": SLOPE * (THRESHOLD - frame["cosine_distance"].to_numpy())}
        weighted = WeightedMetrics(frame, odds, "m", pd.DataFrame(index=frame.index), points=200)
        draws = bootstrap.draw_weights(code_a, code_b, people, 150, 0)
        errors = bootstrap.standard_errors(weighted.compute, draws)
        values = weighted.compute(np.ones(len(frame)))
        for metric, expected in known.items():
            i = weighted.keys.index(Key(metric, "m" if metric == "cllr" else ""))
            low, high = interval(metric, values[i], errors[i], weighted.counts[i])
            inside[metric] += low <= expected <= high
    shares = {metric: count / repetitions for metric, count in inside.items()}
    assert all(0.92 <= share <= 0.98 for share in shares.values()), shares
