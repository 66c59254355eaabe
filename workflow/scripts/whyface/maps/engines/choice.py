"""Chooses the fastest engine by a trial on this machine."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from whyface.maps.engines.engine import Engine, open_engine, trace_model
from whyface.maps.masks import MaskSet
from whyface.models.embedder import Embedder
from whyface.tables.files import atomic_path

logger = logging.getLogger("whyface")

BATCHES = (16, 64)
# Largest difference allowed between the unit vectors of two engines that compute in float32.
FLOAT32_TOLERANCE = 1e-5
# In half precision: largest difference allowed between deviations, as a share of the largest deviation.
HALF_TOLERANCE = 0.01


class Choice(NamedTuple):
    """The engine for a model on this machine: its name, and how many masks it embeds at a time."""

    engine: str
    batch: int

    def __str__(self) -> str:
        return f"{self.engine}, {self.batch} masks at a time"


def choose_engine(
    embedder: Embedder, masks: Sequence[MaskSet], crops: np.ndarray
) -> tuple[Choice, dict[Choice, float]]:
    """Time every engine on a few masks of each size, and choose the fastest that agrees with the model's own runtime.

    Parameters
    ----------
    embedder : Embedder
        The model.
    masks : sequence of MaskSet
        All masks.
    crops : numpy.ndarray
        uint8, 2 x side x side x 3: two faces for the trial.

    Returns
    -------
    tuple
        The choice; and the estimated seconds per image, by choice, of all that agreed.
    """
    layers = trace_model(embedder)
    names = ["own"] if layers is None else ["own", "full", "windows"]
    if layers is not None and layers.device.type == "cuda":
        names.append("half")
    scaled = embedder.scale(crops)
    seconds: dict[Choice, float] = {}
    for batch in BATCHES:
        parts = [_some(mask_set, batch) for mask_set in masks]
        expected: list[np.ndarray] = []
        for name in names:
            engines = [open_engine(embedder, [part], name, batch, layers) for part in parts]
            found = [_embed_both(engine, embedder, scaled) for engine in engines]
            expected = expected or found
            if not _agree(name, embedder.name, found, expected):
                continue
            shares = [len(mask_set.covered) / len(part.covered) for mask_set, part in zip(masks, parts, strict=True)]
            times = [_time(engine, scaled) for engine in engines]
            seconds[Choice(name, batch)] = sum(share * time for share, time in zip(shares, times, strict=True))
    return min(seconds, key=lambda choice: seconds[choice]), seconds


def _some(mask_set: MaskSet, batch: int) -> MaskSet:
    """Take one batch of neighbouring masks, a third of the way down."""
    start = max(0, min(len(mask_set.covered) // 3, len(mask_set.covered) - batch))
    return replace(mask_set, covered=mask_set.covered[start : start + batch])


def _embed_both(engine: Engine, embedder: Embedder, scaled: np.ndarray) -> np.ndarray:
    """Embed both images, each with the other as its filler: unit vectors, 2 x (1 + n) x d."""
    raw = [engine.embed(scaled[i], scaled[1 - i]) for i in (0, 1)]
    return np.stack([embedder.normalise(part, ["trial image"] * len(part)) for part in raw])


def measure_difference(name: str, found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> tuple[float, float]:
    """Measure an engine's largest difference from the model's own runtime; return it with its tolerance.

    Parameters
    ----------
    name : str
        The engine's name.
    found, expected : sequence of numpy.ndarray
        Unit vectors, 2 x (1 + n) x d, of two faces as they are and under masks; one array for each patch size.

    Returns
    -------
    tuple of float
        The difference and its tolerance. The difference is between unit vectors; in half precision, it is between the
        deviations that maps are made of, as a share of the largest deviation.
    """
    if name != "half":
        return max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True)), FLOAT32_TOLERANCE
    # Clean-to-all deviations, up to their sign: how each mask moves one face relative to the other.
    moves = [[(part[0, 1:] - part[0, 0]) @ part[1, 0] for part in side] for side in (found, expected)]
    lost = max(float(np.abs(a - b).max()) for a, b in zip(*moves, strict=True))
    return lost / max(float(np.abs(part).max()) for part in moves[1]), HALF_TOLERANCE


def _agree(name: str, model: str, found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> bool:
    """Return whether an engine agrees with the model's own runtime within its tolerance; warn if it does not."""
    difference, tolerance = measure_difference(name, found, expected)
    if not difference <= tolerance:
        logger.warning("model %s: engine %s gives other embeddings than the model's own runtime; left out", model, name)
    return difference <= tolerance


def _time(engine: Engine, scaled: np.ndarray) -> float:
    """Return the seconds per image: the better of two runs."""
    seconds = []
    for image, filler in (scaled, scaled[::-1]):
        start = time.perf_counter()
        engine.embed(image, filler)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def write_choice(choice: Choice, path: Path | str) -> None:
    """Write a choice as JSON, without timings, so that a trial with the same outcome writes the same file."""
    with atomic_path(path) as temporary:
        Path(temporary).write_text(json.dumps(choice._asdict()) + "\n", encoding="utf-8")


def read_choice(path: Path | str) -> Choice:
    """Read what `write_choice` wrote."""
    return Choice(**json.loads(Path(path).read_text(encoding="utf-8")))
