"""The rule weigh_regions, on three photos and a small network."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import weigh_regions
from networks import write_black_box
from whyface.evidence.covered_images import covered_crops
from whyface.evidence.named_regions import named_regions
from whyface.evidence.placement import place_face
from whyface.faces.quality import LIGHT, POSE
from whyface.faces.regions import GRID, GROUPS
from whyface.faces.template import TEMPLATE_112
from whyface.models.embedder import Embedder
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CONFIDENCE, COVERS, EMBEDDINGS, FACES, IMAGES, PAIRS, SCORES, SELECTION

SIDE = 56
NAMES = ["a.png", "b.png", "faceless.png"]
NETWORK = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
CROPS = np.random.default_rng(3).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
BOX = np.array([10, 20, 100, 110], np.float32)


def scored_pairs(unit):
    """List a-b, a-faceless and b-faceless with their distances."""
    places = [(0, 1), (0, 2), (1, 2)]
    pairs = pd.DataFrame([(NAMES[a], NAMES[b]) for a, b in places], columns=["image_a", "image_b"])
    pairs = pairs.assign(pair_id=["0", "1", "2"], subject_a="p", subject_b="q", is_genuine=False, fold=0)
    known = {"threshold": 0.5, "decision": "same", "outcome": "false-match", "p_same": 0.5, "llr": 0.0}
    known |= {
        "confidence": 0.5,
        "paper_score": 0.5,
        "cosine_distance": [1 - float(unit[a] @ unit[b]) for a, b in places],
    }
    return pairs.assign(known_label_error=""), pairs[["pair_id", "is_genuine", "fold"]].assign(**known)


def write_tables(folder, unit):
    """Write what the rule reads; the last pair has no maps."""
    pairs, scores = scored_pairs(unit)
    fit = {"fold": 0, "method": "logistic", "parameters": json.dumps({"intercept": 1.0, "slope": -2.0})}
    fit |= {"llr_low": -1.0, "llr_high": 1.0, "threshold": 0.5, "fitted_on": "d", "n_fit": 9}
    landmarks = TEMPLATE_112.astype(np.float32).ravel()
    placed = {"box": [BOX, BOX, None], "landmarks": [landmarks, landmarks, None]}
    faces = {"image_id": NAMES, "status": ["ok", "ok", "centre-crop"], "detail": "", "probability": 0.9}
    faces |= dict.fromkeys((*POSE, *LIGHT))
    images = {"image_id": NAMES, "subject_id": "", "path": NAMES, "width_px": 112, "height_px": 112, "sha256": ""}
    tables = {
        PAIRS: pairs,
        SCORES: scores,
        CONFIDENCE: pd.DataFrame([{**fit, "n_genuine": 4, "n_impostor": 5}]),
        IMAGES: pd.DataFrame(images),
        FACES: pd.DataFrame(faces).assign(**{name: pd.Series(one, dtype=object) for name, one in placed.items()}),
        EMBEDDINGS: pd.DataFrame({"image_id": NAMES, "embedding": list(unit), "norm": 1.0, "with_mirror": None}),
        SELECTION: pd.DataFrame({"pair_id": ["0", "1"], "reason": "all"}),
    }
    for table, frame in tables.items():
        write_table(frame, folder / f"{table.name}.parquet", table, {"model": "net"})
    return {table.name: folder / f"{table.name}.parquet" for table in tables}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the rule once."""
    folder = tmp_path_factory.mktemp("weigh")
    path = write_black_box(folder / "net.onnx", SIDE)
    write_receipt(Receipt(str(path), "", "mine"), folder / "weights.json")
    embedder = Embedder("net", NETWORK, path, "cpu")
    np.save(folder / "crops.npy", CROPS)
    unit = embedder.embed(CROPS, NAMES)
    files = {"weights": folder / "weights.json", "crops": folder / "crops.npy", **write_tables(folder, unit)}
    chosen = {"alignment": "box", "margin_px": 7, "confidence_method": "logistic", "device": "cpu"}
    weigh_regions.main(
        SimpleNamespace(
            log=[folder / "log"],
            wildcards=SimpleNamespace(model="net", dataset="d"),
            params=SimpleNamespace(model=NETWORK, **chosen),
            input=SimpleNamespace(**files),
            output=SimpleNamespace(covers=folder / "covers.parquet"),
        )
    )
    covers = read_table(folder / "covers.parquet", COVERS)
    return SimpleNamespace(covers=covers, embedder=embedder, unit=unit, about=read_about(folder / "covers.parquet"))


def test_pairs_with_maps_have_every_region_of_their_faces(ran):
    found = {key: set(rows["region"]) for key, rows in ran.covers.groupby(["pair_id", "side"])}
    named, grid = set(GROUPS), set(GRID)
    # A faceless image has the grid, so no region of its pair is covered in both.
    assert {key: len(regions) for key, regions in found.items()} == {
        **{("0", side): len(named) for side in ("a", "b", "both")},
        **{("1", "a"): len(named), ("1", "b"): len(grid)},
    }
    assert found["0", "a"] == named and found["1", "b"] == grid
    assert ran.about["model"] == "net"


def test_distances_are_those_of_passes_of_one_crop_each(ran):
    face = SimpleNamespace(landmarks=TEMPLATE_112.ravel(), box=BOX, width_px=112, height_px=112)
    regions = named_regions(place_face(face, "box", SIDE, 7), SIDE)
    stored = ran.covers.set_index(["pair_id", "side", "region", "covered"])["cosine_distance"]
    for name, region in regions.items():
        units = [
            [ran.embedder.embed(one[None], ["x"])[0] for one in covered_crops(CROPS[i], region[None], "")]
            for i in (0, 1)
        ]
        for place, covered in enumerate(("region", "rest")):
            one, other = units[0][place], units[1][place]
            expected = {"a": one @ ran.unit[1], "b": ran.unit[0] @ other, "both": one @ other}
            for side, similarity in expected.items():
                assert stored["0", side, name, covered] == pytest.approx(1 - similarity, abs=1e-5)
