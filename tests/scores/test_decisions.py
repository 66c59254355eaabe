"""Distances, thresholds and outcomes, on cases worked by hand."""

import numpy as np
import pandas as pd
import pytest

from whyface.scores.decisions import (
    Reference,
    cosine_distance,
    decide,
    fit_threshold,
    measure_pairs,
    name_outcomes,
    score_pairs,
    split_folds,
)


def frame(distances, is_genuine, folds):
    return pd.DataFrame(
        {
            "pair_id": [f"{i:05d}" for i in range(len(distances))],
            "is_genuine": pd.Series(is_genuine, dtype=object),
            "fold": pd.Series(folds, dtype=float),
            "cosine_distance": pd.Series(distances, dtype=float),
        }
    )


TWO_FOLDS = frame([0.1, 0.2, 0.8, 0.9, 0.3, 0.5, 0.6, 1.2], [1, 1, 0, 0] * 2, [0] * 4 + [1] * 4)


def test_cosine_distance_by_hand():
    a = np.array([[1, 0], [1, 0], [1, 0], [0.6, 0.8], [np.nan, np.nan]])
    b = np.array([[1, 0], [0, 1], [-1, 0], [1, 0], [1, 0]])
    np.testing.assert_allclose(cosine_distance(a, b), [0, 1, 2, 0.4, np.nan])


def test_pairs_with_a_failed_image_have_no_distance():
    pairs = TWO_FOLDS.head(2).assign(image_a=["x", "x"], image_b=["y", "z"])
    embeddings = pd.DataFrame(
        {"image_id": ["x", "y", "z"], "embedding": [np.array([1.0, 0]), np.array([0, 1.0]), None]}
    )
    measured = measure_pairs(pairs, embeddings)
    np.testing.assert_array_equal(measured["cosine_distance"], [1, np.nan])


def test_threshold_is_the_first_best_grid_point():
    # 10 bins: candidates 0, 0.2, ... 1.8. Both 0.6 and 0.8 separate; 0.4 does not, since 0.4 < 0.4 is false.
    distances, genuine = np.array([0.1, 0.4, 0.9]), np.array([True, True, False])
    assert fit_threshold(distances, genuine, 10) == pytest.approx(0.6)


def test_threshold_agrees_with_a_literal_search():
    rng = np.random.default_rng(0)
    distances, genuine = rng.uniform(0, 2, 300).round(2), rng.random(300) < 0.5
    best, best_accuracy = None, -1
    for i in range(500):
        t = 2 * i / 500
        accuracy = sum((d < t) == g for d, g in zip(distances, genuine, strict=True)) / 300
        if accuracy > best_accuracy:
            best, best_accuracy = t, accuracy
    assert fit_threshold(distances, genuine, 500) == best


def test_a_distance_at_the_threshold_is_different():
    assert decide(pd.Series([0.4, 0.5, 0.6, np.nan]), pd.Series([0.5] * 4)).tolist() == [
        "same",
        "different",
        "different",
        None,
    ]


def test_the_four_outcomes_and_none():
    decisions = pd.Series(["same", "same", "different", "different", "same", None], dtype=object)
    labels = pd.Series([True, False, False, True, None, True], dtype=object)
    outcomes = ["true-match", "false-match", "true-non-match", "false-non-match", None, None]
    assert name_outcomes(decisions, labels).tolist() == outcomes


def test_a_fold_learns_from_the_others_only():
    splits = list(split_folds(TWO_FOLDS, None, "d"))
    assert [split.fold for split in splits] == [0, 1]
    for split in splits:
        assert set(split.training["fold"]) == {1 - split.fold}
        assert set(TWO_FOLDS.loc[split.held_out, "fold"]) == {split.fold}


def test_shuffling_the_labels_of_a_fold_leaves_its_own_decisions_unchanged():
    before = score_pairs(TWO_FOLDS, None, "d", 20)
    flipped = TWO_FOLDS.assign(is_genuine=[0, 0, 1, 1, *TWO_FOLDS["is_genuine"][4:]])
    after = score_pairs(flipped, None, "d", 20)
    pd.testing.assert_series_equal(before["decision"][:4], after["decision"][:4])
    assert before["threshold"][0] == pytest.approx(0.6) and before["threshold"][4] == pytest.approx(0.3)
    assert after["threshold"][4] != before["threshold"][4]


def test_pairs_without_fold_or_label_use_the_reference():
    unlabelled = frame([0.1, 1.5], [None, None], [np.nan, np.nan])
    scored = score_pairs(unlabelled, Reference("other", TWO_FOLDS), "mine", 20)
    assert scored["decision"].tolist() == ["same", "different"]
    assert scored["outcome"].tolist() == [None, None]
    assert scored["threshold"].tolist() == [fit_threshold(*_all(TWO_FOLDS), 20)] * 2


def test_pairs_outside_all_folds_may_learn_from_the_folds():
    mixed = pd.concat([TWO_FOLDS, frame([0.1], [None], [np.nan])], ignore_index=True)
    *_, last = split_folds(mixed, None, "d")
    assert (last.fold, last.fitted_on, len(last.training)) == (None, "d", 8)


@pytest.mark.parametrize(
    "pairs",
    [
        frame([0.1, 1.5], [None, None], [np.nan, np.nan]),
        frame([0.1, 1.5], [1, 0], [0, 0]),
        frame([0.1, 1.5], [1, 0], [np.nan, np.nan]),
    ],
)
def test_pairs_with_nothing_to_learn_from_say_which_key_to_set(pairs):
    with pytest.raises(ValueError, match=r"dataset mine, .*datasets\.mine\.reference"):
        score_pairs(pairs, None, "mine", 20)


def _all(pairs):
    return pairs["cosine_distance"].to_numpy(), pairs["is_genuine"].to_numpy(bool)
