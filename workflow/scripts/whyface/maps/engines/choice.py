"""Chooses the fastest engine by a trial on this machine."""

import json
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from whyface.devices import FLOAT32_TOLERANCE, free_memory
from whyface.maps.engines.engine import (
    ON_CPU,
    ON_CUDA,
    Engine,
    is_half,
    open_engine,
    trace_model,
    unit_vectors,
)
from whyface.maps.engines.layers import Layers
from whyface.maps.masks import MaskSet
from whyface.models.embedder import Embedder
from whyface.tables.files import atomic_path

logger = logging.getLogger("whyface")

# Batches to try, by device: all engines at the first one, the fastest at the others, too.
BATCHES = {"cpu": (16, 4, 64), "cuda": (256, 64, 1024)}
# Largest result of a layer for one batch on the CPU, in bytes: several are held at a time, in every job.
LARGEST_RESULT = 128e6
# In half precision: largest difference allowed between deviations, as a share of the largest deviation.
HALF_TOLERANCE = 0.01


class Choice(NamedTuple):
    """The engine for a model on this machine: its name, and how many masks it embeds at a time."""

    engine: str
    batch: int

    def __str__(self) -> str:
        return f"{self.engine}, {self.batch} masks at a time"


# What every other choice is compared with, under this many masks of each size.
OWN = Choice("own", 16)
COMPARED = 16


def choose_engine(
    embedder: Embedder, masks: Sequence[MaskSet], crops: np.ndarray
) -> tuple[Choice, dict[Choice, float]]:
    """Time every engine on a few masks of each size, and choose the fastest that agrees with the model's own runtime.

    The fastest is then tried with other batches. An engine that raises is left out.

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
        The model's own runtime fails with a batch of 16.
    """
    device = embedder.torch_device()
    first, *others = BATCHES[device]
    trial = _Trial(embedder, masks, embedder.scale(crops))
    # The model's own runtime comes first and is closed then: of a large model, both would not fit into memory.
    trial.time_all([OWN, Choice("own", first)])
    trial.layers = trace_model(embedder)
    if trial.layers is not None:
        trial.time_all([Choice(name, first) for name in (ON_CUDA if device == "cuda" else ON_CPU)])
    if trial.fastest.engine == "own":
        trial.layers = None
    elif trial.layers is not None and device == "cpu":
        others = [batch for batch in others if batch * _largest_result(trial.layers) <= LARGEST_RESULT]
    free_memory()
    trial.time_all([trial.fastest._replace(batch=batch) for batch in others])
    return trial.fastest, trial.seconds


class _Trial:
    """Times engines on a few masks of each size, and compares them with the model's own runtime."""

    def __init__(self, embedder: Embedder, masks: Sequence[MaskSet], scaled: np.ndarray):
        self._embedder, self._masks, self._scaled = embedder, masks, scaled
        self.layers: Layers | None = None
        self._expected = np.empty(0)
        self.seconds: dict[Choice, float] = {}

    @property
    def fastest(self) -> Choice:
        """The fastest of those that agree."""
        return min(self.seconds, key=lambda choice: self.seconds[choice])

    def time_all(self, choices: Sequence[Choice]) -> None:
        """Estimate the seconds per image of those that agree and were not timed yet."""
        for choice in dict.fromkeys(choices):
            if choice not in self.seconds:
                taken = self._time(choice) if choice == OWN else self._time_or_leave_out(choice)
                if taken is not None:
                    self.seconds[choice] = taken

    def _time(self, choice: Choice) -> float | None:
        """Time one engine; None if it gives other embeddings than the model's own runtime."""
        parts = [_some(mask_set, max(choice.batch, COMPARED)) for mask_set in self._masks]
        engine = open_engine(self._embedder, parts, choice.engine, choice.batch, self.layers)
        found = _embed_both(engine, self._embedder, self._scaled)[:, _compared(parts)]
        if choice == OWN:
            self._expected = found
        elif not _agree(choice.engine, self._embedder.name, found, self._expected):
            return None
        return _time(engine, self._scaled) * _count(self._masks) / _count(parts)

    def _time_or_leave_out(self, choice: Choice) -> float | None:
        """Time one engine; if it raises, say so and return None."""
        try:
            return self._time(choice)
        except Exception as error:  # engines run out of memory, and fail in other ways
            reason = f"{type(error).__name__}: {error}"
        logger.warning("model %s: engine %s fails and is left out: %s", self._embedder.name, choice, reason)
        free_memory()
        return None


