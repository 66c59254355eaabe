"""The demo model's network as an ONNX graph: ONNX Runtime starts in a seventh of the time of torch, and is faster."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from safetensors.numpy import load_file

from whyface.models.demo_layers import DIMENSION, INPUT_PX, LAYERS, Residual, Unit

OPSET, IR_VERSION = 17, 9  # old enough for any ONNX Runtime that the project supports
EPSILON = 1e-5  # torch's, in batch norms


def build_graph(path: Path | str) -> bytes:
    """Build the graph from the weights that `demo_network.save_network` wrote.

    Returns
    -------
    bytes
        An ONNX file; maps n x 3 x 112 x 112 to raw embeddings, n x 128.

    Raises
    ------
    ValueError
        The file is missing, is not a safetensors file, or holds another network's weights; the message names the file.
    """
    try:
        draft = _Draft(load_file(path))
        for place, layer in enumerate(LAYERS):
            draft.add(str(place), layer)
        return draft.finish()
    except Exception as error:  # safetensors' own class, OSError, KeyError and ValueError share no other base
        raise ValueError(f"{path} holds no weights of the demo network: {error}") from error


class _Draft:
    """A graph that grows at its end."""

    def __init__(self, weights: Mapping[str, np.ndarray]):
        self._weights, self._end = weights, "images"
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, name: str, layer: Unit | Residual) -> None:
        """Add a layer, whose weights have this name."""
        if isinstance(layer, Unit):
            self._add_unit(name, layer)
            return
        start = self._end
        for place, unit in enumerate(layer.units):
            self._add_unit(f"{name}.inner.{place}", unit)
        self._append("Add", [start, self._end], f"{name}.sum")
        self._append("Relu", [self._end], name)

    def finish(self) -> bytes:
        """End the graph."""
        self._append("Flatten", [self._end], "embeddings")
        images = make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["n", 3, INPUT_PX, INPUT_PX])
        embeddings = make_tensor_value_info("embeddings", onnx.TensorProto.FLOAT, ["n", DIMENSION])
        graph = make_graph(self._nodes, "demo", [images], [embeddings], self._constants)
        model = make_model(graph, opset_imports=[make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return model.SerializeToString()

    def _add_unit(self, name: str, unit: Unit) -> None:
        kernel, bias = self._fold(name, unit)
        self._constants += [
            numpy_helper.from_array(kernel, f"{name}.kernel"),
            numpy_helper.from_array(bias, f"{name}.bias"),
        ]
        inputs = [self._end, f"{name}.kernel", f"{name}.bias"]
        self._append("Conv", inputs, f"{name}.convolution", strides=[unit.stride] * 2, pads=[unit.pad] * 4)
        if unit.active:
            self._append("Relu", [self._end], name)

    def _fold(self, name: str, unit: Unit) -> tuple[np.ndarray, np.ndarray]:
        """Fold a unit's batch norm into its convolution."""
        kernel = self._weights[f"{name}.0.weight"]
        scale, shift, mean, variance = (
            self._weights[f"{name}.1.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        if kernel.shape != (unit.outputs, unit.inputs, unit.kernel, unit.kernel):
            raise ValueError(f"{name}.0.weight has shape {kernel.shape}")
        scale = scale / np.sqrt(variance + np.float32(EPSILON))
        return kernel * scale[:, None, None, None], shift - mean * scale

    def _append(self, kind: str, inputs: list[str], output: str, **settings: Any) -> None:
        self._nodes.append(make_node(kind, inputs, [output], **settings))
        self._end = output
