"""Ways to embed an image under every mask, and the choice of the fastest by a trial on this machine.

An engine is an object with one method, `embed`. `own`: full passes in the runtime that the model's kind comes with.
`full`: full passes through the traced layers in torch. `windows`: only what each mask changes
(`whyface.maps.engines.changed_windows`). `half`: as `full`, in half precision, where there is CUDA and the
maps bear it.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from whyface.maps.engines.changed_windows import ChangedWindows
from whyface.maps.engines.layers import Layers, trace_layers
from whyface.maps.masks import MaskSet
from whyface.models.embedder import Embedder
from whyface.tables.files import atomic_path

logger = logging.getLogger("whyface")

BATCHES = (16, 64)
# Largest difference between unit vectors of two engines that compute the same in float32.
SAME = 1e-5
# In half precision: largest difference of a deviation, as a share of the largest deviation.
HALF_TOLERANCE = 0.01


class Engine(Protocol):
    """Embeds one image under every mask."""

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Embed an image as it is, and under every mask.

        Parameters
        ----------
        shown, hidden : numpy.ndarray
            float32, side x side x 3: the image and what shows through the patches, scaled as the network wants them.

        Returns
        -------
        numpy.ndarray
            float32, 1 + n x d: raw outputs for the image as it is, then for masks 0 to n - 1.
        """


