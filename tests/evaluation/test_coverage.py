"""What intervals promise: the truth within them in 95 of 100 sets, however few people there are and whoever recurs."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from whyface.evaluation.comparison import compare_models
from whyface.evaluation.metrics_table import interval
from whyface.evaluation.pair_metrics import PairMetrics

SETS = 500
THRESHOLD, SLOPE = 0.72, 14
GENUINE_MEAN, IMPOSTOR_MEAN = 0.5, 0.95
# Standard deviations: of a person in their own pairs, of one among strangers, of a genuine and of an impostor pair.
OWN, STRANGER, GENUINE_NOISE, IMPOSTOR_NOISE = 0.1, 0.06, 0.1, 0.08
GENUINE_SD, IMPOSTOR_SD = np.hypot(OWN, GENUINE_NOISE), np.sqrt(2 * STRANGER**2 + IMPOSTOR_NOISE**2)
WORSE = 0.05  # how much nearer impostors lie to the second model
FOLDS = 5


def draw_people(rng, people, uneven):
    """How often each of them occurs."""
    weights = rng.exponential(size=people) ** uneven
    return weights / weights.sum()


def draw_set(rng, people, genuine, impostors, uneven):
    """Pairs of people with a rate of their own; columns of pairs and scores, and the distances of a second model."""
    weights = draw_people(rng, people, uneven)
    own, stranger = rng.normal(0, OWN, people), rng.normal(0, STRANGER, people)
    g, a, b = (rng.choice(people, size, p=weights) for size in (genuine, impostors, impostors))
    while (same := a == b).any():
        b[same] = rng.choice(people, same.sum(), p=weights)
    means = np.concatenate([GENUINE_MEAN + own[g], IMPOSTOR_MEAN + stranger[a] + stranger[b]])
    noise = np.repeat([GENUINE_NOISE, IMPOSTOR_NOISE], [genuine, impostors])
    first, second = means + rng.normal(0, noise), means + rng.normal(0, noise)
    second[genuine:] -= WORSE
    names = [np.char.add("p", np.concatenate([g, side]).astype(str)) for side in (a, b)]
    frame = pd.DataFrame({"pair_id": np.arange(len(first)).astype(str), "is_genuine": np.arange(len(first)) < genuine})
    frame = frame.assign(subject_a=names[0], subject_b=names[1], image_a="x", image_b="y", found=True)
    return score(frame.assign(fold=rng.integers(0, FOLDS, len(frame))), first), score(frame, second)


def score(frame, distances):
    same = distances < THRESHOLD
    genuine = frame["is_genuine"].to_numpy()
    outcome = np.where(genuine, np.where(same, "true-match", "false-non-match"), "true-non-match")
    outcome[~genuine & same] = "false-match"
    return frame.assign(cosine_distance=distances, decision=np.where(same, "same", "different"), outcome=outcome)


def truth(genuine, impostors):
    """Compute the same figures of all people there could be."""
    x = np.linspace(-0.5, 2.5, 300_001)
    density = norm.pdf(x, GENUINE_MEAN, GENUINE_SD), norm.pdf(x, IMPOSTOR_MEAN, IMPOSTOR_SD)
    odds = SLOPE * (THRESHOLD - x)
    step = x[1] - x[0]
    cost = (density[0] @ np.logaddexp(0, -odds) + density[1] @ np.logaddexp(0, odds)) * step / 2 / np.log(2)
    fnmr = norm.sf(THRESHOLD, GENUINE_MEAN, GENUINE_SD)
    fmr, worse = (norm.cdf(THRESHOLD, IMPOSTOR_MEAN - shift, IMPOSTOR_SD) for shift in (0, WORSE))
    # Both distributions are normal: the rates meet as many standard deviations from either mean.
    eer = norm.cdf(-(IMPOSTOR_MEAN - GENUINE_MEAN) / (GENUINE_SD + IMPOSTOR_SD))
    share = impostors / (genuine + impostors)
    accuracy = 1 - (1 - share) * fnmr - share * fmr
    return {
        "fnmr": fnmr,
        "fmr": fmr,
        "eer": eer,
        "cllr": cost,
        "accuracy": accuracy,
        "difference": share * (worse - fmr),
    }


def intervals_of(first, second):
    odds = {"m": SLOPE * (THRESHOLD - first["cosine_distance"].to_numpy())}
    figures = PairMetrics(first, odds, "m", pd.DataFrame(index=first.index)).figures()
    found = {figure.key.metric: interval(figure) for figure in figures}
    row = compare_models(first, {"first": first, "second": second}).iloc[0]
    return found | {"difference": (row["ci_low"], row["ci_high"])}


def count_sets(seed, people, genuine, impostors, uneven, sets=SETS):
    """Of the sets that have an interval: how many there are, and how many intervals hold the truth."""
    rng, known = np.random.default_rng(seed), truth(genuine, impostors)
    given, inside = dict.fromkeys(known, 0), dict.fromkeys(known, 0)
    for _ in range(sets):
        found = intervals_of(*draw_set(rng, people, genuine, impostors, uneven))
        for name, expected in known.items():
            low, high = found[name]
            given[name] += not np.isnan(low)
            inside[name] += low <= expected <= high
    return given, inside


@pytest.mark.slow
@pytest.mark.parametrize("people", [30, 100, 1000])
def test_intervals_hold_the_truth_in_95_of_100_sets(people):
    given, inside = count_sets(people, people, 300, 600, 0.5, 200)
    shares = {name: inside[name] / given[name] for name in given}
    # Of 200 sets, a share strays from its expectation by up to 0.03.
    assert all(share >= 0.9 for share in shares.values()), shares
    assert np.mean(list(shares.values())) < 0.985, shares


@pytest.mark.parametrize("people", [5, 10])
def test_so_few_people_have_no_interval(people):
    given, _ = count_sets(people, people, 300, 600, 0.5, 5)
    assert not any(given.values()), given
