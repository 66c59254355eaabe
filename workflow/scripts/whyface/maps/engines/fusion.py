"""Lets oneDNN, on the CPU, compute a convolution and what follows it pixel by pixel in one call.

A constant factor, a sum and a ReLU after a convolution each read and write whole maps; fused, they are applied while a
result is still in a register. Weights for whole maps are laid out once, as oneDNN wants them, instead of in every call.
torch's own compiler uses the same operations.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch

from whyface.maps.engines.convolutions import Convolution, aten
from whyface.maps.engines.layers import Layer, Layers

logger = logging.getLogger("whyface")

# Weights are laid out for this many images at a time; where others need another layout, oneDNN makes it in the call.
BATCH = 16
# Windows come in many sizes, which need layouts of their own. Small weights are laid out in the call; of larger ones,
# a second copy would cost too much.
LARGE = 100_000


class Chain(NamedTuple):
    """Layers that become one: a convolution, then perhaps a factor, then the sum with another result, then a ReLU."""

    layers: tuple[Layer, ...]
    factor: float = 1.0
    addend: tuple[str, ...] = ()
    is_relu: bool = False

    @property
    def name(self) -> str:
        """Name of the result."""
        return self.layers[-1].name


def fuse(layers: Layers) -> Layers:
    """Fuse a network on the CPU; return it as it is where torch or the processor lacks the operations."""
    if layers.device.type != "cpu":
        return layers
    try:
        with torch.inference_mode():
            return replace(layers, layers=tuple(_fused_layers(layers)), read_as=_refuse)
    except (AttributeError, RuntimeError) as error:
        logger.info("layers are not fused: %s", str(error).strip().split("\n")[0])
        return layers


def _refuse(dtype: torch.dtype) -> Layers:
    """Take the place of the graph, which would hold all weights a second time."""
    raise ValueError(f"fused layers cannot be read again as {dtype}")


def _fused_layers(layers: Layers) -> Iterator[Layer]:
    chains = {chain.name: chain for chain in _find_chains(layers)}
    fused = {layer.name for chain in chains.values() for layer in chain.layers}
    for layer in layers.layers:
        if layer.name in chains:
            yield _fuse_chain(chains[layer.name], layers.shapes)
        elif layer.name not in fused:
            yield layer


def _find_chains(layers: Layers) -> Iterator[Chain]:
    readers: dict[str, list[Layer]] = {}
    for layer in layers.layers:
        for name in dict.fromkeys(layer.inputs):
            readers.setdefault(name, []).append(layer)
    taken: set[str] = set()  # of two convolutions whose results are added, only one can take the sum
    for layer in layers.layers:
        if layer.convolution is not None:
            chain, longer = Chain((layer,)), True
            while longer:
                following = readers.get(chain.name, [])
                usable = len(following) == 1 and chain.name != layers.output and following[0].name not in taken
                grown = _extend(chain, following[0], layers.shapes) if usable else None
                chain, longer = grown or chain, grown is not None
            taken.update(one.name for one in chain.layers)
            yield chain


def _extend(chain: Chain, layer: Layer, shapes: Mapping[str, tuple[int, ...]]) -> Chain | None:
    """Add a layer to a chain; return None if oneDNN cannot compute it along with the convolution."""
    longer = chain._replace(layers=(*chain.layers, layer))
    if chain.is_relu or any(shapes[name] != layer.shape for name in layer.inputs):
        return None
    if layer.kind is aten.relu:
        return longer._replace(is_relu=True)
    if chain.addend:
        return None
    one = torch.ones(1, 1, 1, 1)
    if layer.kind is aten.mul and len(layer.inputs) == 1:
        factor = layer.apply(one)
        return longer._replace(factor=chain.factor * float(factor)) if factor.numel() == 1 else None
    # Torch's sum may have a factor for its second term.
    if layer.kind is aten.add and len(set(layer.inputs)) == 2 and layer.apply(one, one) == 2:
        return longer._replace(addend=tuple(name for name in layer.inputs if name != chain.name))
    return None


def _fuse_chain(chain: Chain, shapes: Mapping[str, tuple[int, ...]]) -> Layer:
    first = chain.layers[0]
    convolution = _scaled(first.convolution, chain.factor) if first.convolution else None
    if convolution is None:
        raise ValueError(f"layer {first.name} is no convolution")
    inputs = (*first.inputs, *chain.addend)
    laid_out = _lay_out(convolution, (BATCH, *shapes[first.inputs[0]]))
    inside = replace(laid_out if convolution.weight.numel() > LARGE else convolution, padding=(0, 0))
    whole, windows = _bind(laid_out, chain), _bind(inside, chain)
    return Layer(chain.name, inputs, whole, True, first.shape, first.sliding, windows)


def _scaled(found: Convolution, factor: float) -> Convolution:
    if factor == 1:
        return found
    return replace(found, weight=found.weight * factor, bias=None if found.bias is None else found.bias * factor)


def _lay_out(found: Convolution, shape: tuple[int, ...]) -> Convolution:
    steps = (found.padding, found.stride, found.dilation, found.groups)
    return replace(found, weight=torch.ops.mkldnn._reorder_convolution_weight(found.weight, *steps, shape))


def _bind(found: Convolution, chain: Chain) -> Callable[..., torch.Tensor]:
    given = (found.weight, found.bias, found.padding, found.stride, found.dilation, found.groups)
    if chain.addend:
        last = "relu" if chain.is_relu else None
        add = torch.ops.mkldnn._convolution_pointwise.binary
        return lambda x, other: add(x, other, *given, "add", 1.0, last, [], None)
    last = "relu" if chain.is_relu else "none"
    convolve = torch.ops.mkldnn._convolution_pointwise.default
    return lambda x: convolve(x, *given, last, [], None)
