"""The benchmark of fixed batches compares the same network with and without."""

import sys

import numpy as np
import onnx
import onnxruntime

from conftest import REPOSITORY
from networks import write_convolutions

sys.path.append(str(REPOSITORY / "benchmarks"))

import fixed_batch

SIDE = 32


def test_the_copy_takes_one_image_and_reshapes_by_a_constant(tmp_path):
    free = write_convolutions(tmp_path / "free.onnx", SIDE)
    fixed = fixed_batch.fix_batch(free, tmp_path / "fixed.onnx")
    assert [node.op_type for node in onnx.load(fixed).graph.node if node.op_type in ("Flatten", "Reshape")] == [
        "Reshape"
    ]
    session = onnxruntime.InferenceSession(fixed)
    assert session.get_inputs()[0].shape == [1, 3, SIDE, SIDE]
    image = np.random.default_rng(0).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    expected = onnxruntime.InferenceSession(free).run(None, {"x": image})[0]
    np.testing.assert_allclose(session.run(None, {"x": image})[0], expected, atol=1e-6)


def test_ratios_are_of_the_fixed_file_to_the_free_one(tmp_path, monkeypatch):
    free = write_convolutions(tmp_path / "free.onnx", SIDE)
    fixed = fixed_batch.fix_batch(free, tmp_path / "fixed.onnx")
    times = {"unfreed": 1, "free": 2, "fixed": 3}
    monkeypatch.setattr(fixed_batch, "median_times", lambda works, _: {one: times[one.split("_")[0]] for one in works})
    figures = fixed_batch.measure(free, fixed, 1)
    assert {figures[f"{name}_ratio"] for name in ("embed", "own", "full", "windows")} == {1.5}
    assert figures["unfreed_embed_ratio"] == 0.5
