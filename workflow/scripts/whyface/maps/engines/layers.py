"""Represents a torch network as a list of layers that state which input pixels an output pixel depends on.

`trace_layers` exports the network as a graph of torch's own operations. Batch norms that follow a convolution are
folded into it. An operation that is not known to be local is assumed to depend on all pixels.
"""

import operator
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg
from torch.nn.functional import conv2d, max_pool2d
from torch.nn.utils.fusion import fuse_conv_bn_weights

from whyface.maps.engines.window_geometry import LOWEST_ROW, Sliding

aten = torch.ops.aten
BATCH_NORM = aten._native_batch_norm_legit_no_training.default
# A pixel of the result depends on the same pixel of the inputs alone, if constants are the same at every pixel.
PIXELWISE = {
    *(aten.relu, aten.leaky_relu, aten.elu, aten.gelu, aten.silu, aten.mish, aten.sigmoid, aten.tanh),
    *(aten.hardtanh, aten.hardswish, aten.hardsigmoid, aten.clamp, aten.clamp_min, aten.clamp_max),
    *(aten.neg, aten.abs, aten.exp, aten.sqrt, aten.pow, aten.clone, aten.alias),
    *(aten.add, aten.sub, aten.mul, aten.div, aten.maximum, aten.minimum),
}
# The same, but their constants are vectors of one value a channel.
BY_CHANNEL = {aten.prelu, aten._native_batch_norm_legit_no_training}


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
    """

    name: str
    inputs: tuple[str, ...]
    apply: Callable[..., Any]
    is_local: bool
    shape: tuple[int, ...]
    sliding: Sliding | None = None
    apply_inside: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Layers:
    """A network: layers in order of computation, the names of its input and output, its input's side, its device."""

    layers: tuple[Layer, ...]
    input: str
    output: str
    side_px: int
    device: torch.device

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


def trace_layers(module: torch.nn.Module, side_px: int, device: str = "cpu") -> Layers:
    """Trace a network into layers.

    Parameters
    ----------
    module : torch.nn.Module
        Maps n x 3 x side x side to n x d, for any n.
    side_px : int
        Side of its input.
    device : str
        cpu or cuda.

    Returns
    -------
    Layers

    Raises
    ------
    Exception
        torch cannot export the network; the class varies.
    """
    module = module.eval().to(device)
    example = torch.zeros(2, 3, side_px, side_px, device=device)
    # Not a named dimension: on CUDA, torch 2.11 finds bounds of its own for n and refuses any others.
    shapes = ({0: torch.export.Dim.DYNAMIC},)
    program = torch.export.export(module, (example,), dynamic_shapes=shapes)
    graph = program.run_decompositions({}).module()
    return _Reader(graph).read(side_px, torch.device(device))


