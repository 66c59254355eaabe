"""Embeds an image under many masks by computing only what each mask changes.

The clean image passes through the network once, and its maps are kept. Under a mask, a map differs from the clean one
only inside a window, which grows from layer to layer. Each layer is computed on the windows; what it reads around them
comes from the clean maps. Once the windows cover nearly the whole map, layers are computed on whole maps. The result
is that of full passes, up to the rounding of sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from whyface.maps.engines.layers import Layer, Layers
from whyface.maps.engines.window_geometry import FIRST_ROW, LOWEST_ROW, ZERO_ROW, Sliding, Windows
from whyface.maps.masks import MaskSet

# Share of a map from which computing all of it is cheaper than cutting out windows.
LARGEST_SHARE = 0.8


@dataclass(frozen=True)
class Gather:
    """Rows of a pixel table that form a layer's n input windows, n * height * width, and the windows' size."""

    rows: torch.Tensor
    size: tuple[int, int]


@dataclass(frozen=True)
class Step:
    """One layer on one batch of masks: what to gather for each input (None: nothing), and whether to skip padding."""

    layer: Layer
    gathers: tuple[Gather | None, ...]
    is_inside: bool


@dataclass(frozen=True)
class Schedule:
    """The computation of one batch of masks; it is the same for every image.

    Attributes
    ----------
    painted : Gather
        Gathers the input windows from a table of the image's pixels and the filler's.
    steps : tuple of Step
        One per layer.
    pixels : dict of int to int
        By number of channels: how many pixels the largest windows hold from which a layer gathers.
    """

    painted: Gather
    steps: tuple[Step, ...]
    pixels: dict[int, int]


class Places:
    """Layout of the pixel tables, one per number of channels: padding rows, clean maps, then windows.

    Clean maps stay; the windows after them are those of one layer at a time.
    """

    def __init__(self, layers: Layers):
        self.ends: dict[int, int] = {}  # by channels: the first row after the clean maps
        self.starts: dict[str, int] = {}  # by result: the row of its clean map's first pixel
        for name, shape in layers.shapes.items():
            if len(shape) == 3:
                self.starts[name] = self.ends.setdefault(shape[0], FIRST_ROW)
                self.ends[shape[0]] += shape[1] * shape[2]


def make_schedule(layers: Layers, places: Places, covered: np.ndarray) -> Schedule:
    """Plan the computation of a batch of masks.

    Parameters
    ----------
    layers : Layers
        The network.
    places : Places
        Layout of its pixel tables.
    covered : numpy.ndarray
        bool, n x side x side: pixels that each mask covers, at least one.
    """
    windows = bounding_windows(covered)
    where: dict[str, Windows | None] = {layers.input: windows}
    steps, pixels = [], dict.fromkeys(places.ends, 0)
    for layer in layers.layers:
        inputs = [where[name] for name in layer.inputs]
        target, is_inside = _target(layer, inputs)
        where[layer.name] = target if len(layer.shape) == 3 else None
        gathers = []
        for place, (name, window) in enumerate(zip(layer.inputs, inputs, strict=True)):
            sliding = layer.sliding if place == 0 else None
            gathers.append(_gather(name, window, target, sliding, layers, places) if layer.shape else None)
            if window is not None and gathers[-1] is not None:
                channels = layers.shapes[name][0]
                pixels[channels] = max(pixels[channels], len(window.top) * window.size[0] * window.size[1])
        steps.append(Step(layer, tuple(gathers), is_inside))
    return Schedule(_paint(windows, covered, layers.device), tuple(steps), pixels)


def bounding_windows(covered: np.ndarray) -> Windows:
    """Find the smallest windows, all of one size, that contain what each mask covers."""
    (height, top), (width, left) = (_bounds(np.any(covered, axis=axis)) for axis in (2, 1))
    return Windows((height, width), top, left, (covered.shape[1], covered.shape[2]))


def _bounds(lines: np.ndarray) -> tuple[int, np.ndarray]:
    """Find the common size and the starts of the intervals that contain each mask's lines, n x side."""
    first = lines.argmax(axis=1)
    end = lines.shape[1] - lines[:, ::-1].argmax(axis=1)
    size = int((end - first).max())
    return size, np.minimum(first, lines.shape[1] - size)


def _target(layer: Layer, inputs: Sequence[Windows | None]) -> tuple[Windows | None, bool]:
    """Find the windows of a layer's result (None: whole maps), and whether to compute it without padding."""
    known = [window for window in inputs if window is not None]
    if not layer.is_local or len(known) < len(inputs):
        return None, False
    # A layer slides over its first input only; a fused sum adds the others to the result.
    target = known[0].after(layer.sliding, (layer.shape[1], layer.shape[2])) if layer.sliding else known[0]
    for window in known[1:]:
        target = target if target.equals(window) else target.joined(window)
    if layer.sliding and target.share >= LARGEST_SHARE:
        return None, False
    return target, layer.sliding is not None


