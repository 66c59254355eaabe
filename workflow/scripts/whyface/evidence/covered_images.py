"""Embeds images with one named region covered, and with all but that region covered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from whyface.maps.masks import make_filler
from whyface.models.embedder import Embedder
from whyface.tables.logs import progress

FILL = "mean"
COVERED = ("region", "rest")


@dataclass(frozen=True)
class CoveredImage:
    """An image under its covers.

    Attributes
    ----------
    names : tuple of str
        The regions.
    vectors : numpy.ndarray
        float32, regions x 2 x dimension: unit vectors with the region covered, and with all but it covered; NaN where
        the model gives no direction.
    """

    names: tuple[str, ...]
    vectors: np.ndarray

    def of(self, names: Iterable[str]) -> np.ndarray:
        """Take the vectors of some regions, float64."""
        return self.vectors[[self.names.index(name) for name in names]].astype(np.float64)


def embed_covered_images(
    images: Iterable[str],
    crop_of: Callable[[str], np.ndarray],
    regions_of: Callable[[str], Mapping[str, np.ndarray]],
    embed: Callable[[np.ndarray], np.ndarray],
) -> dict[str, CoveredImage]:
    """Embed each image under all its covers, in one batch each.

    Parameters
    ----------
    images : iterable of str
        Their ids; each is embedded once, however often it is named.
    crop_of : callable
        image_id -> uint8, side x side x 3.
    regions_of : callable
        image_id -> regions, as `named_regions` gives them.
    embed : callable
        uint8 n x side x side x 3 -> n x dimension, unit vectors or NaN.
    """
    different = sorted(set(images))
    covered = {}
    for image_id in progress(different, len(different), "images covered"):
        regions = regions_of(image_id)
        vectors = embed(covered_crops(crop_of(image_id), np.stack(list(regions.values())), image_id))
        covered[image_id] = CoveredImage(tuple(regions), vectors.reshape(len(regions), len(COVERED), -1))
    return covered


def covered_crops(crop: np.ndarray, regions: np.ndarray, image_id: str) -> np.ndarray:
    """Fill each region, and then all but it, with the crop's mean colour.

    Parameters
    ----------
    crop : numpy.ndarray
        uint8, side x side x 3.
    regions : numpy.ndarray
        bool, n x side x side.
    image_id : str
        As for `make_filler`.

    Returns
    -------
    numpy.ndarray
        uint8, 2 n x side x side x 3.
    """
    hidden = np.stack([regions, ~regions], axis=1).reshape(-1, *regions.shape[1:])
    return np.where(hidden[..., None], make_filler(crop, FILL, image_id), crop)


def embed_directions(embedder: Embedder, crops: np.ndarray) -> np.ndarray:
    """Embed one batch of crops; NaN where the model gives no direction."""
    return embedder.directions(embedder.run(embedder.to_batch(crops)))
