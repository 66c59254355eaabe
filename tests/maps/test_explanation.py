"""Maps: a case worked by hand, and the published method compared with a slow, literal transcription of it."""

import itertools

import cv2
import numpy as np
import onnxruntime
import pandas as pd
import pyarrow.parquet as pq
import pytest

from networks import write_black_box
from transcription import transcribe_maps
from whyface.fidelity.truth_scores import score_against_truth
from whyface.maps import explanation
from whyface.maps.engines.choice import Choice
from whyface.maps.explanation import MAP_METHODS, PUBLISHED_METHODS, explain_pairs, map_operator, measure_deviations
from whyface.maps.masks import MaskSet, make_masks, split_by_fill
from whyface.maps.occlusion import Part, measure_shifts, open_parts
from whyface.models.embedder import Embedder
from whyface.tables.parquet import read_table, write_parts
from whyface.tables.schemas import EXPLANATIONS

PAPER = {"variant": "paper", "shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}


def whyface_maps(embedder, image_a, image_b, occlusion, map_px):
    masks = make_masks(embedder.input_px, occlusion)
    images = {"a": image_a, "b": image_b}
    engines = open_parts(embedder, masks, "black", Choice("own", 64))
    shifts = {k: measure_shifts(embedder, engines, v, k) for k, v in images.items()}
    clean = pd.Series({k: embedder.embed(v[None], [k])[0] for k, v in images.items()})
    pairs = pd.DataFrame({"pair_id": ["0"], "image_a": ["a"], "image_b": ["b"]})
    parts = explain_pairs(pairs, clean, shifts, masks, PUBLISHED_METHODS, occlusion["variant"], map_px, "float32")
    return {(row.method, row.side): row.map for row in next(iter(parts)).itertuples()}


@pytest.mark.parametrize(("side", "patches"), [(40, [7, 14]), (33, [4, 9, 20])])
def test_paper_maps_equal_a_literal_transcription(tmp_path, side, patches):
    path = write_black_box(tmp_path / "net.onnx", side, seed=side)
    config = {"kind": "onnx", "input_px": side, "channels": "rgb", "pixel_mean": 0, "pixel_std": 255}
    image_a, image_b = np.random.default_rng(side).integers(0, 256, (2, side, side, 3), np.uint8)
    session = onnxruntime.InferenceSession(path)

    def embed(image):
        return session.run(None, {"x": image.transpose(2, 0, 1)[None].astype(np.float32)})[0][0].astype(np.float64)

    occlusion = {**PAPER, "patch_px": patches}
    ours = whyface_maps(Embedder("net", config, path, "cpu"), image_a, image_b, occlusion, side)
    for method in PUBLISHED_METHODS:
        theirs = transcribe_maps(embed, image_a / 255.0, image_b / 255.0, method, patches, 5)
        for name, expected in theirs.items():
            found = ours[method, name].reshape(side, side)
            assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_linear_model_has_a_map_that_can_be_written_down():
    """Embed an image of 6 x 6 as (light of its left half, light of its right half).

    A: left half white, right half black -> (18, 0); B: all white -> (18, 18); d(A, B) = 1 - 1/sqrt(2).
    One patch of 6 x 3 pixels would cover a half, but patches are square: take four quadrants of 3 x 3 (stride 3).
    Covering a left quadrant of A leaves (9, 0): the same direction, no change. A right one changes nothing at all.
    Covering a left quadrant of B leaves (9, 18): cos = 1/sqrt(5); a right one (18, 9): cos = 2/sqrt(5).
    """
    masks = make_masks(6, {"variant": "corrected", "shape": "square", "patch_px": [3], "stride_px": 3})
    a, b = np.zeros((6, 6)), np.ones((6, 6))
    a[:, :3] = 1

    def embed(image):
        halves = np.array([image[:, :3].sum(), image[:, 3:].sum()])
        return halves / np.linalg.norm(halves)

    occluded = tuple(np.stack([embed(np.where(m, 0, image)) for m in masks[0].covered]) for image in (a, b))
    clean = embed(a), embed(b)
    of_a, of_b = measure_deviations("clean-to-all", occluded, clean, [4], "corrected")
    left, right = 1 / np.sqrt(2) - 1 / np.sqrt(5), 1 / np.sqrt(2) - 2 / np.sqrt(5)
    np.testing.assert_allclose(of_a, 0, atol=1e-12)
    np.testing.assert_allclose(of_b, [left, right, left, right], atol=1e-12)
    assert left > 0 > right, "light on the left of B speaks for same, light on its right for different"
    found = (of_b @ map_operator(masks, "clean-to-all", "corrected", 6)).reshape(6, 6)
    by_hand = np.repeat([[left] * 3 + [right] * 3], 6, axis=0) / 3**2
    np.testing.assert_allclose(found, cv2.GaussianBlur(by_hand, (5, 5), 5), atol=1e-12)
    # The blur reaches two pixels, so the outermost columns average left or right columns only: column 0 sees, mirrored
    # at the border, columns 2 1 0 1 2, which are all left.
    np.testing.assert_allclose(found[:, 0], left / 9)


CORNERS, NO_TURNS = np.zeros((2, 2), int), np.zeros(2, int)


def test_corrected_divides_by_coverage_paper_by_the_number_of_masks():
    covered = np.zeros((2, 8, 8), bool)
    covered[:, :] = True
    masks = [MaskSet(2, covered, CORNERS, NO_TURNS)]
    np.testing.assert_allclose(np.ones(2) @ map_operator(masks, "clean-to-all", "corrected", 8), 1 / 4)
    half = [MaskSet(2, covered & (np.arange(2) == 0)[:, None, None], CORNERS, NO_TURNS)]
    np.testing.assert_allclose(np.ones(2) @ map_operator(half, "clean-to-all", "corrected", 8), 1 / 4)
    np.testing.assert_allclose(np.ones(2) @ map_operator(half, "clean-to-all", "paper", 8), 1 / 8)


def test_smaller_maps_average_pixel_areas():
    masks = make_masks(16, {"variant": "corrected", "shape": "square", "patch_px": [4], "stride_px": 2})
    deviations = np.random.default_rng(0).normal(size=len(masks[0].covered))
    full = (deviations @ map_operator(masks, "clean-to-all", "corrected", 16)).reshape(8, 2, 8, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(
        deviations @ map_operator(masks, "clean-to-all", "corrected", 8), full.ravel(), atol=1e-12
    )


def test_all_to_all_equals_the_mean_over_all_pairs_of_masks():
    rng = np.random.default_rng(0)
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.normal(size=(2, 7, 5)))
    clean = a[0], b[0]
    distances = np.array([[1 - u @ v for v in b] for u in a])
    for variant in ("paper", "corrected"):
        of_a, of_b = measure_deviations("all-to-all", (a, b), clean, [4, 3], variant)
        for part in (slice(0, 4), slice(4, 7)):
            block = distances[part, part]
            baseline = 1 - clean[0] @ clean[1] if variant == "paper" else block.mean()
            np.testing.assert_allclose(of_a[part], block.mean(axis=1) - baseline)
            np.testing.assert_allclose(of_b[part], block.mean(axis=0) - baseline)


def test_pairs_are_explained_in_parts_and_none_gives_an_empty_table(monkeypatch):
    monkeypatch.setattr("whyface.maps.explanation.PAIRS_PER_PART", 2)
    masks = make_masks(8, {"variant": "corrected", "shape": "square", "patch_px": [4], "stride_px": 4})
    unit = np.eye(4, dtype=np.float32)
    images = {name: unit for name in "abc"}
    clean = pd.Series({name: unit[0] for name in "abc"})
    pairs = pd.DataFrame({"pair_id": ["0", "1", "2"], "image_a": list("aab"), "image_b": list("bcc")})
    how = (clean, images, masks, ["one-to-one"], "corrected", 8, "float16")
    parts = list(explain_pairs(pairs, *how))
    assert [part["pair_id"].tolist() for part in parts] == [["0", "0", "1", "1"], ["2", "2"]]
    assert parts[0]["map"][0].dtype == np.float16
    assert [len(part) for part in explain_pairs(pairs.head(0), *how)] == [0]


def test_pair_specific_leaves_out_what_covering_costs_the_face_itself():
    """Three masks of face a, worked by hand. e_A = (1, 0, 0), e_B = (0.6, 0.8, 0): s = 0.6, s^2 = 0.36.

    Unchanged: 0. Turned to the partner, (0.6, 0.8, 0): (0.6 - 1) - 0.36 (1 - 0.6) = -0.544. Turned away from both,
    (0, 0, 1): 0.6 - 0.36 = 0.24. Face b does not change, so a keeps the share 1 - 0.6 / 2 = 0.7, and b gets 0.3.
    """
    clean = np.array([1, 0, 0]), np.array([0.6, 0.8, 0])
    a = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]])
    of_a, of_b = measure_deviations("pair-specific", (a, np.tile(clean[1], (3, 1))), clean, [3], "corrected")
    alone = np.array([0, -0.544, 0.24])
    np.testing.assert_allclose(of_a, 0.7 * alone, atol=1e-12)
    np.testing.assert_allclose(of_b, 0.3 * alone, atol=1e-12)


