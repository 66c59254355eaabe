"""Convolutions of a traced network, with the batch norms that follow them folded in."""

import operator
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import GraphModule, Node
from torch.nn.functional import conv2d
from torch.nn.utils.fusion import fuse_conv_bn_weights

aten = torch.ops.aten
BATCH_NORM = aten._native_batch_norm_legit_no_training.default


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution: weights (out x in / groups x height x width), bias, and its steps, vertically and horizontally."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    @property
    def extent(self) -> tuple[int, int]:
        """Pixels from the first to the last that one output pixel reads."""
        height, width = ((k - 1) * d + 1 for k, d in zip(self.weight.shape[2:], self.dilation, strict=True))
        return height, width

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve whole maps, n x c x h x w."""
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def apply_inside(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve without padding."""
        return conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def fold_batch_norms(graph: GraphModule) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
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
