"""What a model costs is measured on the machine that it names."""

import numpy as np

from networks import write_convolutions
from whyface.models.costs import BATCH, measure_costs, name_processor
from whyface.models.embedder import Embedder
from whyface.tables import parquet as tables
from whyface.tables import schemas

SIDE = 16
ENTRY = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}


def test_a_model_is_timed_and_its_file_weighed(tmp_path):
    path = tmp_path / "net.onnx"
    write_convolutions(path, SIDE)
    faces = np.random.default_rng(0).integers(0, 255, (2, SIDE, SIDE, 3), np.uint8)
    embedder = Embedder("net", ENTRY, path, "cpu")
    costs = measure_costs(embedder, path, faces)
    tables.write_table(costs, tmp_path / "costs.parquet", schemas.COSTS)
    row = costs.iloc[0]
    assert 0 < row["milliseconds"] < 1000 and row["batch"] == BATCH
    assert (row["weights_bytes"], row["input_px"]) == (path.stat().st_size, SIDE)
    assert row["dimensions"] == embedder.embed(faces, ["a", "b"]).shape[1]
    assert row["device"] == name_processor() != ""


def test_a_processor_is_named_as_the_system_names_it(tmp_path):
    described = tmp_path / "cpuinfo"
    described.write_text("processor\t: 0\nmodel name\t: \nmodel name\t: Some CPU @ 2 GHz\n", encoding="utf-8")
    assert name_processor(described) == "Some CPU @ 2 GHz"
    assert name_processor(tmp_path / "none") != ""
