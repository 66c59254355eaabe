"""Networks like those in use, but with random weights, for benchmarks/gpu.py, which must not download anything."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import torch
from torch import nn

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Recipe:
    """How to make a network: kind and `flip` in the config, normal and small side of the input, and a file writer."""

    kind: str
    side_px: int
    small_px: int
    write: Callable[[Path, int, bool], Path]
    flip: str = "none"


class Sum(nn.Module):
    """Adds the results of several modules on the same input."""

    def __init__(self, *parts: nn.Module):
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return reduce(add, [part(x) for part in self.parts])


def conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, active: bool = False) -> Any:
    """Make a convolution and its batch norm, and a PReLU if `active`."""
    parts = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)]
    return nn.Sequential(*parts, nn.BatchNorm2d(outputs), *([nn.PReLU(outputs)] if active else []))


def build_mobilefacenet(small: bool) -> nn.Module:
    """Build a network of depthwise convolutions like that of Chen et al. (2018): 0.22 GMAC."""
    channels = 64
    parts = [conv(3, channels, 3, 2, active=True), conv(channels, channels, 3, groups=channels, active=True)]
    for expansion, outputs, repeats in ((2, 64, 5), (4, 128, 7), (4, 128, 3)):
        for stride in (2, *[1] * (0 if small else repeats - 1)):
            wide = channels * (expansion if stride == 2 else 2)
            depthwise = conv(wide, wide, 3, stride, wide, active=True)
            block = nn.Sequential(conv(channels, wide, active=True), depthwise, conv(wide, outputs))
            parts.append(Sum(nn.Identity(), block) if stride == 1 else block)
            channels = outputs
    whole_map = [nn.Conv2d(512, 512, 7, groups=512, bias=False), nn.BatchNorm2d(512)]
    return nn.Sequential(*parts, conv(channels, 512, active=True), *whole_map, conv(512, 128), nn.Flatten())


def build_iresnet50(small: bool) -> nn.Module:
    """Build a residual network of the size of ArcFace's IResNet50: 6.3 GMAC."""
    return build_iresnet([(8, 1), (16, 1), (16, 1), (32, 1)] if small else [(64, 3), (128, 4), (256, 14), (512, 3)])


def build_iresnet100(small: bool) -> nn.Module:
    """Build a residual network of the size of ArcFace's IResNet100: 12.1 GMAC."""
    return build_iresnet([(8, 1), (16, 2), (16, 2), (32, 1)] if small else [(64, 3), (128, 13), (256, 30), (512, 3)])


def build_iresnet(stages: list[tuple[int, int]]) -> nn.Module:
    """Build a residual network of stages: the number of channels, and of blocks."""
    channels = stages[0][0]
    parts: list[nn.Module] = [conv(3, channels, 3, active=True)]
    for outputs, repeats in stages:
        for stride in (2, *[1] * (repeats - 1)):
            ways = conv(channels, outputs, 3, active=True), conv(outputs, outputs, 3, stride)
            skip = nn.Identity() if stride == 1 else conv(channels, outputs, 1, stride)
            parts.append(Sum(skip, nn.Sequential(nn.BatchNorm2d(channels), *ways)))
            channels = outputs
    head = [nn.Flatten(), nn.Linear(channels * 7 * 7, 512), nn.BatchNorm1d(512)]
    return nn.Sequential(*parts, nn.BatchNorm2d(channels), *head)


def settle(network: nn.Module, side_px: int) -> nn.Module:
    """Set slopes and batch norms as training would, so that embeddings differ from face to face.

    No two layers get the same values: the ONNX exporter would store them once, and onnx2torch cannot read that.
    """
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.25, 0.75)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
            module.momentum = None  # a plain mean
    coarse = torch.rand(8, 3, 7, 7) * 2 - 1
    with torch.no_grad():
        network.train()(nn.functional.interpolate(coarse, (side_px, side_px), mode="bilinear"))
    return network.eval()


def write_onnx(build: Callable[[bool], nn.Module]) -> Callable[[Path, int, bool], Path]:
    """Make a function that saves a network as ONNX."""

    def write(folder: Path, side_px: int, small: bool) -> Path:
        path = folder / f"{build.__name__}.onnx"
        network, example = settle(build(small), side_px), torch.zeros(1, 3, side_px, side_px)
        # The newer exporter needs onnxscript.
        axes: dict[str, Any] = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
        torch.onnx.export(network, (example,), str(path), dynamo=False, **axes)
        return path

    return write


def write_inception(folder: Path, side_px: int, small: bool) -> Path:
    """Save an InceptionResnetV1, which comes in one size."""
    from facenet_pytorch import InceptionResnetV1

    path = folder / "inception.pt"
    torch.save(settle(InceptionResnetV1(pretrained=None), side_px).state_dict(), path)
    return path


def find_demo(folder: Path, side_px: int, small: bool) -> Path:
    """Return the weights that come with the project."""
    return PROJECT / "workflow/resources/demo.safetensors"


# Largest first.
NETWORKS = {
    "IResNet100": Recipe("onnx", 112, 112, write_onnx(build_iresnet100)),
    "IResNet50": Recipe("onnx", 112, 112, write_onnx(build_iresnet50)),
    "InceptionResnetV1": Recipe("facenet-pytorch", 160, 80, write_inception),
    "MobileFaceNet": Recipe("onnx", 112, 112, write_onnx(build_mobilefacenet)),
    "MobileFaceNet, mirrored": Recipe("onnx", 112, 112, write_onnx(build_mobilefacenet), "sum"),
    "demo": Recipe("demo", 112, 112, find_demo),
}