class _Reader:
    """Reads an exported graph node by node; torch's types for a node's contents are too loose to help, hence Any."""

    def __init__(self, graph: GraphModule):
        self._graph = graph
        self._constants: dict[str, Any] = {}
        self._same_as: dict[str, str] = {}  # results that an earlier layer already gives
        self._folded = _fold_batch_norms(graph)

    def read(self, side_px: int, device: torch.device) -> Layers:
        """List the layers."""
        layers, given, result = [], "", ""
        for node in self._graph.graph.nodes:
            if node.op == "placeholder":
                given = node.name
            elif node.op == "get_attr":
                self._constants[node.name] = operator.attrgetter(node.target)(self._graph).detach()
            elif node.op == "output":
                result = self._source(node.all_input_nodes[0])
            elif node.op == "call_function" and (layer := self._read(node)):
                layers.append(layer)
        return Layers(tuple(layers), given, result, side_px, device)

    def _read(self, node: Any) -> Layer | None:
        """Turn a node into a layer; return None if it is constant, or an alias of a known result."""
        inputs = [source for source in node.all_input_nodes if source.name not in self._constants]
        if not inputs:
            self._constants[node.name] = node.target(*self._resolve(node.args), **self._resolve(node.kwargs))
            return None
        if node.target is operator.getitem and inputs[0].target is BATCH_NORM:
            self._same_as[node.name] = self._source(inputs[0])
            return None
        if node.target is BATCH_NORM and node.args[0].name in self._folded:
            self._same_as[node.name] = self._source(node.args[0])
            return None
        sliding = _SLIDING.get(node.target)
        if sliding and (layer := sliding(self, node)):
            return layer
        names = tuple(self._source(source) for source in inputs)
        return Layer(node.name, names, self._bind(node), self._is_pixelwise(node, inputs), _shape(node))

    def _source(self, node: Any) -> str:
        return self._same_as.get(node.name, node.name)

    def _resolve(self, arguments: Any) -> Any:
        """Replace the nodes that hold constants with the constants."""
        return map_arg(arguments, lambda node: self._constants.get(node.name, node))

    def _bind(self, node: Any) -> Callable[..., Any]:
        arguments, options = list(self._resolve(node.args)), dict(self._resolve(node.kwargs))
        names = [source.name for source in node.all_input_nodes if source.name not in self._constants]
        call = _INSTEAD.get(node.target, node.target)

        def apply(*values: Any) -> Any:
            known = dict(zip(names, values, strict=True))
            return call(*_fill(arguments, known), **options)

        return apply

    def _is_pixelwise(self, node: Any, inputs: list[Any]) -> bool:
        kind = getattr(node.target, "overloadpacket", None)
        if kind is aten.sym_size:
            return True
        if len(_shape(node)) != 3:
            return False
        if kind is aten.cat:
            return node.args[1:] in ((1,), (-3,))
        if any(_shape(source) != _shape(node) for source in inputs):
            return False
        constants = [self._constants[source.name] for source in node.all_input_nodes if source not in inputs]
        return kind in BY_CHANNEL or (kind in PIXELWISE and all(_is_one_a_channel(value) for value in constants))

    def convolution(self, node: Any) -> Layer | None:
        """Read a convolution; return None if its weights are not constant."""
        image, weight, bias, stride, padding, dilation, groups = _with_defaults(
            self._resolve(node.args), (None, None, None, (1, 1), (0, 0), (1, 1), 1)
        )
        weight, bias = self._folded.get(node.name, (weight, bias))
        if isinstance(weight, Node) or isinstance(bias, Node):
            return None
        weight = weight.contiguous(memory_format=torch.channels_last)
        extent = tuple((k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilation, strict=True))

        def apply(x: torch.Tensor) -> torch.Tensor:
            return conv2d(x, weight, bias, stride, padding, dilation, groups)

        def inside(x: torch.Tensor) -> torch.Tensor:
            return conv2d(x, weight, bias, stride, 0, dilation, groups)

        sliding = Sliding(extent, tuple(stride), tuple(padding))
        return Layer(node.name, (self._source(image),), apply, True, _shape(node), sliding, inside)

    def pooling(self, node: Any) -> Layer | None:
        """Read a max pooling; return None if its windows are not laid out like a convolution's."""
        image, kernel, stride, padding, dilation, ceil = _with_defaults(
            node.args, (None, None, (), (0, 0), (1, 1), False)
        )
        kernel, padding, dilation = (_pair(value) for value in (kernel, padding, dilation))
        stride = _pair(stride or kernel)
        if ceil or dilation != (1, 1):
            return None

        def apply(x: torch.Tensor) -> torch.Tensor:
            return max_pool2d(x, kernel, stride, padding)

        def inside(x: torch.Tensor) -> torch.Tensor:
            return max_pool2d(x, kernel, stride)

        sliding = Sliding(kernel, stride, padding, LOWEST_ROW)
        return Layer(node.name, (self._source(image),), apply, True, _shape(node), sliding, inside)


_INSTEAD: Mapping[Any, Callable[..., Any]] = {
    # Maps are stored channels-last, which a view cannot flatten.
    aten.view.default: torch.reshape,
    # The operation also returns its statistics.
    BATCH_NORM: lambda *arguments: BATCH_NORM(*arguments)[0],
}
_SLIDING: Mapping[Any, Callable[[_Reader, Any], Layer | None]] = {
    aten.conv2d.default: _Reader.convolution,
    aten.max_pool2d.default: _Reader.pooling,
}


def _fold_batch_norms(graph: GraphModule) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Return, by name, the folded weight and bias of the convolutions that only a batch norm reads."""
    folded: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    nodes: Any = graph.graph.nodes
    for node in nodes:
        if node.target is not BATCH_NORM:
            continue
        convolution: Any = node.args[0]
        arguments = [convolution, *convolution.args[1:3], *node.args[1:5]]
        tensors = [x for x in arguments[1:] if isinstance(x, Node)]
        only = convolution.target is aten.conv2d.default and len(convolution.users) == 1
        if only and all(x.op == "get_attr" for x in tensors):
            value: dict[Any, Any] = {x: operator.attrgetter(str(x.target))(graph).detach() for x in tensors}
            weight, bias = value[convolution.args[1]], value.get((*convolution.args, None, None)[2])
            scale, shift, mean, variance = (value.get(x) for x in node.args[1:5])
            weight, bias = fuse_conv_bn_weights(weight, bias, mean, variance, node.args[6], scale, shift)  # type: ignore[arg-type]
            folded[convolution.name] = weight.detach(), bias.detach()
    return folded


def _shape(node: Any) -> tuple[int, ...]:
    value = node.meta.get("val")
    value = value[0] if isinstance(value, tuple | list) else value
    return tuple(value.shape[1:]) if isinstance(value, torch.Tensor) else ()


def _fill(arguments: Sequence[Any], known: Mapping[str, Any]) -> list[Any]:
    return [
        known[a.name] if isinstance(a, Node) else _fill(a, known) if isinstance(a, list | tuple) else a
        for a in arguments
    ]


def _is_one_a_channel(value: torch.Tensor) -> bool:
    """Return whether a constant has the same value at every pixel."""
    return value.numel() == 1 or (value.ndim >= 3 and tuple(value.shape[-2:]) == (1, 1))


def _with_defaults(arguments: tuple[Any, ...], defaults: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*arguments, *defaults[len(arguments) :])


def _pair(value: int | list[int] | tuple[int, ...]) -> tuple[int, int]:
    pair = (value,) if isinstance(value, int) else tuple(value)
    return pair * 2 if len(pair) == 1 else pair  # type: ignore[return-value]
