"""How the demo network is trained: loss, steps, variation of photos, and verification accuracy."""

import logging
import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from whyface.models.demo_layers import DIMENSION, INPUT_PX
from whyface.models.demo_network import build_network
from whyface.scores.decisions import cosine_distance, first_threshold
from whyface.tables.files import atomic_path

logger = logging.getLogger("whyface")

MID_PIXEL = 127.5
THRESHOLD_BINS = 2000
# Sides of the rectangles erased from training photos: as large as the patches of the occlusion, and larger.
ERASED_PX = (6, 40)


class MarginLoss(nn.Module):
    """Large margin cosine loss: each person is a direction, and embeddings must be nearer to it by a margin.

    Cross-entropy over scale * (cos - margin) for an image's own person and scale * cos for the others, with cos between
    the embedding and a person's direction (Wang et al., CosFace, CVPR 2018, eq. 4).
    """

    def __init__(self, people: int, dimension: int, margin: float, scale: float):
        super().__init__()
        self.directions = nn.Parameter(torch.randn(people, dimension))
        self.margin, self.scale = margin, scale

    def forward(self, embeddings: torch.Tensor, people: torch.Tensor) -> torch.Tensor:
        """Mean loss of raw embeddings, n x dimension, whose people are given by number, n."""
        cosines = functional.linear(functional.normalize(embeddings), functional.normalize(self.directions))
        margins = self.margin * functional.one_hot(people, len(self.directions))  # n x people
        return functional.cross_entropy(self.scale * (cosines - margins), people)


class Learner(NamedTuple):
    """Everything that changes during training."""

    network: nn.Module
    loss: MarginLoss
    optimiser: torch.optim.Optimizer

    def learn(self, inputs: torch.Tensor, people: torch.Tensor, rate: float) -> float:
        """Take one step at this learning rate, on inputs and the people they show; returns the loss before it."""
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self.loss(self.network(inputs), people)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Turn crops, uint8, n x 112 x 112 x 3, into unit vectors, n x 128."""
        self.network.eval()
        with torch.inference_mode():
            return functional.normalize(self.network(scale_pixels(crops))).numpy()

    def keep(self, path: Path, epochs: Sequence[tuple]) -> None:
        """Write a checkpoint, with the results of each epoch so far."""
        states = [part.state_dict() for part in (self.network, self.loss, self.optimiser)]
        with atomic_path(path) as temporary:
            torch.save({"states": states, "epochs": [tuple(epoch) for epoch in epochs]}, temporary)

    def resume(self, path: Path) -> list[tuple]:
        """Restore a checkpoint, if there is one; returns the results of each epoch before it."""
        if not path.exists():
            return []
        saved = torch.load(path, weights_only=True)
        parts: Any = self
        for part, state in zip(parts, saved["states"], strict=True):
            part.load_state_dict(state)
        logger.info("%s: %d epochs are done", path, len(saved["epochs"]))
        return saved["epochs"]


def start_learning(people: int, margin: float, scale: float, weight_decay: float) -> Learner:
    """Build a network with random weights that will learn, by AdamW, to tell this many people apart."""
    network, loss = build_network(), MarginLoss(people, DIMENSION, margin, scale)
    weights = [*network.parameters(), *loss.parameters()]
    return Learner(network, loss, torch.optim.AdamW(weights, weight_decay=weight_decay))


def rate_factor(share: float, warm_up_share: float) -> float:
    """Learning rate as a share of its maximum, after a share of the run: linear up, then half a cosine down to 0."""
    if share < warm_up_share:
        return share / warm_up_share
    return 0.5 * (1 + math.cos(math.pi * (share - warm_up_share) / (1 - warm_up_share)))


def scale_pixels(crops: np.ndarray) -> torch.Tensor:
    """Turn crops, uint8, n x 112 x 112 x 3, into the network's input, n x 3 x 112 x 112, -1 to 1."""
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float().sub_(MID_PIXEL).div_(MID_PIXEL)


def vary(crops: np.ndarray, erased_share: float, rng: np.random.Generator) -> torch.Tensor:
    """Vary crops: mirror them, change the light, erase a rectangle.

    Parameters
    ----------
    crops : numpy.ndarray
        uint8, n x 112 x 112 x 3; not changed in place.
    erased_share : float
        Share of them that lose a rectangle.
    rng : numpy.random.Generator
        Source of all that is random.

    Returns
    -------
    torch.Tensor
        As from `scale_pixels`, except that the light may exceed -1 and 1.
    """
    count = len(crops)
    crops, mirrored = crops.copy(), rng.uniform(size=count) < 0.5
    crops[mirrored] = crops[mirrored, :, ::-1]
    for row in np.flatnonzero(rng.uniform(size=count) < erased_share):
        _erase(crops[row], rng)
    gain = rng.normal(1, 0.15, (count, 1, 1, 1)) + rng.normal(0, 0.04, (count, 1, 1, 3))
    shift = rng.normal(0, 0.10, (count, 1, 1, 1))
    # gain * (pixel - 127.5) / 127.5 + shift, in as few passes over the pixels as possible.
    inputs = crops.astype(np.float32)
    inputs *= gain / MID_PIXEL
    inputs += shift - gain
    return torch.from_numpy(inputs).permute(0, 3, 1, 2)


def _erase(crop: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a rectangle over the crop, black or of any colour."""
    height, width = rng.integers(*ERASED_PX, 2, endpoint=True)
    top, left = rng.integers(INPUT_PX - height), rng.integers(INPUT_PX - width)
    colour = rng.integers(0, 256, 3) if rng.uniform() < 0.5 else 0
    crop[top : top + height, left : left + width] = colour


def verify(vectors: np.ndarray, per_person: int, seed: int) -> tuple[float, int]:
    """Measure how well embeddings tell people apart.

    The pairs are all pairs of one person, and as many random pairs of two. Each half of the people is decided by the
    threshold of the other half.

    Parameters
    ----------
    vectors : numpy.ndarray
        n x d, L2-normalised, of at least four people.
    per_person : int
        Number of vectors of each person, which follow one another; at least two.
    seed : int
        Seed of the random pairs.

    Returns
    -------
    float, int
        Share of pairs decided correctly, and the number of pairs.
    """
    people = len(vectors) // per_person
    a, b, is_genuine = _pair_up(people, per_person, seed)
    distances = cosine_distance(vectors[a], vectors[b])
    in_first = a < people // 2 * per_person
    right = 0
    for held_out in (in_first, ~in_first):
        # The published choice: workflow/resources/demo.md states what it gave.
        threshold = first_threshold(distances[~held_out], is_genuine[~held_out], THRESHOLD_BINS)
        right += ((distances < threshold) == is_genuine)[held_out].sum()
    return float(right / len(a)), len(a)


def _pair_up(people: int, per_person: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair people within the first and the second half; returns rows a and b, and is_genuine."""
    rng = np.random.default_rng(seed)
    within = np.array(list(combinations(range(per_person), 2)))
    pairs = []
    for half in np.split(np.arange(people), [people // 2]):
        genuine = (half[:, None, None] * per_person + within).reshape(-1, 2)
        first = rng.integers(len(half), size=len(genuine))
        second = (first + rng.integers(1, len(half), size=len(genuine))) % len(half)
        impostors = half[np.stack([first, second], 1)] * per_person + rng.integers(per_person, size=genuine.shape)
        pairs += [(genuine, True), (impostors, False)]
    a, b = np.concatenate([rows for rows, _ in pairs]).T
    return a, b, np.concatenate([np.full(len(rows), same) for rows, same in pairs])
