"""Turns shifts of embeddings into saliency maps, by matrix algebra.

A map is a linear function of the masks' deviations: painting, averaging, blurring, scaling and the mean over patch
sizes are all linear. `map_operator` builds that function once, as a matrix; a map is then one product.
Maps are signed: positive where covering a region pushes the faces apart, that is, where the region speaks for "same".
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa

from whyface.maps.masks import MaskSet
from whyface.maps.prediction import Prediction
from whyface.maps.stored_shifts import StoredShifts, count_undefined
from whyface.tables.logs import progress

logger = logging.getLogger("whyface")

PUBLISHED_METHODS = ("all-to-all", "clean-to-all", "one-to-one")
MAP_METHODS = ("pair-specific", *PUBLISHED_METHODS)
BLUR_KERNEL_PX = 5
BLUR_SIGMA_PX = 5
PAIRS_PER_PART = 100
ROW = ["pair_id", "side", "method", "variant", "status", "detail", "map", "agreement", "agreement_low"]
# As a share of a map's largest value: a larger rounding error of float16 could be visible.
LARGEST_ROUNDING = 0.005


def map_operator(masks: Sequence[MaskSet], method: str, variant: str, map_px: int) -> np.ndarray:
    """Build the matrix that turns deviations into a map (seed method, maps, steps 4 and 5).

    Published maps are the mean over the patch sizes, of deviations by area: the smaller a patch, the more its noise
    counts. `pair-specific` weighs the sizes by their sides.

    Parameters
    ----------
    masks : sequence of MaskSet
        n masks in all, on side x side pixels.
    method : str
        One of `MAP_METHODS`.
    variant : str
        `paper` divides each pixel's sum by the number of masks of its patch size, `corrected` by the number of masks
        that cover the pixel.
    map_px : int
        Side of the map. Where it is smaller than the input, areas of pixels are averaged.

    Returns
    -------
    numpy.ndarray
        float64, n x map_px^2: map = deviations @ operator, deviations in units of distance.
    """
    sides = np.array([mask_set.patch_px for mask_set in masks], float)
    weights = sides / sides.sum() if method == "pair-specific" else np.full(len(masks), 1 / len(masks))
    parts = [w * _operator(mask_set, variant, map_px) for w, mask_set in zip(weights, masks, strict=True)]
    return np.concatenate(parts)


def _operator(mask_set: MaskSet, variant: str, map_px: int) -> np.ndarray:
    covered = mask_set.covered
    n, side = covered.shape[:2]
    share = np.full((side, side), 1 / n) if variant == "paper" else 1 / np.maximum(covered.sum(axis=0), 1)
    rows = np.empty((n, map_px * map_px))
    for row, mask in zip(rows, covered, strict=True):
        blurred = cv2.GaussianBlur(mask * share, (BLUR_KERNEL_PX, BLUR_KERNEL_PX), BLUR_SIGMA_PX)
        if side != map_px:
            blurred = cv2.resize(blurred, (map_px, map_px), interpolation=cv2.INTER_AREA)
        row[:] = blurred.ravel()
    return rows / mask_set.patch_px**2


def measure_deviations(
    method: str,
    occluded: Sequence[np.ndarray],
    clean: Sequence[np.ndarray],
    patch_counts: Sequence[int],
    variant: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure how far each mask moves the two faces apart (seed method, maps, steps 3 and 4, before / p^2).

    Parameters
    ----------
    method : str
        One of `MAP_METHODS`: pair-specific (see `_pair_specific`) or a published one.
    occluded : sequence of numpy.ndarray
        Unit vectors of image a and image b under the masks, n x d each, one patch size after the other.
    clean : sequence of numpy.ndarray
        Unit vectors of the clean images, d.
    patch_counts : sequence of int
        Number of masks of each patch size; they sum to n.
    variant : str
        `paper` measures everything against the clean distance, `corrected` measures all-to-all against the mean
        distance of its patch size, so that a map is not shifted by what occlusion does on average.

    Returns
    -------
    tuple of numpy.ndarray
        Deviations for the masks of image a and of image b, n each, in units of cosine distance.
    """
    (a, b), (clean_a, clean_b) = occluded, clean
    clean_distance = 1 - clean_a @ clean_b
    if method == "pair-specific":
        return _pair_specific(a, b, clean_a, clean_b)
    if method == "clean-to-all":
        return 1 - a @ clean_b - clean_distance, 1 - b @ clean_a - clean_distance
    if method == "one-to-one":
        deviation = 1 - np.einsum("nd,nd->n", a, b) - clean_distance
        return deviation, deviation
    if method == "all-to-all":
        baseline = clean_distance if variant == "paper" else None
        return _all_to_all(a, b, patch_counts, baseline), _all_to_all(b, a, patch_counts, baseline)
    raise ValueError(f"occlusion.methods: {method!r}; allowed: {', '.join(MAP_METHODS)}")


