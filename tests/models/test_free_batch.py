"""A graph that is written for one batch size takes any, if that leaves its outputs equal; else it runs as it is."""

import hashlib
import logging

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from networks import write_onnx
from whyface.maps.engines.choice import choose_engine
from whyface.maps.engines.engine import open_engine, trace_model
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder
from whyface.models.first_look import look_first
from whyface.models.free_batch import free_batch

SIDE = 32
FEATURES = 8 * 8 * 8
ENTRY = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 128}
CROPS = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)
MASKS = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [8], "stride_px": 8})


def write(path, batch, *tail, more=(), version=17):
    """Save two convolutions with results `t`, batch x 8 x 8 x 8, and what follows from there to `y`."""
    rng = np.random.default_rng(0)
    weights = {
        "first": rng.normal(0, 0.3, (6, 3, 3, 3)),
        "second": rng.normal(0, 0.2, (8, 6, 3, 3)),
        "dense": rng.normal(0, 0.1, (FEATURES, 16)),
        "bias": rng.normal(0, 1, (1, 16)),
        **{f"norm8-{i}": rng.uniform(0.5, 1.5, 8) for i in range(4)},
        **{f"norm16-{i}": rng.uniform(0.5, 1.5, 16) for i in range(4)},
        "places": rng.normal(0, 5, (4, 16)),
    }
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c2", *(f"norm8-{i}" for i in range(4))], ["d"]),
        helper.make_node("Tanh", ["d"], ["t"]),
        *tail,
    ]
    nodes.insert(1, helper.make_node("Conv", ["c", "second"], ["c2"], strides=[2, 2], pads=[1, 1, 1, 1]))
    write_onnx(path, nodes, weights, SIDE, batch)
    proto = onnx.load(path)
    proto.graph.initializer.extend(numpy_helper.from_array(np.array(value, np.int64), name) for name, value in more)
    proto.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 16]))
    proto.graph.value_info.append(helper.make_tensor_value_info("t", TensorProto.FLOAT, [batch, 8, 8, 8]))
    onnx.save(proto, path)
    return path


def node(op, *inputs, to, **attributes):
    return helper.make_node(op, list(inputs), [to], **attributes)


def shape(**attributes):
    return helper.make_node("Constant", [], ["s"], **attributes)


FLAT = node("Flatten", "t", to="f")
DENSE = node("MatMul", "f", "dense", to="y")
RESHAPE = node("Reshape", "t", "s", to="f")
NORM16 = [f"norm16-{i}" for i in range(4)]
TENSOR = numpy_helper.from_array(np.array([1, -1]))
# By name: the batch size, what follows the convolutions, and further constants.
FREED = {
    "flatten": (1, [FLAT, DENSE], []),
    "gemm": (
        1,
        [FLAT, node("Gemm", "f", "dense", "bias", to="g"), node("BatchNormalization", "g", *NORM16, to="y")],
        [],
    ),
    "reshape": (1, [RESHAPE, DENSE], [("s", [1, FEATURES])]),
    "reshape-to-the-rest": (1, [RESHAPE, DENSE], [("s", [1, -1])]),
    "reshape-by-a-node": (1, [shape(value_ints=[1, FEATURES]), RESHAPE, DENSE], []),
    "reshape-by-a-tensor": (1, [shape(value=TENSOR), RESHAPE, DENSE], []),
    "reshape-without-zeros": (
        1,
        [node("Reshape", "t", "s", to="f", allowzero=1), DENSE],
        [("s", [1, FEATURES])],
    ),
    "reshape-twice": (
        1,
        [node("Reshape", "t", "s", to="u"), node("Reshape", "u", "z", to="f"), DENSE],
        [("s", [1, 8, 64]), ("z", [1, FEATURES])],
    ),
    "reshape-to-parts": (
        1,
        [node("Reshape", "t", "s", to="u"), node("Relu", "u", to="v"), node("Reshape", "v", "z", to="f"), DENSE],
        [("s", [4, 128]), ("z", [1, FEATURES])],
    ),
    "shape-of-weights-too": (
        1,
        [
            *(RESHAPE, node("Reshape", "dense", "s", to="flat")),
            *(node("Reshape", "flat", "back", to="again"), node("MatMul", "f", "again", to="y")),
        ],
        [("s", [1, -1]), ("back", [FEATURES, 16])],
    ),
    "three": (3, [RESHAPE, DENSE], [("s", [3, -1])]),
    "four": (4, [FLAT, DENSE], []),
    "four-reshaped": (4, [RESHAPE, DENSE], [("s", [4, FEATURES])]),
}
TO_G = [FLAT, node("MatMul", "f", "dense", to="g")]
KEPT = {
    "mean-of-batch": (
        1,
        [
            *(*TO_G, node("ReduceMean", "g", to="m", axes=[0])),
            *(node("Mul", "m", "bias", to="part"), node("Sub", "g", "part", to="y")),
        ],
        [],
    ),
    "range-of-batch": (1, [*TO_G, node("ReduceMax", "x", to="m", keepdims=0), node("Add", "g", "m", to="y")], []),
    "squeezed": (1, [*TO_G, node("Squeeze", "g", to="q"), node("Unsqueeze", "q", "axis", to="y")], [("axis", [0])]),
    "neighbours": (4, [*TO_G, node("CumSum", "g", "axis", to="y")], [("axis", 0)]),
    "places": (4, [*TO_G, node("Add", "g", "places", to="y")], []),
}


