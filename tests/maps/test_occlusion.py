"""Every image is occluded once, however many pairs it is in, and shards return exactly what was written."""

from math import isqrt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import occlude_images
from networks import write_black_box, write_convolutions
from whyface.faces.quality import LIGHT, POSE
from whyface.maps import occlusion
from whyface.maps.engines.choice import Choice, write_choice
from whyface.maps.engines.engine import open_engine
from whyface.maps.masks import make_filler, make_masks
from whyface.maps.occlusion import measure_shifts, open_parts, selected_images, split_shard
from whyface.maps.stored_shifts import StoredShifts, write_shard
from whyface.models import kinds
from whyface.models.embedder import Embedder
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables.parquet import write_table
from whyface.tables.schemas import FACES, PAIRS, SELECTION

MASKS = {"variant": "corrected", "shape": "square", "patch_px": [4, 8], "stride_px": 4, "exactness": "exact"}
SIDE, SHARDS = 16, 2


@pytest.fixture
def collection(tmp_path):
    """Build six images and two datasets over them, in which four images are selected, each at least twice."""
    names = list("abcdef")
    faces = pd.DataFrame({"image_id": names, "status": "ok", "detail": "", "probability": None})
    write_table(
        faces.assign(box=None, landmarks=None, **dict.fromkeys((*POSE, *LIGHT))), tmp_path / "faces.parquet", FACES
    )
    crops = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)
    np.save(tmp_path / "crops.npy", crops)
    for dataset, listed in (("one", ["ab", "ac", "bc", "de"]), ("two", ["ad", "bd", "ef"])):
        pairs = pd.DataFrame({"pair_id": [f"{i:05d}" for i in range(len(listed))]})
        pairs = pairs.assign(image_a=[p[0] for p in listed], image_b=[p[1] for p in listed])
        pairs = pairs.assign(subject_a="", subject_b="", is_genuine=None, fold=None, known_label_error="")
        write_table(pairs, tmp_path / f"{dataset}.pairs.parquet", PAIRS)
        write_table(pairs[["pair_id"]][:3].assign(reason="all"), tmp_path / f"{dataset}.sel.parquet", SELECTION)
    selection = pd.DataFrame({"pair_id": ["00000", "00001"], "reason": "all"})
    write_table(selection, tmp_path / "two.sel.parquet", SELECTION)
    network = write_black_box(tmp_path / "net.onnx", SIDE)
    write_receipt(Receipt(str(network), "", ""), tmp_path / "weights.json")
    write_choice(Choice("own", 64), tmp_path / "engine.json")
    return tmp_path


def run_rule(folder, shard):
    model = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 0, "pixel_std": 255}
    occlude_images.main(
        SimpleNamespace(
            log=[folder / "log"],
            input=SimpleNamespace(
                weights=folder / "weights.json",
                engine=folder / "engine.json",
                prediction=[],
                pairs=[folder / "one.pairs.parquet", folder / "two.pairs.parquet"],
                selections=[folder / "one.sel.parquet", folder / "two.sel.parquet"],
                faces=folder / "faces.parquet",
                crops=folder / "crops.npy",
            ),
            output=SimpleNamespace(shifts=folder / f"shard-{shard}.arrow"),
            params=SimpleNamespace(model=model, masks=MASKS, fill="black", device="cpu"),
            wildcards=SimpleNamespace(model="net", shard=str(shard), shards=str(SHARDS)),
        )
    )


def test_forward_passes_equal_masks_times_unique_images(collection, monkeypatch):
    passes = []
    original = kinds.OPENERS["onnx"]

    def counting(*arguments):
        network = original(*arguments)
        return lambda batch: passes.append(len(batch)) or network(batch)

    monkeypatch.setitem(kinds.OPENERS, "onnx", counting)
    for shard in range(1, SHARDS + 1):
        run_rule(collection, shard)
    n_masks = sum(len(mask_set.covered) for mask_set in make_masks(SIDE, MASKS))
    # Selected are ab, ac and bc of one, and ad and bd of two: four images, a b c d, in five pairs.
    assert n_masks == 16 + 9
    assert sum(passes) == (1 + n_masks) * 4, "and each image once as it is"
    stored = StoredShifts([collection / f"shard-{i}.arrow" for i in (1, 2)])
    assert all(stored[name].shape[0] == n_masks for name in "abcd")
    with pytest.raises(KeyError):
        stored["e"]


