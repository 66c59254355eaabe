"""Ratios that know the image are used where quality matters, and refused where it does not."""

import json

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.knowing_quality import compare, condition, split_people
from whyface.evaluation.people import People, mean_part
from whyface.scores import conditional
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs
from whyface.scores.qualities import BEST, image_qualities

EACH, FOLDS = 4, 5


def fabricate(seed, effect=0.0, people=100, artefact=0.0, unlike=0.0):
    """Make the tables that `condition` takes, up to the qualities.

    Low quality of the worse image moves genuine pairs away by `effect`; with `artefact`, impostor pairs are of better
    images than genuine ones, which moves nothing.
    """
    rng = np.random.default_rng(seed)
    person = np.arange(people * EACH) // EACH
    quality = rng.normal(size=len(person))
    ids = np.array([f"{i:04d}" for i in range(len(person))])
    genuine = [(i * EACH + a, i * EACH + b) for i in range(people) for a in range(EACH) for b in range(a)]
    size, impostor = people // FOLDS * EACH, []
    while len(impostor) < len(genuine):
        a, b = rng.integers(size, size=2) + rng.integers(FOLDS) * size
        if person[a] != person[b] and rng.random() < np.exp(artefact * (min(quality[a], quality[b]) - 1)):
            impostor.append((a, b))
    a, b = np.array(genuine + impostor).T
    is_genuine = np.arange(len(a)) < len(genuine)
    bad = np.clip(-np.minimum(quality[a], quality[b]), 0, None)
    distances = np.where(is_genuine, 0.55 + effect * bad, 0.98) + 0.12 * rng.normal(size=len(a))
    subject = np.array([f"p{i}" for i in person])
    pairs = pd.DataFrame({"pair_id": [f"{i:05d}" for i in range(len(a))], "image_a": ids[a], "image_b": ids[b]})
    pairs = pairs.assign(subject_a=subject[a], subject_b=subject[b], is_genuine=is_genuine, fold=1.0 * (a // size))
    measured = pairs[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=distances.clip(0, 2))
    images = pd.DataFrame({"image_id": ids, "ofiq": quality})
    return pairs.assign(known_label_error=""), measured, images


def judge(made, dataset="d", reference=None):
    pairs, measured, images = made
    decisions = score_pairs(measured, reference, "d", 500, "logistic")
    scores, confidence = fit_confidence(decisions, reference, "d", "logistic", 500)
    blank = {name: np.nan for name in BEST if name != "norm"}
    norms = pd.DataFrame({"image_id": images["image_id"], "norm": np.nan})
    qualities = image_qualities(images[["image_id"]].assign(**blank), norms, images)
    found, choice = condition(pairs, scores, images[["image_id"]], confidence, qualities, "logistic", dataset)
    return found, choice.iloc[0], scores


def test_a_planted_effect_is_found_and_used():
    found, choice, scores = judge(fabricate(0, effect=0.25))
    assert choice.verdict == "used" and choice.ci_high < 0
    weights = json.loads(choice.weights)
    assert weights["terms"]["ofiq, worse"][0] < 0, "of bad images, the same distance speaks more for one person"
    assert found["llr"].notna().all() and not np.allclose(found["llr"], scores["llr"])
    np.testing.assert_allclose(found["p_same"], 1 / (1 + 10 ** -found["llr"]))


@pytest.mark.parametrize("seed", range(3))
def test_without_an_effect_the_plain_ratios_stay(seed):
    assert judge(fabricate(seed))[1].verdict == "refused"


@pytest.mark.parametrize("seed", (1, 2))
def test_quality_that_tells_the_label_but_changes_no_distance_is_no_evidence(seed, monkeypatch):
    """A list whose genuine pairs are of worse images: the label shows in the quality, and still nothing is gained."""
    pairs, measured, images = fabricate(seed, artefact=1.0)
    quality = images.set_index("image_id")["ofiq"]
    worse = np.minimum(pairs["image_a"].map(quality), pairs["image_b"].map(quality))
    assert worse[pairs["is_genuine"]].mean() < worse[~pairs["is_genuine"]].mean() - 0.4
    assert judge((pairs, measured, images))[1].verdict == "refused"
    fit = conditional.fit_weights
    ignored = lambda terms, start, *rest: fit(terms, start, *rest) if start.any() else np.zeros(terms.shape[1])  # noqa: E731
    monkeypatch.setattr(conditional, "fit_weights", ignored)
    naive = judge((pairs, measured, images))[1]
    assert naive.verdict == "used", "taking the label's trace for evidence would win"


def test_the_labels_of_a_fold_do_not_touch_its_ratios():
    pairs, measured, images = fabricate(1, effect=0.25)
    own = (measured["fold"] == 2).to_numpy()
    changed = measured.assign(is_genuine=measured["is_genuine"] ^ (own & (np.arange(len(own)) % 3 == 0)))
    before, after = (judge((pairs, one, images))[0]["llr"][own] for one in (measured, changed))
    np.testing.assert_allclose(before, after)


def test_the_verdict_equals_a_slow_transcription():
    found, choice, scores = judge(fabricate(2, effect=0.1))
    pairs = fabricate(2, effect=0.1)[0]
    gains = {True: [], False: []}
    for new, old, genuine in zip(found["llr"], scores["llr"], pairs["is_genuine"], strict=True):
        sign = -1 if genuine else 1
        gains[genuine].append(np.log2(1 + 10 ** (sign * new)) - np.log2(1 + 10 ** (sign * old)))
    difference = (np.mean(gains[True]) + np.mean(gains[False])) / 2
    assert choice.difference == pytest.approx(difference)
    rows = {kind: np.flatnonzero(pairs["is_genuine"] == kind) for kind in (True, False)}
    spread = People(pairs).spread([mean_part(rows[kind], np.array(gains[kind]), 0.5) for kind in (True, False)])
    assert choice.ci_high == pytest.approx(difference + spread.reach * spread.error)
    assert choice.verdict == ("used" if max(choice.ci_high, choice.given_list_high) < 0 else "refused")


def two_kinds(ours):
    """Compare with plain ratios of 1 on 40 pairs that share nobody."""
    pairs = pd.DataFrame({"is_genuine": np.arange(40) % 2 == 0, "llr": 0.0})
    for side in "ab":
        pairs = pairs.assign(**{f"subject_{side}": [f"{side}{i}" for i in range(40)], f"image_{side}": ""})
    return compare(pairs, np.where(pairs["is_genuine"], ours, -ours), np.zeros(40))


def test_the_rule_by_hand():
    # A ratio of 3 for the truth costs log2(4 / 3) bits instead of 1, in every pair: nothing spreads.
    better = two_kinds(np.log(3) + np.zeros(40))
    assert better["difference"] == pytest.approx(np.log2(4 / 3) - 1) and better["verdict"] == "used"
    assert two_kinds(-np.log(3) + np.zeros(40))["verdict"] == "refused"
    equal = two_kinds(np.zeros(40))
    assert (equal["difference"], equal["ci_high"], equal["verdict"]) == (0, 0, "refused")


def test_fits_from_elsewhere_and_unlabelled_pairs_are_left_out():
    made = fabricate(0, people=20)
    found, choice, _ = judge(made, dataset="another")
    assert choice.verdict == "left out" and found["llr"].isna().all() and choice.n == 0
    labelled, choice = compare(made[0].assign(llr=0.0), np.full(len(made[0]), np.nan), np.zeros(len(made[0]))), choice
    assert labelled["verdict"] == "left out"


def test_failed_images_have_no_ratio():
    pairs, measured, images = fabricate(0, people=50)
    measured.loc[3, "cosine_distance"] = np.nan
    found, _, _ = judge((pairs, measured, images))
    assert found.index[found["llr"].isna()].tolist() == [3]


def test_people_stay_in_one_third_whatever_the_order():
    pairs = fabricate(0, people=20)[0]
    thirds = split_people(pairs)
    assert {*thirds.ravel()} == {0, 1, 2}
    of = dict(zip(pairs["subject_a"], thirds[0], strict=True))
    assert [of[name] for name in pairs["subject_b"]] == thirds[1].tolist()
    back = split_people(pairs[::-1].reset_index(drop=True))
    np.testing.assert_array_equal(back, thirds[:, ::-1])
