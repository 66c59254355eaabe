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
from whyface.models.forms import in_one_line, run_in_fixed_batches, takes_any_number
from whyface.models.free_batch import Network, compare, free_batch, make_images
from whyface.models.onnx_forms import Form, describe, read_form, run_all
from whyface.models.other_files import recognise
from whyface.models.plain_graph import make_plain
from whyface.reruns import external_files

logger = logging.getLogger("whyface")

ON_CPU = ["CPUExecutionProvider"]
ERRORS = 3  # of ONNX Runtime's levels of logging
# What newer versions of ONNX changed for networks of faces is which types of number they allow; onnx2torch knows none.
KNOWN_OPSET = 17
# Tracing 4,000 nodes takes torch a minute, and more than twice that for twice as many. Networks of faces have hundreds.
MOST_NODES = 4000


def open_onnx(name: str, model: Mapping[str, Any], weights: Path, device: str) -> Network:
    """Open an ONNX model in ONNX Runtime, with a free batch if it can be freed."""
    import onnxruntime

    available = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    check_device(device, available, "this ONNX Runtime has no CUDA provider (install onnxruntime-gpu)")
    providers = [*(["CUDAExecutionProvider"] if available and device != "cpu" else []), *ON_CPU]
    session = _open_or_explain(name, weights, providers)
    logger.info("%s; ONNX Runtime on %s", describe(name, weights, session), session.get_providers()[0])
    form = _find_form(name, model, weights, session)
    if form.size is None:
        return _run(session, form)
    del session  # or there would be two, each with its weights
    return _open_fixed(name, model, weights, providers, form)


def _open_or_explain(name: str, weights: Path, providers: list[str]) -> Any:
    try:
        return _open_session(weights, providers)
    except Exception as error:  # ONNX Runtime's own classes share no other base
        reason = recognise(weights) or in_one_line(error)
    if missing := [path.name for path in external_files(weights) if not path.exists()]:
        reason = (
            f"it keeps weights in {', '.join(missing)}, which is not beside it: put all files into one folder, and set "
            f"weights: {{path: FOLDER/{weights.name}}}"
        )
    raise ValueError(f"model {name}: {weights} is no ONNX model that ONNX Runtime can run: {reason}")


def _find_form(name: str, model: Mapping[str, Any], weights: Path, session: Any) -> Form:
    """Find out how to feed a graph; one that takes any number of images in name only, takes one."""
    form = read_form(name, model, weights, session)
    is_free = form.size is None and takes_any_number(_run(session, form), model)
    return form if is_free else form._replace(size=form.size or 1)


def _open_fixed(name: str, model: Mapping[str, Any], weights: Path, providers: list[str], form: Form) -> Network:
    """Open a graph of a fixed batch size: freed if its outputs stay equal, else as it is; log which, and why."""
    size = form.size or 1
    try:
        freed, difference = _open_freed(model, weights, form)
    except Exception as error:  # protobuf, onnx and ONNX Runtime have classes of their own
        reason = in_one_line(error)
        logger.warning("model %s: runs in batches of %d, as its graph says; with a free batch, %s", name, size, reason)
        return run_in_fixed_batches(_run(_open_session(weights, providers), form), size)
    said = "model %s: runs with a free batch, though its graph says %d; embeddings differ by at most %.1g"
    logger.info(said, name, size, difference)
    return freed if providers == ON_CPU else _run(_free_and_open(weights, providers, form), form)


def _open_freed(model: Mapping[str, Any], weights: Path, form: Form) -> tuple[Network, float]:
    """Open a graph with its batch freed, on the CPU; return it with its difference from the original.

    Raises
    ------
    Exception
        The freed graph does not do the same.
    """
    scaling = tuple((key, model[key]) for key in ("input_px", "pixel_mean", "pixel_std"))
    return _open_freed_once(weights, weights.stat().st_mtime_ns, scaling, form)


@lru_cache(maxsize=1)  # for the engines, which ask again
def _open_freed_once(
    weights: Path, changed_ns: int, scaling: tuple[tuple[str, Any], ...], form: Form
) -> tuple[Network, float]:
    images, expected = _embed_noise(weights, dict(scaling), form)
    freed = _run(_free_and_open(weights, ON_CPU, form), form)
    # Backwards, so that an image has other neighbours here than there.
    return freed, compare(freed(images[::-1])[::-1], expected)


def _embed_noise(weights: Path, model: Mapping[str, Any], form: Form) -> tuple[np.ndarray, np.ndarray]:
    size = form.size or 1
    images = make_images(size, model)
    return images, run_in_fixed_batches(_run(_open_session(weights, ON_CPU), form), size)(images)


def _free_and_open(weights: Path, providers: list[str], form: Form) -> Any:
    import onnx

    proto = onnx.load(str(weights))
    free_batch(proto, form.entry, form.size)
    with TemporaryDirectory() as folder:  # a session keeps the bytes it was opened with, but no file's
        path = Path(folder) / weights.name
        path.write_bytes(proto.SerializeToString())
        del proto
        return _open_session(path, providers)


def open_on_cpu(graph: bytes) -> Network:
    """Open a graph of the project's own, with a free batch, in ONNX Runtime on the CPU."""
    session = _open_session(graph, ON_CPU)
    entry, output = session.get_inputs()[0].name, session.get_outputs()[0].name
    return _run(session, Form(entry, "float32", False, None, (), output))


def _open_session(graph: Path | bytes, providers: list[str]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = ERRORS
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=providers)


def _run(session: Any, form: Form) -> Network:
    return lambda batch: run_all(session, form, batch, form.output)[0]


def onnx_module(name: str, model: Mapping[str, Any], weights: Path) -> Any:
    """Read an ONNX model as a torch module in its plain form; one of a fixed batch size only if it can be freed."""
    import onnx
    import onnx2torch

    # The session goes at once: of a large model, both would not fit into memory.
    form = _find_form(name, model, weights, _open_session(weights, ON_CPU))
    proto = onnx.load(str(weights))
    if len(proto.graph.node) > MOST_NODES:
        raise ValueError(f"model {name}: {weights} has {len(proto.graph.node)} nodes; at most {MOST_NODES} are traced")
    _drop_names(proto)
    if form.size and free_batch(proto, form.entry, form.size):
        _open_freed(model, weights, form)  # refuses a graph that does something else then
    make_plain(proto, form)
    _lower_opset(proto)
    with TemporaryDirectory() as folder:  # from a file, its shapes are inferred with fewer copies of the weights
        path = Path(folder) / "free.onnx"
        onnx.save_model(proto, path, save_as_external_data=True)
        del proto
        free_memory()
        return _fix_shapes(onnx2torch.convert(path))


def _lower_opset(proto: Any) -> None:
    """Call a new graph an older one, which onnx2torch reads; if that changes what it does, engines are left out."""
    for one in proto.opset_import:
        if one.domain in ("", "ai.onnx"):
            one.version = min(one.version, KNOWN_OPSET)


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
