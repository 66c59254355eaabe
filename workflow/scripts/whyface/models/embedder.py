"""The models under audit: whatever the file, a function from face crops to unit vectors.

`Embedder` holds all that kinds share (channel order, pixel scaling, checks, L2 norm); a kind is a function that opens
a file and returns a network, that is a function from float32 batches (n x 3 x side x side) to raw outputs (n x d), and
one that makes a torch module of the file, for those who take the network apart.
Each kind imports its own runtime: torch and torchvision take ten seconds to load, in every job.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

logger = logging.getLogger("whyface")

Network = Callable[[np.ndarray], np.ndarray]
Opener = Callable[[str, Path, int, str], Network]
# One thread a job, whatever --cores says, so that sums are added in one order and every run agrees. Jobs are what runs
# in parallel: two jobs of one thread embed 1.6 times as many images as one job of two.
THREADS = 1
NORM_FLOOR = 1e-12


class Embedder:
    """A model under audit.

    Parameters
    ----------
    name : str
        The model's name in the config, for messages.
    model : mapping
        Its config entry: kind, input_px, channels, pixel_mean, pixel_std.
    weights : path
        The model's file.
    device : str
        `auto` (CUDA where there is one), `cpu` or `cuda`.

    Raises
    ------
    ValueError
        The file or `input_px` is not what its kind needs, or the device is not to be had.
    """

    def __init__(self, name: str, model: Mapping[str, Any], weights: Path, device: str):
        self.name = name
        self.input_px = int(model["input_px"])
        self._mean = np.float32(model["pixel_mean"])
        self._std = np.float32(model["pixel_std"])
        self._bgr = model["channels"] == "bgr"
        self._kind, self._weights, self._device = model["kind"], weights, device
        self.run = _OPENERS[self._kind](name, weights, self.input_px, device)
        self.dimension: int | None = None

    def module(self) -> Any:
        """Make a torch module of the model: from what `run` takes to what `run` returns, as tensors.

        Raises
        ------
        Exception
            The file holds something that cannot be had as a module.
        """
        return _MODULES[self._kind](self.name, self._weights, self.input_px)

    def torch_device(self) -> str:
        """Where torch is to compute: cuda or cpu."""
        return use_torch(self._device)

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
        raw = self.run(self.scale(crops).transpose(0, 3, 1, 2))
        return self.normalise(raw, labels)

    def scale(self, crops: np.ndarray) -> np.ndarray:
        """Make of crops what the network reads: float32, n x input_px x input_px x 3, its channel order and scale."""
        scaled = np.array(crops[..., ::-1] if self._bgr else crops, np.float32)
        scaled -= self._mean
        scaled /= self._std
        return scaled

    def normalise(self, raw: np.ndarray, labels: Sequence[str]) -> np.ndarray:
        """Check raw outputs, n x d, and scale them to unit length; see `embed`."""
        raw = np.asarray(raw, np.float64)
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


def use_torch(device: str) -> str:
    """Set torch up for repeatable numbers and turn `auto` into cuda where there is one, else cpu.

    Raises
    ------
    ValueError
        `cuda` is wanted and there is none.
    """
    import torch

    torch.set_num_threads(THREADS)
    # Ten bits of mantissa are too few for maps.
    torch.backends.cudnn.allow_tf32 = False
    available = torch.cuda.is_available()
    _check_device(device, available, "torch finds no CUDA device")
    chosen = "cuda" if available and device != "cpu" else "cpu"
    logger.info("torch on %s", chosen)
    return chosen


def _check_device(device: str, available: bool, reason: str) -> None:
    if device == "cuda" and not available:
        raise ValueError(f"run.device: 'cuda' is wanted but {reason}; allowed here: auto, cpu")


def _first(labels: Sequence[str], good: np.ndarray) -> str:
    return labels[int(np.argmin(good))]


def _open_onnx(name: str, weights: Path, input_px: int, device: str) -> Network:
    import onnxruntime

    available = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    _check_device(device, available, "this ONNX Runtime has no CUDA provider (install onnxruntime-gpu)")
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
    """Serve any batch with a graph that takes exactly `size` images; the last part is padded with its last image."""

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
        # The classifier of the training identities has no place in an embedding.
        state = {key: value for key, value in state.items() if not key.startswith("logits.")}
        network.load_state_dict(state)
    except Exception as error:  # pickle, zip and key errors alike: the file is not what it should be
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


_MODULES: dict[str, Callable[[str, Path, int], Any]] = {
    "onnx": _onnx_module,
    "facenet-pytorch": _facenet_module,
    "torchscript": _torchscript_module,
    "demo": _demo_module,
}


def _open_module(kind: str, lay_out: Callable = np.ascontiguousarray) -> Opener:
    """Make the opener of a kind that is a torch module anyway."""

    def open_module(name: str, weights: Path, input_px: int, device: str) -> Network:
        return _run_torch(_MODULES[kind](name, weights, input_px), device, lay_out)

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
    """Lay a batch out as crops are, which this network wants: mostly no copy."""
    return np.ascontiguousarray(batch.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


_OPENERS: dict[str, Opener] = {
    "onnx": _open_onnx,
    "facenet-pytorch": _open_module("facenet-pytorch"),
    "torchscript": _open_module("torchscript"),
    "demo": _open_module("demo", _put_channels_last),
}