def _gather(
    name: str, window: Windows | None, target: Windows | None, sliding: Sliding | None, layers: Layers, places: Places
) -> Gather | None:
    """Plan what to gather for an input of a layer; return None if the input can be used as it is."""
    if window is None:
        return None
    outside = ZERO_ROW
    if target is not None and sliding:
        size, top, left = target.read_by(sliding)
        outside = sliding.outside
    else:
        wanted = target or window.whole()
        size, top, left = wanted.size, wanted.top, wanted.left
    if size == window.size and np.array_equal(top, window.top) and np.array_equal(left, window.left):
        return None
    first_changed = places.ends[layers.shapes[name][0]]
    rows = window.rows(size, top, left, outside, places.starts[name], first_changed)
    return Gather(torch.from_numpy(rows).to(layers.device), size)


def _paint(windows: Windows, covered: np.ndarray, device: torch.device) -> Gather:
    """Plan where the painted windows' pixels come from: the image, or the filler, whose pixels follow the image's."""
    n = len(covered)
    y = windows.top[:, None] + np.arange(windows.size[0])
    x = windows.left[:, None] + np.arange(windows.size[1])
    pixel = y[:, :, None] * windows.map_size[1] + x[:, None, :]
    hidden = covered[np.arange(n)[:, None, None], y[:, :, None], x[:, None, :]]
    rows = (pixel + hidden * (windows.map_size[0] * windows.map_size[1])).astype(np.int32).ravel()
    return Gather(torch.from_numpy(rows).to(device), windows.size)


class ChangedWindows:
    """Embeds images under masks by computing only what changes.

    Parameters
    ----------
    layers : Layers
        The network.
    masks : sequence of MaskSet
        n masks in all.
    batch : int
        Number of masks embedded at a time.
    """

    def __init__(self, layers: Layers, masks: Sequence[MaskSet], batch: int):
        self._layers = layers
        self._done = layers.done_after
        self._places = Places(layers)
        self._schedules = [
            make_schedule(layers, self._places, mask_set.covered[start : start + batch])
            for mask_set in masks
            for start in range(0, len(mask_set.covered), batch)
        ]
        self._tables = self._make_tables()

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Embed the clean image, and the image under every mask; see `Engine.embed`."""
        device, dtype = self._layers.device, self._layers.dtype
        with torch.inference_mode():
            image, filler = (torch.from_numpy(part).to(device, dtype) for part in (shown, hidden))
            pixels = torch.cat([image, filler]).reshape(-1, shown.shape[2])
            clean = self._keep_clean(image.permute(2, 0, 1)[None])
            under_masks = [self._run(schedule, pixels) for schedule in self._schedules]
            return torch.cat([clean, *under_masks]).float().cpu().numpy()

    def _make_tables(self) -> dict[int, torch.Tensor]:
        """Allocate, per number of channels, space for the clean maps and for the windows of every layer and batch."""
        tables = {}
        for channels, end in self._places.ends.items():
            room = max(schedule.pixels[channels] for schedule in self._schedules)
            tables[channels] = torch.empty(end + room, channels, dtype=self._layers.dtype, device=self._layers.device)
            tables[channels][ZERO_ROW], tables[channels][LOWEST_ROW] = 0, -torch.inf
        return tables

    def _keep_clean(self, image: torch.Tensor) -> torch.Tensor:
        """Pass the clean image through the network, and keep its maps."""
        for name, result in self._layers.results(image):
            if name in self._places.starts:
                first, pixels = self._places.starts[name], _as_rows(result)
                self._tables[result.shape[1]][first : first + len(pixels)] = pixels
        return result

    def _run(self, schedule: Schedule, pixels: torch.Tensor) -> torch.Tensor:
        values = {self._layers.input: _as_maps(pixels.index_select(0, schedule.painted.rows), schedule.painted.size)}
        for step, done in zip(schedule.steps, self._done, strict=True):
            layer = step.layer
            inputs = [
                values[name] if gather is None else self._cut(values[name], gather)
                for name, gather in zip(layer.inputs, step.gathers, strict=True)
            ]
            compute = layer.apply_inside if step.is_inside and layer.apply_inside else layer.apply
            values[layer.name] = compute(*inputs)
            for name in done:
                del values[name]
        return values[self._layers.output]

    def _cut(self, windows: torch.Tensor, gather: Gather) -> torch.Tensor:
        """Write windows after the clean maps, and gather rectangles from both."""
        changed = _as_rows(windows)
        channels = changed.shape[1]
        table, first = self._tables[channels], self._places.ends[channels]
        table[first : first + len(changed)] = changed
        return _as_maps(table.index_select(0, gather.rows), gather.size)


def _as_rows(maps: torch.Tensor) -> torch.Tensor:
    """Turn maps, n x c x h x w, into one row per pixel; no copy if they are stored channels-last."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def _as_maps(rows: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Turn rows, one per pixel, into maps, n x c x h x w, stored channels-last."""
    return rows.view(-1, *size, rows.shape[1]).permute(0, 3, 1, 2)
