"""Packed sets become the tables that other sets become, through the scripts of the rules."""

import pickle
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_packs import PAIRS, draw_set

import fetch_collection
import fetch_file
import list_images
import list_pairs
from whyface.sources.receipts import read_receipt
from whyface.tables.parquet import read_table
from whyface.tables.schemas import IMAGES
from whyface.tables.schemas import PAIRS as PAIRS_TABLE

IMAGES_OF_SET, LABELS = draw_set()


def list_set(folder, layout):
    """Run fetch_collection, list_images and list_pairs on `folder/set`; return the tables' paths."""
    made = {name: str(folder / name) for name in ("receipt", "files", "images.parquet", "pairs.parquet")}

    def run(script, output, inputs, **params):
        wildcards = SimpleNamespace(collection="mine", dataset="mine")
        spaces = {"input": inputs, "output": output, "params": params}
        spaces = {name: SimpleNamespace(**values) for name, values in spaces.items()}
        script.main(SimpleNamespace(log=[str(folder / "log")], wildcards=wildcards, **spaces))

    receipt, images = {"receipt": made["receipt"]}, {"images": made["images.parquet"]}
    source = {"path": str(folder / "set")}
    run(fetch_collection, receipt | {"files": made["files"]}, {}, layout=layout, source=source, state="")
    run(list_images, images, receipt, layout=layout)
    run(
        list_pairs,
        {"pairs": made["pairs.parquet"]},
        receipt | images | {"pairs": []},
        protocol=layout,
        all_pairs={},
        reference=False,
    )
    return made


def write_set(folder, layout, images=IMAGES_OF_SET):
    folder.mkdir()
    if layout == "insightface-bin":
        (folder / "set").write_bytes(pickle.dumps((images, LABELS)))
        return
    (folder / "set").mkdir()
    columns = {"image1": images[::2], "image2": images[1::2], "target": LABELS}
    pq.write_table(pa.table(columns), folder / "set/a.parquet")


@pytest.mark.parametrize("layout", ["insightface-bin", "parquet"])
def test_packed_sets_become_images_and_pairs(layout, tmp_path):
    write_set(tmp_path / layout, layout)
    made = list_set(tmp_path / layout, layout)
    assert read_receipt(made["receipt"]).path == made["files"]
    images, pairs = read_table(made["images.parquet"], IMAGES), read_table(made["pairs.parquet"], PAIRS_TABLE)
    assert len(images) == PAIRS and images["subject_id"].nunique() == PAIRS // 2
    assert (images["width_px"] == 8).all()
    assert pairs["pair_id"].tolist() == [f"{position:05d}" for position in range(PAIRS)]
    assert pairs["is_genuine"].tolist() == LABELS
    assert ((pairs["subject_a"] == pairs["subject_b"]) == pairs["is_genuine"]).all()
    assert b"joined from genuine pairs" in pq.read_schema(made["images.parquet"]).metadata[b"whyface:subjects"]


def test_contradicting_labels_are_said_and_kept(tmp_path):
    images = [*IMAGES_OF_SET]
    images[3], images[4] = images[5], images[1]  # pairs 0 and 2 join three images, two of which are impostors in pair 1
    write_set(tmp_path / "set", "insightface-bin", images)
    made = list_set(tmp_path / "set", "insightface-bin")
    pairs = read_table(made["pairs.parquet"], PAIRS_TABLE)
    conflicts = pairs[~pairs["is_genuine"] & (pairs["subject_a"] == pairs["subject_b"])]
    assert conflicts["pair_id"].tolist() == ["00001"] and len(pairs) == PAIRS


def test_a_folder_has_no_hash_and_the_log_claims_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hf").mkdir()
    output = SimpleNamespace(receipt="results/pairs/mine.json")
    params = SimpleNamespace(source={"path": "hf"}, key="datasets.mine.pairs")
    fetch_file.main(SimpleNamespace(log=["log"], output=output, params=params))
    assert (tmp_path / "log").read_text().endswith("INFO hf from local folder hf\n")
