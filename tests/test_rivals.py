"""Rivals follow their published formulas, transcribed slowly, and point where a network looks."""

import sys

import cv2
import numpy as np
import pytest
from onnx import helper
from scipy.ndimage import binary_opening
from scipy.stats import spearmanr

from conftest import REPOSITORY
from networks import write_constant, write_onnx
from whyface.models.embedder import Embedder

sys.path.append(str(REPOSITORY / "benchmarks"))

import rivals

SIDE, DIMENSION = 112, 20
MEAN, STD = 100.0, 50.0
THRESHOLD = 0.3
SMALL = 28
SQUARE = np.s_[12:19, 6:13]


def write_affine(path, weights, bias):
    """Save a network whose raw output is affine in its input; weights are 3 x side x side x d."""
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["z"]),
        helper.make_node("Add", ["z", "b"], ["y"]),
    ]
    return write_onnx(path, nodes, {"w": weights.reshape(-1, len(bias)), "b": bias}, weights.shape[1])


def open_model(path, side, threshold=THRESHOLD):
    entry = {"kind": "onnx", "input_px": side, "channels": "bgr", "pixel_mean": MEAN, "pixel_std": STD}
    return rivals.open_model(Embedder("net", entry, path, "cpu"), threshold)


def draw_pair(side, seed=0):
    """Draw a face of coarse noise, and the same with a little fine noise."""
    rng = np.random.default_rng(seed)
    face = cv2.resize(rng.uniform(0, 255, (side // 4, side // 4, 3)), (side, side))
    return [np.clip(face + rng.normal(0, 15, face.shape), 0, 255).astype(np.uint8) for _ in "ab"]


class Affine:
    """An affine network and a pair of crops, with what calculus says about them."""

    def __init__(self, folder):
        rng = np.random.default_rng(1)
        self.weights = rng.normal(0, 0.01, (3, SIDE, SIDE, DIMENSION)).astype(np.float32)
        self.bias = rng.normal(0, 1, DIMENSION).astype(np.float32)
        self.model = open_model(write_affine(folder / "affine.onnx", self.weights, self.bias), SIDE)
        self.weights = self.weights.astype(float)
        self.crops = draw_pair(SIDE)
        self.units = [raw / np.linalg.norm(raw) for raw in map(self.raw, self.crops)]

    def raw(self, crop):
        """Return what the network outputs."""
        scaled = (crop[..., ::-1].transpose(2, 0, 1) - MEAN) / STD
        return scaled.ravel() @ self.weights.reshape(-1, DIMENSION) + self.bias

    def gradient(self, crop, cotangent):
        """Differentiate cotangent . raw / |raw| by hand: side x side x 3."""
        raw = self.raw(crop)
        unit = raw / np.linalg.norm(raw)
        inner = (cotangent - (cotangent @ unit) * unit) / np.linalg.norm(raw)
        return (self.weights @ inner).transpose(1, 2, 0)[..., ::-1] / STD

    def explain(self, name, seed=0):
        """Return both maps of the pair."""
        return rivals.RIVALS[name].explain(self.model, *self.crops, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def affine(tmp_path_factory):
    return Affine(tmp_path_factory.mktemp("affine"))


def assert_close(found, wanted):
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())


def test_gradients_are_those_of_the_unit_vector_in_the_pixels(affine):
    cotangents = np.random.default_rng(2).normal(size=(DIMENSION, DIMENSION))
    found = affine.model.gradients(affine.crops[0], cotangents)
    wanted = np.stack([affine.gradient(affine.crops[0], cotangent) for cotangent in cotangents])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())


def test_embeddings_are_unit_vectors_in_double_precision(affine):
    crops = np.stack([affine.crops[0]] * 20 + [affine.crops[1]])
    found = affine.model.embed(crops)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.stack([affine.units[0]] * 20 + [affine.units[1]]), atol=1e-5)


def test_gradient_x_input_is_known_in_closed_form(affine):
    found = affine.explain("gradient x input")
    for crop, partner, face in zip(affine.crops, affine.units[::-1], found, strict=True):
        assert_close(face, (affine.gradient(crop, partner) * crop).sum(axis=-1))


def test_xssab_is_known_in_closed_form(affine):
    found = affine.explain("xSSAB")
    e_a, e_b = affine.units
    reaches = np.array([e_a[k] * e_b[k] >= THRESHOLD / DIMENSION for k in range(DIMENSION)])
    assert 0 < reaches.sum() < DIMENSION
    for crop, partner, face in zip(affine.crops, (e_b, e_a), found, strict=True):
        similar = np.abs(affine.gradient(crop, np.where(reaches, partner, 0))).mean(axis=-1)
        dissimilar = np.abs(affine.gradient(crop, np.where(reaches, 0, partner))).mean(axis=-1)
        assert_close(face, similar - dissimilar)


def test_fggb_is_known_in_closed_form(affine):
    found = affine.explain("FGGB")
    e_a, e_b = affine.units
    for crop, face in zip(affine.crops, found, strict=True):
        total = np.zeros((SIDE, SIDE))
        for k in range(DIMENSION):
            strength = np.abs(affine.gradient(crop, np.eye(DIMENSION)[k])).mean(axis=-1)
            total += strength / np.sqrt((strength**2).sum()) * (e_a[k] * e_b[k] - THRESHOLD / DIMENSION)
        similar, dissimilar = np.maximum(total, 0), np.maximum(-total, 0)
        assert_close(face, cv2.GaussianBlur(similar, (25, 25), 5) - cv2.GaussianBlur(dissimilar, (25, 25), 5))


def test_corrrise_is_spearmans_correlation_pixel_by_pixel(affine, monkeypatch):
    monkeypatch.setattr(rivals, "CORRRISE_MASKS", 60)
    found = affine.explain("CorrRISE", seed=3)
    kept = rivals.draw_squares(SIDE, 60, np.random.default_rng(3))
    pixels = np.random.default_rng(4).integers(20, SIDE - 20, (60, 2))  # at the edges, some are never covered
    for crop, partner, face in zip(affine.crops, affine.units[::-1], found, strict=True):
        covered = [affine.raw(np.where(mask[..., None] == 1, crop, 0)) for mask in kept]
        scores = [raw @ partner / np.linalg.norm(raw) for raw in covered]
        for y, x in pixels:
            assert face[y, x] == pytest.approx(spearmanr(kept[:, y, x], scores).statistic, abs=1e-3)


def test_rise_averages_masks_by_similarity(affine, monkeypatch):
    monkeypatch.setattr(rivals, "RISE_MASKS", 40)
    found = affine.explain("RISE", seed=3)
    kept = rivals.draw_grids(SIDE, 40, np.random.default_rng(3))
    for crop, partner, face in zip(affine.crops, affine.units[::-1], found, strict=True):
        total, mean = np.zeros((SIDE, SIDE)), 0
        for mask in kept:
            raw = affine.raw(crop * mask[..., None])
            score = raw @ partner / np.linalg.norm(raw)
            total += score * mask
            mean += score / 40
        assert_close(face, total / (0.5 * 40) - mean)


def test_corrrise_covers_three_whole_squares():
    kept = rivals.draw_squares(SIDE, 300, np.random.default_rng(0))
    assert set(np.unique(kept)) == {0, 1}
    for mask in kept[:20]:
        assert np.array_equal(binary_opening(mask == 0, np.ones((30, 30))), mask == 0)
    areas = (kept == 0).sum(axis=(1, 2))
    assert areas.min() >= 900
    assert areas.max() == 2700, "three squares, sometimes apart"
    edges = kept[:, [0, -1]].min(axis=(0, 2)), kept[:, :, [0, -1]].min(axis=(0, 1))
    assert not np.any(edges), "squares reach every edge"


def test_a_pixel_that_is_never_covered_has_no_correlation():
    kept = np.array([[[1, 0]], [[1, 1]], [[1, 1]]], np.uint8)
    assert rivals.correlate(kept, np.array([0.1, 0.5, 0.5])).tolist() == [[0, pytest.approx(1)]]
    assert rivals.correlate(kept, np.full(3, 0.5)).tolist() == [[0, 0]]


def test_rise_enlarges_a_grid_smoothly_and_shifts_it():
    rng = np.random.default_rng(5)
    grid, (top, left) = rng.random((1, 8, 8))[0] < 0.5, rng.integers(0, 14, (1, 2))[0]
    found = rivals.draw_grids(SIDE, 1, np.random.default_rng(5))[0]

    def place(index, shift):
        """Return the cells before and behind a pixel, and how far it is from the one before."""
        at = np.clip((index + shift + 0.5) * 8 / (9 * 14) - 0.5, 0, 7)
        return int(at), min(int(at) + 1, 7), at - int(at)

    for y in range(0, SIDE, 5):
        for x in range(0, SIDE, 5):
            (y0, y1, dy), (x0, x1, dx) = place(y, top), place(x, left)
            above = grid[y0, x0] * (1 - dx) + grid[y0, x1] * dx
            below = grid[y1, x0] * (1 - dx) + grid[y1, x1] * dx
            assert found[y, x] == pytest.approx(above * (1 - dy) + below * dy, abs=1e-5)


def test_rise_keeps_half_of_every_pixel():
    kept = rivals.draw_grids(SIDE, 1000, np.random.default_rng(0))
    assert kept.shape == (1000, SIDE, SIDE)
    assert kept.min() >= 0 and kept.max() <= 1
    np.testing.assert_allclose(kept.mean(axis=0), 0.5, atol=0.07)


def test_stated_passes_are_those_made(affine):
    class Counting(rivals.Model):
        def embed(self, crops):
            made.append(len(crops))
            return super().embed(crops)

        def gradients(self, crop, cotangents):
            made.append(1 + 2 * len(cotangents))
            return super().gradients(crop, cotangents)

    model = Counting(affine.model.embedder, affine.model.layers, THRESHOLD)
    for name, rival in rivals.RIVALS.items():
        made = []
        rival.explain(model, *affine.crops, np.random.default_rng(0))
        assert sum(made) == rival.passes(DIMENSION), name
    assert rivals.RIVALS["CorrRISE"].passes(DIMENSION) == 2 * (1 + 500)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """Return a model that looks at how red one square is, less how blue: with them swapped, its output is negated."""
    rng = np.random.default_rng(6)
    weights = np.zeros((3, SMALL, SMALL, 12))
    weights[0, *SQUARE] = rng.normal(0, 1, (7, 7, 12))
    weights[2] = -weights[0]
    nothing = 0.1 * np.eye(12)[0]
    return open_model(write_affine(tmp_path_factory.mktemp("narrow") / "n.onnx", weights, nothing), SMALL)


def is_in_square(index):
    inside = np.zeros((SMALL, SMALL), bool)
    inside[SQUARE] = True
    return inside.ravel()[index]


@pytest.mark.parametrize("name", rivals.RIVALS)
def test_two_photos_of_a_person_speak_for_same_where_the_network_looks(narrow, name):
    for seed in range(3):
        for face in rivals.RIVALS[name].explain(narrow, *draw_pair(SMALL, seed), np.random.default_rng(seed)):
            assert face.max() > 0
            assert is_in_square(face.argmax())


@pytest.mark.parametrize("name", ["CorrRISE", "RISE", "FGGB", "gradient x input"])
def test_opposite_faces_speak_for_different_where_the_network_looks(narrow, name):
    for seed in range(3):
        crop = draw_pair(SMALL, seed)[0]
        for face in rivals.RIVALS[name].explain(narrow, crop, crop[..., ::-1], np.random.default_rng(seed)):
            assert face.min() < 0
            assert is_in_square(face.argmin())


@pytest.mark.parametrize("name", sorted(set(rivals.RIVALS) - {"RISE"}))
def test_a_network_that_ignores_its_input_gets_an_empty_map(tmp_path, name):
    model = open_model(write_constant(tmp_path / "constant.onnx", SMALL, [1.0, 2.0, 2.0]), SMALL)
    for face in rivals.RIVALS[name].explain(model, *draw_pair(SMALL), np.random.default_rng(0)):
        assert not face.any()


def test_a_network_that_cannot_be_traced_is_refused():
    class Opaque:
        name, input_px = "opaque", SMALL

        def close(self):
            pass

        def module(self):
            raise RuntimeError("no such operation")

    with pytest.raises(ValueError, match="opaque: torch cannot trace it"):
        rivals.open_model(Opaque(), THRESHOLD)
