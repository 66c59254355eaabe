"""Distances, thresholds and outcomes, on cases worked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from whyface.scores.decisions import (
    Reference,
    cosine_distance,
    decide,
    first_threshold,
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
    with pytest.raises(ValueError, match=r"image 'z' was not embedded; name the dataset in run\.datasets"):
        measure_pairs(pairs, embeddings.head(2))


@pytest.mark.parametrize(
    ("distances", "genuine", "first", "middle"),
    [
        # Candidates 0, 0.2, ... 1.8. Those from 0.6 to 1.2 separate; a distance on a candidate is not below it.
        ([0.1, 0.4, 1.2], [1, 1, 0], 0.6, 0.8),
        ([0.1, 0.4, 0.9], [1, 1, 0], 0.6, 0.6),  # 0.6 and 0.8: the lower one of two
        ([0.1, 0.4, 0.5], [1, 1, 0], 0.2, 1.0),  # none separates: 0.2, 0.4 miss the second pair, 0.6 to 1.8 accept all
        # One error at 0.2 and 0.4 and from 1.2 to 1.6, two between: nearest to 0.9, the middle of 0.2 and 1.6, is 1.2.
        ([0.1, 0.5, 1.1, 1.7], [1, 0, 1, 0], 0.2, 1.2),
        ([0.7] * 4, [1, 1, 0, 0], 0.0, 0.8),  # all candidates are right half of the time
        ([0.7] * 4, [1, 0, 0, 0], 0.0, 0.2),  # 0 to 0.6 refuse all, which is right for three of four
        ([1.2, 0.4], [1, 0], 0.0, 0.4),  # reversed: 0 to 0.4 refuse both, from 1.4 accept both; nearest to 0.9
    ],
)
def test_threshold_by_hand(distances, genuine, first, middle):
    distances, genuine = np.array(distances), np.array(genuine, bool)
    assert first_threshold(distances, genuine, 10) == pytest.approx(first)
    assert fit_threshold(distances, genuine, 10) == pytest.approx(middle)


@pytest.mark.parametrize("seed", range(4))
def test_threshold_agrees_with_a_literal_search(seed):
    rng = np.random.default_rng(seed)
    # Rounded to the grid's own step: distances lie on candidates.
    distances, genuine = rng.uniform(0, 2, 300).round(2), rng.random(300) < 0.5
    best, most = [], -1
    for i in range(200):
        right = sum((d < 2 * i / 200) == g for d, g in zip(distances, genuine, strict=True))
        best, most = ([*best, i] if right == most else [i] if right > most else best), max(right, most)
    middle = min(best, key=lambda i: abs(i - (best[0] + best[-1]) / 2))
    assert first_threshold(distances, genuine, 200) == 2 * best[0] / 200
    assert fit_threshold(distances, genuine, 200) == 2 * middle / 200


def test_the_middle_errs_less_on_other_pairs_than_the_first():
    def rates(fit):
        """FNMR and FMR of normal distances, in the mean over 300 thresholds fitted on 200 pairs each."""
        rng, genuine, found = np.random.default_rng(16), np.arange(200) < 100, []
        for _ in range(300):
            t = fit(
                np.where(genuine, rng.normal(0.45, 0.12, 200), rng.normal(1.0, 0.105, 200)).clip(0, 2), genuine, 2000
            )
            found.append((norm.sf(t, 0.45, 0.12), norm.cdf(t, 1.0, 0.105)))
        return np.mean(found, axis=0)

    first, middle = rates(first_threshold), rates(fit_threshold)
    assert middle.sum() < 0.9 * first.sum()
    assert abs(np.subtract(*middle)) < 0.3 * abs(np.subtract(*first))


def test_the_published_method_decides_by_the_published_threshold():
    published, ours = (score_pairs(TWO_FOLDS, None, "d", 20, method) for method in ("paper", "beta"))
    # Fold 0 learns from 0.3, 0.5 | 0.6, 1.2, whom only 0.6 separates; fold 1 from 0.1, 0.2 | 0.8, 0.9: 0.3 to 0.8.
    assert published["threshold"].unique().tolist() == pytest.approx([0.6, 0.3])
    assert ours["threshold"].unique().tolist() == pytest.approx([0.6, 0.5])


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
    before = score_pairs(TWO_FOLDS, None, "d", 20, "beta")
    flipped = TWO_FOLDS.assign(is_genuine=[0, 0, 1, 1, *TWO_FOLDS["is_genuine"][4:]])
    after = score_pairs(flipped, None, "d", 20, "beta")
    pd.testing.assert_series_equal(before["decision"][:4], after["decision"][:4])
    assert before["threshold"][0] == pytest.approx(0.6) and before["threshold"][4] == pytest.approx(0.5)
    assert after["threshold"][4] != before["threshold"][4]


def test_pairs_without_fold_or_label_use_the_reference():
    unlabelled = frame([0.1, 1.5], [None, None], [np.nan, np.nan])
    scored = score_pairs(unlabelled, Reference("other", TWO_FOLDS), "mine", 20, "beta")
    assert scored["decision"].tolist() == ["same", "different"]
    assert scored["outcome"].tolist() == [None, None]
    assert scored["threshold"].tolist() == [fit_threshold(*_all(TWO_FOLDS), 20)] * 2


def test_pairs_outside_all_folds_may_learn_from_the_folds():
    mixed = pd.concat([TWO_FOLDS, frame([0.1], [None], [np.nan])], ignore_index=True)
    *_, last = split_folds(mixed, None, "d")
    assert (last.fold, last.fitted_on, len(last.training)) == (None, "d", 8)


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        (frame([0.1, 1.5], [None, None], [np.nan, np.nan]), "none"),
        (frame([0.1, 1.5], [1, 0], [0, 0]), "fold 0: 1 genuine, 1 impostor"),
        (frame([0.1, 1.5], [1, 0], [np.nan, np.nan]), "none"),
        (
            frame([0.1, 1.5, 0.1, np.nan], [1, 0, 1, 0], [0, 0, 1, 1]),
            "fold 0: 1 genuine, 1 impostor; fold 1: 1 genuine, 0 impostor",
        ),
        (
            frame([0.1] * 12, [1] * 12, range(12)),
            "; ".join(f"fold {fold}: 1 genuine, 0 impostor" for fold in range(10)) + "; and 2 more folds",
        ),
    ],
)
def test_pairs_with_nothing_to_learn_from_say_what_is_there_and_which_key_to_set(pairs, found):
    with pytest.raises(ValueError, match=rf"dataset mine, .* found: {found}\. .*datasets\.mine\.reference"):
        score_pairs(pairs, None, "mine", 20, "beta")


def _all(pairs):
    return pairs["cosine_distance"].to_numpy(), pairs["is_genuine"].to_numpy(bool)
