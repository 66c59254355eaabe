"""Represents a network as a list of layers that state which input pixels an output pixel depends on."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from whyface.maps.engines.convolutions import Convolution
from whyface.maps.engines.window_geometry import Sliding


@dataclass(frozen=True)
class Layer:
    """One operation of a network.

    Attributes
    ----------
    name : str
        Name of the operation and of its result.
    inputs : tuple of str
        Names of the results that it reads.
    apply : callable
        Computes the result from the inputs.
    is_local : bool
        Whether a pixel of the result depends only on the same pixel of the inputs, or on the window of `sliding`;
        otherwise it may depend on anything.
    sliding : Sliding or None
        The sliding window of a convolution or pooling; None for other operations.
    apply_inside : callable or None
        The same as `apply`, without padding; only for sliding layers.
    shape : tuple of int
        Shape of the result for one image, without the batch axis; empty if the result is not a tensor.
    kind : object
        Torch's name of the operation, without its overload.
    convolution : Convolution or None
        What a convolution computes.
    """

    name: str
    inputs: tuple[str, ...]
    apply: Callable[..., Any]
    is_local: bool
    shape: tuple[int, ...]
    sliding: Sliding | None = None
    apply_inside: Callable[..., Any] | None = None
    kind: Any = None
    convolution: Convolution | None = None


@dataclass(frozen=True)
class Layers:
    """A network.

    Attributes
    ----------
    layers : tuple of Layer
        In order of computation.
    input, output : str
        Names of its input and of the result that is its output.
    side_px : int
        Side of its input.
    device : torch.device
        Where it computes.
    read_as : callable
        Reads the network again, with weights of another type.
    dtype : torch.dtype
        Type of its weights and maps.
    """

    layers: tuple[Layer, ...]
    input: str
    output: str
    side_px: int
    device: torch.device
    read_as: "Callable[[torch.dtype], Layers]"
    dtype: torch.dtype = torch.float32

    @cached_property
    def half(self) -> "Layers":
        """The same network in half precision; its batch norms keep their statistics in full."""
        return self.read_as(torch.float16)

    def run(self, images: torch.Tensor) -> torch.Tensor:
        """Embed images, n x 3 x side x side: raw outputs, n x d."""
        return deque(self.results(images), maxlen=1)[0][1]

    def results(self, images: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the name and value of the input, then of every layer's result; the last is the output."""
        values = {self.input: images}
        yield self.input, images
        for layer, done in zip(self.layers, self.done_after, strict=True):
            values[layer.name] = layer.apply(*(values[name] for name in layer.inputs))
            yield layer.name, values[layer.name]
            for name in done:
                del values[name]

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the input and of all results, for one image."""
        return {self.input: (3, self.side_px, self.side_px)} | {layer.name: layer.shape for layer in self.layers}

    @cached_property
    def done_after(self) -> list[list[str]]:
        """For each layer, the results that no later layer reads."""
        last = {name: index for index, layer in enumerate(self.layers) for name in layer.inputs}
        return [
            [name for name in dict.fromkeys(layer.inputs) if last[name] == index]
            for index, layer in enumerate(self.layers)
        ]