def test_number_of_shards_does_not_change_the_embeddings(collection, monkeypatch):
    run_rule(collection, 1)
    run_rule(collection, 2)
    two = StoredShifts([collection / "shard-1.arrow", collection / "shard-2.arrow"])
    assert two.engine == "own, 64 masks at a time"
    monkeypatch.setattr("test_occlusion.SHARDS", 1)
    run_rule(collection, 1)
    one = StoredShifts([collection / "shard-1.arrow"])
    for name in "abcd":
        np.testing.assert_array_equal(one[name], two[name])


def test_a_broken_shard_is_never_left_behind(tmp_path):
    def broken():
        yield "a", "own", np.ones((2, 3), np.float32)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        write_shard(tmp_path / "shard.arrow", broken(), "float32")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stored_as", ["float32", "float16"])
def test_shards_may_be_empty_and_keep_their_kind(tmp_path, stored_as):
    write_shard(tmp_path / "1.arrow", [], stored_as)
    write_shard(tmp_path / "2.arrow", [("a", "own", np.arange(6, dtype=np.float32).reshape(2, 3))], stored_as)
    stored = StoredShifts([tmp_path / "1.arrow", tmp_path / "2.arrow"])
    np.testing.assert_array_equal(stored["a"], [[0, 1, 2], [3, 4, 5]])
    assert stored["a"].dtype == stored_as


def wrap_network(monkeypatch, change):
    """Let `change` alter what the network returns, given its input and that."""
    original = kinds.OPENERS["onnx"]

    def opener(*arguments):
        network = original(*arguments)
        return lambda batch: change(batch, np.array(network(batch)))

    monkeypatch.setitem(kinds.OPENERS, "onnx", opener)


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_an_image_without_an_embedding_under_a_mask_costs_that_image_only(collection, monkeypatch, caplog, value):
    last = np.load(collection / "crops.npy")[1, -1, -1] / 255  # tells image b from the others

    def blind(batch, raw):
        raw[(batch[:, :, 0, 0] == 0).all(axis=1) & np.isclose(batch[:, :, -1, -1], last).all(axis=1)] = value
        return raw

    wrap_network(monkeypatch, blind)
    for shard in range(1, SHARDS + 1):
        run_rule(collection, shard)
    stored = StoredShifts([collection / f"shard-{i}.arrow" for i in (1, 2)])
    lost = {name: np.flatnonzero(~np.isfinite(stored[name]).all(axis=1)).tolist() for name in "abcd"}
    assert lost == {"a": [], "b": [0, 16], "c": [], "d": []}, "the first mask of either size covers the corner"
    assert "image b: no embedding under 2 of 25 masks" in caplog.text


@pytest.mark.parametrize("value", [0, np.nan])
def test_a_model_without_an_embedding_of_a_clean_image_stops_the_run(collection, monkeypatch, value):
    clean = np.load(collection / "crops.npy")[1].transpose(2, 0, 1) / 255

    def blind(batch, raw):
        raw[np.isclose(batch, clean).all(axis=(1, 2, 3))] = value
        return raw

    wrap_network(monkeypatch, blind)
    with pytest.raises(ValueError, match="image b"):
        run_rule(collection, 1)
    assert not (collection / "shard-1.arrow").exists()


def let_windows(monkeypatch, change):
    """Let `change` alter what the engine `windows` returns, given how many images it has seen and that."""
    seen = iter(range(100))

    def opened(embedder, masks, name, batch, layers):
        engine = open_engine(embedder, masks, name, batch, layers)
        if name != "windows":
            return engine
        return SimpleNamespace(embed=lambda *images: change(next(seen), engine.embed(*images)))

    monkeypatch.setattr(occlusion, "open_engine", opened)


