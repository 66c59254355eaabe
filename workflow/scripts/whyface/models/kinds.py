"""The kinds of model file; each can be opened as a network, or read as a torch module.

A network is a function from float32 batches (n x 3 x side x side) to raw outputs (n x d). A module is the same network
in a form that can be traced. Each kind imports its own runtime on use: torch and torchvision take ten seconds to load.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from whyface.devices import use_torch
from whyface.models.demo_layers import INPUT_PX
from whyface.models.forms import in_one_line, run_in_fixed_batches
from whyface.models.free_batch import Network
from whyface.models.onnx_files import onnx_module, open_on_cpu, open_onnx

logger = logging.getLogger("whyface")

Module = Callable[[str, Mapping[str, Any], Path], Any]
Opener = Callable[[str, Mapping[str, Any], Path, str], Network]


def _facenet_module(name: str, model: Mapping[str, Any], weights: Path) -> Any:
    import torch
    from facenet_pytorch import InceptionResnetV1

    network = InceptionResnetV1(pretrained=None, classify=False)
    try:
        state = torch.load(str(weights), map_location="cpu", weights_only=True)
        # An embedding does not use the classifier of the training identities.
        state = {key: value for key, value in state.items() if not key.startswith("logits.")}
        network.load_state_dict(state)
    except Exception as error:  # pickle, zip and key errors all mean that the file is not what it should be
        raise ValueError(f"model {name}: {weights} holds no InceptionResnetV1 weights: {in_one_line(error)}") from error
    return _plain(name, model, weights, network.eval())


def _torchscript_module(name: str, model: Mapping[str, Any], weights: Path) -> Any:
    import torch

    content = _read_trusted(name, model, weights)
    try:
        network = torch.jit.load(content, map_location="cpu").eval()
    except Exception as error:  # torch raises RuntimeError, ValueError and others for a bad file
        raise ValueError(f"model {name}: {weights} is no TorchScript file: {in_one_line(error)}") from error
    return _plain(name, model, weights, network)


def _exported_module(name: str, model: Mapping[str, Any], weights: Path) -> Any:
    import torch

    content = _read_trusted(name, model, weights)
    try:
        network = torch.export.load(content).module()
    except Exception as error:  # as many classes as there are parts of the file
        raise ValueError(f"model {name}: {weights} is no file of torch.export: {in_one_line(error)}") from error
    return _plain(name, model, weights, network)


def _plain(name: str, model: Mapping[str, Any], weights: Path, network: Any) -> Any:
    from whyface.models.torch_forms import make_plain

    plain, said = make_plain(name, model, weights, network)
    logger.info("%s", said)
    return plain


def _read_trusted(name: str, model: Mapping[str, Any], weights: Path) -> BytesIO:
    """Read a file that can run code when it is opened, if the config vouches for this very file."""
    expected = model.get("weights", {}).get("sha256")
    if not (model.get("trusted") and expected):
        raise ValueError(f"model {name}: opening {weights} can run code; it needs trusted: true and weights.sha256")
    content = weights.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(f"model {name}: {weights} has sha256 {found}; models.{name}.weights.sha256 says {expected}")
    return BytesIO(content)


def _demo_module(name: str, model: Mapping[str, Any], weights: Path) -> Any:
    from whyface.models.demo_network import load_network

    return _read_demo(name, model, weights, load_network)


def _open_demo(name: str, model: Mapping[str, Any], weights: Path, device: str) -> Network:
    """Open the demo network in ONNX Runtime; in torch only where CUDA is asked for, which brings it nothing."""
    from whyface.models.demo_graph import build_graph

    if device == "cuda":
        return _open_module("demo")(name, model, weights, device)
    return open_on_cpu(_read_demo(name, model, weights, build_graph))


def _read_demo(name: str, model: Mapping[str, Any], weights: Path, read: Callable[[Path], Any]) -> Any:
    if model["input_px"] != INPUT_PX:
        raise ValueError(f"model {name}: kind demo takes input_px {INPUT_PX}, not {model['input_px']}")
    try:
        return read(weights)
    except ValueError as error:
        raise ValueError(f"model {name}: {error}") from error


def _open_module(kind: str) -> Opener:
    """Make the opener of a kind that is already a torch module."""

    def open_module(name: str, model: Mapping[str, Any], weights: Path, device: str) -> Network:
        return _run_torch(MODULES[kind](name, model, weights), device)

    return open_module


def _run_torch(network: Any, device: str) -> Network:
    import torch

    chosen = use_torch(device)
    network = network.eval().to(chosen)

    def run(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(np.ascontiguousarray(batch)).to(chosen)).float().cpu().numpy()

    size = getattr(network, "size", None)
    return run_in_fixed_batches(run, size) if size else run


MODULES: dict[str, Module] = {
    "onnx": onnx_module,
    "facenet-pytorch": _facenet_module,
    "torchscript": _torchscript_module,
    "torch-export": _exported_module,
    "demo": _demo_module,
}
OPENERS: dict[str, Opener] = {
    "onnx": open_onnx,
    "facenet-pytorch": _open_module("facenet-pytorch"),
    "torchscript": _open_module("torchscript"),
    "torch-export": _open_module("torch-export"),
    "demo": _open_demo,
}
