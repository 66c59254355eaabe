"""The rule find_flips: what it stores equals passes of painted faces through the demo model's own runtime."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import find_flips
from conftest import REPOSITORY
from whyface.demo.people.render import render
from whyface.demo.people.twins import plan_twins
from whyface.evidence import flips
from whyface.faces.alignment import crop_five_point
from whyface.faces.quality import LIGHT, POSE
from whyface.maps.engines.choice import Choice
from whyface.maps.masks import make_filler, make_masks
from whyface.maps.occlusion import STORED_AS, Occluder
from whyface.maps.prediction import Prediction, write_prediction
from whyface.maps.stored_shifts import write_shard
from whyface.models.embedder import Embedder
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables.parquet import read_about, read_table, stack, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES, FLIPS, PAIRS, PATCH_DISTANCES, PATCHES, SCORES, SELECTION

SIDE = 112
DEMO = {"kind": "demo", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
WEIGHTS = REPOSITORY / "workflow/resources/demo.safetensors"
NAMES = ["0.png", "1.png", "2.png"]
LAYOUT = {"variant": "corrected", "shape": "square", "patch_px": [16, 32], "stride_px": 12}


@pytest.fixture(scope="module")
def world():
    """Draw three faces and embed them."""
    pictures = plan_twins(3, 5).pictures[:: len(plan_twins(3, 5).pictures) // 3][:3]
    drawn = [render(one.somebody.person, one.photo) for one in pictures]
    crops = np.stack([crop_five_point(one.image, one.landmarks, SIDE) for one in drawn])
    embedder = Embedder("demo", DEMO, WEIGHTS, "cpu")
    return crops, embedder, embedder.embed(crops, NAMES)


def run_rule(folder, world, chosen, prediction=None):
    """Store shifts as the rule occlude_images does, by the fast engine, and run the rule on all three pairs."""
    crops, embedder, unit = world
    masks, fill = LAYOUT, "mixed"
    occluder = Occluder(embedder, make_masks(SIDE, masks), fill, Choice("windows", 16), prediction)
    if prediction:
        write_prediction(prediction, folder / "prediction.npz")
    shifts = [(name, *occluder.measure(crop, name)) for name, crop in zip(NAMES, crops, strict=True)] if chosen else []
    assert all("windows" in engine for _, engine, _ in shifts)
    write_shard(folder / "shifts.arrow", shifts, STORED_AS["fast" if prediction else "exact"])
    write_receipt(Receipt(str(WEIGHTS), "", "mine"), folder / "weights.json")
    np.save(folder / "crops.npy", crops)
    write_tables(folder, unit, chosen)
    files = {table.name: folder / f"{table.name}.parquet" for table in (PAIRS, SCORES, SELECTION, EMBEDDINGS, FACES)}
    files |= {"weights": folder / "weights.json", "crops": folder / "crops.npy", "shifts": [folder / "shifts.arrow"]}
    files["prediction"] = [folder / "prediction.npz"] if prediction else []
    outputs = {"flips": FLIPS, "patches": PATCHES, "distances": PATCH_DISTANCES}
    find_flips.main(
        SimpleNamespace(
            log=[folder / "log"],
            wildcards=SimpleNamespace(model="demo", dataset="d"),
            params=SimpleNamespace(model=DEMO, masks=masks, fill=fill, device="cpu"),
            input=SimpleNamespace(**files),
            output=SimpleNamespace(**{name: folder / f"{name}.out" for name in outputs}),
        )
    )
    assert read_about(folder / "distances.out")["model"] == "demo"
    return {name: read_table(folder / f"{name}.out", table) for name, table in outputs.items()}


def write_tables(folder, unit, chosen):
    places = [(0, 1), (0, 2), (1, 2)]
    pairs = pd.DataFrame([(NAMES[a], NAMES[b]) for a, b in places], columns=["image_a", "image_b"])
    pairs = pairs.assign(pair_id=["0", "1", "2"], subject_a="p", subject_b="q", is_genuine=False, fold=0)
    known = {"threshold": 0.5, "decision": "same", "outcome": "false-match", "p_same": 0.5, "llr": 0.0}
    known |= {"confidence": 0.5, "paper_score": 0.5}
    distances = [1 - float(unit[a] @ unit[b]) for a, b in places]
    tables = {
        PAIRS: pairs.assign(known_label_error=""),
        SCORES: pairs[["pair_id", "is_genuine", "fold"]].assign(**known, cosine_distance=distances),
        SELECTION: pd.DataFrame({"pair_id": pd.Series(chosen, dtype=object), "reason": "all"}),
        EMBEDDINGS: pd.DataFrame({"image_id": NAMES, "embedding": list(unit), "norm": 1.0, "with_mirror": None}),
        FACES: pd.DataFrame({"image_id": NAMES, "status": "ok", "detail": "", "probability": 0.9}).assign(
            box=[np.zeros(4)] * 3, landmarks=[np.zeros(10)] * 3, **dict.fromkeys((*POSE, *LIGHT))
        ),
    }
    for table, frame in tables.items():
        write_table(frame, folder / f"{table.name}.parquet", table, {"model": "demo"})


def few_masks():
    """Predict from every second mask, taking neighbours for alike."""
    y, x = np.concatenate([m.corners + m.patch_px / 2 for m in make_masks(SIDE, LAYOUT)]).T
    covariance = np.exp(-((y[:, None] - y) ** 2 + (x[:, None] - x) ** 2) / 800)
    return Prediction(covariance, np.arange(0, len(y), 2), np.inf, {}, ())


@pytest.mark.parametrize("prediction", [None, few_masks()], ids=["exact", "fast"])
def test_distances_equal_passes_of_painted_faces_to_a_hundredth_of_the_largest_deviation(
    world, prediction, tmp_path, monkeypatch
):
    monkeypatch.setattr(flips, "PAIRS_PER_PART", 1)
    crops, embedder, unit = world
    found = run_rule(tmp_path, world, ["0", "2"], prediction)
    patches = found["patches"]
    known = patches["measured"].to_numpy()
    assert known.mean() == (73 / 145 if prediction else 1)
    assert set(found["flips"]["patches"]) == {2 * known.sum()}, "a patch that was only predicted turns nothing"
    assert patches["place"].tolist() == list(range(len(patches))) and patches["fill"].nunique() == 4
    rows = found["distances"].set_index(["pair_id", "side"])["cosine_distance"]
    assert rows.index.tolist() == [("0", "a"), ("0", "b"), ("2", "a"), ("2", "b")]
    for (pair_id, side), stored in rows.items():
        own, other = ((0, 1), (1, 2))[pair_id == "2"][:: 1 if side == "a" else -1]
        painted = np.stack([paint(crops[own], NAMES[own], patch) for patch in patches.itertuples()])
        real = 1 - embedder.embed(painted, ["painted"] * len(painted)) @ unit[other]
        largest = np.abs(real - (1 - unit[own] @ unit[other])).max()
        assert largest > 0.02
        wrong = np.abs(stored - real)
        assert wrong[known].max() <= 0.01 * largest, (pair_id, side)
        assert prediction is None or 0.01 * largest < wrong[~known].max() < largest


def paint(crop, name, patch):
    painted, filler = crop.copy(), make_filler(crop, patch.fill, name)
    place = np.s_[patch.y_px : patch.y_px + patch.patch_px, patch.x_px : patch.x_px + patch.patch_px]
    painted[place] = filler[place]
    return painted


def test_a_run_without_selected_pairs_has_its_patches_and_nothing_more(world, tmp_path):
    found = run_rule(tmp_path, world, [])
    assert len(found["patches"]) == 145 and not len(found["flips"]) and not len(found["distances"])


def test_stacked_distances_have_a_column_for_each_patch(world, tmp_path):
    found = run_rule(tmp_path, world, ["1"])
    assert stack(found["distances"]["cosine_distance"]).shape == (2, len(found["patches"]))
