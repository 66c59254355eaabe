"""Suspected label errors: distances to other photos by hand and by a loop, planted errors, lists without people."""

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.label_errors import LEAST, OtherPhotos, Verdict, _wrong_image, can_tell, suspect_labels, weigh
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs


def collection(seed=0, folk=60, photos=4, noise=0.35):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(folk), photos)
    vectors = rng.normal(size=(folk, 16))[person] / 4 + noise * rng.normal(size=(len(person), 16)) / 4
    names = [f"{who:02d}/{place}" for place, who in enumerate(person)]
    images = pd.DataFrame({"image_id": names, "subject_id": [f"{who:02d}" for who in person]})
    return images, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embeddings_of(images, vectors):
    return pd.DataFrame({"image_id": images["image_id"], "embedding": [*vectors]})


def listed(images, vectors, seed=0, count=200):
    """Half genuine pairs, half impostor pairs, in two folds of people."""
    rng, rows = np.random.default_rng(seed), []
    subjects = images["subject_id"].to_numpy()
    while len(rows) < count:
        a, b = rng.integers(0, len(images), 2)
        genuine, fold = len(rows) % 2 == 0, (int(subjects[a]) % 2, int(subjects[b]) % 2)
        if a != b and (subjects[a] == subjects[b]) == genuine and fold[0] == fold[1]:
            rows.append((f"{len(rows):05d}", a, b, genuine, fold[0], 1 - vectors[a] @ vectors[b]))
    frame = pd.DataFrame(rows, columns=["pair_id", "a", "b", "is_genuine", "fold", "cosine_distance"])
    for side in "ab":
        frame[f"image_{side}"] = images["image_id"].to_numpy()[frame[side]]
        frame[f"subject_{side}"] = subjects[frame[side]]
    frame["known_label_error"] = ""
    decided = frame.assign(threshold=0.5, decision="same", outcome="true-match")
    _, confidence = fit_confidence(decided, None, "d", "beta", 2000)
    return frame, confidence


def test_distances_to_other_photos_equal_a_loop():
    images, vectors = collection(folk=5, photos=3)
    images.loc[4, "subject_id"] = ""
    embeddings = embeddings_of(images, vectors)
    embeddings.loc[7, "embedding"] = None
    photos, names = OtherPhotos(embeddings, images), images["image_id"]
    rng = np.random.default_rng(1)
    image, of, without = (rng.integers(0, len(names), 300) for _ in range(3))
    found = photos.distances(names[image], names[of], names[without])
    subjects = images["subject_id"].tolist()
    for one, i, j, k in zip(found, image, of, without, strict=True):
        others = [m for m in range(15) if subjects[m] and subjects[m] == subjects[j] and m not in (i, k, 7)]
        if i == 7 or j == 7 or not others:
            assert np.isnan(one)
        else:
            assert one == pytest.approx(np.mean([1 - vectors[i] @ vectors[m] for m in others]))


def test_a_wrong_photo_and_one_person_under_two_names_rank_first():
    images, vectors = collection()
    frame, _ = listed(images, vectors)
    vectors = vectors.copy()
    wrong = frame.loc[0, "b"]
    stranger = int(np.argmin(vectors @ vectors[frame.loc[0, "a"]]))
    vectors[wrong] = vectors[stranger]
    twin = frame.loc[2, "subject_a"]  # two of its four photos get another name
    renamed = images.index[images["subject_id"] == twin][:2]
    images.loc[renamed, "subject_id"] = "99"
    two_names = {"a": renamed[0], "b": images.index[images["subject_id"] == twin][0], "is_genuine": False}
    frame.loc[1, ["a", "b", "is_genuine"]] = [two_names[key] for key in ("a", "b", "is_genuine")]
    for side in "ab":
        rows = frame[side].astype(int)
        frame[f"image_{side}"] = images["image_id"].to_numpy()[rows]
        frame[f"subject_{side}"] = images["subject_id"].to_numpy()[rows]
    vector = [vectors[frame[side].astype(int)] for side in "ab"]
    frame["cosine_distance"] = 1 - (vector[0] * vector[1]).sum(axis=1)
    frame["is_genuine"] = frame["is_genuine"].astype(bool)
    decided = frame.assign(threshold=0.5, decision="same", outcome="true-match")
    _, confidence = fit_confidence(decided, None, "d", "beta", 2000)
    found = weigh(Verdict(frame, confidence, embeddings_of(images, vectors)), images)
    strange = frame["image_b"].eq(frame.loc[0, "image_b"]) | frame["image_a"].eq(frame.loc[0, "image_b"])
    named = frame["subject_a"].isin([twin, "99"]) & frame["subject_b"].isin([twin, "99"])
    top = found["score"].sort_values(ascending=False).index[:2]
    assert (strange | named).set_axis(frame["pair_id"])[top].all() and {"00000", "00001"} & {*top}
    row = found.loc["00000"]
    assert row["own_b"] > row["own_a"] and row["score"] == min(row["pair_llr"], row["photos_llr"])


