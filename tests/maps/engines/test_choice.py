"""Engines agree, the fastest is chosen, and one that gives different numbers is rejected."""

import numpy as np
import pytest
import torch

from networks import write_convolutions
from whyface.maps.engines import choice as trial
from whyface.maps.engines.choice import Choice, choose_engine, read_choice, write_choice
from whyface.maps.engines.engine import open_engine, trace_model
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder

SIDE = 32
MASKS = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [4, 8], "stride_px": 4})
CROPS = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)


@pytest.fixture
def embedder(tmp_path):
    config = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
    return Embedder("net", config, write_convolutions(tmp_path / "net.onnx", SIDE), "cpu")


@pytest.mark.parametrize(("name", "tolerance"), [("full", 1e-6), ("windows", 1e-6), ("half", 1e-2)])
def test_engines_agree_with_the_own_runtime(embedder, name, tolerance):
    layers = trace_model(embedder)
    image, filler = embedder.scale(CROPS)
    expected = open_engine(embedder, MASKS, "own", 10, layers).embed(image, filler)
    found = open_engine(embedder, MASKS, name, 7, layers).embed(image, filler)
    assert expected.shape == (1 + 64 + 49, 16)
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


def test_the_fastest_is_taken(embedder, monkeypatch):
    pace = iter(range(100, 0, -1))
    monkeypatch.setattr(trial, "_time", lambda engine, scaled: next(pace))
    choice, seconds = choose_engine(embedder, MASKS, CROPS)
    assert choice == ("windows", 64), "the last one tried"
    assert len(seconds) == 6
    assert min(seconds, key=seconds.get) == choice


def test_what_gives_other_embeddings_is_left_out(embedder, monkeypatch, caplog):
    other = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 16))
    monkeypatch.setattr(embedder, "module", lambda: other)
    choice, seconds = choose_engine(embedder, MASKS, CROPS)
    assert choice.engine == "own"
    assert set(seconds) == {("own", 16), ("own", 64)}
    assert "engine windows gives other embeddings than the model's own runtime" in caplog.text


def test_half_precision_is_held_to_its_tolerance(embedder):
    layers = trace_model(embedder)
    scaled = embedder.scale(CROPS)
    exact = trial._embed_both(open_engine(embedder, MASKS, "own", 64, layers), embedder, scaled)
    moves = np.abs(exact[0, 1:] @ exact[1, 0] - exact[0, 0] @ exact[1, 0]).max()
    rough = exact.copy()
    rough[0, 5] += 0.005 * moves * exact[1, 0]
    assert trial._agree("half", "net", [rough], [exact])
    rough[0, 5] += 0.02 * moves * exact[1, 0]
    assert not trial._agree("half", "net", [rough], [exact])


def test_half_precision_is_measured_by_what_masks_do():
    expected = np.zeros((2, 3, 2))
    expected[0], expected[1] = [[1, 0], [0.9, 0.1], [0.5, 0.5]], [[1, 0], [1, 0], [1, 0]]
    found = expected.copy()
    found[0, 1, 0] += 0.01  # two per cent of the largest effect, which is 0.5
    assert trial.measure_difference("half", [found], [expected]) == (pytest.approx(0.02), 0.01)
    assert trial.measure_difference("full", [found], [expected]) == (pytest.approx(0.01), 1e-5)


def test_a_model_that_torch_cannot_take_apart_runs_in_its_own_runtime(tmp_path, caplog):
    caplog.set_level("INFO")
    scripted = torch.jit.script(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 4)))
    scripted.save(str(tmp_path / "net.pt"))
    config = {"kind": "torchscript", "input_px": SIDE, "channels": "rgb", "pixel_mean": 0, "pixel_std": 255}
    choice, _ = choose_engine(Embedder("net", config, tmp_path / "net.pt", "cpu"), MASKS, CROPS)
    assert choice.engine == "own"
    assert "runs whole only, in its own runtime" in caplog.text


def test_choices_are_read_as_written(tmp_path):
    choice = Choice("windows", 16)
    write_choice(choice, tmp_path / "net.json")
    assert read_choice(tmp_path / "net.json") == choice
