"""ONNX models: run by ONNX Runtime, or read as a torch module.

ONNX Runtime runs no code of the file's own, stays in the file's folder, and refuses what is malformed; the tests feed
it broken and hostile graphs. onnx2torch writes the names of nodes into Python code that it then runs, so they go first.
"""

import logging
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from whyface.devices import THREADS, check_device, free_memory
from whyface.models.free_batch import Network, compare, free_batch, make_images

logger = logging.getLogger("whyface")

ON_CPU = ["CPUExecutionProvider"]
# Largest batch that a graph may demand: what is missing is computed for nothing.
LARGEST_BATCH = 1024
# Tracing 4,000 nodes takes torch a minute, and more than twice that for twice as many. Networks of faces have hundreds.
MOST_NODES = 4000


def open_onnx(name: str, model: Mapping[str, Any], weights: Path, device: str) -> Network:
    """Open an ONNX model in ONNX Runtime, with a free batch if it can be freed."""
    import onnxruntime

    available = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    check_device(device, available, "this ONNX Runtime has no CUDA provider (install onnxruntime-gpu)")
    providers = [*(["CUDAExecutionProvider"] if available and device != "cpu" else []), *ON_CPU]
    try:
        session = _open_session(weights, providers)
    except Exception as error:  # ONNX Runtime's own classes share no other base
        reason = in_one_line(error)
        raise ValueError(f"model {name}: {weights} is no ONNX model that ONNX Runtime can run: {reason}") from error
    logger.info("model %s: ONNX Runtime on %s", name, session.get_providers()[0])
    _check_inputs(name, [entry.shape for entry in session.get_inputs()], model["input_px"])
    if not session.get_outputs():
        raise ValueError(f"model {name}: {weights} has no output")
    size = session.get_inputs()[0].shape[0]
    if not isinstance(size, int):
        return _run(session)
    del session  # or there would be two, each with its weights
    return _open_fixed(name, model, weights, providers, size)


def _open_fixed(name: str, model: Mapping[str, Any], weights: Path, providers: list[str], size: int) -> Network:
    """Open a graph of a fixed batch size: freed if its outputs stay equal, else as it is; log which, and why."""
    try:
        freed, difference = _open_freed(model, weights)
    except Exception as error:  # protobuf, onnx and ONNX Runtime have classes of their own
        reason = in_one_line(error)
        logger.warning("model %s: runs in batches of %d, as its graph says; with a free batch, %s", name, size, reason)
        return _run_in_fixed_batches(_run(_open_session(weights, providers)), size)
    said = "model %s: runs with a free batch, though its graph says %d; embeddings differ by at most %.1g"
    logger.info(said, name, size, difference)
    return freed if providers == ON_CPU else _run(_free_and_open(weights, providers))


def _open_freed(model: Mapping[str, Any], weights: Path) -> tuple[Network, float]:
    """Open a graph with its batch freed, on the CPU; return it with its difference from the original.

    Raises
    ------
    Exception
        The freed graph does not do the same.
    """
    scaling = tuple((key, model[key]) for key in ("input_px", "pixel_mean", "pixel_std"))
    return _open_freed_once(weights, weights.stat().st_mtime_ns, scaling)


@lru_cache(maxsize=1)  # for the engines, which ask again
def _open_freed_once(weights: Path, changed_ns: int, scaling: tuple[tuple[str, Any], ...]) -> tuple[Network, float]:
    images, expected = _embed_noise(weights, dict(scaling))
    freed = _run(_free_and_open(weights, ON_CPU))
    # Backwards, so that an image has other neighbours here than there.
    return freed, compare(freed(images[::-1])[::-1], expected)


def _embed_noise(weights: Path, model: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    session = _open_session(weights, ON_CPU)
    size = session.get_inputs()[0].shape[0]
    images = make_images(size, model)
    return images, _run_in_fixed_batches(_run(session), size)(images)


def _free_and_open(weights: Path, providers: list[str]) -> Any:
    import onnx

    proto = onnx.load(str(weights))
    free_batch(proto)
    with TemporaryDirectory() as folder:  # a session keeps the bytes it was opened with, but no file's
        path = Path(folder) / weights.name
        path.write_bytes(proto.SerializeToString())
        del proto
        return _open_session(path, providers)


def open_on_cpu(graph: bytes) -> Network:
    """Open a graph of the project's own, with a free batch, in ONNX Runtime on the CPU."""
    return _run(_open_session(graph, ON_CPU))


def _open_session(graph: Path | bytes, providers: list[str]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=providers)


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
    """Read an ONNX model as a torch module; one of a fixed batch size only if it can be freed."""
    import onnx
    import onnx2torch

    proto = onnx.load(str(weights))
    if len(proto.graph.node) > MOST_NODES:
        raise ValueError(f"model {name}: {weights} has {len(proto.graph.node)} nodes; at most {MOST_NODES} are traced")
    _drop_names(proto)
    if free_batch(proto):
        _open_freed(model, weights)  # refuses a graph that does something else then
    with TemporaryDirectory() as folder:  # from a file, its shapes are inferred with fewer copies of the weights
        path = Path(folder) / "free.onnx"
        onnx.save_model(proto, path, save_as_external_data=True)
        del proto
        free_memory()
        return _fix_shapes(onnx2torch.convert(path))


def _drop_names(proto: Any) -> None:
    """Leave nodes without a name, which can hold Python code; they are called by their operation then.

    In a function of its own, because a node that is still in reach keeps the whole model in memory.
    """
    for node in proto.graph.node:
        node.name = ""


def _fix_shapes(module: Any) -> Any:
    """Write constant shapes into the reshapes that read them: torch cannot trace a shape that is a tensor."""
    import torch
    from onnx2torch.node_converters.reshape import OnnxReshape

    class Reshape(torch.nn.Module):
        def __init__(self, shape: list[int]):
            super().__init__()
            self.shape = shape

        def forward(self, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
            return x.reshape([x.shape[axis] if length == 0 else length for axis, length in enumerate(self.shape)])

    for node in module.graph.nodes:
        if node.op == "call_module" and isinstance(module.get_submodule(node.target), OnnxReshape):
            shape = _find_constant(module, node.args[1])
            if shape is not None:
                module.set_submodule(node.target, Reshape(shape.tolist()))
    return module


def _find_constant(module: Any, node: Any) -> Any:
    """Return the tensor that a node of a module's graph stands for; None if it is computed."""
    if node.op == "get_attr":
        return attrgetter(node.target)(module)
    return getattr(module.get_submodule(node.target), "value", None) if node.op == "call_module" else None
