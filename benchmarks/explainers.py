"""Every method that benchmarks/fidelity.py compares, on one pair: our maps, the paper's, the rivals', and controls.

Ours and the paper's share the shifts of their masks, so a cost is that of a method made alone.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import rivals
import torch

from whyface.fidelity.controls import blurred
from whyface.maps.engines.choice import Choice
from whyface.maps.engines.layers import Layers
from whyface.maps.explanation import PUBLISHED_METHODS, map_operator, measure_deviations
from whyface.maps.masks import MaskSet, make_masks
from whyface.maps.occlusion import Part, measure_shifts, open_parts
from whyface.models.embedder import Embedder

ENGINE = Choice("windows", 64)
BATCH = 32
FINE = {"shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}
COARSE = {"shape": "square", "patch_px": [16, 32], "stride_px": 12}
RISE_MASKS = 500  # as many as CorrRISE has
SIDES = "ab"

DEFAULT, COARSE_DEFAULT = "pair-specific", "pair-specific, coarse masks"
SIMPLE = "clean-to-all, mean fill"
AS_PUBLISHED = {f"{method}, as published": method for method in PUBLISHED_METHODS}
BLURRED, ANOTHER = "blurred default map", "another pair's map"

Maps = tuple[np.ndarray, np.ndarray]


class Layout(NamedTuple):
    """Masks, their fill, and the methods that are made with them: names here, and in the package."""

    masks: dict[str, Any]
    variant: str
    fill: str
    methods: dict[str, str]


LAYOUTS = (
    Layout(FINE, "corrected", "mixed", {DEFAULT: "pair-specific"}),
    Layout(COARSE, "corrected", "mixed", {COARSE_DEFAULT: "pair-specific"}),
    Layout(FINE, "corrected", "mean", {SIMPLE: "clean-to-all"}),
    Layout(FINE, "paper", "black", AS_PUBLISHED),
)


class Made(NamedTuple):
    """A pair's maps by one method, signed, and what they cost."""

    maps: Maps
    seconds: float
    passes: int


class Photo(NamedTuple):
    """A photo: its id and its crop."""

    image_id: str
    crop: np.ndarray


@dataclass
class Occlusion:
    """The methods of one layout, ready for any pair."""

    embedder: Embedder
    layout: Layout
    masks: list[MaskSet] = field(init=False)
    parts: list[Part] = field(init=False)
    operators: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self):
        side, (masks, variant, fill, methods) = self.embedder.input_px, self.layout
        self.masks = make_masks(side, {**scaled(masks, side), "variant": variant})
        self.parts = open_parts(self.embedder, self.masks, fill, ENGINE)
        weighed_alike = {
            name: PUBLISHED_METHODS[0] if own in PUBLISHED_METHODS else own for name, own in methods.items()
        }
        made = {own: map_operator(self.masks, own, variant, side) for own in set(weighed_alike.values())}
        self.operators = {name: made[own] for name, own in weighed_alike.items()}

    def explain(self, photos: Sequence[Photo]) -> dict[str, Made]:
        """Make the maps of a pair by every method of the layout."""
        start = time.perf_counter()
        clean = [one.astype(np.float64) for one in self.embedder.embed(np.stack([p.crop for p in photos]), SIDES)]
        under = [e + self._shifts(photo) for e, photo in zip(clean, photos, strict=True)]
        seconds = time.perf_counter() - start
        return {name: self._make(name, clean, under, seconds) for name in self.layout.methods}

    def _shifts(self, photo: Photo) -> np.ndarray:
        return measure_shifts(self.embedder, self.parts, photo.crop, photo.image_id)

    def _make(self, name: str, clean: Sequence[np.ndarray], under: Sequence[np.ndarray], seconds: float) -> Made:
        start, counts = time.perf_counter(), [len(mask_set.covered) for mask_set in self.masks]
        method, variant = self.layout.methods[name], self.layout.variant
        deviations = np.stack(measure_deviations(method, tuple(under), tuple(clean), counts, variant))
        side = self.embedder.input_px
        maps = (deviations @ self.operators[name]).reshape(2, side, side)
        return Made((maps[0], maps[1]), seconds + time.perf_counter() - start, 2 * (1 + sum(counts)))


@dataclass
class Explainers:
    """All methods that were asked for, for one model."""

    embedder: Embedder
    names: Sequence[str]
    threshold: float = 0.0
    occlusions: list[Occlusion] = field(init=False)
    model: rivals.Model = field(init=False)

    def __post_init__(self):
        rivals.RISE_MASKS = RISE_MASKS
        wanted = {DEFAULT, *self.names}
        self.occlusions = [Occlusion(self.embedder, layout) for layout in LAYOUTS if wanted & set(layout.methods)]
        self.model = rivals.open_model(self.embedder, self.threshold)
        self.embedder.run = run_in_torch(self.model.layers)

    def default(self, photos: Sequence[Photo]) -> dict[str, Made]:
        """Make the default maps, and what shares their masks."""
        return self.occlusions[0].explain(photos)

    def others(self, photos: Sequence[Photo], threshold: float) -> Iterator[tuple[str, Made]]:
        """Make the maps of the other methods; `threshold` is the cosine distance below which the model says same."""
        for occlusion in self.occlusions[1:]:
            yield from occlusion.explain(photos).items()
        model = replace(self.model, threshold=1 - threshold)
        for name in (name for name in rivals.RIVALS if name in self.names):
            yield name, _timed(name, model, photos)


def _timed(name: str, model: rivals.Model, photos: Sequence[Photo]) -> Made:
    start = time.perf_counter()
    rng = np.random.default_rng(zlib.crc32("".join(photo.image_id for photo in photos).encode()))
    maps = rivals.RIVALS[name].explain(model, *(photo.crop for photo in photos), rng)
    passes = rivals.RIVALS[name].passes(model.embedder.dimension or 0)
    return Made(maps, time.perf_counter() - start, passes)


ALL_METHODS = (*(name for layout in LAYOUTS for name in layout.methods), *rivals.RIVALS)


def run_in_torch(layers: Layers) -> Callable[[np.ndarray], np.ndarray]:
    """Make what `Embedder.run` is, of traced layers: equal to single precision, in half the time on a CPU."""

    def run(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            parts = torch.from_numpy(images).to(layers.device).split(BATCH)
            return torch.cat([layers.run(part) for part in parts]).cpu().numpy()

    return run


def scaled(masks: dict[str, Any], side: int) -> dict[str, Any]:
    """Scale lengths in 112ths of the input to its pixels."""
    patches = [max(1, round(patch * side / 112)) for patch in masks["patch_px"]]
    return {**masks, "patch_px": patches, "stride_px": max(1, round(masks["stride_px"] * side / 112))}


def control_maps(own: Made, other: Made) -> dict[str, Made]:
    """Make the controls that are maps: the default's own, blurred, and another pair's."""
    soft = blurred(np.stack(own.maps))
    return {BLURRED: Made((soft[0], soft[1]), own.seconds, own.passes), ANOTHER: other}
