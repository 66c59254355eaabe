"""The demo model's network: small enough for a repository and for two cores.

A residual network of plain convolutions on aligned 112 x 112 crops. Depthwise convolutions would need fewer
operations, but on a CPU they take longer to train. The last map is not averaged but weighted by position: in an aligned
face, the position of a feature tells what it is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from whyface.models.demo_layers import LAYERS, Residual, Unit
from whyface.tables.files import atomic_path


class _Unit(nn.Sequential):
    def __init__(self, unit: Unit):
        convolution = nn.Conv2d(unit.inputs, unit.outputs, unit.kernel, unit.stride, unit.pad, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(unit.outputs), nn.ReLU() if unit.active else nn.Identity())


class _Residual(nn.Module):
    def __init__(self, residual: Residual):
        super().__init__()
        self.inner = nn.Sequential(*map(_Unit, residual.units))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.inner(x))


def build_network() -> nn.Module:
    """Build the network with random weights, ready to be trained.

    Returns
    -------
    torch.nn.Module
        Maps n x 3 x 112 x 112, RGB as (pixel - 127.5) / 127.5, to raw embeddings, n x 128.
    """
    layers = [_Unit(layer) if isinstance(layer, Unit) else _Residual(layer) for layer in LAYERS]
    network = nn.Sequential(*layers, nn.Flatten())
    # On a CPU, convolutions are a third faster channels-last; this stores all maps that way.
    return network.to(memory_format=torch.channels_last)


def save_network(network: nn.Module, path: Path | str, metadata: Mapping[str, Any]) -> None:
    """Write the weights.

    Parameters
    ----------
    network : torch.nn.Module
        From `build_network`.
    path : path
        The safetensors file to write; the same weights and metadata give the same bytes.
    metadata : mapping
        How the weights were made; anything that JSON can hold.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    # One key only: the file does not keep the order of several.
    about = {"about": json.dumps(dict(metadata), sort_keys=True)}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, about)


def load_network(path: Path | str) -> nn.Module:
    """Load weights for inference.

    Parameters
    ----------
    path : path
        From `save_network`.

    Returns
    -------
    torch.nn.Module
        Like `build_network`, in eval mode, with the batch norms folded into the convolutions.

    Raises
    ------
    ValueError
        The file is missing, is not a safetensors file, or holds another network's weights; the message names the file.
    """
    network = build_network()
    try:
        network.load_state_dict(load_file(path), strict=True)
    except Exception as error:  # safetensors' own class, OSError and torch's RuntimeError share no other base
        raise ValueError(f"{path} holds no weights of the demo network: {error}") from error
    return _fold_batch_norms(network.eval())


def _fold_batch_norms(network: nn.Module) -> nn.Module:
    """Fold each batch norm into the convolution before it, in place: saves a fifth of the inference time."""
    for module in network.modules():
        if isinstance(module, _Unit):
            layers: Any = module
            layers[0], layers[1] = fuse_conv_bn_eval(layers[0], layers[1]), nn.Identity()
    return network.to(memory_format=torch.channels_last)
