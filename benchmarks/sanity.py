"""Checks maps for sanity: they must depend on the model's weights, and follow a face that moves.

Weights are randomised from the last layer down (Adebayo et al., NeurIPS 2018): the values of each convolution's and
each matrix product's weights are shuffled, which keeps their distribution. The map must become another. A crop that is
shifted by a pixel or two, its edge repeated, is the same face: the map must shift with it.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from itertools import product

import numpy as np
import pandas as pd
import torch
from explainers import LAYOUTS, Layout, Occlusion, Photo, run_in_torch
from fidelity_report import markdown
from scipy.stats import spearmanr

from whyface.maps.engines.tracing import trace_layers
from whyface.models.embedder import Embedder
from whyface.tables.logs import progress

DEPTHS = {"last layer": 0.0, "last third": 1 / 3, "all layers": 1.0}
SHIFTS_PX, AXES = (1, 2), {"down": 0, "right": 1}
SEED = 0

Maps = dict[str, list[np.ndarray]]  # by method, all faces of all pairs


def sanity_table(embedder: Embedder, pairs: Sequence[Sequence[Photo]], layouts: Sequence[Layout]) -> pd.DataFrame:
    """Check every method of some layouts on pairs; a row for each method and check, correlations over their maps."""
    rows = []
    for layout in layouts:
        for check, method, values in _checks(embedder, pairs, layout):
            quantiles = dict(zip(("median", "5 %", "95 %"), np.quantile(values, (0.5, 0.05, 0.95)), strict=True))
            rows.append({"method": method, "check": check, "maps": len(values), **quantiles})
    return pd.DataFrame(rows)


def _checks(embedder: Embedder, pairs, layout: Layout) -> Iterator[tuple[str, str, list[float]]]:
    occlusion = Occlusion(embedder, layout)
    true = explain_all(occlusion, pairs)
    for pixels, axis in product(SHIFTS_PX, AXES):
        moved = [[Photo(photo.image_id, shift(photo.crop, pixels, AXES[axis])) for photo in pair] for pair in pairs]
        for method, maps in explain_all(occlusion, moved).items():
            values = [follow(*both, pixels, AXES[axis]) for both in zip(true[method], maps, strict=True)]
            yield f"crop shifted {axis} by {pixels} px", method, values
    del occlusion  # engines are large
    for depth, share in DEPTHS.items():
        for method, maps in explain_all(Occlusion(randomised(embedder, share), layout), pairs).items():
            yield f"weights randomised: {depth}", method, list(map(correlate, true[method], maps))


def explain_all(occlusion: Occlusion, pairs: Sequence[Sequence[Photo]]) -> Maps:
    """Make the maps of all pairs."""
    made = [occlusion.explain(pair) for pair in progress(pairs, len(pairs), "pairs explained")]
    return {name: [own for one in made for own in one[name].maps] for name in made[0]}


def correlate(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation of two maps, pixel by pixel."""
    return float(spearmanr(one, other, axis=None).statistic)


def shift(crop: np.ndarray, pixels: int, axis: int) -> np.ndarray:
    """Shift a crop along an axis; its first line is repeated."""
    lines = np.clip(np.arange(crop.shape[axis]) - pixels, 0, None)
    return crop.take(lines, axis)


def follow(still: np.ndarray, moved: np.ndarray, pixels: int, axis: int) -> float:
    """Correlate a map with that of the shifted crop, shifted back, where both have pixels."""
    return correlate(
        *(np.delete(one, ends, axis) for one, ends in ((still, -1 - np.arange(pixels)), (moved, np.arange(pixels))))
    )


def randomised(embedder: Embedder, share: float) -> Embedder:
    """Return the same model with the weights of its last layers shuffled: that share of the layers, at least one."""
    module = embedder.module()
    weights = layer_weights(module)
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for weight in weights[-max(1, round(share * len(weights))) :]:
            order = torch.randperm(weight.numel(), generator=generator)
            weight.copy_(weight.flatten()[order].reshape(weight.shape))
    other = copy(embedder)
    other.module = lambda: module  # type: ignore[method-assign]
    other.run = run_in_torch(trace_layers(module, embedder.input_px, embedder.torch_device()))
    return other


def layer_weights(module: torch.nn.Module) -> list[torch.Tensor]:
    """List the weights of convolutions and matrix products, in the order of the layers."""
    tensors = [*module.named_parameters(), *module.named_buffers()]
    return [tensor for _, tensor in tensors if tensor.is_floating_point() and is_weight(tensor)]


def is_weight(tensor: torch.Tensor) -> bool:
    """Tell a layer's weights from biases and slopes, which have one value a channel."""
    return sum(size > 1 for size in tensor.shape) > 1


def report(run, pairs: int, methods: Sequence[str]) -> str:
    """Check the methods, if they cover faces, on the first pairs of a run's sample; a markdown table."""
    photos = [run.photos(pair) for pair in run.sample.head(pairs).itertuples()]
    layouts = [layout for layout in LAYOUTS if set(layout.methods).intersection(methods)]
    return markdown(sanity_table(run.embedder(), photos, layouts).round(2)) + "\n"