def shard_of_four(collection, monkeypatch):
    """Occlude the four images in one shard with the engine `windows`; return their shifts."""
    network = write_convolutions(collection / "convolutions.onnx", SIDE)
    write_receipt(Receipt(str(network), "", ""), collection / "weights.json")
    write_choice(Choice("windows", 64), collection / "engine.json")
    monkeypatch.setattr("test_occlusion.SHARDS", 1)
    run_rule(collection, 1)
    return StoredShifts([collection / "shard-1.arrow"])


def test_an_engine_that_fails_in_a_shard_is_left_out_from_there_on(collection, monkeypatch, caplog):
    undisturbed = shard_of_four(collection, monkeypatch)
    expected = {name: undisturbed[name] for name in "abcd"}
    calls = []

    def fail(place, raw):
        calls.append(place)
        if place == 1:
            raise torch.OutOfMemoryError("out of memory")
        return raw

    let_windows(monkeypatch, fail)
    stored = shard_of_four(collection, monkeypatch)
    assert calls == [0, 1]
    assert stored.engine == "own, 16 masks at a time; windows, 64 masks at a time"
    assert (
        "engine windows, 64 masks at a time fails and is left out from here on: OutOfMemoryError: out of" in caplog.text
    )
    for name in "abcd":
        np.testing.assert_allclose(stored[name], expected[name], atol=1e-6)


def test_a_model_that_cannot_be_traced_any_more_runs_whole_and_is_said_to(collection, monkeypatch, caplog):
    monkeypatch.setattr(occlusion, "trace_model", lambda embedder: None)
    assert shard_of_four(collection, monkeypatch).engine == "own, 16 masks at a time"
    assert "engine windows, 64 masks at a time fails" in caplog.text


def test_what_an_engine_cannot_embed_is_embedded_in_the_own_runtime(collection, monkeypatch):
    expected = shard_of_four(collection, monkeypatch)["b"]
    assert np.isfinite(expected).all()
    let_windows(
        monkeypatch, lambda place, raw: np.where((np.arange(len(raw)) == 3)[:, None] & (place == 1), np.nan, raw)
    )
    stored = shard_of_four(collection, monkeypatch)
    np.testing.assert_allclose(stored["b"], expected, atol=1e-6)
    assert stored.engine == "own, 16 masks at a time; windows, 64 masks at a time"


def _turn(place, masks):
    """Say which of the four fills a mask has: the position's row and column, even or odd."""
    for mask_set in masks:
        if place < len(mask_set.covered):
            row, column = divmod(place, isqrt(len(mask_set.covered)))
            return [["mean", "noise"], ["black", "blur"]][row % 2][column % 2]
        place -= len(mask_set.covered)


@pytest.mark.parametrize("fill", ["blur", "mixed"])
def test_shifts_are_what_a_mask_adds_to_the_unit_vector(tmp_path, fill):
    config = {"kind": "onnx", "input_px": SIDE, "channels": "bgr", "pixel_mean": 0, "pixel_std": 255}
    embedder = Embedder("net", config, write_black_box(tmp_path / "net.onnx", SIDE), "cpu")
    masks = make_masks(SIDE, MASKS)
    crop = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    shifts = measure_shifts(embedder, open_parts(embedder, masks, fill, Choice("own", 5)), crop, "a")
    by_hand = []
    for place, mask in enumerate(np.concatenate([mask_set.covered for mask_set in masks])):
        painted = crop.copy()
        painted[mask] = make_filler(crop, _turn(place, masks) if fill == "mixed" else fill, "a")[mask]
        by_hand.append(embedder.embed(painted[None], ["a"])[0] - embedder.embed(crop[None], ["a"])[0])
    np.testing.assert_allclose(shifts, by_hand, atol=1e-6)
    assert np.abs(shifts).max() > 0.01


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 12])
def test_shards_cut_the_images_without_loss_or_overlap(shards):
    images = [f"{i:02d}" for i in range(10)]
    parts = [split_shard(images, shard, shards) for shard in range(1, shards + 1)]
    assert [image for part in parts for image in part] == images
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_selected_images_are_listed_once():
    pairs = pd.DataFrame({"pair_id": ["0", "1"], "image_a": ["b", "c"], "image_b": ["a", "d"]})
    chosen = pd.DataFrame({"pair_id": ["0"]})
    assert selected_images([pairs, pairs], [chosen, chosen]) == ["a", "b"]
