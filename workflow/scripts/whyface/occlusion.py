"""Occludes every image with every mask, once, and embeds the results.

The occluded embeddings of an image do not depend on its partner, so one pass over the images serves every pair, every
method and every protocol.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whyface.masks import MaskSet
from whyface.models import Embedder

BATCH = 64


def embed_occluded(
    embedder: Embedder, crop: np.ndarray, filler: np.ndarray, masks: Sequence[MaskSet], label: str
) -> np.ndarray:
    """Embed one image under every mask: exactly one forward pass a mask.

    Parameters
    ----------
    embedder : Embedder
        The model.
    crop, filler : numpy.ndarray
        uint8, side x side x 3: the image, and what shows through the patches.
    masks : sequence of MaskSet
        n masks in all.
    label : str
        The image's id, for messages.

    Returns
    -------
    numpy.ndarray
        float32, n x dimension, L2-normalised, masks in order.
    """
    # Scaled once and painted over in the network's own numbers: little is left to do around the network.
    shown, hidden = embedder.scale(np.stack([crop, filler]))
    batch = np.empty((BATCH, *shown.shape), np.float32)
    parts = []
    for mask_set in masks:
        for start in range(0, len(mask_set.covered), BATCH):
            covered = mask_set.covered[start : start + BATCH]
            painted = batch[: len(covered)]
            painted[:] = shown
            for image, mask in zip(painted, covered, strict=True):
                image[mask] = hidden[mask]
            labels = [f"{label}, patch {mask_set.patch_px} px, mask {start + i}" for i in range(len(covered))]
            parts.append(embedder.embed_scaled(painted, labels))
    return np.concatenate(parts)


def split_shard(image_ids: Sequence[str], shard: int, shards: int) -> list[str]:
    """Images of shard `shard`, 1 to `shards`: contiguous, as even as can be, in order."""
    ends = [len(image_ids) * i // shards for i in range(shards + 1)]
    return list(image_ids[ends[shard - 1] : ends[shard]])


def selected_images(pairs: Sequence[pd.DataFrame], selections: Sequence[pd.DataFrame]) -> list[str]:
    """Images of all selected pairs, each once, sorted.

    Parameters
    ----------
    pairs, selections : sequence of pandas.DataFrame
        Tables of the same datasets, in the same order.
    """
    chosen = [p[p["pair_id"].isin(s["pair_id"])] for p, s in zip(pairs, selections, strict=True)]
    return sorted({image_id for part in chosen for side in ("image_a", "image_b") for image_id in part[side]})
