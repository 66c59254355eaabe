"""Published rivals of our saliency maps for face verification, each from its formulas.

Every rival makes two signed maps of a pair, one for each face: positive speaks for "same", negative for "different".
A rival that publishes a map of similarity and one of dissimilarity gives their difference here. Sizes are in pixels of
a 112-px crop, and grow with the crop. Costs are in passes: 1 for an image forward, 2 for one backward.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from scipy.stats import rankdata

from whyface.maps.engines.engine import trace_model
from whyface.maps.engines.layers import Layers
from whyface.models.embedder import Embedder

BATCH = 16  # larger ones are no faster on a CPU
FORWARD, BACKWARD = 1, 2
PATCHES, PATCH_SHARE = 3, 30 / 112
CORRRISE_MASKS = 500
# As many as the paper's occlusion has at 112 px. RISE was published with 4,000 and 8,000, for photos of 224 px.
RISE_MASKS = 1130
RISE_CELLS, RISE_KEPT = 8, 0.5
BLUR_SIGMA, BLUR_RADIUS = 5 / 112, 12 / 112


@dataclass(frozen=True)
class Model:
    """A model under audit, with what rivals ask of it.

    Attributes
    ----------
    embedder : Embedder
        The model.
    layers : Layers
        The same, traced.
    threshold : float
        Cosine similarity from which on the model says "same".
    """

    embedder: Embedder
    layers: Layers
    threshold: float

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Embed crops.

        Parameters
        ----------
        crops : numpy.ndarray
            n x side x side x 3, RGB, 0 to 255, any dtype.

        Returns
        -------
        numpy.ndarray
            float64, n x d: unit vectors.
        """
        parts = (crops[start : start + BATCH] for start in range(0, len(crops), BATCH))
        vectors = [self.embedder.embed(part, ["crop"] * len(part)) for part in parts]
        return np.concatenate(vectors).astype(np.float64)

    def gradients(self, crop: np.ndarray, cotangents: np.ndarray) -> np.ndarray:
        """Differentiate dot products with the crop's unit vector: one pass forward, and one backward for each product.

        Parameters
        ----------
        crop : numpy.ndarray
            side x side x 3, RGB, 0 to 255.
        cotangents : numpy.ndarray
            k x d: what the unit vector is multiplied by.

        Returns
        -------
        numpy.ndarray
            float32, k x side x side x 3: derivatives with respect to the crop's pixels.
        """
        scaled = torch.from_numpy(self.embedder.scale(crop[None])).to(self.layers.device).requires_grad_()
        unit = torch.nn.functional.normalize(self.layers.run(scaled.permute(0, 3, 1, 2)))
        wanted = torch.from_numpy(cotangents[:, None].astype(np.float32)).to(unit.device)
        found = [
            torch.autograd.grad(unit, scaled, part, retain_graph=True, is_grads_batched=True)[0][:, 0]
            for part in wanted.split(BATCH)
        ]
        return torch.cat(found).cpu().numpy() @ self._slope().T

    def _slope(self) -> np.ndarray:
        """Return the derivatives of the network's channels (columns) with respect to the crop's (rows)."""
        colours = np.vstack([np.zeros((1, 3)), 255 * np.eye(3)])[:, None, None]
        black, *primaries = self.embedder.scale(colours)[:, 0, 0]
        return (primaries - black) / 255


def open_model(embedder: Embedder, threshold: float) -> Model:
    """Trace a model; raise ValueError if torch cannot, as there are no gradients then."""
    layers = trace_model(embedder, fused=False)
    if layers is None:
        raise ValueError(f"model {embedder.name}: torch cannot trace it, so it has no gradients")
    return Model(embedder, layers, threshold)


Maps = tuple[np.ndarray, np.ndarray]


def corrrise(model: Model, crop_a: np.ndarray, crop_b: np.ndarray, rng: np.random.Generator) -> Maps:
    """Explain by CorrRISE (Lu, Xu, Ebrahimi, WACV 2024): the correlation of "this pixel is kept" with the similarity.

    Three black squares, which may overlap, cover a face; the correlation is Spearman's, over 500 masks. Both faces get
    the same masks. Its positive part is published as similarity, its negative part as dissimilarity.
    """
    kept = draw_squares(len(crop_a), CORRRISE_MASKS, rng)
    scores_a, scores_b = _similarities(model, crop_a, crop_b, kept)
    return correlate(kept, scores_a), correlate(kept, scores_b)


def rise(model: Model, crop_a: np.ndarray, crop_b: np.ndarray, rng: np.random.Generator) -> Maps:
    """Explain by RISE (Petsiuk, Das, Saenko, BMVC 2018) on the similarity to the clean partner.

    Each pixel's sum of similarities times masks, divided by the number of masks and the share kept. That is an
    average similarity; the average over all masks, one number for each face, is taken off to make it signed.
    """
    kept = draw_grids(len(crop_a), RISE_MASKS, rng)
    scores_a, scores_b = _similarities(model, crop_a, crop_b, kept)
    return average(kept, scores_a), average(kept, scores_b)


def fggb(model: Model, crop_a: np.ndarray, crop_b: np.ndarray, rng: np.random.Generator) -> Maps:
    """Explain by FGGB (Lu, Xu, Ebrahimi, FG 2024): the gradient of every dimension of the unit vector, weighted.

    A gradient's absolute values are averaged over colours and divided by their norm. The weight is the dimension's
    share of the similarity less its share of the threshold. The sum's positive part is published as similarity, its
    negative part as dissimilarity, each blurred. Neither is stretched to 0..1 here, so that they can be subtracted.
    """
    shares, (vector_a, _) = _shares(model, crop_a, crop_b)

    def explain(crop: np.ndarray) -> np.ndarray:
        strengths = _strengths(model.gradients(crop, np.eye(len(vector_a))))
        norms = np.linalg.norm(strengths, axis=(1, 2), keepdims=True)
        return _blur(np.tensordot(shares, strengths / np.maximum(norms, np.finfo(float).tiny), 1))

    return explain(crop_a), explain(crop_b)