def test_pair_specific_is_clean_to_all_for_strangers():
    clean = np.array([1.0, 0, 0]), np.array([-0.6, 0.8, 0])
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in np.random.default_rng(0).normal(size=(2, 5, 3)))
    found, known = (measure_deviations(name, (a, b), clean, [5], "paper") for name in ("pair-specific", "clean-to-all"))
    np.testing.assert_allclose(found, known)


@pytest.mark.parametrize("method", MAP_METHODS)
def test_a_model_that_ignores_its_input_has_empty_maps(method):
    masks = make_masks(12, {"variant": "corrected", "shape": "square", "patch_px": [4], "stride_px": 4})
    same = np.tile(np.array([0.6, 0.8]), (len(masks[0].covered), 1))
    deviations = measure_deviations(method, (same, same), (same[0], same[0]), [len(same)], "corrected")
    np.testing.assert_allclose(np.stack(deviations) @ map_operator(masks, method, "corrected", 12), 0, atol=1e-15)


def test_pair_specific_weighs_patch_sizes_by_their_sides():
    """Sizes 2 and 4 weigh 1/3 and 2/3; deviations of 1 everywhere are 1/4 and 1/16 for each pixel."""
    masks = make_masks(8, {"variant": "corrected", "shape": "square", "patch_px": [2, 4], "stride_px": 2})
    ones = np.ones(sum(len(mask_set.covered) for mask_set in masks))
    np.testing.assert_allclose(ones @ map_operator(masks, "pair-specific", "corrected", 8), 1 / 3 / 4 + 2 / 3 / 16)
    np.testing.assert_allclose(ones @ map_operator(masks, "clean-to-all", "corrected", 8), (1 / 4 + 1 / 16) / 2)


