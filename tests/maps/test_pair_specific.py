"""The default map method beside a transcription, on faces that are alike, hardly alike, and opposite."""

import numpy as np
import pytest

from transcription import transcribe_pair_specific
from whyface.maps.explanation import map_operator, measure_deviations
from whyface.maps.masks import make_masks

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