def _pair_specific(
    a: np.ndarray, b: np.ndarray, clean_a: np.ndarray, clean_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Clean-to-all deviations, less what covering costs a face itself, the more the two faces are alike.

    Covering a place damages a face: it takes a share 1 - a_i . e_A of its likeness to itself, and the same share of its
    likeness to whoever is like it. What is left speaks of this pair. With s the similarity e_A . e_B, at least 0:

        t_i = (s - a_i . e_B) - s^2 (1 - a_i . e_A)

    Alike faces also show the same thing in the same place; then the other face, covered there too, tells as much:
    (1 - s/2) t_i + (s/2) t_i of the other face. Strangers (s = 0) are left with clean-to-all. docs/fidelity.md says how
    this was found.
    """
    similarity = clean_a @ clean_b
    alike = max(similarity, 0.0)
    of_a = similarity - a @ clean_b - alike**2 * (1 - a @ clean_a)
    of_b = similarity - b @ clean_a - alike**2 * (1 - b @ clean_b)
    return (1 - alike / 2) * of_a + alike / 2 * of_b, (1 - alike / 2) * of_b + alike / 2 * of_a


def _all_to_all(a: np.ndarray, b: np.ndarray, patch_counts: Sequence[int], baseline: float | None) -> np.ndarray:
    """Mean distance of each a_i to all b_j of its patch size: 1 - a_i . mean_j b_j, without an n x n matrix."""
    deviations, start = np.empty(len(a)), 0
    for count in patch_counts:
        part = slice(start, start + count)
        distances = 1 - a[part] @ b[part].mean(axis=0)
        deviations[part] = distances - (distances.mean() if baseline is None else baseline)
        start += count
    return deviations


def explain_pairs(
    pairs: pd.DataFrame,
    embeddings: pd.Series,
    shifts: Mapping[str, np.ndarray] | StoredShifts,
    masks: Sequence[MaskSet],
    methods: Sequence[str],
    variant: str,
    map_px: int,
    map_dtype: str,
) -> Iterator[pd.DataFrame]:
    """Make the maps of many pairs, part by part, so that memory does not grow with their number.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The selected rows of a pairs table, in order.
    embeddings : pandas.Series
        Clean unit vectors by image_id.
    shifts : StoredShifts
        By image_id: what each mask adds to the clean unit vector.
    masks, variant, map_px
        As for `map_operator`.
    methods : sequence of str
        Which maps to make, of `MAP_METHODS`.
    map_dtype : str
        float16 or float32.

    Yields
    ------
    pandas.DataFrame
        Parts of an explanations table; a single part without rows if there are no pairs. The maps of a pair fail if the
        model gives either image, under any mask, an output without a direction.
    """
    maker = _PairMaps(masks, methods, variant, map_px)
    kind = pd.ArrowDtype(pa.list_(pa.from_numpy_dtype(map_dtype), map_px * map_px))
    starts = range(0, max(len(pairs), 1), PAIRS_PER_PART)
    for start in progress(starts, len(starts), f"parts of {PAIRS_PER_PART} pairs explained"):
        some = pairs.iloc[start : start + PAIRS_PER_PART].itertuples()
        rows = [row for pair in some for row in maker.explain(pair, embeddings, shifts)]
        part = pd.DataFrame(rows, columns=ROW)
        stored = _store(np.reshape(part["map"].to_list(), (len(rows), map_px * map_px)), map_dtype)
        part["map"] = [map_ if ok else None for map_, ok in zip(stored, part["status"] == "ok", strict=True)]
        # A part without a map does not tell what kind of values its maps would have.
        yield part if part["map"].notna().any() else part.assign(map=pd.array([None] * len(part), kind))


class _PairMaps:
    """Makes the maps of one pair after the other."""

    def __init__(self, masks: Sequence[MaskSet], methods: Sequence[str], variant: str, map_px: int):
        self._operators = {method: map_operator(masks, method, variant, map_px) for method in methods}
        self._counts = [len(mask_set.covered) for mask_set in masks]
        self._variant = variant

    def explain(
        self, pair: Any, embeddings: pd.Series, shifts: Mapping[str, np.ndarray] | StoredShifts
    ) -> Iterator[tuple]:
        """Yield the pair's rows, values as in `ROW`, both sides of one method after the other."""
        images = (pair.image_a, pair.image_b)
        clean = [np.asarray(embeddings[image], np.float64) for image in images]
        shifted = [shifts[image].astype(np.float64) for image in images]
        detail = _why_no_maps(shifted)
        prediction = shifts.predictor(images) if isinstance(shifts, StoredShifts) else None
        under_masks = [one + moved for one, moved in zip(clean, shifted, strict=True)]
        for method, operator in self._operators.items():
            deviations = np.stack(measure_deviations(method, under_masks, clean, self._counts, self._variant))
            maps = deviations @ operator
            agreement = _agree(prediction, method, deviations, maps) if not detail else np.full((2, 2), np.nan)
            for side, *values in zip("ab", maps, *agreement, strict=True):
                yield (pair.pair_id, side, method, self._variant, "failed" if detail else "ok", detail, *values)


def _agree(prediction: Prediction | None, method: str, deviations: np.ndarray, maps: np.ndarray) -> Any:
    """Estimate the agreement of a pair's maps with exact ones, and what it is at least."""
    return prediction.agreement(method, deviations, maps) if prediction else np.ones((2, 2))


def _why_no_maps(shifted: Sequence[np.ndarray]) -> str:
    """Say why a pair has no maps, given its images' shifts; empty if it has."""
    lost = [(side, count_undefined(one), len(one)) for side, one in zip("ab", shifted, strict=True)]
    return "; ".join(f"image {side}: no embedding under {bad} of {n} masks" for side, bad, n in lost if bad)


def _store(maps: np.ndarray, map_dtype: str) -> np.ndarray:
    """Round maps to the stored type; warn if the rounding could be visible."""
    stored = maps.astype(map_dtype)
    largest = np.abs(maps).max(axis=1)
    lost = np.divide(np.abs(stored - maps).max(axis=1), largest, out=np.zeros(len(maps)), where=largest > 0)
    if lost.max(initial=0) > LARGEST_ROUNDING:
        logger.warning("%s changes a map by up to %.2g of its largest value; use float32", map_dtype, lost.max())
    return stored