def test_least_convinced_model_decides():
    images, vectors = collection()
    frame, confidence = listed(images, vectors)
    frame["is_genuine"] = frame["is_genuine"].to_numpy()
    frame.loc[0, "is_genuine"] = False  # a label turned: the photos still match
    sure = Verdict(frame, confidence, embeddings_of(images, vectors))
    far = frame.assign(cosine_distance=frame["cosine_distance"].where(frame["pair_id"] != "00000", 1.0))
    doubting = Verdict(far, confidence, embeddings_of(images, vectors))
    alone = suspect_labels([sure], frame, images)
    assert "00000" in alone["pair_id"].tolist() and alone["score"].ge(LEAST).all()
    assert alone["rank"].tolist() == list(range(1, len(alone) + 1)) and alone["score"].is_monotonic_decreasing
    assert "00000" not in suspect_labels([sure, doubting], frame, images)["pair_id"].tolist()
    missing = Verdict(frame.assign(cosine_distance=np.nan), confidence, embeddings_of(images, vectors))
    pd.testing.assert_series_equal(suspect_labels([sure, missing], frame, images)["score"], alone["score"])


def test_a_model_that_is_never_sure_has_no_veto():
    images, vectors = collection()
    frame, confidence = listed(images, vectors)
    frame["is_genuine"] = frame["is_genuine"].to_numpy()
    frame.loc[0, "is_genuine"] = False
    sure = Verdict(frame, confidence, embeddings_of(images, vectors))
    noise = np.random.default_rng(1).normal(0.7, 0.05, len(frame))
    decisions = score_pairs(
        frame[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=noise), None, "d", 200, "beta"
    )
    guessing = Verdict(
        frame.assign(cosine_distance=noise),
        fit_confidence(decisions, None, "d", "beta", 200)[1],
        embeddings_of(images, np.random.default_rng(2).normal(size=vectors.shape)),
    )
    assert can_tell(sure) and not can_tell(guessing)
    found = suspect_labels([sure, guessing], frame, images)
    pd.testing.assert_frame_equal(found, suspect_labels([sure], frame, images))
    assert suspect_labels([guessing], frame, images).empty


@pytest.mark.parametrize("case", ["no labels", "no embeddings", "no names", "no pairs"])
def test_lists_with_nothing_to_tell(case):
    images, vectors = collection()
    frame, confidence = listed(images, vectors)
    embeddings = embeddings_of(images, vectors)
    if case == "no labels":
        frame = frame.assign(is_genuine=pd.Series([None] * len(frame), dtype=object))
    if case == "no embeddings":
        embeddings, frame = embeddings.assign(embedding=None), frame.assign(cosine_distance=np.nan)
    if case == "no names":
        images = images.assign(subject_id="")
    if case == "no pairs":
        frame = frame[:0]
    found = suspect_labels([Verdict(frame, confidence, embeddings)], frame, images)
    assert case == "no names" or found.empty
    assert found["photos_llr"].isna().all()


def test_of_an_impostor_pair_an_image_is_named_only_if_it_is_more_like_the_other_person():
    table = pd.DataFrame(
        [
            (True, 0.9, 0.2, 0.9, 0.2),
            (False, 0.9, 0.2, 0.3, 0.8),
            (False, 0.4, 0.3, 0.5, 0.2),
            (False, 0.4, None, 0, 0),
        ],
        columns=["is_genuine", "own_a", "own_b", "cross_a", "cross_b"],
    )
    pairs = pd.DataFrame({"image_a": list("abcd"), "image_b": list("wxyz")})
    assert _wrong_image(table, pairs).tolist() == ["a", "b", "", ""]