def explained(shifts, tmp_path):
    """Explain pairs of the images `shifts` names, part by part, and read the table back."""
    masks = make_masks(8, {"variant": "corrected", "shape": "square", "patch_px": [4], "stride_px": 4})
    clean = pd.Series({name: np.array([0.6, 0.8]) for name in shifts})
    names = list(itertools.combinations(shifts, 2))
    pairs = pd.DataFrame({"pair_id": [f"{a}{b}" for a, b in names]})
    pairs = pairs.assign(image_a=[a for a, _ in names], image_b=[b for _, b in names])
    parts = explain_pairs(pairs, clean, shifts, masks, ["pair-specific", "one-to-one"], "corrected", 4, "float16")
    write_parts(parts, tmp_path / "t.parquet", EXPLANATIONS)
    return read_table(tmp_path / "t.parquet", EXPLANATIONS).set_index(["pair_id", "method", "side"])


@pytest.mark.parametrize("pairs_per_part", [1, 100])
def test_an_image_without_an_embedding_under_a_mask_costs_its_pairs_maps_only(tmp_path, monkeypatch, pairs_per_part):
    monkeypatch.setattr(explanation, "PAIRS_PER_PART", pairs_per_part)
    shifts = dict(zip("xyz", np.random.default_rng(0).normal(0, 0.1, (3, 4, 2)).astype(np.float32), strict=True))
    whole = explained(shifts, tmp_path)
    shifts["x"][[1, 2]] = np.nan
    found = explained(shifts, tmp_path)
    assert set(whole["status"]) == {"ok"} and set(whole["detail"]) == {""}
    assert found.index.equals(whole.index), "failures are rows"
    assert set(found.loc[["xy", "xz"], "status"]) == {"failed"} and set(found.loc["yz", "status"]) == {"ok"}
    assert set(found.loc[["xy", "xz"], "detail"]) == {"image a: no embedding under 2 of 4 masks"}
    assert found.loc[["xy", "xz"], "map"].isna().all()
    np.testing.assert_array_equal(np.stack(found.loc["yz", "map"]), np.stack(whole.loc["yz", "map"]))


