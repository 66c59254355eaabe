"""Measures how every mask shifts an image's embedding, once per image.

The shift is the unit vector under the mask minus that of the clean image. It does not depend on the image's partner,
so one pass over the images serves every pair, every method and every protocol.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.maps.engines.choice import Choice
from whyface.maps.engines.engine import Engine, open_engine, trace_model
from whyface.maps.masks import MaskSet, make_filler, split_by_fill
from whyface.models.embedder import Embedder

# How shifts are stored until the maps are made. Half precision moves a map by up to a thousandth of its largest value.
STORED_AS = {"exact": "float32", "fast": "float16"}


class Part(NamedTuple):
    """An engine for the masks that share one fill, and their places among all masks."""

    fill: str
    places: np.ndarray
    engine: Engine


def open_parts(embedder: Embedder, masks: Sequence[MaskSet], fill: str, choice: Choice) -> list[Part]:
    """Set up an engine for each fill; with `mixed`, each takes its share of the masks."""
    layers = None if choice.engine == "own" else trace_model(embedder)
    return [
        Part(name, places, open_engine(embedder, own, choice.engine, choice.batch, layers))
        for name, places, own in split_by_fill(masks, fill)
    ]


def measure_shifts(
    embedder: Embedder, parts: Sequence[Part], crop: np.ndarray, masks: Sequence[MaskSet], label: str
) -> np.ndarray:
    """Measure the shifts of one image.

    Parameters
    ----------
    embedder : Embedder
        The model.
    parts : sequence of Part
        Engines set up for `masks`.
    crop : numpy.ndarray
        uint8, side x side x 3.
    masks : sequence of MaskSet
        n masks in all.
    label : str
        The image's id, for messages and for the fill `noise`.

    Returns
    -------
    numpy.ndarray
        float32, n x dimension, masks in order.
    """
    labels = np.array([f"{label}, patch {m.patch_px} px, mask {i}" for m in masks for i in range(len(m.covered))])
    measured = []
    for fill, places, engine in parts:
        raw = engine.embed(*embedder.scale(np.stack([crop, make_filler(crop, fill, label)])))
        unit = embedder.normalise(raw, [label, *labels[places]])
        measured.append(unit[1:] - unit[0])
    shifts = np.empty((len(labels), measured[0].shape[1]), np.float32)
    shifts[np.concatenate([part.places for part in parts])] = np.concatenate(measured)
    return shifts


def split_shard(image_ids: Sequence[str], shard: int, shards: int) -> list[str]:
    """Return the images of shard `shard` (1 to `shards`), in order; shards are contiguous and as even as possible."""
    ends = [len(image_ids) * i // shards for i in range(shards + 1)]
    return list(image_ids[ends[shard - 1] : ends[shard]])


def selected_images(pairs: Sequence[pd.DataFrame], selections: Sequence[pd.DataFrame]) -> list[str]:
    """List the images of all selected pairs, each once, sorted.

    Parameters
    ----------
    pairs, selections : sequence of pandas.DataFrame
        Tables of the same datasets, in the same order.
    """
    chosen = [p[p["pair_id"].isin(s["pair_id"])] for p, s in zip(pairs, selections, strict=True)]
    return sorted({image_id for part in chosen for side in ("image_a", "image_b") for image_id in part[side]})
