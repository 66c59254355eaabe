"""Combines the outputs for an image and for its mirror image: the flip test of many published figures.

Outputs are combined raw, before they are scaled to unit length. The mean has the direction of the sum, and half its
norm.
"""

from collections.abc import Callable, Mapping

import numpy as np

FLIPS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": lambda straight, mirrored: (straight + mirrored) / 2,
    "sum": lambda straight, mirrored: straight + mirrored,
    "concatenate": lambda straight, mirrored: np.concatenate([straight, mirrored], axis=1),
}


def combine(flip: str, straight: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Combine raw outputs, n x d, as the model's `flip` says: n x d, or n x 2 d."""
    return straight if flip == "none" else FLIPS[flip](straight, mirrored)
