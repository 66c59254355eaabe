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

from whyface.tables.files import atomic_path

INPUT_PX = 112
DIMENSION = 128
# Channels of the 56, 28, 14 and 7 px maps, and of the map that the embedding is computed from.
CHANNELS = (16, 32, 48, 96)
LAST_CHANNELS = 32
LAST_PX = 7


class _Unit(nn.Sequential):
    """Convolution, batch norm and, if `active`, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, pad: int = 1, active: bool = True):
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(outputs), nn.ReLU() if active else nn.Identity())


class _Residual(nn.Module):
    """Two units with a skip connection."""

    def __init__(self, channels: int):
        super().__init__()
        self.inner = nn.Sequential(_Unit(channels, channels), _Unit(channels, channels, active=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.inner(x))


def build_network() -> nn.Module:
    """Build the network with random weights, ready to be trained.

    Returns
    -------
    torch.nn.Module
        Maps n x 3 x 112 x 112, RGB as (pixel - 127.5) / 127.5, to raw embeddings, n x 128.
    """
    stem, wide, middle, narrow = CHANNELS
    network = nn.Sequential(
        _Unit(3, stem, stride=2),
        _Unit(stem, wide, stride=2),
        _Unit(wide, middle, stride=2),
        _Residual(middle),
        _Unit(middle, narrow, stride=2),
        _Residual(narrow),
        _Unit(narrow, LAST_CHANNELS, kernel=1, pad=0, active=False),
        _Unit(LAST_CHANNELS, DIMENSION, kernel=LAST_PX, pad=0, active=False),
        nn.Flatten(),
    )
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
