"""Measures how every mask shifts an image's embedding, once per image.

The shift is the unit vector under the mask minus that of the clean image. It does not depend on the image's partner,
so one pass over the images serves every pair, every method and every protocol.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whyface.maps.engines.choice import Engine
from whyface.maps.masks import MaskSet
from whyface.models.embedder import Embedder

# How shifts are stored until the maps are made. Half precision moves a map by up to a thousandth of its largest value.
STORED_AS = {"exact": "float32", "fast": "float16"}


def measure_shifts(
    embedder: Embedder, engine: Engine, crop: np.ndarray, filler: np.ndarray, masks: Sequence[MaskSet], label: str
) -> np.ndarray:
    """Measure the shifts of one image.

    Parameters
    ----------
    embedder : Embedder
        The model.
    engine : Engine
        An engine set up for `masks`.
    crop, filler : numpy.ndarray
        uint8, side x side x 3: the image, and what shows through the patches.
    masks : sequence of MaskSet
        n masks in all.
    label : str
        The image's id, for messages.

    Returns
    -------
    numpy.ndarray
        float32, n x dimension, masks in order.
    """
    raw = engine.embed(*embedder.scale(np.stack([crop, filler])))
    labels = [f"{label}, patch {m.patch_px} px, mask {i}" for m in masks for i in range(len(m.covered))]
    unit = embedder.normalise(raw, [label, *labels])
    return unit[1:] - unit[0]


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
