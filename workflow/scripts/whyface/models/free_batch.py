"""Frees the batch of ONNX graphs that are written for one batch size: many files take one image at a time.

`free_batch` rewrites what names the batch size: the input, the output and the constants that `Reshape` reads. The graph
may still mix images, or hold a constant for each place in the batch, so `compare` checks it against the original.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from whyface.devices import FLOAT32_TOLERANCE

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

Network = Callable[[np.ndarray], np.ndarray]

FREE = "batch"
# Images to compare on; one more where the graph takes just as many, as this batch would prove nothing.
IMAGES = 3
MOST_AXES = 8


def free_batch(proto: "ModelProto", name: str | None = None, size: int | None = None) -> bool:
    """Free the batch of a graph, in place, and return whether it was fixed; a graph that was not stays as it is.

    Parameters
    ----------
    proto : onnx.ModelProto
        The model.
    name : str or None
        The input that takes the images; None: the first one.
    size : int or None
        How many it takes at a time; None: as it says. Some say that they take any number, and reshape to one.
    """
    graph = proto.graph
    weights = {one.name for one in graph.initializer}  # old files list the weights among the inputs
    entry = next(one for one in graph.input if one.name == name or (name is None and one.name not in weights))
    first = entry.type.tensor_type.shape.dim[0]
    size = size or first.dim_value
    if size < 1:
        return False
    first.dim_param = FREE
    for output in graph.output:
        dims = output.type.tensor_type.shape.dim
        if dims and dims[0].dim_value == size:
            dims[0].dim_param = FREE
    del graph.value_info[:]  # shapes of results, which hold the batch too; nobody needs them
    _free_reshapes(graph, entry.name, size)
    return True


def _free_reshapes(graph: Any, entry: str, size: int) -> None:
    from onnx import numpy_helper

    shapes = _constant_shapes(graph)
    of_images = {entry}  # what depends on the input: reshaped weights stay as they are
    for index, node in enumerate(graph.node):
        if not of_images.intersection(node.input):
            continue
        of_images.update(node.output)
        shape = shapes.get(node.input[1]) if node.op_type == "Reshape" and len(node.input) > 1 else None
        if shape and (freed := _free_shape(shape, size)):
            node.input[1] = f"free shape {index}"  # one of its own: others may read the old one
            graph.initializer.append(numpy_helper.from_array(np.array(freed, np.int64), node.input[1]))
            _forget_zeros(node, shape)


def _constant_shapes(graph: Any) -> dict[str, list[int]]:
    """List the constants that can be shapes, by name."""
    constants = {tensor.name: _read_shape(tensor) for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Constant"]:
        for value in node.attribute:
            constants[node.output[0]] = list(value.ints) if value.name == "value_ints" else _read_shape(value.t)
    return {name: shape for name, shape in constants.items() if shape}


def _read_shape(tensor: "TensorProto") -> list[int]:
    """Read a tensor that can be a shape; of any other, return nothing."""
    from onnx import TensorProto, numpy_helper

    fits = tensor.data_type == TensorProto.INT64 and len(tensor.dims) == 1 and tensor.dims[0] <= MOST_AXES
    return numpy_helper.to_array(tensor).tolist() if fits else []


def _free_shape(shape: list[int], size: int) -> list[int] | None:
    """Leave the first axis open; return None if it is open already, or if its size is none of the batch's."""
    if shape[0] < 1:
        return None
    if -1 not in shape:
        return [-1, *shape[1:]]
    return [0, *shape[1:]] if shape[0] == size else None  # 0: as long as it is


def _forget_zeros(node: "NodeProto", shape: list[int]) -> None:
    """Drop `allowzero`, which gives 0 another meaning and which onnx2torch refuses, where the shape had no 0."""
    for one in [one for one in node.attribute if one.name == "allowzero" and 0 not in shape]:
        node.attribute.remove(one)


def make_images(size: int, model: Mapping[str, Any]) -> np.ndarray:
    """Make images of noise on which to compare a graph with itself freed.

    Parameters
    ----------
    size : int
        The graph's batch size.
    model : mapping
        The model's config entry: input_px, pixel_mean and pixel_std.

    Returns
    -------
    numpy.ndarray
        float32, n x 3 x side x side, scaled as the network expects; each image has a range of its own, to tell them
        apart.
    """
    count = IMAGES + (size == IMAGES)
    noise = np.random.default_rng(0).uniform(0, 255, (count, 3, model["input_px"], model["input_px"]))
    noise *= np.linspace(1 / count, 1, count)[:, None, None, None]
    return ((noise - model["pixel_mean"]) / model["pixel_std"]).astype(np.float32)


def compare(found: np.ndarray, expected: np.ndarray) -> float:
    """Measure the largest difference between the unit vectors of two networks' raw outputs, n x d.

    Raises
    ------
    ValueError
        It is larger than `FLOAT32_TOLERANCE`, or the shapes differ; says so.
    """
    if found.shape != expected.shape:
        raise ValueError(f"outputs of {len(expected)} images have shape {found.shape}, must be {expected.shape}")
    difference = _largest(_scale(found), _scale(expected))
    if not difference <= FLOAT32_TOLERANCE:
        raise ValueError(
            f"embeddings of {len(found)} images differ by {difference:.2g}; at most {FLOAT32_TOLERANCE:g} is allowed"
        )
    return difference


def _scale(raw: np.ndarray) -> np.ndarray:
    """Scale outputs to unit length; a zero vector has none and stays."""
    rows = np.asarray(raw, np.float64).reshape(len(raw), -1)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=rows.copy(), where=norms > 0)


def _largest(found: np.ndarray, expected: np.ndarray) -> float:
    """Find the largest difference; NaN if one of the two is NaN where the other is not."""
    return float(np.abs(found - expected)[~(np.isnan(found) & np.isnan(expected))].max(initial=0))
