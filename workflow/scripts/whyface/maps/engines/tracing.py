"""Traces a torch network into layers.

`trace_layers` exports the network as a graph of torch's own operations. Batch norms that follow a convolution are
folded into it. An operation that is not known to be local is assumed to depend on all pixels.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import GraphModule, Node
from torch.fx.node import map_aggregate, map_arg
from torch.nn.functional import max_pool2d

from whyface.maps.engines.convolutions import BATCH_NORM, Convolution, aten, fold_batch_norms
from whyface.maps.engines.layers import Layer, Layers
from whyface.maps.engines.window_geometry import LOWEST_ROW, Sliding

# A pixel of the result depends on the same pixel of the inputs alone, if constants are the same at every pixel.
PIXELWISE = {
    *(aten.relu, aten.leaky_relu, aten.elu, aten.gelu, aten.silu, aten.mish, aten.sigmoid, aten.tanh),
    *(aten.hardtanh, aten.hardswish, aten.hardsigmoid, aten.clamp, aten.clamp_min, aten.clamp_max),
    *(aten.neg, aten.abs, aten.exp, aten.sqrt, aten.pow, aten.clone, aten.alias, aten._to_copy),
    *(aten.add, aten.sub, aten.mul, aten.div, aten.maximum, aten.minimum),
}
# The same, but their constants are vectors of one value a channel.
BY_CHANNEL = {aten.prelu, aten._native_batch_norm_legit_no_training}
TYPE_CHECK = aten._assert_tensor_metadata.default  # precedes each cast, and holds in float32 only


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

    def read_as(dtype: torch.dtype) -> Layers:
        return _Reader(graph, dtype).read(side_px, torch.device(device), read_as)

    return read_as(torch.float32)


@dataclass(frozen=True)
class _Result:
    """Stands for the result of the layer of that name among the arguments of another."""

    name: str


def _name(node: Any) -> Any:
    return _Result(node.name)


class _Reader:
    """Reads an exported graph node by node; torch's types for a node's contents are too loose to help, hence Any."""

    def __init__(self, graph: GraphModule, dtype: torch.dtype):
        self._graph, self._dtype = graph, dtype
        self._constants: dict[str, Any] = {}
        self._same_as: dict[str, str] = {}  # results that an earlier layer already gives
        self._folded = fold_batch_norms(graph)

    def read(self, side_px: int, device: torch.device, read_as: Callable[[torch.dtype], Layers]) -> Layers:
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
        return Layers(tuple(layers), given, result, side_px, device, read_as, self._dtype)

    def _read(self, node: Any) -> Layer | None:
        """Turn a node into a layer; return None if it is constant, an alias of a known result, or a check of types."""
        if node.target is TYPE_CHECK:
            return None
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
        kind = getattr(node.target, "overloadpacket", None)
        return Layer(node.name, names, self._bind(node), self._is_pixelwise(node, inputs), _shape(node), kind=kind)

    def _source(self, node: Any) -> str:
        return self._same_as.get(node.name, node.name)

    def _resolve(self, arguments: Any) -> Any:
        """Replace the nodes that hold constants with the constants."""
        return map_arg(arguments, lambda node: self._constants.get(node.name, node))

    def _cast(self, value: Any) -> Any:
        """Give a constant of 32 bits the network's type."""
        is_wide = isinstance(value, torch.Tensor) and value.dtype is torch.float32
        return value.to(self._dtype) if is_wide else value

    def _bind(self, node: Any) -> Callable[..., Any]:
        arguments, options = list(self._resolve(node.args)), dict(self._resolve(node.kwargs))
        if node.target is not BATCH_NORM:
            arguments = list(map_aggregate(tuple(arguments), self._cast))
        # A node would hold the whole graph, and with it all weights.
        arguments = list(map_arg(tuple(arguments), _name))
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
        weight = self._cast(weight).contiguous(memory_format=torch.channels_last)
        found = Convolution(weight, self._cast(bias), _pair(stride), _pair(padding), _pair(dilation), groups)
        sliding, names = Sliding(found.extent, found.stride, found.padding), (self._source(image),)
        return Layer(node.name, names, found.apply, True, _shape(node), sliding, found.apply_inside, aten.conv2d, found)

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


def _shape(node: Any) -> tuple[int, ...]:
    value = node.meta.get("val")
    value = value[0] if isinstance(value, tuple | list) else value
    return tuple(value.shape[1:]) if isinstance(value, torch.Tensor) else ()


def _fill(arguments: Sequence[Any], known: Mapping[str, Any]) -> list[Any]:
    return [
        known[a.name] if isinstance(a, _Result) else _fill(a, known) if isinstance(a, list | tuple) else a
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
