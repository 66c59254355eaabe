"""A traced network computes the same as the original."""

import onnx2torch
import pytest
import torch
from test_changed_windows import NETWORKS, SIDE, network
from torch import nn

from networks import write_convolutions
from whyface.maps.engines.tracing import trace_layers


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n", [1, 5])
def test_layers_run_as_the_module_does(name, n):
    module = network(name)
    images = torch.randn(n, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        torch.testing.assert_close(trace_layers(module, SIDE).run(images), module(images), atol=1e-5, rtol=1e-5)


def test_batch_norms_after_convolutions_are_folded_and_others_kept():
    layers = trace_layers(network("mobile"), SIDE).layers
    norms = [layer for layer in layers if "batch_norm" in layer.name]
    assert [len(layer.shape) for layer in norms] == [3, 1], "the first, on the image, and the last, on the embedding"
    assert all(layer.is_local for layer in norms[:1])


def test_what_looks_at_the_whole_map_is_not_local():
    layers = trace_layers(network("excite"), SIDE).layers
    mean = next(layer for layer in layers if layer.name.startswith("mean"))
    scaled = next(layer for layer in layers if layer.name.startswith("mul"))
    assert not mean.is_local
    assert not scaled.is_local


def test_a_constant_that_differs_from_pixel_to_pixel_is_not_local():
    class Placed(nn.Module):
        def __init__(self):
            super().__init__()
            self.places = nn.Parameter(torch.randn(3, SIDE, SIDE))

        def forward(self, x):
            return (x + self.places).flatten(1)

    layers = trace_layers(Placed(), SIDE).layers
    assert not any(layer.is_local and layer.shape == (3, SIDE, SIDE) for layer in layers)


def test_onnx_models_are_read(tmp_path):
    module = onnx2torch.convert(str(write_convolutions(tmp_path / "net.onnx", SIDE)))
    images = torch.randn(3, 3, SIDE, SIDE)
    with torch.inference_mode():
        torch.testing.assert_close(trace_layers(module, SIDE).run(images), module.eval()(images), atol=1e-5, rtol=1e-5)