def _largest_result(layers: Layers) -> int:
    """Return the bytes of a network's largest map for one image."""
    return max(4 * math.prod(shape) for shape in layers.shapes.values())


def _some(mask_set: MaskSet, number: int) -> MaskSet:
    """Take neighbouring masks from a third of the way down."""
    start = max(0, min(len(mask_set.covered) // 3, len(mask_set.covered) - COMPARED))
    return mask_set.take(np.arange(len(mask_set.covered))[start : start + number])


def _compared(parts: Sequence[MaskSet]) -> list[int]:
    """List the places of the clean image and of the first masks of each size among the outputs."""
    starts = np.cumsum([1, *(len(part.covered) for part in parts)])
    return [
        0,
        *(start + i for start, part in zip(starts, parts, strict=False) for i in range(len(part.covered[:COMPARED]))),
    ]


def _count(masks: Sequence[MaskSet]) -> int:
    return sum(len(mask_set.covered) for mask_set in masks)


def _embed_both(engine: Engine, embedder: Embedder, scaled: np.ndarray) -> np.ndarray:
    """Embed both images, each with the other as its filler: unit vectors, 2 x (1 + n) x d; NaN for no direction."""
    both = [unit_vectors(embedder, engine, scaled[i], scaled[1 - i], "trial image") for i in (0, 1)]
    return np.stack(both)


def measure_difference(name: str, found: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Measure an engine's largest difference from the model's own runtime; return it with its tolerance.

    Parameters
    ----------
    name : str
        The engine's name.
    found, expected : numpy.ndarray
        Unit vectors, 2 x (1 + n) x d, of two faces as they are and under masks.

    Returns
    -------
    tuple of float
        The difference and its tolerance. The difference is between unit vectors; in half precision, it is between the
        deviations that maps are made of, as a share of the largest deviation.
    """
    if not is_half(name):
        return _largest(found, expected), FLOAT32_TOLERANCE
    # Clean-to-all deviations, up to their sign: how each mask moves one face relative to the other.
    moves = [(side[0, 1:] - side[0, 0]) @ side[1, 0] for side in (found, expected)]
    return _largest(*moves) / float(np.nanmax(np.abs(moves[1]))), HALF_TOLERANCE


def _largest(a: np.ndarray, b: np.ndarray) -> float:
    """Find the largest difference; NaN if one of the two is NaN where the other is not."""
    return float(np.abs(a - b)[~(np.isnan(a) & np.isnan(b))].max(initial=0))


def _agree(name: str, model: str, found: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether an engine agrees with the model's own runtime within its tolerance; warn if it does not."""
    difference, tolerance = measure_difference(name, found, expected)
    if not difference <= tolerance:
        logger.warning("model %s: engine %s gives other embeddings than the model's own runtime; left out", model, name)
    return difference <= tolerance


def _time(engine: Engine, scaled: np.ndarray) -> float:
    """Return the seconds per image: the better of two runs."""
    # One thread computes, and other jobs may keep it waiting; a card computes while the processor waits.
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    seconds = []
    for image, filler in (scaled, scaled[::-1]):
        start = clock()
        engine.embed(image, filler)
        seconds.append(clock() - start)
    return min(seconds)


def write_choice(choice: Choice, path: Path | str) -> None:
    """Write a choice as JSON, without timings, so that a trial with the same outcome writes the same file."""
    with atomic_path(path) as temporary:
        Path(temporary).write_text(json.dumps(choice._asdict()) + "\n", encoding="utf-8")


def read_choice(path: Path | str) -> Choice:
    """Read what `write_choice` wrote; raise ValueError for an engine that does not exist."""
    choice = Choice(**json.loads(Path(path).read_text(encoding="utf-8")))
    if choice.engine not in ON_CUDA:
        raise ValueError(f"{path}: engine {choice.engine!r}; allowed: {', '.join(ON_CUDA)}")
    return choice
