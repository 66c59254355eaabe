"""Fused layers compute the same as the layers they replace, and only what oneDNN can compute is fused."""

import gc

import numpy as np
import pytest
import torch
from test_changed_windows import NETWORKS, SIDE, network
from torch import nn

from whyface.maps.engines import fusion
from whyface.maps.engines.changed_windows import ChangedWindows
from whyface.maps.engines.full_passes import FullPasses
from whyface.maps.engines.fusion import fuse
from whyface.maps.engines.tracing import trace_layers
from whyface.maps.masks import make_masks


class Block(nn.Module):
    """What follows a convolution, as a function of its result y and of the block's input x."""

    def __init__(self, ending):
        super().__init__()
        self.one = nn.Conv2d(3, 6, 3, padding=1)
        self.two = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.dense = nn.Linear(6 * SIDE * SIDE, 4)
        self.register_buffer("channels", torch.rand(6, 1, 1))
        self.ending = ending

    def forward(self, x):  # noqa: D102
        x = torch.relu(self.one(x))
        return self.dense(self.ending(self, self.two(x), x).flatten(1))


# By name: the ending, and the number of layers after fusion, counting the two convolutions and the ending.
ENDINGS = {
    "relu": (lambda m, y, x: torch.relu(y), 2),
    "factor, sum and relu, as Inception networks end": (lambda m, y, x: torch.relu(0.17 * y + x), 2),
    "sum the other way round": (lambda m, y, x: torch.relu(x + y), 2),
    "two factors": (lambda m, y, x: 3 * (0.5 * y), 2),
    "sum of two convolutions": (lambda m, y, x: torch.relu(y + m.two(x)), 3),
    "factor after the sum": (lambda m, y, x: 2 * (y + x), 3),
    "factor of the other term": (lambda m, y, x: torch.add(y, x, alpha=2), 3),
    "factor for each channel": (lambda m, y, x: y * m.channels, 3),
    "constant for each channel": (lambda m, y, x: y + m.channels, 3),
    "sum with itself": (lambda m, y, x: y + y, 3),
    "read twice": (lambda m, y, x: torch.cat([torch.relu(y)[:, :3], y[:, 3:]], 1), 8),
    "sum with one number a map": (lambda m, y, x: y + x.mean((2, 3), keepdim=True), 4),
}


def plain_and_fused(name):
    torch.manual_seed(1)
    layers = trace_layers(Block(ENDINGS[name][0]).eval(), SIDE)
    return layers, fuse(layers)


@pytest.mark.parametrize("name", ENDINGS)
def test_what_follows_a_convolution_is_fused_where_it_can_be(name):
    plain, fused = plain_and_fused(name)
    assert sum(len(layer.shape) == 3 for layer in fused.layers) == ENDINGS[name][1]
    images = torch.randn(5, 3, SIDE, SIDE)
    with torch.inference_mode():
        torch.testing.assert_close(fused.run(images), plain.run(images), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ENDINGS)
def test_windows_of_fused_layers_equal_full_passes(name):
    plain, fused = plain_and_fused(name)
    assert_windows_equal(plain, fused)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_all_kinds_are_fused_rightly(name):
    layers = trace_layers(network(name), SIDE)
    assert_windows_equal(layers, fuse(layers))


def assert_windows_equal(plain, fused):
    masks = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [5], "stride_px": 5})
    image, filler = np.random.default_rng(0).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)
    expected = FullPasses(plain.run, masks, 9, torch.device("cpu")).embed(image, filler)
    assert np.ptp(expected, axis=0).max() > 0.01, "masks make a difference"
    for engine in (ChangedWindows(fused, masks, 9), FullPasses(fused.run, masks, 9, torch.device("cpu"))):
        np.testing.assert_allclose(engine.embed(image, filler), expected, atol=1e-5)


def test_where_torch_lacks_the_operations_layers_stay_as_they_are(monkeypatch, caplog):
    caplog.set_level("INFO")
    layers = trace_layers(network("mobile"), SIDE)

    def lack(*_):
        raise AttributeError("no operation")

    monkeypatch.setattr(fusion, "_lay_out", lack)
    assert fuse(layers) is layers
    assert "layers are not fused: no operation" in caplog.text


def test_fused_layers_hold_no_graph_and_so_no_second_copy_of_the_weights():
    layers = trace_layers(network("mobile"), SIDE)
    with_graph = count_graphs()
    layers = fuse(layers)
    assert count_graphs() == with_graph - 1
    assert layers.run(torch.zeros(1, 3, SIDE, SIDE)).shape == (1, 8)


def count_graphs():
    gc.collect()
    return sum(isinstance(one, torch.fx.GraphModule) for one in gc.get_objects())