def open_(path):
    return Embedder("net", ENTRY, path, "cpu")


def in_own_batches(path, size):
    """Run the file as it is; a last batch that is not full is filled with its last image."""
    session = onnxruntime.InferenceSession(path)
    images = ((CROPS.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2)
    rows = np.minimum(np.arange(-(-len(images) // size) * size), len(images) - 1)
    parts = [session.run(None, {"x": images[part]})[0] for part in rows.reshape(-1, size)]
    return np.concatenate(parts)[: len(images)]


def batches_of(embedder, monkeypatch):
    """Embed, and return the outputs with the sizes of the batches that ONNX Runtime got."""
    sizes, run = [], onnxruntime.InferenceSession.run
    monkeypatch.setattr(
        onnxruntime.InferenceSession,
        "run",
        lambda self, names, fed, *more: (sizes.append(len(next(iter(fed.values())))), run(self, names, fed, *more))[1],
    )
    return embedder.run(embedder.scale(CROPS).transpose(0, 3, 1, 2)), sizes


@pytest.mark.parametrize("name", FREED)
def test_a_freed_graph_gives_what_the_file_gives(tmp_path, monkeypatch, caplog, name):
    size, tail, more = FREED[name]
    path = write(tmp_path / "net.onnx", size, *tail, more=more)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with caplog.at_level(logging.INFO, "whyface"):
        embedder = open_(path)
    found, sizes = batches_of(embedder, monkeypatch)
    expected = in_own_batches(path, size)
    assert sizes[0] == len(CROPS), "all at once"
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    assert f"model net: runs with a free batch, though its graph says {size}; " in caplog.text
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("name", KEPT)
def test_a_graph_that_cannot_be_freed_runs_as_it_is_and_says_why(tmp_path, monkeypatch, caplog, name):
    size, tail, more = KEPT[name]
    path = write(tmp_path / "net.onnx", size, *tail, more=more)
    embedder = open_(path)
    found, sizes = batches_of(embedder, monkeypatch)
    assert set(sizes) == {size}
    np.testing.assert_array_equal(found, in_own_batches(path, size))
    line = next(record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert line.startswith(f"model net: runs in batches of {size}, as its graph says; with a free batch, ")


def test_the_reason_is_measured(tmp_path, caplog):
    open_(write(tmp_path / "net.onnx", 1, *KEPT["range-of-batch"][1]))
    assert "embeddings of 3 images differ by 0." in caplog.text and "at most 1e-05 is allowed" in caplog.text


@pytest.mark.parametrize("name", ["gemm", "reshape-without-zeros", "reshape-to-the-rest", "reshape-to-parts", "four"])
def test_engines_take_the_freed_graph(tmp_path, name):
    size, tail, more = FREED[name]
    embedder = open_(write(tmp_path / "net.onnx", size, *tail, more=more))
    layers = trace_model(embedder)
    image, filler = embedder.scale(CROPS[:2])
    own = open_engine(embedder, MASKS, "own", 7, layers).embed(image, filler)
    for engine in ("full", "windows"):
        found = open_engine(embedder, MASKS, engine, 7, layers).embed(image, filler)
        np.testing.assert_allclose(found, own, atol=1e-5 * np.abs(own).max())


def test_engines_leave_a_graph_that_cannot_be_freed_to_its_own_runtime(tmp_path, caplog):
    embedder = open_(write(tmp_path / "net.onnx", 1, *KEPT["mean-of-batch"][1]))
    with caplog.at_level(logging.INFO, "whyface"):
        choice, _ = choose_engine(embedder, MASKS, CROPS[:2])
    assert choice.engine == "own"
    assert "runs whole only, in its own runtime: embeddings of 3 images differ by" in caplog.text


def test_graphs_of_a_free_batch_stay_as_they_are(tmp_path):
    proto = onnx.load(write(tmp_path / "net.onnx", "n", *FREED["reshape"][1], more=[("s", [-1, FEATURES])]))
    before = proto.SerializeToString()
    assert not free_batch(proto)
    assert proto.SerializeToString() == before


def test_old_files_list_their_weights_as_inputs(tmp_path):
    path = write(tmp_path / "net.onnx", 1, *FREED["reshape"][1], more=FREED["reshape"][2])
    proto = onnx.load(path)
    inputs = [helper.make_tensor_value_info(one.name, one.data_type, one.dims) for one in proto.graph.initializer]
    inputs.append(proto.graph.input.pop())
    proto.graph.input.extend(inputs)
    proto.ir_version, proto.opset_import[0].version = 3, 8
    onnx.save(proto, path)
    embedder = open_(path)
    found = embedder.run(embedder.scale(CROPS).transpose(0, 3, 1, 2))
    np.testing.assert_allclose(found, in_own_batches(path, 1), atol=1e-5)


def test_weights_in_a_file_of_their_own_are_read_and_left_alone(tmp_path, caplog):
    path = write(tmp_path / "net.onnx", 1, *FREED["reshape"][1], more=FREED["reshape"][2])
    expected = in_own_batches(path, 1)
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=100)
    before = (tmp_path / "weights.bin").read_bytes()
    embedder = open_(path)
    found = embedder.run(embedder.scale(CROPS).transpose(0, 3, 1, 2))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    assert (tmp_path / "weights.bin").read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "weights.bin"]


def test_a_file_that_is_written_anew_is_checked_anew(tmp_path, caplog):
    path = write(tmp_path / "net.onnx", 1, *FREED["flatten"][1])
    open_(path)
    assert not caplog.records
    open_(write(path, 1, *KEPT["mean-of-batch"][1]))
    assert "runs in batches of 1" in caplog.text


def test_the_first_look_frees_the_batch_too(tmp_path):
    # An image at a time it works; many at once, it asks for memory without end, and that must not end the job.
    tail = [*TO_G, node("Shape", "g", to="n"), node("Slice", "n", "zero", "one", to="count")]
    tail += [node("Sub", "count", "one", to="rest"), node("Mul", "rest", "huge", to="length")]
    tail += [node("Add", "length", "one", to="cells"), node("ConstantOfShape", "cells", to="much")]
    tail += [node("ReduceSum", "much", to="sum", keepdims=0), node("Add", "g", "sum", to="y")]
    path = write(tmp_path / "net.onnx", 1, *tail, more=[("zero", [0]), ("one", [1]), ("huge", [2**40])])
    look_first("net", ENTRY, path)
    assert open_(path).embed(CROPS[:2], ["a", "b"]).shape == (2, 16)
