"""A model under audit, whatever its file: a function from face crops to unit vectors.

`Embedder` holds what all kinds of model share: channel order, pixel scaling, mirror images, checks, L2 normalisation.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from whyface.devices import use_torch
from whyface.models.forms import in_one_line, without_unit_axes
from whyface.models.free_batch import Network
from whyface.models.kinds import MODULES, OPENERS
from whyface.models.mirroring import combine

NORM_FLOOR = 1e-12


class UndefinedEmbeddingError(ValueError):
    """An output has no direction: it is NaN, infinite or zero."""


class Embedder:
    """A model under audit.

    Parameters
    ----------
    name : str
        The model's name in the config, for messages.
    model : mapping
        Its config entry: kind, input_px, channels, pixel_mean, pixel_std; possibly flip, input_layout, output and
        constants; where the file can run code, also trusted and weights with its sha256.
    weights : path
        The model's file.
    device : str
        `auto` (CUDA where there is one), `cpu` or `cuda`.

    Raises
    ------
    ValueError
        The file or `input_px` does not suit its kind, or the device is not available.
    """

    def __init__(self, name: str, model: Mapping[str, Any], weights: Path, device: str):
        self.name = name
        self.input_px = int(model["input_px"])
        self._mean = np.float32(model["pixel_mean"])
        self._std = np.float32(model["pixel_std"])
        self._bgr = model["channels"] == "bgr"
        self.flip: str = model.get("flip", "none")
        self._model, self._weights, self._device = model, weights, device
        self._network: Network | None = self._open()
        self.dimension: int | None = None

    def _open(self) -> Network:
        return OPENERS[self._model["kind"]](self.name, self._model, self._weights, self._device)

    def close(self) -> None:
        """Free the runtime and its copy of the weights; it opens again when it is needed."""
        self._network = None

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network, on images and, if the model's `flip` says so, on their mirror images.

        Parameters
        ----------
        batch : numpy.ndarray
            float32, n x 3 x input_px x input_px, scaled as the network expects.

        Returns
        -------
        numpy.ndarray
            float32: raw outputs.

        Raises
        ------
        ValueError
            The network fails.
        """
        straight = self._run(batch)
        return straight if self.flip == "none" else combine(self.flip, straight, self._run(batch[..., ::-1]))

    def run_and_add_mirror(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what `run` does; and the sum of the outputs for images and mirror images, whatever `flip` says."""
        straight, mirrored = self._run(batch), self._run(batch[..., ::-1])
        return combine(self.flip, straight, mirrored), straight + mirrored

    def _run(self, batch: np.ndarray) -> np.ndarray:
        self._network = self._network or self._open()
        try:
            return without_unit_axes(np.asarray(self._network(batch), np.float32))
        except Exception as error:  # each runtime has classes of its own
            reason = in_one_line(error)
            raise ValueError(
                f"model {self.name}: {self._weights} fails on a batch of {len(batch)}: {reason}"
            ) from error

    def module(self) -> Any:
        """Load the model as a torch module, which does what `run` does without mirror images, with tensors.

        Raises
        ------
        Exception
            The file cannot be read as a module.
        """
        return MODULES[self._model["kind"]](self.name, self._model, self._weights)

    def torch_device(self) -> str:
        """Return the device for torch: cuda or cpu."""
        return use_torch(self._device)

    def embed(self, crops: np.ndarray, labels: Sequence[str], zero_is_error: bool = True) -> np.ndarray:
        """Embed face crops.

        Parameters
        ----------
        crops : numpy.ndarray
            n x input_px x input_px x 3, RGB, 0 to 255, any dtype.
        labels : sequence of str
            What each crop shows, for messages.
        zero_is_error : bool
            Whether to refuse zero vectors, which have no direction. Otherwise they stay: cosine distance 1 to all.

        Returns
        -------
        numpy.ndarray
            float32, n x dimension, L2-normalised.

        Raises
        ------
        ValueError
            The model returned a wrong shape, NaN or infinity, or a zero vector; names the model and the crop.
        """
        return self.normalise(self.run(self.to_batch(crops)), labels, zero_is_error)

    def to_batch(self, crops: np.ndarray) -> np.ndarray:
        """Convert crops to what `run` takes."""
        return self.scale(crops).transpose(0, 3, 1, 2)

    def scale(self, crops: np.ndarray) -> np.ndarray:
        """Convert crops to the network's channel order and scale: float32, n x input_px x input_px x 3."""
        scaled = np.array(crops[..., ::-1] if self._bgr else crops, np.float32)
        scaled -= self._mean
        scaled /= self._std
        return scaled

    @staticmethod
    def directions(raw: np.ndarray) -> np.ndarray:
        """Scale raw outputs, n x d, to unit length; NaN for outputs without a direction: NaN, infinite or zero."""
        raw = np.asarray(raw, np.float64)
        norms = np.linalg.norm(raw, axis=1, keepdims=True)
        known = np.isfinite(norms) & (norms > NORM_FLOOR)
        return np.divide(raw, norms, out=np.full_like(raw, np.nan), where=known).astype(np.float32)

    def normalise(self, raw: np.ndarray, labels: Sequence[str], zero_is_error: bool = True) -> np.ndarray:
        """Check raw outputs, n x d, and scale them to unit length; see `embed`."""
        raw = np.asarray(raw, np.float64)
        wanted = (len(labels), self.dimension or "d")
        if raw.ndim != 2 or len(raw) != len(labels) or raw.shape[1] != (self.dimension or raw.shape[1]):
            raise ValueError(f"model {self.name}: output has shape {raw.shape}, must be {wanted} (image {labels[0]})")
        self.dimension = raw.shape[1]
        finite = np.isfinite(raw).all(axis=1)
        if not finite.all():
            raise UndefinedEmbeddingError(
                f"model {self.name}: output has NaN or infinite values for image {_first(labels, finite)}"
            )
        norms = np.linalg.norm(raw, axis=1, keepdims=True)
        positive = norms[:, 0] > NORM_FLOOR
        if zero_is_error and not positive.all():
            raise UndefinedEmbeddingError(
                f"model {self.name}: output is a zero vector for image {_first(labels, positive)}"
            )
        return (raw / np.maximum(norms, NORM_FLOOR)).astype(np.float32)


def _first(labels: Sequence[str], good: np.ndarray) -> str:
    return labels[int(np.argmin(good))]
