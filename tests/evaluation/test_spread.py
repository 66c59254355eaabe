"""The spread of figures over people: by hand, against a slow transcription, and against leaving a pair out."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.operating_points import OperatingPoints
from whyface.evaluation.pair_metrics import PairMetrics
from whyface.evaluation.people import LEAST_PAIRS, Part, People, mean_part


def make(names):
    """Pairs of these people; an image of its own on every side."""
    frame = pd.DataFrame(names, columns=["subject_a", "subject_b"])
    return frame.assign(image_a=[f"a{i}" for i in range(len(frame))], image_b=[f"b{i}" for i in range(len(frame))])


def every(frame):
    return np.arange(len(frame))


def slow_variance(frame, influence):
    """Aronow, Samii and Assenova (2015), each deviation over the share of pairs without the people it has."""
    n, total = len(frame), 0.0
    people = [{a, b} for a, b in zip(frame["subject_a"], frame["subject_b"], strict=True)]
    share = {name: sum(name in pair for pair in people) / n for name in set().union(*people)}
    for p, q in product(range(n), repeat=2):
        shared = people[p] & people[q]
        total += sum(influence[p] * influence[q] / (1 - share[name]) ** 2 for name in shared)
        if len(shared) == 2:  # counted once
            total -= influence[p] * influence[q]
    return total


def draw(seed, people=40, genuine=120, impostors=160):
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=people)
    names = np.array([f"p{i}" for i in range(people)])
    a, b = (rng.choice(people, impostors, p=weights / weights.sum()) for _ in "ab")
    b = np.where(a == b, (b + 1) % people, b)
    own = rng.choice(people, genuine, p=weights / weights.sum())
    effects = rng.normal(0, 1, people)
    frame = make(list(zip(names[np.append(own, a)], names[np.append(own, b)], strict=True)))
    effect = effects[np.append(own, a)] + np.append(np.zeros(genuine), effects[b])
    return frame, effect + rng.normal(0, 1, len(frame))


def test_agrees_with_the_sum_over_all_two_pairs_that_share_a_person():
    for seed in range(3):
        frame, x = draw(seed)
        spread = People(frame).spread([mean_part(every(frame), x)])
        assert spread.error**2 == pytest.approx(slow_variance(frame, (x - x.mean()) / len(x)))


def test_leaving_each_person_out_gives_the_same_error_of_a_mean():
    frame, x = draw(5, genuine=200, impostors=0)
    spread = People(frame).spread([mean_part(every(frame), x)])
    left = [x[(frame["subject_a"] != name).to_numpy()].mean() for name in frame["subject_a"].unique()]
    assert spread.error == pytest.approx(np.sqrt(np.sum((np.array(left) - x.mean()) ** 2)))


def test_people_with_one_pair_each_have_the_textbooks_error():
    frame = make([(f"p{i}", f"p{i}") for i in range(60)])
    x = np.random.default_rng(0).normal(size=60)
    spread = People(frame).spread([mean_part(every(frame), x)])
    # Leaving one of n out divides by 1 - 1/n: the jackknife's (n - 1) / n, twice.
    assert spread.error == pytest.approx(x.std(ddof=1) / np.sqrt(60) * np.sqrt(60 / 59))
    assert spread.people == 60 and spread.apart == pytest.approx(60)


def test_apart_counts_pairs_that_share_nobody():
    strangers = make([(f"p{2 * i}", f"p{2 * i + 1}") for i in range(30)])
    assert People(strangers).spread([mean_part(every(strangers), np.ones(30))]).apart == pytest.approx(30)
    # 20 people in all 190 pairs: ten pairs of them share nobody.
    names = [f"p{i}" for i in range(20)]
    ring = make([(a, b) for a in names for b in names if a < b])
    assert People(ring).spread([mean_part(every(ring), np.ones(190))]).apart == pytest.approx(10)


@pytest.mark.parametrize("pairs", [20, 1000])
def test_one_person_has_no_error_however_many_pairs(pairs):
    frame = make([("x", "x")] * pairs)
    x = (np.arange(pairs) % 5 == 0).astype(float)
    spread = People(frame).spread([mean_part(every(frame), x)])
    assert np.isnan(spread.error) and np.isnan(spread.reach) and spread.people == 1


def test_one_probe_against_a_gallery_has_no_error():
    frame = make([("probe", f"p{i}") for i in range(500)])
    spread = People(frame).spread([mean_part(every(frame), np.arange(500.0))])
    assert np.isnan(spread.error) and spread.people == 501


def test_few_people_have_no_error():
    for people, is_known in ((LEAST_PAIRS - 1, False), (LEAST_PAIRS, True)):
        frame = make([(f"p{i % people}", f"p{i % people}") for i in range(10 * people)])
        x = np.random.default_rng(1).normal(size=len(frame))
        assert np.isfinite(People(frame).spread([mean_part(every(frame), x)]).error) == is_known


def test_never_narrower_than_independent_pairs():
    # Every person's two pairs cancel out: their sums are 0, and yet each pair varies.
    frame = make([(f"p{i // 2}", f"p{i // 2}") for i in range(80)])
    x = np.tile([0.0, 1.0], 40)
    assert People(frame).spread([mean_part(every(frame), x)]).error == pytest.approx(x.std(ddof=1) / np.sqrt(80))


def test_few_who_make_all_the_difference_leave_few_degrees_of_freedom():
    frame = make([(f"p{i // 5}", f"p{i // 5}") for i in range(200)])
    even, lumped = np.tile([1.0, 0, 0, 0, 0], 40), np.repeat([1.0, 0.0], [10, 190])
    free = [
        People(frame).spread([mean_part(every(frame), x)]).freedom
        for x in (np.random.default_rng(0).random(200), lumped)
    ]
    assert free[0] > 15 and free[1] < 5
    assert People(frame).spread([mean_part(every(frame), even)]).freedom == pytest.approx(39)


def test_images_without_a_subject_are_people_of_their_own():
    frame = make([("", "")] * 30)
    spread = People(frame).spread([mean_part(every(frame), np.arange(30.0))])
    assert spread.people == 60 and People(frame).count(np.arange(3)) == 6
    # One image alone, as the share of failed images has it.
    alone = pd.DataFrame(
        {f"{n}_{s}": [""] * 30 if n == "subject" else list("ab" * 15) for n in ("subject", "image") for s in "ab"}
    )
    assert People(alone).count(np.arange(30)) == 2


def test_parts_of_one_person_add_up():
    # A difference of two means over the same people: what they have in common cancels out.
    frame = make([(f"p{i}", f"p{i}") for i in range(40)] * 2)
    people = np.random.default_rng(2).normal(size=40)
    x, first, second = np.concatenate([people, people]), np.arange(40), np.arange(40, 80)
    parts = [mean_part(first, x[first]), mean_part(second, x[second], -1)]
    alone = People(frame).spread(parts[:1]).error
    # The floor of independent pairs remains: sqrt(2) of one alone.
    assert People(frame).spread(parts).error == pytest.approx(alone * np.sqrt(2) * np.sqrt(39 / 40), rel=1e-6)
    assert People(frame).spread([parts[0], Part(second, parts[0].influence)]).error == pytest.approx(2 * alone)


def scored(seed=0, genuine=150, impostors=250):
    rng = np.random.default_rng(seed)
    n = genuine + impostors
    is_genuine = np.arange(n) < genuine
    x = np.where(is_genuine, rng.normal(0.5, 0.15, n), rng.normal(0.9, 0.15, n)).clip(0, 2)
    frame = make([(f"p{i}", f"p{i}" if i < genuine else f"q{i}") for i in range(n)])
    frame = frame.assign(
        is_genuine=is_genuine, cosine_distance=x, fold=rng.integers(0, 4, n), found=rng.random(n) < 0.9
    )
    frame = frame.assign(decision=np.where(x < 0.7, "same", "different"))
    return frame, {"m": 12 * (0.72 - x) + rng.normal(0, 0.5, n)}


def figures(frame, log_odds):
    groups = pd.DataFrame({"kind": np.where(np.arange(len(frame)) % 3 == 0, "x", "y")}, index=frame.index)
    return {figure.key: figure for figure in PairMetrics(frame, log_odds, "m", groups).figures()}


SMOOTH = ("accuracy", "fmr", "fnmr", "fnmr_acquired", "frr", "auc", "d_prime", "brier", "log_loss", "cllr")


def test_errors_of_smooth_metrics_agree_with_leaving_each_pair_out():
    frame, log_odds = scored()
    n, full = len(frame), figures(frame, log_odds)
    left = {key: [] for key in full if key.metric in SMOOTH and key.group == "all"}
    for i in range(n):
        kept = np.arange(n) != i
        part = figures(frame[kept].reset_index(drop=True), {"m": log_odds["m"][kept]})
        for key, values in left.items():
            values.append(part[key].value)
    for key, values in left.items():
        jackknife = np.sqrt(np.sum((np.array(values) - full[key].value) ** 2))
        assert full[key].spread.error == pytest.approx(jackknife, rel=0.02), key


def test_errors_of_metrics_at_a_threshold_agree_with_drawing_people_again():
    wanted = ("eer", "eer_threshold", "fnmr_at_fmr_1e-1", "threshold_at_fmr_1e-1", "cllr_min", "ece")
    ratios = {name: [] for name in wanted}
    for seed in range(6):
        frame, log_odds = scored(seed, 300, 400)
        rng, n, found = np.random.default_rng(seed), len(frame), {name: [] for name in wanted}
        for _ in range(150):
            rows = np.concatenate([rng.integers(0, 300, 300), rng.integers(300, n, 400)])
            drawn = {
                k.metric: f
                for k, f in figures(frame.iloc[rows].reset_index(drop=True), {"m": log_odds["m"][rows]}).items()
                if k.group == "all"
            }
            for name in wanted:
                found[name].append(drawn[name].value)
        full = {key.metric: figure for key, figure in figures(frame, log_odds).items() if key.group == "all"}
        for name in wanted:
            ratios[name].append(full[name].spread.error / np.std(found[name]))
    means = {name: float(np.exp(np.mean(np.log(values)))) for name, values in ratios.items()}
    assert all(0.8 < mean < 1.25 for name, mean in means.items() if name != "ece"), means


def test_the_equal_error_rate_lets_pairs_at_the_crossing_count_in_part():
    # Genuine 0.1 0.2 0.5 0.5, impostor 0.3 0.5 0.8 0.9 1.0. Below 0.5: FMR 1/5, FNMR 2/4; from 0.5 on: 2/5, 0. They
    # meet 3/7 of the way, at 2/7: pairs at 0.5 count 3/7 as accepted.
    distances = np.array([0.1, 0.2, 0.3, 0.5, 0.5, 0.5, 0.8, 0.9, 1.0])
    genuine = np.array([True, True, False, True, True, False, False, False, False])
    rate, threshold = OperatingPoints(distances, genuine).equal_error()
    assert rate.value == pytest.approx(2 / 7) and threshold.value == 0.8
    accepted = {True: [1, 1, 3 / 7, 3 / 7], False: [1, 3 / 7, 0, 0, 0]}
    shifts = {}
    for part in rate.parts:
        kind = bool(genuine[part.rows[0]])
        counts = np.array(accepted[kind])
        shape = (counts - counts.mean()) / len(counts)
        shifts[kind] = (part.influence / shape)[0]
        np.testing.assert_allclose(part.influence, shifts[kind] * shape, atol=1e-12)
    # More accepted impostors raise the rate, more accepted genuine pairs lower it; together they have the weight 1.
    assert shifts[False] > 0 > shifts[True] and shifts[False] - shifts[True] == pytest.approx(1)
