"""Chooses the fastest engine by a trial on this machine."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from whyface.devices import FLOAT32_TOLERANCE
from whyface.maps.engines.engine import Engine, free_memory, open_engine, trace_model, unit_vectors
from whyface.maps.engines.layers import Layers
from whyface.maps.masks import MaskSet
from whyface.models.embedder import Embedder
from whyface.tables.files import atomic_path

logger = logging.getLogger("whyface")

BATCHES = (16, 64)
# In half precision: largest difference allowed between deviations, as a share of the largest deviation.
HALF_TOLERANCE = 0.01


class Choice(NamedTuple):
    """The engine for a model on this machine: its name, and how many masks it embeds at a time."""

    engine: str
    batch: int

    def __str__(self) -> str:
        return f"{self.engine}, {self.batch} masks at a time"


# What every other choice is compared with.
OWN = Choice("own", BATCHES[0])


def choose_engine(
    embedder: Embedder, masks: Sequence[MaskSet], crops: np.ndarray
) -> tuple[Choice, dict[Choice, float]]:
    """Time every engine on a few masks of each size, and choose the fastest that agrees with the model's own runtime.

    An engine that raises is left out.

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

    Raises
    ------
    Exception
        The model's own runtime fails even with the smallest batch.
    """
    layers = trace_model(embedder)
    names = ["own"] if layers is None else ["own", "full", "windows"]
    if layers is not None and layers.device.type == "cuda":
        names.append("half")
    trial = _Trial(embedder, masks, embedder.scale(crops), layers)
    seconds: dict[Choice, float] = {}
    for choice in (Choice(name, batch) for batch in BATCHES for name in names):
        taken = trial.time(choice) if choice == OWN else _time_or_leave_out(trial, choice)
        if taken is not None:
            seconds[choice] = taken
    return min(seconds, key=lambda choice: seconds[choice]), seconds


class _Trial:
    """Times an engine on one batch of masks of each size, beside the model's own runtime."""

    def __init__(self, embedder: Embedder, masks: Sequence[MaskSet], scaled: np.ndarray, layers: Layers | None):
        self.model = embedder.name
        self._embedder, self._masks, self._scaled, self._layers = embedder, masks, scaled, layers
        self._expected: dict[int, list[np.ndarray]] = {}  # by batch

    def time(self, choice: Choice) -> float | None:
        """Estimate the seconds per image; None if the engine gives other embeddings than the model's own runtime."""
        parts = [_some(mask_set, choice.batch) for mask_set in self._masks]
        engines = [self._open(part, choice) for part in parts]
        found = [_embed_both(engine, self._embedder, self._scaled) for engine in engines]
        if choice.engine == "own":
            self._expected[choice.batch] = found
        elif not _agree(choice.engine, self.model, found, self._of_own_runtime(parts, choice.batch)):
            return None
        shares = [len(mask_set.covered) / len(part.covered) for mask_set, part in zip(self._masks, parts, strict=True)]
        return sum(share * _time(engine, self._scaled) for share, engine in zip(shares, engines, strict=True))

    def _open(self, part: MaskSet, choice: Choice) -> Engine:
        return open_engine(self._embedder, [part], choice.engine, choice.batch, self._layers)

    def _of_own_runtime(self, parts: Sequence[MaskSet], batch: int) -> list[np.ndarray]:
        if batch not in self._expected:
            self._expected[batch] = [_embed_both(self._open(part, OWN), self._embedder, self._scaled) for part in parts]
        return self._expected[batch]


def _time_or_leave_out(trial: _Trial, choice: Choice) -> float | None:
    """Time an engine; if it raises, say so and return None."""
    try:
        return trial.time(choice)
    except Exception as error:  # engines run out of memory, and fail in other ways
        reason = f"{type(error).__name__}: {error}"
    logger.warning("model %s: engine %s fails and is left out: %s", trial.model, choice, reason)
    free_memory()
    return None


def _some(mask_set: MaskSet, batch: int) -> MaskSet:
    """Take one batch of neighbouring masks, a third of the way down."""
    start = max(0, min(len(mask_set.covered) // 3, len(mask_set.covered) - batch))
    return replace(mask_set, covered=mask_set.covered[start : start + batch])


def _embed_both(engine: Engine, embedder: Embedder, scaled: np.ndarray) -> np.ndarray:
    """Embed both images, each with the other as its filler: unit vectors, 2 x (1 + n) x d; NaN for no direction."""
    both = [unit_vectors(embedder, engine, scaled[i], scaled[1 - i], "trial image") for i in (0, 1)]
    return np.stack(both)


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
        return _largest(found, expected), FLOAT32_TOLERANCE
    # Clean-to-all deviations, up to their sign: how each mask moves one face relative to the other.
    moves = [[(part[0, 1:] - part[0, 0]) @ part[1, 0] for part in side] for side in (found, expected)]
    return _largest(*moves) / float(np.nanmax(np.abs(np.concatenate(moves[1])))), HALF_TOLERANCE


def _largest(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """Find the largest difference; NaN if one of the two is NaN where the other is not."""
    a, b = (np.concatenate([part.ravel() for part in side]) for side in (found, expected))
    return float(np.abs(a - b)[~(np.isnan(a) & np.isnan(b))].max(initial=0))


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
