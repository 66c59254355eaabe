"""Computing only what changes gives the same as full passes, for networks of all kinds."""

import numpy as np
import pytest
import torch
from torch import nn

from whyface.maps.engines.changed_windows import ChangedWindows, Places, bounding_windows, make_schedule
from whyface.maps.engines.full_passes import FullPasses
from whyface.maps.engines.tracing import trace_layers
from whyface.maps.masks import make_masks

SIDE = 40


class Residual(nn.Module):
    """Add the output of two convolutions to their input."""

    def __init__(self, channels, groups=1):
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1, groups=groups)
        self.norm = nn.BatchNorm2d(channels)
        self.two = nn.Conv2d(channels, channels, 1)

    def forward(self, x):  # noqa: D102
        return x + self.two(torch.relu(self.norm(self.one(x))))


class Branches(nn.Module):
    """Concatenate branches with different receptive fields, then scale, as Inception networks do."""

    def __init__(self, channels):
        super().__init__()
        self.near = nn.Conv2d(channels, 4, 1)
        self.tall = nn.Conv2d(channels, 4, (5, 1), padding=(2, 0))
        self.far = nn.Conv2d(channels, 4, 3, padding=2, dilation=2)

    def forward(self, x):  # noqa: D102
        parts = [self.near(x), self.tall(x), self.far(x)]
        return 0.5 * torch.cat(parts, 1)


class Excite(nn.Module):
    """Scale channels by a function of the whole map: nothing after it is local."""

    def forward(self, x):  # noqa: D102
        return x * torch.sigmoid(x.mean(dim=(2, 3), keepdim=True))


class Lowered(nn.Module):
    """Make all values negative."""

    def forward(self, x):  # noqa: D102
        return x - 20


def ending(channels, cells):
    return [nn.Flatten(), nn.Linear(channels * cells * cells, 8), nn.BatchNorm1d(8)]


NETWORKS = {
    "mobile": lambda: nn.Sequential(
        nn.BatchNorm2d(3),
        nn.Conv2d(3, 8, 3, 2, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.PReLU(8),
        Residual(8, groups=8),
        nn.Conv2d(8, 12, 3, 2, 1),
        nn.PReLU(),
        Residual(12),
        *ending(12, 10),
    ),
    "inception": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, 1, 0),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        Branches(6),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        *ending(12, 1),
    ),
    # Nothing lifts its values above 0, so what max pooling finds beyond the edge must be lower than all of them.
    "negative": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, 2, 1), Lowered(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(6, 4, 3, 1, 1), *ending(4, 10)
    ),
    "excite": lambda: nn.Sequential(nn.Conv2d(3, 6, 5, 2), nn.Hardswish(), Excite(), Residual(6), *ending(6, 18)),
    "strided": lambda: nn.Sequential(nn.Conv2d(3, 5, 1, 3), nn.Tanh(), nn.Conv2d(5, 7, 4, 2), *ending(7, 6)),
    "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 8)),
}


def network(name):
    torch.manual_seed(1)
    made = NETWORKS[name]()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):  # as after training
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
    return made.eval()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", ["square", "circle"])
def test_changed_windows_equal_full_passes(name, shape):
    masks = make_masks(SIDE, {"variant": "corrected", "shape": shape, "patch_px": [5, 9], "stride_px": 5})
    module = network(name)
    layers = trace_layers(module, SIDE)
    image, filler = np.random.default_rng(0).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)
    expected = FullPasses(module, masks, 16, torch.device("cpu")).embed(image, filler)
    found = ChangedWindows(layers, masks, 16).embed(image, filler)
    assert found.shape == expected.shape
    assert np.ptp(expected, axis=0).max() > 0.01, "masks make a difference"
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_one_engine_serves_image_after_image():
    masks = make_masks(SIDE, {"variant": "paper", "shape": "square", "patch_px": [6], "stride_px": 6})
    module = network("mobile")
    engine = ChangedWindows(trace_layers(module, SIDE), masks, 8)
    images = np.random.default_rng(0).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)
    black = np.zeros_like(images[0])
    for image in images:
        expected = FullPasses(module, masks, 8, torch.device("cpu")).embed(image, black)
        np.testing.assert_allclose(engine.embed(image, black), expected, atol=1e-5)


def test_early_layers_are_computed_on_windows_and_late_ones_whole():
    masks = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [5], "stride_px": 5})
    layers = trace_layers(network("mobile"), SIDE)
    steps = make_schedule(layers, Places(layers), masks[0].covered[:8]).steps
    inside = [step.is_inside for step in steps if step.layer.sliding]
    assert inside[0]
    assert not steps[-1].is_inside
    sizes = [gather.size[0] for step in steps for gather in step.gathers if gather]
    assert sizes[0] < SIDE / 2


def test_windows_bound_what_is_covered():
    covered = np.zeros((2, 10, 10), bool)
    covered[0, 2:5, 1:3] = True
    covered[1, 8:10, 7:10] = True
    found = bounding_windows(covered)
    assert found.size == (3, 3)
    assert found.top.tolist() == [2, 7]
    assert found.left.tolist() == [1, 7]
