"""Engines agree, the fastest is chosen, and one that gives different numbers is rejected."""

from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from networks import trust, write_convolutions
from whyface.maps.engines import choice as trial
from whyface.maps.engines.choice import Choice, choose_engine, read_choice, write_choice
from whyface.maps.engines.engine import open_engine, trace_model
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder

SIDE = 32
MASKS = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [4, 8], "stride_px": 4})
CROPS = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)


def open_embedder(folder):
    config = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
    return Embedder("net", config, write_convolutions(folder / "net.onnx", SIDE), "cpu")


@cache
def traced(fused):
    """Trace the network of these tests once, which takes longest; no engine changes its layers."""
    with TemporaryDirectory() as folder:
        return trace_model(open_embedder(Path(folder)), fused)


@pytest.fixture
def embedder(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "trace_model", lambda _: traced(True))
    return open_embedder(tmp_path)


@pytest.mark.parametrize(
    ("name", "tolerance"), [("full", 1e-6), ("windows", 1e-6), ("half", 1e-2), ("half windows", 1e-2)]
)
def test_engines_agree_with_the_own_runtime(embedder, name, tolerance):
    layers = traced("half" not in name)
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
    assert list(seconds) == [("own", 16), ("full", 16), ("windows", 16), ("windows", 4), ("windows", 64)]
    assert min(seconds, key=seconds.get) == choice


def as_on_a_card(monkeypatch):
    """Add half precision to the candidates, and fuse nothing."""
    monkeypatch.setattr(trial, "ON_CPU", trial.ON_CUDA)
    monkeypatch.setattr(trial, "trace_model", lambda _: traced(False))


@pytest.mark.parametrize("name", ["own", "full", "half", "half windows"])
def test_each_engine_can_win_and_only_the_winner_is_tried_with_other_batches(embedder, monkeypatch, name):
    as_on_a_card(monkeypatch)
    monkeypatch.setattr(trial, "BATCHES", {"cpu": (8, 2, 32)})
    opened = []

    def remember(embedder, masks, name, batch, layers):
        opened.append((name, batch))
        return open_engine(embedder, masks, name, batch, layers)

    monkeypatch.setattr(trial, "open_engine", remember)
    monkeypatch.setattr(trial, "_time", lambda engine, scaled: 1 if opened[-1] in ((name, 8), (name, 32)) else 100)
    choice, seconds = choose_engine(embedder, MASKS, CROPS)
    assert choice == (name, 32), "it embeds more masks in the same time"
    assert list(seconds) == [("own", 16), *((one, 8) for one in trial.ON_CUDA), (name, 2), (name, 32)]


def test_a_large_network_is_not_tried_with_large_batches(embedder, monkeypatch):
    largest = 4 * max(np.prod(shape) for shape in traced(True).shapes.values())
    monkeypatch.setattr(trial, "LARGEST_RESULT", 63 * largest)
    monkeypatch.setattr(
        trial, "_time", lambda engine, scaled: 1 if engine.__class__.__name__ == "ChangedWindows" else 9
    )
    assert [batch for name, batch in choose_engine(embedder, MASKS, CROPS)[1] if name == "windows"] == [16, 4]


def test_half_precision_that_overflows_is_left_out(embedder, monkeypatch, caplog):
    as_on_a_card(monkeypatch)
    monkeypatch.setattr(trial, "trace_model", partial(trace_model, fused=False))
    wide = embedder.module()
    for module in wide.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data *= 1e5
    monkeypatch.setattr(embedder, "module", lambda: wide)
    monkeypatch.setattr(embedder, "run", lambda images: wide(torch.from_numpy(images)).detach().numpy())
    _, seconds = choose_engine(embedder, MASKS, CROPS)
    assert {name for name, _ in seconds} == {"own", "full", "windows"}
    assert "engine half" in caplog.text


def test_what_gives_other_embeddings_is_left_out(embedder, monkeypatch, caplog):
    other = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 16))
    monkeypatch.setattr(embedder, "module", lambda: other)
    monkeypatch.setattr(trial, "trace_model", trace_model)
    choice, seconds = choose_engine(embedder, MASKS, CROPS)
    assert choice.engine == "own"
    assert set(seconds) == {("own", 4), ("own", 16), ("own", 64)}
    assert "engine windows gives other embeddings than the model's own runtime" in caplog.text


@pytest.mark.parametrize("error", [MemoryError("no room"), torch.OutOfMemoryError("no room"), RuntimeError("no room")])
@pytest.mark.parametrize("opens", [False, True])
def test_an_engine_that_raises_is_left_out_with_a_word(embedder, monkeypatch, caplog, error, opens):
    def fail(*_):
        raise error

    def opened(embedder, masks, name, batch, layers):
        engine = open_engine(embedder, masks, name, batch, layers)
        if name == "windows":
            return SimpleNamespace(embed=fail) if opens else fail()
        return engine

    monkeypatch.setattr(trial, "open_engine", opened)
    choice, seconds = choose_engine(embedder, MASKS, CROPS)
    assert {name for name, _ in seconds} == {"own", "full"}
    assert choice in seconds
    said = f"model net: engine windows, 16 masks at a time fails and is left out: {type(error).__name__}: no room"
    assert said in caplog.text


