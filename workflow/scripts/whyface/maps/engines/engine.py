"""The ways to embed an image under every mask, by name.

`own`: full passes in the runtime of the model's kind. `full`: full passes through the traced layers, in torch.
`windows`: computes only what each mask changes. `half` and `half windows`: the same two in half precision, on CUDA.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch

from whyface.devices import free_memory
from whyface.maps.engines.changed_windows import ChangedWindows
from whyface.maps.engines.full_passes import FullPasses
from whyface.maps.engines.fusion import fuse
from whyface.maps.engines.layers import Layers
from whyface.maps.engines.tracing import trace_layers
from whyface.maps.masks import MaskSet
from whyface.models.embedder import Embedder
from whyface.models.mirroring import combine

logger = logging.getLogger("whyface")

ON_CPU = ("own", "full", "windows")
ON_CUDA = (*ON_CPU, "half", "half windows")


class Engine(Protocol):
    """Embeds one image under every mask."""

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Embed the clean image, and the image under every mask.

        Parameters
        ----------
        shown, hidden : numpy.ndarray
            float32, side x side x 3: the image and what shows through the patches, scaled as the network expects.

        Returns
        -------
        numpy.ndarray
            float32, (1 + n) x d: raw outputs for the clean image, then for masks 0 to n - 1.
        """


def open_engine(embedder: Embedder, masks: Sequence[MaskSet], name: str, batch: int, layers: Layers | None) -> Engine:
    """Set up an engine.

    Parameters
    ----------
    embedder : Embedder
        The model.
    masks : sequence of MaskSet
        The masks to paint.
    name : str
        One of `ON_CUDA`.
    batch : int
        Number of masks embedded at a time.
    layers : Layers or None
        The traced model; `own` does not need it.
    """
    if name == "own":
        run = _in_own_runtime(embedder)
        return FullPasses(run, masks, batch, torch.device("cpu"), layout=torch.contiguous_format)
    if layers is None:
        raise ValueError(f"engine {name} needs the traced model {embedder.name}, which torch could not trace")
    layers = layers.half if is_half(name) else layers
    straight = _open_traced(layers, masks, name, batch)
    if embedder.flip == "none":
        return straight
    return BothSides(embedder.flip, straight, _open_traced(layers, list(map(_mirror, masks)), name, batch))


def _open_traced(layers: Layers, masks: Sequence[MaskSet], name: str, batch: int) -> Engine:
    if name.endswith("windows"):
        return ChangedWindows(layers, masks, batch)
    return FullPasses(layers.run, masks, batch, layers.device, layers.dtype)


def _mirror(mask_set: MaskSet) -> MaskSet:
    """Mirror what each mask covers; that is all that engines read."""
    return replace(mask_set, covered=np.ascontiguousarray(mask_set.covered[:, :, ::-1]))


class BothSides:
    """Embeds an image and its mirror image under every mask, each in its own engine, and combines the raw outputs.

    The mirror image of a covered face is covered at mirrored places, by the mirrored filler.

    Parameters
    ----------
    flip : str
        How outputs are combined.
    straight, mirrored : Engine
        One for the masks, one for the masks mirrored, in the same order.
    """

    def __init__(self, flip: str, straight: Engine, mirrored: Engine):
        self._flip, self._straight, self._mirrored = flip, straight, mirrored

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Embed the clean image, and the image under every mask; see `Engine.embed`."""
        turned = (np.ascontiguousarray(part[:, ::-1]) for part in (shown, hidden))
        return combine(self._flip, self._straight.embed(shown, hidden), self._mirrored.embed(*turned))


def is_half(name: str) -> bool:
    """Whether an engine computes in half precision."""
    return name.startswith("half")


def _in_own_runtime(embedder: Embedder) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda images: torch.from_numpy(np.asarray(embedder.run(images.numpy()), np.float32))


def unit_vectors(embedder: Embedder, engine: Engine, shown: np.ndarray, hidden: np.ndarray, label: str) -> np.ndarray:
    """Embed as `Engine.embed` does, and scale to unit length; NaN under masks where the output has no direction.

    Raises
    ------
    ValueError
        The output for the clean image has no direction; names the model and `label`.
    """
    raw = engine.embed(shown, hidden)
    return np.concatenate([embedder.normalise(raw[:1], [label]), embedder.directions(raw[1:])])


def trace_model(embedder: Embedder, fused: bool = True) -> Layers | None:
    """Trace a model into layers, fused unless gradients are wanted; if torch cannot, log the reason and return None."""
    embedder.close()  # to read a large model as a module takes several times its size for a moment
    free_memory()
    try:
        finish = fuse if fused else lambda layers: layers
        # Some networks give n x d x 1 x 1; what is flat stays as it is.
        module = torch.nn.Sequential(embedder.module(), torch.nn.Flatten())
        return finish(trace_layers(module, embedder.input_px, embedder.torch_device()))
    except Exception as error:  # export meets models of every kind, and fails in as many ways
        reason = str(error).strip().split("\n")[0]
        logger.info("model %s: runs whole only, in its own runtime: %s", embedder.name, reason)
        return None
    finally:
        free_memory()
