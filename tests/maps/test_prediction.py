"""Fast maps: few masks are measured, the others follow, and the agreement with exact maps is known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from whyface.maps.explanation import MAP_METHODS, explain_pairs, map_operator, measure_deviations
from whyface.maps.learning import (
    Face,
    Layout,
    choose_images,
    choose_masks,
    learn_covariance,
    learn_prediction,
    spearman,
)
from whyface.maps.masks import make_masks, take_masks
from whyface.maps.occlusion import Occluder
from whyface.maps.prediction import RIDGE, Calibration, Prediction, read_prediction, write_prediction
from whyface.maps.stored_shifts import StoredShifts, write_shard

SIDE, STRIDE = 48, 5
MASKS = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [7, 14], "stride_px": STRIDE})
N = sum(len(mask_set.covered) for mask_set in MASKS)
LAYOUT = Layout(MASKS, MAP_METHODS, "corrected", 24)
DIMENSION = 16


def smooth_faces(people, seed=0):
    """Faces whose shifts are the integral of a smooth random field over each patch, in every dimension."""
    rng = np.random.default_rng(seed)
    frequencies = np.outer(np.arange(SIDE), np.arange(7)) * np.pi / SIDE
    waves = np.einsum("yk,xl->klyx", np.cos(frequencies), np.cos(frequencies)).reshape(49, -1)
    fading = np.exp(-0.25 * np.add.outer(np.arange(7), np.arange(7))).ravel()
    effects = np.concatenate([m.covered.reshape(len(m.covered), -1) @ waves.T for m in MASKS]) * fading
    faces = {}
    for person in range(people):
        for photo in range(2):
            clean = rng.normal(size=DIMENSION)
            shifts = effects @ rng.normal(size=(49, DIMENSION)) * rng.uniform(0.5, 2) / 500
            faces[f"{person}-{photo}"] = Face(
                clean / np.linalg.norm(clean), shifts + rng.normal(size=shifts.shape) * 1e-3
            )
    return faces


def person_of(faces):
    return {name: name.split("-")[0] for name in faces}


@pytest.fixture(scope="module")
def learned():
    faces = smooth_faces(20)
    return learn_prediction(faces, person_of(faces), LAYOUT, 0.99)


def maps_of(faces, method):
    """Make both maps of neighbouring faces, as they are listed."""
    counts, names = [len(m.covered) for m in MASKS], list(faces)
    deviations = []
    for a, b in zip(names[::2], names[1::2], strict=True):
        pair = faces[a], faces[b]
        deviations += measure_deviations(
            method, [f.clean + f.shifts for f in pair], [f.clean for f in pair], counts, "corrected"
        )
    return np.stack(deviations), np.stack(deviations) @ map_operator(MASKS, method, "corrected", 24)


def test_few_masks_reach_the_goal_on_people_who_were_not_learned_from(learned):
    assert 0.03 < len(learned.measured) / N < 0.5
    assert len(learned.learned_from) == 40 and (np.diff(learned.measured) > 0).all()
    others = smooth_faces(60, seed=1)
    predicted = {n: Face(f.clean, learned.fill(f.shifts[learned.measured])) for n, f in others.items()}
    for method in MAP_METHODS:
        _, exact = maps_of(others, method)
        deviations, found = maps_of(predicted, method)
        reached = spearman(exact, found)
        estimate, low = learned.agreement(method, deviations, found)
        assert np.median(reached) >= 0.985 and (np.median(reached) < 1)
        assert abs(np.median(estimate) - np.median(reached)) < 0.005
        assert (low <= estimate).all() and 0.9 <= (reached >= low).mean() <= 1


def test_measured_shifts_stay_and_those_of_all_masks_too(learned):
    face = smooth_faces(1, seed=2)["0-0"]
    np.testing.assert_allclose(
        learned.fill(face.shifts[learned.measured])[learned.measured], face.shifts[learned.measured]
    )
    assert learned.fill(face.shifts) is face.shifts


def test_prediction_is_kriging_written_out_by_loops():
    covariance = np.array([[1.0, 0.8, 0.4], [0.8, 1.0, 0.7], [0.4, 0.7, 1.0]])
    prediction = Prediction(covariance, np.array([0, 2]), 1, {}, ())
    shifts = np.array([[1.0, -2.0], [0.5, 4.0]])
    a, b, c = 1 + RIDGE, 0.4, 1 + RIDGE
    weights = np.array([0.8 * c - 0.7 * b, 0.7 * a - 0.8 * b]) / (a * c - b * b)
    np.testing.assert_allclose(prediction.fill(shifts), [shifts[0], weights @ shifts, shifts[1]])
    left_open = 1 - 2 * weights @ [0.8, 0.7] + weights @ covariance[np.ix_([0, 2], [0, 2])] @ weights
    np.testing.assert_allclose(prediction.left_open, np.diag([0, left_open, 0]), atol=1e-12)
    # Left out in turn, each of the two is foretold by the other.
    residuals = np.array([shifts[0] - 0.4 / c * shifts[1], shifts[1] - 0.4 / a * shifts[0]])
    assert prediction.unforeseen(shifts) == pytest.approx((residuals**2).sum() / (shifts**2).sum())


def test_masks_are_chosen_as_a_slow_search_chooses_them():
    rng = np.random.default_rng(3)
    root, half = rng.normal(size=(2, 12, 12))
    covariance, gram = root @ root.T, half @ half.T
    left, expected = covariance.copy(), []
    for _ in range(7):
        worth = [-np.inf if j in expected else (left @ gram @ left)[j, j] / (left[j, j] + RIDGE) for j in range(12)]
        expected.append(int(np.argmax(worth)))
        j = expected[-1]
        left = left - np.outer(left[:, j], left[j]) / (left[j, j] + RIDGE)
    assert choose_masks(covariance, gram, 7).tolist() == expected


def test_every_face_counts_alike():
    rng = np.random.default_rng(4)
    shifts = [rng.normal(size=(5, 3)) for _ in range(3)]
    louder = [shifts[0] * 100, *shifts[1:]]
    found, known = (learn_covariance(some, np.eye(5)) for some in (louder, shifts))
    np.testing.assert_allclose(found, known)
    assert np.trace(known) == pytest.approx(5)


def test_correlation_is_spearmans():
    a, b = np.random.default_rng(5).normal(size=(2, 3, 40)).round(1)
    np.testing.assert_allclose(spearman(a, b), [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)])


def test_images_to_learn_from_are_two_of_a_person_spread_over_all():
    people = {
        f"{person:03d}/{photo}": f"{person:03d}" for person in range(100) for photo in range(5 if person % 2 else 1)
    }
    chosen = choose_images(people)
    assert len(chosen) == 40 and len({people[name] for name in chosen}) == 20
    assert all(int(people[name]) % 2 for name in chosen), "people with two images, while there are enough"
    assert min(people[name] for name in chosen) < "010" and max(people[name] for name in chosen) > "090"
    assert choose_images(dict.fromkeys("ab", "p")) == ["a", "b"] and choose_images({}) == []
    assert len(choose_images({str(i): str(i) for i in range(90)})) == 40


@pytest.mark.parametrize("people", [0, 1, 3])
def test_from_few_people_nothing_is_learned_and_all_masks_are_measured(people):
    faces = smooth_faces(people)
    found = learn_prediction(faces, person_of(faces), LAYOUT, 0.99)
    assert found.is_exact and found.measured.tolist() == list(range(N)) and found.learned_from == tuple(sorted(faces))


def test_shifts_that_do_not_resemble_each_other_are_all_measured():
    rng = np.random.default_rng(6)
    faces = {n: Face(f.clean, rng.normal(size=f.shifts.shape)) for n, f in smooth_faces(10).items()}
    assert learn_prediction(faces, person_of(faces), LAYOUT, 0.99).is_exact


def test_an_image_without_an_embedding_under_a_mask_is_not_learned_from_and_gets_no_map(learned):
    faces = smooth_faces(20)
    blind = faces["3-0"].shifts.copy()
    blind[7] = np.nan
    faces["3-0"] = Face(faces["3-0"].clean, blind)
    assert not learn_prediction(faces, person_of(faces), LAYOUT, 0.99).is_exact
    some = np.ones((len(learned.measured), 2))
    some[3] = np.nan
    filled = learned.fill(some)
    assert (~np.isfinite(filled).all(axis=1)).sum() == 1 and np.isnan(learned.unforeseen(some))


def test_a_prediction_is_read_as_it_was_written(learned, tmp_path):
    write_prediction(learned, tmp_path / "p.npz")
    found = read_prediction(tmp_path / "p.npz")
    np.testing.assert_array_equal(found.covariance, learned.covariance)
    assert (found.measured.tolist(), found.limit) == (learned.measured.tolist(), learned.limit)
    assert found.calibrations == learned.calibrations and found.learned_from == learned.learned_from
    write_prediction(replace(learned, calibrations={}), tmp_path / "exact.npz")
    assert read_prediction(tmp_path / "exact.npz").calibrations == {}


def test_only_the_chosen_masks_are_measured_and_all_of_an_image_that_they_do_not_foretell(monkeypatch, caplog):
    faces = smooth_faces(1)
    strange = np.random.default_rng(7).normal(size=(N, DIMENSION))
    painted = []
    prediction = Prediction(np.eye(N), np.array([0, 2, 95]), 0.9, {}, ())

    def measure(embedder, masks, crop, label):
        painted.append((label, masks))
        return faces["0-0"].shifts[[0, 2, 95]] if label == "a" else strange[:masks]

    monkeypatch.setattr("whyface.maps.occlusion.open_parts", lambda e, masks, *_: sum(len(m.covered) for m in masks))
    monkeypatch.setattr("whyface.maps.occlusion.measure_shifts", measure)
    monkeypatch.setattr(
        Prediction,
        "unforeseen",
        lambda self, shifts: 0.95 if len(shifts) == 3 and shifts[0, 0] == strange[0, 0] else 0.5,
    )
    occluder = Occluder(SimpleNamespace(), MASKS, "black", learning_choice(), prediction)
    with caplog.at_level("INFO"):
        sizes = [len(occluder.measure(np.zeros((SIDE, SIDE, 3), np.uint8), label)[1]) for label in "ab"]
    assert sizes == [3, N] and painted == [("a", 3), ("b", 3), ("b", N)]
    assert "image b: few masks do not foretell the others; all are measured" in caplog.text


def learning_choice():
    from whyface.maps.engines.choice import Choice

    return Choice("own", 16)


def test_taken_masks_keep_their_place_fill_and_order():
    first = len(MASKS[0].covered)
    small, large = take_masks(MASKS, np.array([1, 4, first, first + 9]))
    np.testing.assert_array_equal(small.covered, MASKS[0].covered[[1, 4]])
    np.testing.assert_array_equal(large.corners, MASKS[1].corners[[0, 9]])
    assert small.turns.tolist() == MASKS[0].turns[[1, 4]].tolist()
    assert [m.patch_px for m in take_masks(MASKS, np.array([first + 1]))] == [14]


def test_tables_say_how_well_maps_agree(learned, tmp_path):
    faces = smooth_faces(3, seed=8)
    few = {n: f.shifts if n == "0-0" or n == "0-1" else f.shifts[learned.measured] for n, f in faces.items()}
    write_shard(tmp_path / "s.arrow", [(n, "own", shifts) for n, shifts in few.items()], "float32")
    shifts = StoredShifts([tmp_path / "s.arrow"], learned)
    pairs = pd.DataFrame({"pair_id": ["0", "1"], "image_a": ["0-0", "1-0"], "image_b": ["0-1", "2-1"]})
    clean = pd.Series({n: f.clean for n, f in faces.items()})
    (part,) = explain_pairs(pairs, clean, shifts, MASKS, ["pair-specific"], "corrected", 24, "float32")
    exact, predicted = part[part.pair_id == "0"], part[part.pair_id == "1"]
    assert (exact[["agreement", "agreement_low"]] == 1).all(axis=None), "all masks were measured"
    assert ((predicted.agreement_low < predicted.agreement) & (predicted.agreement < 1)).all()
    _, known = maps_of({n: faces[n] for n in ("1-0", "2-1")}, "pair-specific")
    assert spearman(known, np.stack(predicted["map"].to_list())).min() > 0.95


def test_agreement_is_one_less_the_calibrated_error():
    prediction = Prediction(np.eye(3), np.array([0, 1]), 1, {"m": Calibration(0.5, np.log(0.2), 1, np.log(3))}, ())
    # Nothing is foretold here: each deviation counts with its own square, over 1 + RIDGE.
    deviations, maps = np.array([[1.0, 1.0, 7.0]]), np.array([[1.0, -1.0]])
    share = 1 / (1 + RIDGE) * 0.5 / 2
    assert prediction.open_share(0.5, deviations, maps)[0] == pytest.approx(share)
    estimate, low = prediction.agreement("m", deviations, maps)
    assert estimate[0] == pytest.approx(1 - 0.2 * share) and low[0] == pytest.approx(1 - 0.6 * share)


def test_less_agreement_takes_fewer_masks(learned):
    faces = smooth_faces(20)
    rough = learn_prediction(faces, person_of(faces), LAYOUT, 0.95)
    assert len(rough.measured) < 0.8 * len(learned.measured)
