"""ONNX models: run by ONNX Runtime, or read as a torch module.

ONNX Runtime runs no code of the file's own, stays in the file's folder, and refuses what is malformed; the tests feed
it broken and hostile graphs. onnx2torch writes the names of nodes into Python code that it then runs, so they go first.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from whyface.devices import THREADS, check_device

logger = logging.getLogger("whyface")

Network = Callable[[np.ndarray], np.ndarray]

# Largest batch that a graph may demand: what is missing is computed for nothing.
LARGEST_BATCH = 1024
# Tracing 4,000 nodes takes torch a minute, and more than twice that for twice as many. Networks of faces have hundreds.
MOST_NODES = 4000


def open_onnx(name: str, model: Mapping[str, Any], weights: Path, device: str) -> Network:
    """Open an ONNX model in ONNX Runtime."""
    import onnxruntime

    available = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    check_device(device, available, "this ONNX Runtime has no CUDA provider (install onnxruntime-gpu)")
    providers = ["CUDAExecutionProvider"] if available and device != "cpu" else []
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    try:
        session = onnxruntime.InferenceSession(str(weights), options, providers=[*providers, "CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes share no other base
        reason = in_one_line(error)
        raise ValueError(f"model {name}: {weights} is no ONNX model that ONNX Runtime can run: {reason}") from error
    logger.info("model %s: ONNX Runtime on %s", name, session.get_providers()[0])
    _check_inputs(name, [entry.shape for entry in session.get_inputs()], model["input_px"])
    if not session.get_outputs():
        raise ValueError(f"model {name}: {weights} has no output")
    return _run_in_fixed_batches(_run(session), session.get_inputs()[0].shape[0])


def _run(session: Any) -> Network:
    entry, output = session.get_inputs()[0], session.get_outputs()[0].name
    kind = np.float16 if entry.type == "tensor(float16)" else np.float32
    return lambda batch: session.run([output], {entry.name: np.ascontiguousarray(batch, kind)})[0]


def in_one_line(error: Exception) -> str:
    """Return an error's message in one line."""
    return " ".join(str(error).split())


def _check_inputs(name: str, shapes: list[list[int | str | None]], input_px: int) -> None:
    """Refuse a graph that cannot take n x 3 x side x side; symbolic axes fit anything."""
    wanted = [None, 3, input_px, input_px]
    fits = len(shapes) == 1 and len(shapes[0]) == 4
    if not fits or any(isinstance(i, int) and w and i != w for i, w in zip(shapes[0], wanted, strict=True)):
        raise ValueError(f"model {name}: inputs have shapes {shapes}; must be one of n x 3 x {input_px} x {input_px}")
    if isinstance(shapes[0][0], int) and not 1 <= shapes[0][0] <= LARGEST_BATCH:
        raise ValueError(f"model {name}: takes batches of {shapes[0][0]} only; allowed: any, or 1 to {LARGEST_BATCH}")


def _run_in_fixed_batches(run: Network, size: int | str | None) -> Network:
    """Run any batch through a graph that takes exactly `size` images; the last part is padded with its last image."""
    if not isinstance(size, int):
        return run

    def run_any(batch: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            padding = np.repeat(part[-1:], size - len(part), axis=0)
            parts.append(run(np.concatenate([part, padding]))[: len(part)])
        return np.concatenate(parts)

    return run_any


def onnx_module(name: str, model: Mapping[str, Any], weights: Path) -> Any:
    """Read an ONNX model as a torch module."""
    import onnx
    import onnx2torch

    proto = onnx.load(str(weights))
    if len(proto.graph.node) > MOST_NODES:
        raise ValueError(f"model {name}: {weights} has {len(proto.graph.node)} nodes; at most {MOST_NODES} are traced")
    for node in proto.graph.node:
        node.name = ""  # a name can hold Python code; unnamed nodes are called by their operation
    return onnx2torch.convert(proto)
