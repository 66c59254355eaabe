"""The kinds of model file; each can be opened as a network, or read as a torch module.

A network is a function from float32 batches (n x 3 x side x side) to raw outputs (n x d). A module is the same network
in a form that can be traced. Each kind imports its own runtime on use: torch and torchvision take ten seconds to load.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from whyface.devices import THREADS, check_device, use_torch

logger = logging.getLogger("whyface")

Network = Callable[[np.ndarray], np.ndarray]
Opener = Callable[[str, Path, int, str], Network]


def _open_onnx(name: str, weights: Path, input_px: int, device: str) -> Network:
    import onnxruntime

    available = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    check_device(device, available, "this ONNX Runtime has no CUDA provider (install onnxruntime-gpu)")
    providers = ["CUDAExecutionProvider"] if available and device != "cpu" else []
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    try:
        session = onnxruntime.InferenceSession(str(weights), options, providers=[*providers, "CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes share no other base
        raise ValueError(f"model {name}: {weights} is no ONNX model that ONNX Runtime can run: {error}") from error
    logger.info("model %s: ONNX Runtime on %s", name, session.get_providers()[0])
    _check_onnx_inputs(name, [entry.shape for entry in session.get_inputs()], input_px)
    entry, output = session.get_inputs()[0], session.get_outputs()[0].name
    kind = np.float16 if entry.type == "tensor(float16)" else np.float32

    def run(batch: np.ndarray) -> np.ndarray:
        return session.run([output], {entry.name: np.ascontiguousarray(batch, kind)})[0]

    fixed = entry.shape[0] if isinstance(entry.shape[0], int) else None
    return _run_in_fixed_batches(run, fixed) if fixed else run


def _check_onnx_inputs(name: str, shapes: list[list[int | str | None]], input_px: int) -> None:
    """Refuse a graph that cannot take n x 3 x side x side; symbolic axes fit anything."""
    wanted = [None, 3, input_px, input_px]
    fits = len(shapes) == 1 and len(shapes[0]) == 4
    if not fits or any(isinstance(i, int) and w and i != w for i, w in zip(shapes[0], wanted, strict=True)):
        raise ValueError(f"model {name}: inputs have shapes {shapes}; must be one of n x 3 x {input_px} x {input_px}")


def _run_in_fixed_batches(run: Network, size: int) -> Network:
    """Run any batch through a graph that takes exactly `size` images; the last part is padded with its last image."""

    def run_any(batch: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            padding = np.repeat(part[-1:], size - len(part), axis=0)
            parts.append(run(np.concatenate([part, padding]))[: len(part)])
        return np.concatenate(parts)

    return run_any


def _onnx_module(name: str, weights: Path, input_px: int) -> Any:
    import onnx2torch

    return onnx2torch.convert(str(weights))


def _facenet_module(name: str, weights: Path, input_px: int) -> Any:
    import torch
    from facenet_pytorch import InceptionResnetV1

    network = InceptionResnetV1(pretrained=None, classify=False)
    try:
        state = torch.load(str(weights), map_location="cpu", weights_only=True)
        # An embedding does not use the classifier of the training identities.
        state = {key: value for key, value in state.items() if not key.startswith("logits.")}
        network.load_state_dict(state)
    except Exception as error:  # pickle, zip and key errors all mean that the file is not what it should be
        raise ValueError(f"model {name}: {weights} holds no InceptionResnetV1 weights: {error}") from error
    return network.eval()


def _torchscript_module(name: str, weights: Path, input_px: int) -> Any:
    import torch

    try:
        return torch.jit.load(str(weights), map_location="cpu").eval()
    except Exception as error:  # torch raises RuntimeError, ValueError and others for a bad file
        raise ValueError(f"model {name}: {weights} is no TorchScript file: {error}") from error


def _demo_module(name: str, weights: Path, input_px: int) -> Any:
    from whyface.models.demo_network import INPUT_PX, load_network

    if input_px != INPUT_PX:
        raise ValueError(f"model {name}: kind demo takes input_px {INPUT_PX}, not {input_px}")
    try:
        return load_network(weights)
    except ValueError as error:
        raise ValueError(f"model {name}: {error}") from error


MODULES: dict[str, Callable[[str, Path, int], Any]] = {
    "onnx": _onnx_module,
    "facenet-pytorch": _facenet_module,
    "torchscript": _torchscript_module,
    "demo": _demo_module,
}


def _open_module(kind: str, lay_out: Callable = np.ascontiguousarray) -> Opener:
    """Make the opener of a kind that is already a torch module."""

    def open_module(name: str, weights: Path, input_px: int, device: str) -> Network:
        return _run_torch(MODULES[kind](name, weights, input_px), device, lay_out)

    return open_module


def _run_torch(network: Any, device: str, lay_out: Callable = np.ascontiguousarray) -> Network:
    import torch

    chosen = use_torch(device)
    network = network.eval().to(chosen)

    def run(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(lay_out(batch)).to(chosen)).float().cpu().numpy()

    return run


def _put_channels_last(batch: np.ndarray) -> np.ndarray:
    """Store a batch channels-last, as this network prefers; crops usually are, so usually nothing is copied."""
    return np.ascontiguousarray(batch.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


OPENERS: dict[str, Opener] = {
    "onnx": _open_onnx,
    "facenet-pytorch": _open_module("facenet-pytorch"),
    "torchscript": _open_module("torchscript"),
    "demo": _open_module("demo", _put_channels_last),
}