@pytest.mark.parametrize("pairs_per_part", [1, 100])
def test_a_table_in_which_all_maps_failed_keeps_their_kind(tmp_path, monkeypatch, pairs_per_part):
    monkeypatch.setattr(explanation, "PAIRS_PER_PART", pairs_per_part)
    found = explained({"x": np.full((4, 2), np.nan, np.float32), "y": np.full((4, 2), np.nan, np.float32)}, tmp_path)
    words = "image a: no embedding under 4 of 4 masks; image b: no embedding under 4 of 4 masks"
    assert set(found["detail"]) == {words}
    kind = pq.read_schema(tmp_path / "t.parquet").field("map").type
    assert str(kind.value_type) == "halffloat"


@pytest.mark.parametrize("fill", ["black", "mixed"])
def test_the_map_of_a_model_that_looks_at_one_square_lies_there(tmp_path, fill):
    """Embed an image as the light of one of its squares, beside a constant: two faces differ in that square only."""

    class Light:
        dimension = None

        def scale(self, crops):
            return crops.astype(np.float32)

        def normalise(self, raw, labels):
            return raw / np.linalg.norm(raw, axis=1, keepdims=True)

        def directions(self, raw):
            return self.normalise(raw, [])

    class Engine:
        def __init__(self, masks):
            self.covered = np.concatenate([mask_set.covered for mask_set in masks])

        def embed(self, shown, hidden):
            images = np.concatenate([shown[None], np.where(self.covered[..., None], hidden, shown)])
            light = images[:, 8:12, 4:8].mean(axis=(1, 2, 3))
            return np.stack([light, np.full(len(light), 100.0)], axis=1)

    masks = make_masks(24, {"variant": "corrected", "shape": "square", "patch_px": [4], "stride_px": 4})
    parts = [Part(name, places, Engine(own)) for name, places, own in split_by_fill(masks, fill)]
    crops = {"a": np.full((24, 24, 3), 60, np.uint8), "b": np.full((24, 24, 3), 60, np.uint8)}
    crops["b"][8:12, 4:8] = 200
    shifts = {name: measure_shifts(Light(), parts, crop, name) for name, crop in crops.items()}
    clean = pd.Series({name: np.array([value, 100.0]) for name, value in (("a", 60.0), ("b", 200.0))})
    clean = clean.map(lambda vector: vector / np.linalg.norm(vector))
    pairs = pd.DataFrame({"pair_id": ["0"], "image_a": ["a"], "image_b": ["b"]})
    (part,) = explain_pairs(pairs, clean, shifts, masks, ["pair-specific"], "corrected", 24, "float32")
    truth = np.zeros((2, 24, 24), bool)
    truth[:, 8:12, 4:8] = True
    maps = np.stack(part["map"].to_list()).reshape(2, 24, 24)
    scores = score_against_truth(maps, truth)
    for name in ("auc", "hit", "sign"):
        np.testing.assert_array_equal(scores[name], 1, err_msg=name)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="allowed: pair-specific, all-to-all, clean-to-all, one-to-one"):
        measure_deviations("some-to-all", (np.eye(2),) * 2, (np.ones(2),) * 2, [2], "paper")
