"""`windows` equals full passes whatever constants a network's operations take, or computes whole maps."""

import numpy as np
import pytest
import torch
from torch import nn

from whyface.maps.engines.changed_windows import ChangedWindows
from whyface.maps.engines.full_passes import FullPasses
from whyface.maps.engines.tracing import trace_layers
from whyface.maps.masks import make_masks

SIDE, CHANNELS = 24, 4

# By name: an operation on maps x with a constant c, which has the shape of a map, or one value a channel or a column.
OPERATIONS = {
    "add": lambda x, c: x + c,
    "multiply": lambda x, c: x * c,
    "divide": lambda x, c: x / (2 + c),
    "fmod": lambda x, c: torch.fmod(x, 0.3 + c),
    "clamp": lambda x, c: torch.clamp(x, -c, c),
    "clamp_min": lambda x, c: torch.clamp(x, min=c),
    "clamp_max": lambda x, c: torch.clamp(x, max=c),
    "maximum": lambda x, c: torch.maximum(x, c),
    "power": lambda x, c: (0.1 + x.abs()) ** c,
    "power of a constant": lambda x, c: (0.5 + c) ** x,
    "where": lambda x, c: torch.where(c > 0.5, x, 0.3 * x),
    "masked_fill": lambda x, c: x.masked_fill(c > 0.5, 0.2),
    "lerp": lambda x, c: torch.lerp(x, x.abs(), c),
    "addcmul": lambda x, c: torch.addcmul(x, x, c, value=0.5),
    "a slope at every pixel": lambda x, c: torch.relu(x) - c * torch.relu(-x),
    "two maps": lambda x, c: torch.clamp(x, min=-c, max=x.abs() * c),
    "limits from maps": lambda x, c: torch.clamp(c * x, max=0.5 * x.abs()),
    "concatenate": lambda x, c: torch.cat([x, (c + 0 * x)], 1)[:, ::2],
    "roll": lambda x, c: torch.roll(x, 5, 3) * c,
}
SHAPES = {
    "map": (CHANNELS, SIDE, SIDE),
    "one map for all channels": (SIDE, SIDE),
    "column": (SIDE,),
    "row": (SIDE, 1),
    "channel": (CHANNELS, 1, 1),
    "number": (1,),
}


class Net(nn.Module):
    """Two convolutions, and an operation with a constant between them."""

    def __init__(self, operation, shape):
        super().__init__()
        self.before, self.after = nn.Conv2d(3, CHANNELS, 3, padding=1), nn.Conv2d(CHANNELS, 5, 3, padding=1)
        self.operation = operation
        self.dense = nn.Linear(5 * SIDE * SIDE, 6)
        self.register_buffer("constant", torch.rand(shape))

    def forward(self, x):  # noqa: D102
        return self.dense(self.after(self.operation(self.before(x), self.constant)).flatten(1))


def network(name, shape):
    torch.manual_seed(0)
    return Net(OPERATIONS[name], SHAPES[shape]).eval()


def assert_windows_are_right(module):
    masks = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [4], "stride_px": 4})
    image, filler = np.random.default_rng(0).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)
    expected = FullPasses(module, masks, 9, torch.device("cpu")).embed(image, filler)
    found = ChangedWindows(trace_layers(module, SIDE), masks, 9).embed(image, filler)
    assert np.ptp(expected, axis=0).max() > 0.01, "masks make a difference"
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", OPERATIONS)
def test_windows_are_right_with_a_constant_map(name):
    assert_windows_are_right(network(name, "map"))


@pytest.mark.parametrize("shape", ["one map for all channels", "column", "row", "channel"])
@pytest.mark.parametrize("name", ["add", "clamp", "power"])
def test_windows_are_right_with_constants_of_any_shape(name, shape):
    assert_windows_are_right(network(name, shape))


@pytest.mark.parametrize("name", ["add", "clamp", "power"])
@pytest.mark.parametrize("shape", ["channel", "number"])
def test_constants_that_are_the_same_at_every_pixel_stay_local(name, shape):
    layers = trace_layers(network(name, shape), SIDE).layers
    assert all(layer.is_local for layer in layers if layer.shape == (CHANNELS, SIDE, SIDE))
