"""The models under audit: whatever the file, a function from face crops to unit vectors.

`Embedder` holds all that kinds share (channel order, pixel scaling, checks, L2 norm); a kind is a function that opens
a file and returns a network, that is a function from float32 batches (n x 3 x side x side) to raw outputs (n x d).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from facenet_pytorch import InceptionResnetV1

logger = logging.getLogger("whyface")

Network = Callable[[np.ndarray], np.ndarray]
# One fixed number of threads, whatever --cores says, so that sums are added in one order and every run agrees.
THREADS = 2
NORM_FLOOR = 1e-12


class Embedder:
    """A model under audit.

    Parameters
    ----------
    name : str
        The model's name in the config, for messages.
    model : mapping
        Its config entry: kind, input_px, channels, pixel_mean, pixel_std.
    weights : path or None
        The model's file; None for kind demo.
    device : str
        `cpu` or `cuda`.
    """

    def __init__(self, name: str, model: Mapping[str, Any], weights: Path | None, device: str):
        torch.set_num_threads(THREADS)
        self.name = name
        self.input_px = int(model["input_px"])
        self._mean = np.float32(model["pixel_mean"])
        self._std = np.float32(model["pixel_std"])
        self._bgr = model["channels"] == "bgr"
        self._network = _OPENERS[model["kind"]](name, weights, self.input_px, device)
        self.dimension: int | None = None

    def embed(self, crops: np.ndarray, labels: Sequence[str]) -> np.ndarray:
        """Embed face crops.

        Parameters
        ----------
        crops : numpy.ndarray
            n x input_px x input_px x 3, RGB, 0 to 255, any dtype.
        labels : sequence of str
            What each crop shows, for messages.

        Returns
        -------
        numpy.ndarray
            float32, n x dimension, L2-normalised.

        Raises
        ------
        ValueError
            The model returned a wrong shape, NaN or infinity, or a zero vector; names the model and the crop.
        """
        batch = np.asarray(crops, np.float32).transpose(0, 3, 1, 2)
        if self._bgr:
            batch = batch[:, ::-1]
        raw = self._network(np.ascontiguousarray((batch - self._mean) / self._std))
        return self._normalise(np.asarray(raw, np.float64), labels)

    def _normalise(self, raw: np.ndarray, labels: Sequence[str]) -> np.ndarray:
        wanted = (len(labels), self.dimension or "d")
        if raw.ndim != 2 or len(raw) != len(labels) or raw.shape[1] != (self.dimension or raw.shape[1]):
            raise ValueError(f"model {self.name}: output has shape {raw.shape}, must be {wanted} (image {labels[0]})")
        self.dimension = raw.shape[1]
        finite = np.isfinite(raw).all(axis=1)
        if not finite.all():
            raise ValueError(f"model {self.name}: output has NaN or infinite values for image {_first(labels, finite)}")
        norms = np.linalg.norm(raw, axis=1, keepdims=True)
        positive = norms[:, 0] > NORM_FLOOR
        if not positive.all():
            raise ValueError(f"model {self.name}: output is a zero vector for image {_first(labels, positive)}")
        return (raw / norms).astype(np.float32)


def choose_device(wanted: str) -> str:
    """Turn `auto` into cuda where there is one, else cpu.

    Raises
    ------
    ValueError
        `cuda` is wanted and there is none.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise ValueError("run.device: 'cuda' is wanted but torch finds no CUDA device; allowed here: auto, cpu")
    return "cuda" if available and wanted != "cpu" else "cpu"


def _first(labels: Sequence[str], good: np.ndarray) -> str:
    return labels[int(np.argmin(good))]


def _open_onnx(name: str, weights: Path | None, input_px: int, device: str) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    providers = ["CPUExecutionProvider"]
    if device == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, "CUDAExecutionProvider")
    try:
        session = onnxruntime.InferenceSession(str(weights), options, providers=providers)
    except Exception as error:  # ONNX Runtime's own classes share no other base
        raise ValueError(f"model {name}: {weights} is no ONNX model that ONNX Runtime can run: {error}") from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        shapes = [(entry.name, entry.shape) for entry in inputs]
        raise ValueError(f"model {name}: inputs are {shapes}; must be one of n x 3 x {input_px} x {input_px}")
    for axis, wanted in ((1, 3), (2, input_px), (3, input_px)):
        if isinstance(inputs[0].shape[axis], int) and inputs[0].shape[axis] != wanted:
            raise ValueError(f"model {name}: input is {inputs[0].shape}; must be n x 3 x {input_px} x {input_px}")
    logger.info("model %s: ONNX Runtime on %s", name, session.get_providers()[0])
    entry, output = inputs[0], session.get_outputs()[0].name
    kind = np.float16 if entry.type == "tensor(float16)" else np.float32

    def run(batch: np.ndarray) -> np.ndarray:
        return session.run([output], {entry.name: batch.astype(kind, copy=False)})[0]

    fixed = entry.shape[0] if isinstance(entry.shape[0], int) else None
    return _run_in_fixed_batches(run, fixed) if fixed else run


def _run_in_fixed_batches(run: Network, size: int) -> Network:
    """Serve any batch with a graph that takes exactly `size` images; the last part is padded with its last image."""

    def run_any(batch: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            padding = np.repeat(part[-1:], size - len(part), axis=0)
            parts.append(run(np.concatenate([part, padding]))[: len(part)])
        return np.concatenate(parts)

    return run_any


def _open_facenet(name: str, weights: Path | None, input_px: int, device: str) -> Network:
    network = InceptionResnetV1(pretrained=None, classify=False)
    try:
        state = torch.load(str(weights), map_location="cpu", weights_only=True)
        # The classifier of the training identities has no place in an embedding.
        state = {key: value for key, value in state.items() if not key.startswith("logits.")}
        network.load_state_dict(state)
    except Exception as error:  # pickle, zip and key errors alike: the file is not what it should be
        raise ValueError(f"model {name}: {weights} holds no InceptionResnetV1 weights: {error}") from error
    return _run_torch(network.eval(), device)


def _open_torchscript(name: str, weights: Path | None, input_px: int, device: str) -> Network:
    try:
        network = torch.jit.load(str(weights), map_location="cpu")
    except Exception as error:  # torch raises RuntimeError, ValueError and others for a bad file
        raise ValueError(f"model {name}: {weights} is no TorchScript file: {error}") from error
    return _run_torch(network.eval(), device)


def _open_demo(name: str, weights: Path | None, input_px: int, device: str) -> Network:
    return _run_torch(DemoNetwork(), device)


class DemoNetwork(torch.nn.Module):
    """Compares coarse pixels: a stand-in without weights that shows the pipeline at work, and no face recogniser."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Average 14 x 14 cells, less their mean: n x 3 x side x side -> n x 588."""
        cells = torch.nn.functional.adaptive_avg_pool2d(pixels, 14)  # n x 3 x 14 x 14
        return (cells - cells.mean(dim=(2, 3), keepdim=True)).flatten(1)


def _run_torch(network: torch.nn.Module, device: str) -> Network:
    network = network.to(device)

    def run(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(batch).to(device)).float().cpu().numpy()

    return run


_OPENERS: dict[str, Callable[[str, Path | None, int, str], Network]] = {
    "onnx": _open_onnx,
    "facenet-pytorch": _open_facenet,
    "torchscript": _open_torchscript,
    "demo": _open_demo,
}
