"""Small ONNX networks for tests that need a model file, and what a config says of files that can run code."""

import hashlib
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def trust(path: Path) -> dict[str, object]:
    """Return the entries of a model's config that vouch for its file."""
    return {"trusted": True, "weights": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}}


def write_onnx(path: Path, nodes, weights: dict[str, np.ndarray], side: int, batch: int | str = "n") -> Path:
    """Save a graph from `x` (batch x 3 x side x side) to `y`."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def write_black_box(path: Path, side: int, seed: int = 0, batch: int | str = "n") -> Path:
    """Save a random, non-linear convolutional network with 16 outputs."""
    rng = np.random.default_rng(seed)
    cells = -(-side // 8)
    weights = {
        "kernel": rng.normal(0, 0.2, (8, 3, 9, 9)),
        "bias": rng.normal(0, 0.1, 8),
        "dense": rng.normal(0, 0.1, (8 * cells * cells, 16)),
    }
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "bias"], ["c"], strides=[8, 8], pads=[4, 4, 4, 4]),
        helper.make_node("Tanh", ["c"], ["t"]),
        helper.make_node("Slice", ["t", "zeros", "ends", "axes"], ["s"]),
        helper.make_node("Flatten", ["s"], ["f"]),
        helper.make_node("MatMul", ["f", "dense"], ["y"]),
    ]
    ends = {"zeros": np.zeros(2), "ends": np.array([cells, cells]), "axes": np.array([2, 3])}
    for name, value in ends.items():
        nodes.insert(0, helper.make_node("Constant", [], [name], value_ints=value.astype(int).tolist()))
    return write_onnx(path, nodes, weights, side, batch)


def write_convolutions(path: Path, side: int, seed: int = 0) -> Path:
    """Save a random network of two convolutions with 16 outputs, made of operations that torch can read."""
    rng = np.random.default_rng(seed)
    weights = {
        "first": rng.normal(0, 0.3, (6, 3, 3, 3)),
        "slope": rng.uniform(0, 0.5, (6, 1, 1)),
        "second": rng.normal(0, 0.2, (8, 6, 3, 3)),
        "dense": rng.normal(0, 0.1, (8 * (side // 4) ** 2, 16)),
    }
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("PRelu", ["c", "slope"], ["p"]),
        helper.make_node("Conv", ["p", "second"], ["d"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["d"], ["t"]),
        helper.make_node("Flatten", ["t"], ["f"]),
        helper.make_node("MatMul", ["f", "dense"], ["y"]),
    ]
    return write_onnx(path, nodes, weights, side)


def write_constant(path: Path, side: int, values) -> Path:
    """Save a network that outputs `values` for every image, whatever the input."""
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "zero"], ["z"]),
        helper.make_node("Add", ["z", "values"], ["y"]),
    ]
    weights = {"zero": np.zeros((3 * side * side, len(values))), "values": np.asarray(values)}
    return write_onnx(path, nodes, weights, side)
