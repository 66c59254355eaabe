"""Measures how every mask shifts an image's embedding, once per image.

The shift is the unit vector under the mask minus that of the clean image. It does not depend on the image's partner,
so one pass over the images serves every pair, every method and every protocol.
"""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.devices import free_memory
from whyface.maps.engines.choice import OWN, Choice
from whyface.maps.engines.engine import Engine, open_engine, trace_model, unit_vectors
from whyface.maps.masks import MaskSet, make_filler, split_by_fill, take_masks
from whyface.maps.prediction import Prediction
from whyface.maps.stored_shifts import count_undefined
from whyface.models.embedder import Embedder

logger = logging.getLogger("whyface")

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


def measure_shifts(embedder: Embedder, parts: Sequence[Part], crop: np.ndarray, label: str) -> np.ndarray:
    """Measure the shifts of one image.

    Parameters
    ----------
    embedder : Embedder
        The model.
    parts : sequence of Part
        Engines set up for n masks in all.
    crop : numpy.ndarray
        uint8, side x side x 3.
    label : str
        The image's id, for messages and for the fill `noise`.

    Returns
    -------
    numpy.ndarray
        float32, n x dimension, masks in order; NaN for masks under which the output has no direction.

    Raises
    ------
    ValueError
        The output for the clean image has no direction.
    """
    measured = []
    for fill, _, engine in parts:
        shown, hidden = embedder.scale(np.stack([crop, make_filler(crop, fill, label)]))
        unit = unit_vectors(embedder, engine, shown, hidden, label)
        measured.append(unit[1:] - unit[0])
    places = np.concatenate([part.places for part in parts])
    return np.concatenate(measured)[np.argsort(places)]


class Occluder:
    """Measures the shifts of image after image, with the chosen engine; where it fails, in the model's own runtime.

    Parameters
    ----------
    embedder : Embedder
        The model.
    masks : sequence of MaskSet
        All masks.
    fill : str
        What shows through the masks.
    choice : Choice
        The engine. If it raises, it is left out from then on; if it gives no direction, for that image only.
    prediction : Prediction or None
        Which masks to measure; None: all. Images that it does not foresee are measured under all masks, too.
    """

    def __init__(
        self,
        embedder: Embedder,
        masks: Sequence[MaskSet],
        fill: str,
        choice: Choice,
        prediction: Prediction | None = None,
    ):
        self._embedder, self._fill = embedder, fill
        self._masks = take_masks(masks, prediction.measured) if prediction else masks
        self._prediction = prediction if prediction and not prediction.is_exact else None
        self._every = Occluder(embedder, masks, fill, choice) if self._prediction else self
        self._choice = choice
        self._parts: dict[Choice, list[Part]] = {}

    def measure(self, crop: np.ndarray, label: str) -> tuple[str, np.ndarray]:
        """Measure the shifts of one image; return the engine and them, as `measure_shifts` does.

        Raises
        ------
        Exception
            The model's own runtime fails, or gives no direction for the clean image.
        """
        engine, shifts = self._measure_or_retry(crop, label)
        if self._prediction and self._prediction.unforeseen(shifts) > self._prediction.limit:
            logger.info("image %s: few masks do not foretell the others; all are measured", label)
            engine, shifts = self._every.measure(crop, label)
        return engine, shifts

    def _measure_or_retry(self, crop: np.ndarray, label: str) -> tuple[str, np.ndarray]:
        choice = self._choice
        shifts = None if choice.engine == "own" else self._try(crop, label)
        if shifts is None or not np.isfinite(shifts).all():
            choice = choice if choice.engine == "own" else OWN
            shifts = self._measure(choice, crop, label)
        lost = count_undefined(shifts)
        if lost:
            logger.warning("image %s: no embedding under %d of %d masks", label, lost, len(shifts))
        return str(choice), shifts

    def _try(self, crop: np.ndarray, label: str) -> np.ndarray | None:
        """Measure with the chosen engine; None if it raises, and leave it out from then on."""
        try:
            return self._measure(self._choice, crop, label)
        except Exception as error:  # engines run out of memory, and fail in other ways
            reason = f"{type(error).__name__}: {error}"
        logger.warning("image %s: engine %s fails and is left out from here on: %s", label, self._choice, reason)
        self._parts.clear()
        self._choice = OWN
        free_memory()
        return None

    def _measure(self, choice: Choice, crop: np.ndarray, label: str) -> np.ndarray:
        if choice not in self._parts:
            self._parts[choice] = open_parts(self._embedder, self._masks, self._fill, choice)
        return measure_shifts(self._embedder, self._parts[choice], crop, label)


def split_shard(image_ids: Sequence[str], shard: int, shards: int) -> list[str]:
    """Return the images of shard `shard` (1 to `shards`), in order; shards are contiguous and as even as possible."""
    ends = [len(image_ids) * i // shards for i in range(shards + 1)]
    return list(image_ids[ends[shard - 1] : ends[shard]])


def people_of(pairs: Sequence[pd.DataFrame], image_ids: Sequence[str]) -> dict[str, str]:
    """Look up who is in each image; somebody unknown is a person of their own."""
    sides = [table[[f"image_{side}", f"subject_{side}"]].to_numpy() for table in pairs for side in "ab"]
    known = {image_id: person or image_id for side in sides for image_id, person in side}
    return {image_id: known[image_id] for image_id in image_ids}


def selected_images(pairs: Sequence[pd.DataFrame], selections: Sequence[pd.DataFrame]) -> list[str]:
    """List the images of all selected pairs, each once, sorted.

    Parameters
    ----------
    pairs, selections : sequence of pandas.DataFrame
        Tables of the same datasets, in the same order.
    """
    chosen = [p[p["pair_id"].isin(s["pair_id"])] for p, s in zip(pairs, selections, strict=True)]
    return sorted({image_id for part in chosen for side in ("image_a", "image_b") for image_id in part[side]})
