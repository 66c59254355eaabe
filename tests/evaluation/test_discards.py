"""Error against discard: worked by hand, transcribed slowly, and the intervals against a jackknife."""

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.discards import SHARES, Discards, judge_qualities
from whyface.scores.qualities import BEST, image_qualities, pair_qualities

RNG = np.random.default_rng(0)


def rate_at(found, share):
    return found.rates[round(100 * share)]


def test_ten_pairs_by_hand():
    # Two errors of ten; the worst pair is one of them, the other is the best.
    wrong, quality = np.zeros(10, bool), np.arange(10.0)
    wrong[[0, 9]] = True
    found = Discards(wrong, quality)
    assert found.rates[0] == pytest.approx(2 / 10)
    assert rate_at(found, 0.05) == pytest.approx(1.5 / 9.5), "half of the worst pair is gone"
    assert rate_at(found, 0.1) == pytest.approx(1 / 9)
    assert rate_at(found, 0.3) == pytest.approx(1 / 7)


def test_pairs_of_equal_quality_go_in_equal_parts():
    wrong, quality = np.array([True, False, False, False, True]), np.array([1.0, 1, 1, 1, 2])
    assert rate_at(Discards(wrong, quality), 0.2) == pytest.approx((2 - 1 / 4) / 4)
    same = Discards(wrong, np.zeros(5))
    np.testing.assert_allclose(same.rates, 2 / 5)
    assert same.area == pytest.approx(1)


def test_unknown_quality_is_the_worst():
    wrong = np.array([False, True, False, False, False])
    assert rate_at(Discards(wrong, np.array([1, np.nan, 2, 3, 4])), 0.2) == 0


def slow_rates(wrong, quality):
    """Transcribe: sort from the best down, keep as many as are left, break ties evenly."""
    known = [-np.inf if np.isnan(one) else one for one in quality]
    rates = []
    for share in SHARES:
        room, kept, errors = len(wrong) * (1 - share), 0.0, 0.0
        for value in sorted(set(known), reverse=True):
            own = [bool(w) for w, q in zip(wrong, known, strict=True) if q == value]
            part = min(1.0, max(0.0, (room - kept) / len(own)))
            kept, errors = kept + part * len(own), errors + part * sum(own)
        rates.append(errors / kept)
    return rates


def slow_area(rates):
    """Sum trapezoids of a percent each, up to a fifth."""
    return sum((rates[i] + rates[i + 1]) / 2 * 0.01 for i in range(20)) / 0.2 / rates[0]


@pytest.mark.parametrize("seed", range(5))
def test_curve_and_area_equal_a_slow_transcription(seed):
    rng = np.random.default_rng(seed)
    quality = rng.integers(0, 12, 83).astype(float)
    quality[rng.random(83) < 0.1] = np.nan
    wrong = rng.random(83) < 0.2
    found = Discards(wrong, quality)
    np.testing.assert_allclose(found.rates, slow_rates(wrong, quality))
    assert found.area == pytest.approx(slow_area(slow_rates(wrong, quality)))
    assert found.ideal == pytest.approx(slow_area(slow_rates(wrong, -wrong.astype(float) * 1.0)))
    assert found.ideal <= found.area + 1e-12


def test_the_ideal_by_hand():
    # With one error in ten, a share d discarded leaves (0.1 - d) / (1 - d), and nothing from 0.1 on.
    rates = [max(0.0, 0.1 - d) / (1 - d) for d in SHARES]
    assert Discards(np.arange(10) == 3, RNG.random(10)).ideal == pytest.approx(slow_area(rates))


def test_influence_sums_to_nothing_and_gives_the_spread_of_new_samples():
    def sample(n):
        quality = RNG.random(n)
        return Discards(RNG.random(n) < 0.3 * (1 - 0.8 * quality), quality)

    found = sample(3000)
    for influence in (found.influence(10), found.area_influence()):
        assert influence.sum() == pytest.approx(0, abs=1e-9)
    again = [sample(3000) for _ in range(200)]
    spread = {
        "rate": (found.influence(10), np.std([rate_at(one, 0.1) for one in again])),
        "area": (found.area_influence(), np.std([one.area for one in again])),
    }
    for name, (influence, true) in spread.items():
        assert np.sqrt((influence**2).sum()) == pytest.approx(true, rel=0.2), name


def fabricate(n=60, labels=True):
    """Make pairs of two images of a person or of two people, in which blurred images mislead."""
    ids = [f"{i:03d}" for i in range(2 * n)]
    sharp = RNG.random(2 * n)
    faces = pd.DataFrame({"image_id": ids, **{name: np.nan for name in BEST if name != "norm"}, "sharpness": sharp})
    genuine = np.arange(n) % 2 == 0
    pairs = pd.DataFrame({"image_a": ids[:n], "image_b": ids[n:], "is_genuine": genuine if labels else None})
    pairs["subject_a"] = [f"p{i}" for i in range(n)]
    pairs["subject_b"] = pairs["subject_a"].where(genuine, [f"q{i}" for i in range(n)])
    worse = np.minimum(sharp[:n], sharp[n:])
    decision = np.where(genuine == (worse > 0.15), "same", "different")
    pairs = pairs.assign(decision=decision, confidence=0.9)
    images = pd.DataFrame({"image_id": ids, "ofiq": np.arange(2 * n), "sharpness": 1.0 * np.arange(2 * n), "hair": "x"})
    return pairs, image_qualities(faces, pd.DataFrame({"image_id": ids, "norm": 1.0}), images), worse


def test_the_worse_of_two_images_counts_and_columns_of_the_users_take_part():
    pairs, qualities, worse = fabricate()
    assert [*qualities] == ["sharpness", "ofiq", "sharpness (images.csv)"], "what differs between images, and numbers"
    by_name = {name: rest for name, *rest in pair_qualities(pairs, qualities)}
    np.testing.assert_allclose(by_name["sharpness"][0], worse)
    np.testing.assert_allclose(by_name["ofiq"], [np.arange(60), np.full(60, 60)])
    curves, areas = judge_qualities(pairs, qualities)
    assert {*areas["quality"]} == {"confidence", *qualities} and {*areas["error"]} == {"fmr", "fnmr"}
    best = areas[areas["quality"] == "sharpness"]
    np.testing.assert_allclose(best["area"], best["ideal"]), "errors are the blurred pairs"
    assert len(curves) == len(areas) * len(SHARES)
    constant = areas[areas["quality"] == "confidence"]
    np.testing.assert_allclose(constant["area"], 1)


def test_without_labels_or_of_one_class_nothing_breaks():
    pairs, qualities, _ = fabricate(labels=False)
    assert all(frame.empty for frame in judge_qualities(pairs, qualities))
    pairs, qualities, _ = fabricate()
    _, areas = judge_qualities(pairs[pairs["is_genuine"]], qualities)
    assert {*areas["error"]} == {"fnmr"}


def test_few_errors_have_no_interval():
    pairs, qualities, _ = fabricate()
    right = pairs.assign(decision=np.where(pairs["is_genuine"], "same", "different"))
    _, areas = judge_qualities(right, qualities)
    assert areas[["area", "ci_low", "ci_high", "ideal"]].isna().all(axis=None)