def fail_over(embedder, monkeypatch, most, engine="own"):
    """Let an engine fail on batches of more than `most` images."""

    def opened(embedder, masks, name, batch, layers):
        if name == engine and batch > most:
            raise MemoryError("no room")
        return open_engine(embedder, masks, name, batch, layers)

    monkeypatch.setattr(trial, "open_engine", opened)
    return choose_engine(embedder, MASKS, CROPS)[1]


def test_the_own_runtime_may_fail_on_large_batches_but_not_on_small_ones(embedder, monkeypatch):
    monkeypatch.setattr(trial, "ON_CPU", ("own",))
    assert set(fail_over(embedder, monkeypatch, 16)) == {("own", 4), ("own", 16)}
    with pytest.raises(MemoryError, match="no room"):
        fail_over(embedder, monkeypatch, 8)


def without_embedding(monkeypatch, engines, place):
    """Let engines return zeros for one of the masks, by its place among the outputs."""

    def opened(embedder, masks, name, batch, layers):
        engine = open_engine(embedder, masks, name, batch, layers)

        def embed(*images):
            raw = engine.embed(*images).copy()
            raw[place] = 0 if name in engines else raw[place]
            return raw

        return SimpleNamespace(embed=embed)

    monkeypatch.setattr(trial, "open_engine", opened)


def test_a_mask_without_an_embedding_does_not_end_the_trial(embedder, monkeypatch):
    without_embedding(monkeypatch, ("own", "full", "windows"), 3)
    assert {choice.engine for choice in choose_engine(embedder, MASKS, CROPS)[1]} == {"own", "full", "windows"}


@pytest.mark.parametrize("engines", [("full",), ("own", "windows")])
def test_engines_must_agree_on_which_masks_have_an_embedding(embedder, monkeypatch, engines):
    without_embedding(monkeypatch, engines, 3)
    assert {choice.engine for choice in choose_engine(embedder, MASKS, CROPS)[1]} == {"own", "windows"}


def test_a_model_without_an_embedding_of_a_clean_face_stops_at_once(embedder, monkeypatch):
    without_embedding(monkeypatch, ("own", "full", "windows"), 0)
    with pytest.raises(ValueError, match="zero vector for image trial image"):
        choose_engine(embedder, MASKS, CROPS)


def test_half_precision_is_held_to_its_tolerance(embedder):
    layers = traced(True)
    scaled = embedder.scale(CROPS)
    exact = trial._embed_both(open_engine(embedder, MASKS, "own", 64, layers), embedder, scaled)
    moves = np.abs(exact[0, 1:] @ exact[1, 0] - exact[0, 0] @ exact[1, 0]).max()
    rough = exact.copy()
    rough[0, 5] += 0.005 * moves * exact[1, 0]
    assert trial._agree("half", "net", rough, exact)
    rough[0, 5] += 0.02 * moves * exact[1, 0]
    assert not trial._agree("half", "net", rough, exact)


def test_half_precision_is_measured_by_what_masks_do():
    expected = np.zeros((2, 3, 2))
    expected[0], expected[1] = [[1, 0], [0.9, 0.1], [0.5, 0.5]], [[1, 0], [1, 0], [1, 0]]
    found = expected.copy()
    found[0, 1, 0] += 0.01  # two per cent of the largest effect, which is 0.5
    assert trial.measure_difference("half", found, expected) == (pytest.approx(0.02), 0.01)
    assert trial.measure_difference("full", found, expected) == (pytest.approx(0.01), 1e-5)


def test_a_model_that_torch_cannot_take_apart_runs_in_its_own_runtime(tmp_path, caplog):
    caplog.set_level("INFO")
    scripted = torch.jit.script(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 4)))
    scripted.save(str(tmp_path / "net.pt"))
    config = {"kind": "torchscript", "input_px": SIDE, "channels": "rgb", "pixel_mean": 0, "pixel_std": 255}
    config |= trust(tmp_path / "net.pt")
    choice, _ = choose_engine(Embedder("net", config, tmp_path / "net.pt", "cpu"), MASKS, CROPS)
    assert choice.engine == "own"
    assert "runs whole only, in its own runtime" in caplog.text


def test_choices_are_read_as_written(tmp_path):
    choice = Choice("windows", 16)
    write_choice(choice, tmp_path / "net.json")
    assert read_choice(tmp_path / "net.json") == choice


def test_a_choice_that_does_not_exist_is_refused_by_name(tmp_path):
    write_choice(Choice("quarter", 16), tmp_path / "net.json")
    with pytest.raises(
        ValueError, match=r"net\.json: engine 'quarter'; allowed: own, full, windows, half, half windows"
    ):
        read_choice(tmp_path / "net.json")