class FullPasses:
    """Paints whole images and passes them through the whole network.

    Parameters
    ----------
    network : callable
        From float32 n x 3 x side x side to n x d.
    masks : sequence of MaskSet
        n masks in all.
    batch : int
        Masks at a time.
    device : torch.device
        Where images are painted.
    layout : torch.memory_format
        How they lie in memory.
    """

    def __init__(
        self,
        network: Callable[[torch.Tensor], torch.Tensor],
        masks: Sequence[MaskSet],
        batch: int,
        device: torch.device,
        layout: torch.memory_format = torch.channels_last,
    ):
        self._network = network
        self._covered = [
            torch.from_numpy(part[:, None]).to(device)
            for mask_set in masks
            for part in np.split(mask_set.covered, range(batch, len(mask_set.covered), batch))
        ]
        self._device = device
        self._layout = layout

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Embed an image as it is, and under every mask; see `Engine.embed`."""
        with torch.inference_mode():
            image, filler = (self._lay_out(part) for part in (shown, hidden))
            outputs = [self._network(image)]
            outputs += [self._network(torch.where(covered, filler, image)) for covered in self._covered]
            return torch.cat(outputs).float().cpu().numpy()

    def _lay_out(self, image: np.ndarray) -> torch.Tensor:
        moved = torch.from_numpy(image).to(self._device).permute(2, 0, 1)[None]
        return moved.contiguous(memory_format=self._layout)


@dataclass(frozen=True)
class Choice:
    """The engine for a model on this machine.

    Attributes
    ----------
    engine : str
        own, full, windows or half.
    batch : int
        Masks at a time.
    seconds : dict of str to float
        What an image would take, by engine and batch, as tried.
    """

    engine: str
    batch: int
    seconds: dict[str, float]


def open_engine(embedder: Embedder, masks: Sequence[MaskSet], name: str, batch: int, layers: Layers | None) -> Engine:
    """Set an engine up.

    Parameters
    ----------
    embedder : Embedder
        The model.
    masks : sequence of MaskSet
        What it is to paint.
    name : str
        own, full, windows or half.
    batch : int
        Masks at a time.
    layers : Layers or None
        The model, traced; `own` needs none.
    """
    if name == "own" or layers is None:
        return FullPasses(_in_own_runtime(embedder), masks, batch, torch.device("cpu"), torch.contiguous_format)
    if name == "windows":
        return ChangedWindows(layers, masks, batch)
    run = _in_half(layers) if name == "half" else layers.run
    return FullPasses(run, masks, batch, layers.device)


def _in_own_runtime(embedder: Embedder) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda images: torch.from_numpy(np.asarray(embedder.run(images.numpy()), np.float32))


def _in_half(layers: Layers) -> Callable[[torch.Tensor], torch.Tensor]:
    def run(images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(layers.device.type, torch.float16):
            return layers.run(images)

    return run


def trace_model(embedder: Embedder) -> Layers | None:
    """Take a model apart; None, and a word in the log, where torch cannot."""
    try:
        return trace_layers(embedder.module(), embedder.input_px, embedder.torch_device())
    except Exception as error:  # export meets models of any kind, and fails in as many ways
        reason = str(error).strip().split("\n")[0]
        logger.info("model %s: runs whole only, in its own runtime: %s", embedder.name, reason)
        return None


def choose_engine(embedder: Embedder, masks: Sequence[MaskSet], crops: np.ndarray) -> Choice:
    """Time every engine on a few masks of each size, and take the fastest of those that agree with the model's own.

    Parameters
    ----------
    embedder : Embedder
        The model.
    masks : sequence of MaskSet
        All masks.
    crops : numpy.ndarray
        uint8, 2 x side x side x 3: two faces to try on.
    """
    layers = trace_model(embedder)
    names = ["own"] if layers is None else ["own", "full", "windows"]
    if layers is not None and layers.device.type == "cuda":
        names.append("half")
    scaled = embedder.scale(crops)
    seconds: dict[tuple[str, int], float] = {}
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
            seconds[name, batch] = sum(share * time for share, time in zip(shares, times, strict=True))
    best = min(seconds, key=lambda key: seconds[key])
    return Choice(*best, {f"{name}, {batch}": round(value, 4) for (name, batch), value in seconds.items()})


def _some(mask_set: MaskSet, batch: int) -> MaskSet:
    """Take one batch of neighbouring masks, a third of the way down."""
    start = max(0, min(len(mask_set.covered) // 3, len(mask_set.covered) - batch))
    return replace(mask_set, covered=mask_set.covered[start : start + batch])


def _embed_both(engine: Engine, embedder: Embedder, scaled: np.ndarray) -> np.ndarray:
    """Embed both images, each with the other as its filler: unit vectors, 2 x (1 + n) x d."""
    raw = [engine.embed(scaled[i], scaled[1 - i]) for i in (0, 1)]
    return np.stack([embedder.normalise(part, ["trial image"] * len(part)) for part in raw])


def _agree(name: str, model: str, found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> bool:
    """Whether an engine gives what the model's own runtime gives, within its tolerance."""
    if name == "half":
        # Deviations of the clean-to-all kind, up to a constant: how each mask moves a face from the other.
        moves = [[part[0, 1:] @ part[1, 0] - part[0, 0] @ part[1, 0] for part in side] for side in (found, expected)]
        lost = max(np.abs(ours - theirs).max() for ours, theirs in zip(*moves, strict=True))
        largest = max(np.abs(theirs).max() for theirs in moves[1])
        agrees = bool(lost <= HALF_TOLERANCE * largest)
    else:
        agrees = max(np.abs(ours - theirs).max() for ours, theirs in zip(found, expected, strict=True)) <= SAME
    if not agrees:
        logger.warning("model %s: engine %s gives other embeddings than the model's own runtime; left out", model, name)
    return agrees


def _time(engine: Engine, scaled: np.ndarray) -> float:
    """Seconds that an image takes: the better of two runs."""
    seconds = []
    for image, filler in (scaled, scaled[::-1]):
        start = time.perf_counter()
        engine.embed(image, filler)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def write_choice(choice: Choice, path: Path | str) -> None:
    """Write a choice as JSON."""
    with atomic_path(path) as temporary:
        Path(temporary).write_text(json.dumps(asdict(choice), indent=1) + "\n", encoding="utf-8")


def read_choice(path: Path | str) -> Choice:
    """Read what `write_choice` wrote."""
    values: Mapping = json.loads(Path(path).read_text(encoding="utf-8"))
    return Choice(values["engine"], values["batch"], values["seconds"])
