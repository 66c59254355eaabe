"""The default map method beside a transcription, on faces that are alike, hardly alike, and opposite."""

import numpy as np
import pandas as pd
import pytest

from transcription import transcribe_pair_specific
from whyface.maps.explanation import MAP_METHODS, explain_pairs, map_operator, measure_deviations
from whyface.maps.masks import make_filler, make_masks

CORRECTED = {"variant": "corrected", "shape": "square", "patch_px": [3, 5], "stride_px": 2}


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize("similarity", [0.9, 0.4, 0.05, -0.6])
def test_deviations_of_either_face_are_those_of_the_transcription(similarity):
    rng = np.random.default_rng(0)
    clean_a, clean_b = np.array([1.0, 0, 0, 0]), np.array([similarity, np.sqrt(1 - similarity**2), 0, 0])
    a, b = (unit(clean + rng.normal(0, 0.2, (7, 4))) for clean in (clean_a, clean_b))
    found = measure_deviations("pair-specific", (a, b), (clean_a, clean_b), [7], "corrected")
    expected = transcribe_pair_specific(a, b, clean_a, clean_b)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.abs(found[0] - found[1]).max() > 0.005, "the two faces differ"


def test_patch_sizes_weigh_by_their_sides_and_alike_in_published_methods():
    masks = make_masks(9, CORRECTED)
    parts = [map_operator([one], "clean-to-all", "corrected", 9) for one in masks]
    for method, weights in (("pair-specific", (3 / 8, 5 / 8)), ("clean-to-all", (1 / 2, 1 / 2))):
        expected = np.concatenate([weight * part for weight, part in zip(weights, parts, strict=True)])
        np.testing.assert_allclose(map_operator(masks, method, "corrected", 9), expected)


@pytest.mark.parametrize("method", MAP_METHODS)
@pytest.mark.parametrize("map_px", [9, 3])
def test_a_pair_gets_the_maps_of_its_own_method(method, map_px):
    rng = np.random.default_rng(1)
    masks = make_masks(9, CORRECTED)
    counts = [len(one.covered) for one in masks]
    clean = pd.Series(dict(zip("xy", unit(rng.normal(1, 1, (2, 4))), strict=True)))
    covered = {name: unit(clean[name] + rng.normal(0, 0.2, (sum(counts), 4))) for name in "xy"}
    shifts = {name: covered[name] - clean[name] for name in "xy"}
    pairs = pd.DataFrame({"pair_id": ["0"], "image_a": ["x"], "image_b": ["y"]})
    frame = pd.concat(explain_pairs(pairs, clean, shifts, masks, [method], "corrected", map_px, "float32"))
    weights = np.array([3 / 8, 5 / 8] if method == "pair-specific" else [1 / 2, 1 / 2])
    parts = [map_operator([one], method, "corrected", map_px) for one in masks]
    deviations = measure_deviations(method, tuple(covered.values()), (clean["x"], clean["y"]), counts, "corrected")
    for side, of_side in zip("ab", deviations, strict=True):
        of_sizes = [one @ part for one, part in zip(np.split(of_side, np.cumsum(counts)[:-1]), parts, strict=True)]
        found = frame.loc[frame["side"] == side, "map"].iloc[0]
        np.testing.assert_allclose(np.asarray(found, float), weights @ of_sizes, atol=1e-6)


def test_the_blur_is_the_same_along_rows_and_columns():
    crop = np.zeros((32, 32, 3), np.uint8)
    crop[16, 16] = 255
    crop[:, :8] = crop[:8] = 200
    blurred = make_filler(crop, "blur", "x")
    np.testing.assert_array_equal(blurred, blurred.transpose(1, 0, 2))
    assert blurred[20, 20].max() < 60
