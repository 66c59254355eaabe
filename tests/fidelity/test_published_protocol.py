"""The published deletion and insertion: its ceiling, worked by hand, and a slow transcription."""

import numpy as np
import pytest
from known_models import CLEAN, PARTNER, PLACES, SIDE, WHITE, linear_model

from whyface.fidelity.published_protocol import PASSES, SHARES, published_areas, published_distances

THRESHOLD = 1.0


def test_the_ceiling_of_a_balanced_set():
    """A map that turns the genuine pair at the first point; the impostor pair stays different."""
    genuine_deletion = [CLEAN] + [1.5] * 10
    genuine_insertion = [1.5] + [CLEAN] * 10
    labels = np.array([True, False])
    assert published_areas(np.array([genuine_deletion, [1.5] * 11]), labels, THRESHOLD).mean() == pytest.approx(0.525)
    assert published_areas(np.array([genuine_insertion, [1.5] * 11]), labels, THRESHOLD).mean() == pytest.approx(0.975)


def test_decisions_are_same_below_the_threshold_of_each_pair():
    distances = np.full((3, 11), 0.4)
    genuine = np.array([True, True, False])
    assert published_areas(distances, genuine, 0.5).tolist() == pytest.approx([1, 1, 0])
    assert published_areas(distances, genuine, np.array([0.5, 0.4, 0.4])).tolist() == pytest.approx([1, 0, 1])


def test_a_model_that_looks_at_one_square():
    embed = linear_model(np.eye(16)[0] * 0.6)
    top = np.where(PLACES == 0, 1.0, 0.0)  # 1/16 of the pixels: gone at the first point, 10 %
    deletion, insertion = published_distances(embed, WHITE, PARTNER, top)
    np.testing.assert_allclose(deletion, [CLEAN] + [CLEAN + 0.6] * 10)
    np.testing.assert_allclose(insertion, [CLEAN + 0.6] + [CLEAN] * 10)
    deletion, insertion = published_distances(embed, WHITE, PARTNER, -top)
    # Half of the square is left at 15/16 + 1/32 of the pixels; the last point but one leaves all of it.
    np.testing.assert_allclose(deletion, [CLEAN] * 10 + [CLEAN + 0.6])
    np.testing.assert_allclose(insertion, [CLEAN + 0.6] * 10 + [CLEAN])


def test_distances_are_those_of_a_slow_transcription():
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    saliency = rng.standard_normal((SIDE, SIDE))
    embed = linear_model(rng.normal(0, 0.01, 16))
    calls = []

    def counted(crops):
        calls.append(len(crops))
        return embed(crops)

    got = published_distances(counted, crop, PARTNER, saliency)
    assert calls == [PASSES] == [20]
    pixels = sorted(np.ndindex(SIDE, SIDE), key=lambda p: -saliency[p])
    for deleted, inserted, share in zip(*got, SHARES, strict=True):
        removed, restored = crop.copy(), np.zeros_like(crop)
        for pixel in pixels[: round(share * SIDE * SIDE)]:
            removed[pixel] = 0
            restored[pixel] = crop[pixel]
        assert deleted == pytest.approx(1 - embed(removed[None])[0] @ PARTNER)
        assert inserted == pytest.approx(1 - embed(restored[None])[0] @ PARTNER)


def test_an_embedder_that_ignores_its_input_says_the_same_all_along():
    deletion, insertion = published_distances(linear_model(np.zeros(16)), WHITE, PARTNER, np.zeros((4, 4)))
    np.testing.assert_allclose([deletion, insertion], CLEAN)