def xssab(model: Model, crop_a: np.ndarray, crop_b: np.ndarray, rng: np.random.Generator) -> Maps:
    """Explain by xSSAB (Huber, Luu, Terhörst, Damer, WACV 2024): gradients of two parts of the similarity.

    One part sums the dimensions whose share of the similarity reaches their share of the threshold, the other the rest.
    A gradient's absolute values are averaged over colours; the difference is the authors' combined map.
    """
    shares, (vector_a, vector_b) = _shares(model, crop_a, crop_b)

    def explain(crop: np.ndarray, partner: np.ndarray) -> np.ndarray:
        parts = np.where([shares >= 0, shares < 0], partner, 0)
        similar, dissimilar = _strengths(model.gradients(crop, parts))
        return similar - dissimilar

    return explain(crop_a, vector_b), explain(crop_b, vector_a)


def gradient_x_input(model: Model, crop_a: np.ndarray, crop_b: np.ndarray, rng: np.random.Generator) -> Maps:
    """Explain by gradient times input (Shrikumar et al., 2016) of the similarity to the clean partner.

    Products are summed over colours. The input is the crop from 0 to 255, so that black is "nothing" for every
    model.
    """
    vector_a, vector_b = model.embed(np.stack([crop_a, crop_b]))

    def explain(crop: np.ndarray, partner: np.ndarray) -> np.ndarray:
        return (model.gradients(crop, partner[None])[0].astype(np.float64) * crop).sum(axis=-1)

    return explain(crop_a, vector_b), explain(crop_b, vector_a)


class Rival(NamedTuple):
    """A rival: how it explains a pair, and the passes it needs for a pair if a vector has that many dimensions."""

    explain: Callable[[Model, np.ndarray, np.ndarray, np.random.Generator], Maps]
    passes: Callable[[int], int]


def _gradient_passes(backward: int) -> int:
    """Both clean faces embedded, then for each face one pass forward and some backward."""
    return 2 * FORWARD + 2 * (FORWARD + backward * BACKWARD)


RIVALS = {
    "CorrRISE": Rival(corrrise, lambda dimension: 2 * (1 + CORRRISE_MASKS) * FORWARD),
    "RISE": Rival(rise, lambda dimension: 2 * (1 + RISE_MASKS) * FORWARD),
    "FGGB": Rival(fggb, _gradient_passes),
    "xSSAB": Rival(xssab, lambda dimension: _gradient_passes(2)),
    "gradient x input": Rival(gradient_x_input, lambda dimension: _gradient_passes(1)),
}


def draw_squares(side: int, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw masks of CorrRISE, number x side x side: 0 inside three random squares, 1 elsewhere."""
    patch = round(PATCH_SHARE * side)
    corners = rng.integers(0, side - patch + 1, (number, PATCHES, 2))
    kept = np.ones((number, side, side), np.uint8)
    for mask, places in zip(kept, corners, strict=True):
        for y, x in places:
            mask[y : y + patch, x : x + patch] = 0
    return kept


def draw_grids(side: int, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw masks of RISE, number x side x side, 0 to 1: random grids, enlarged smoothly and shifted."""
    cell = -(-side // RISE_CELLS)
    grids = (rng.random((number, RISE_CELLS, RISE_CELLS)) < RISE_KEPT).astype(np.float32)
    corners = rng.integers(0, cell, (number, 2))
    large = ((RISE_CELLS + 1) * cell,) * 2
    return np.stack(
        [
            cv2.resize(grid, large, interpolation=cv2.INTER_LINEAR)[y : y + side, x : x + side]
            for grid, (y, x) in zip(grids, corners, strict=True)
        ]
    )


def correlate(kept: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of every pixel of n binary masks with n scores; 0 where either is constant."""
    ranks = rankdata(scores) - (len(scores) + 1) / 2
    share = kept.mean(axis=0)
    covariance = np.tensordot(ranks, kept, 1) / len(scores)
    spread = np.sqrt(share * (1 - share)) * ranks.std()
    return np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0)


def average(kept: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the map of RISE less the mean score."""
    return np.tensordot(scores, kept, 1) / (RISE_KEPT * len(scores)) - scores.mean()


def _similarities(model: Model, crop_a: np.ndarray, crop_b: np.ndarray, kept: np.ndarray) -> list[np.ndarray]:
    """Measure how like the clean partner each face is under every mask: n for each."""
    partners = model.embed(np.stack([crop_b, crop_a]))
    return [
        model.embed(crop * kept[..., None]) @ partner for crop, partner in zip((crop_a, crop_b), partners, strict=True)
    ]


def _shares(model: Model, crop_a: np.ndarray, crop_b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each dimension's share of the similarity exceeds that of the threshold; and both unit vectors."""
    vectors = model.embed(np.stack([crop_a, crop_b]))
    return vectors.prod(axis=0) - model.threshold / vectors.shape[1], vectors


def _strengths(gradients: np.ndarray) -> np.ndarray:
    return np.abs(gradients).mean(axis=-1, dtype=np.float64)


def _blur(image: np.ndarray) -> np.ndarray:
    width = 2 * round(BLUR_RADIUS * len(image)) + 1
    return cv2.GaussianBlur(image, (width, width), BLUR_SIGMA * len(image))
