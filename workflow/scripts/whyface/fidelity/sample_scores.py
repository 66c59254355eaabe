"""Scores of maps without truth: a sample of pairs, covered in the order of their maps."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from whyface.fidelity.controls import CENTRE_PRIOR, RANDOM_MAP
from whyface.fidelity.covering import Covering
from whyface.fidelity.effects_of_maps import EFFECTS, JUDGED, ORACLE, ORDERED_BY, SIGNS, face_effects
from whyface.fidelity.fills import FILLS
from whyface.fidelity.judged_maps import JudgedMaps
from whyface.fidelity.normalisation import ratios_of_means
from whyface.fidelity.published_protocol import published_areas, published_distances
from whyface.fidelity.rows import make_rows
from whyface.fidelity.sample import KINDS, SEED, draw_sample, sample_size
from whyface.models.embedder import UndefinedEmbeddingError
from whyface.scores.calibrators import Calibrator
from whyface.scores.confidence import fits_of_pairs
from whyface.tables.logs import progress

logger = logging.getLogger("whyface")

NORMALISED = dict(zip(EFFECTS, ("fidelity", "fidelity_llr"), strict=True))
PUBLISHED = ("published_deletion", "published_insertion")

Embed = Callable[[np.ndarray], np.ndarray]
Ratio = Callable[[np.ndarray], np.ndarray]


def judge_sample(
    judged: JudgedMaps, embed: Embed, masks: int, made_with: str, confidence: pd.DataFrame, confidence_method: str
) -> Iterator[dict[str, Any]]:
    """Judge the maps of the default method on a sample of pairs.

    Parameters
    ----------
    judged : JudgedMaps
        The maps.
    embed : callable
        uint8 n x side x side x 3 -> unit vectors, n x dimension.
    masks : int
        Passes that the maps took for each image, of which a tenth is the budget.
    made_with : str
        The fill of the maps.
    confidence : pandas.DataFrame
        The table whose fits turn distances into likelihood ratios.
    confidence_method : str
        Which of its methods.

    Yields
    ------
    dict
        Rows of the table fidelity; none if no pair has maps.
    """
    pairs, method = judged.with_maps, judged.methods[0]
    if pairs.empty:
        return
    size = sample_size(pairs, masks, judged.side_px)
    sample = draw_sample(pairs, size.pairs, made_with)
    maps = judged.maps(sample["pair_id"].tolist(), method)
    ratios = likelihood_ratios(sample, confidence, confidence_method)
    sample, found, published = measure_sample(sample, maps, judged.crop, embed, size.cell_px, ratios)
    if len(sample):
        yield from effect_rows(found, sample, method)
        yield from published_rows(published, sample, method)


def measure_sample(
    sample: pd.DataFrame,
    maps: Mapping[str, np.ndarray],
    crop_of: Callable[[str], np.ndarray],
    embed: Embed,
    cell_px: int,
    ratios: Sequence[Ratio],
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Cover both faces of every pair.

    Parameters
    ----------
    sample : pandas.DataFrame
        As `sample.draw_sample` gives it.
    maps : mapping of str to numpy.ndarray
        n x side x side each, by side (a, b).
    crop_of : callable
        image_id -> uint8, side x side x 3.
    embed : callable
        uint8 n x side x side x 3 -> unit vectors, n x dimension.
    cell_px : int
        Side of the cells.
    ratios : sequence of callable
        Each pair's distances -> log10 likelihood ratios.

    Returns
    -------
    pandas.DataFrame
        The rows of the pairs that were measured: a pair is left out if a covered face has no embedding.
    pandas.DataFrame
        Effects, pairs x (score, what ordered the cells, sign), mean over both faces.
    numpy.ndarray
        Distances of the published protocol on face a, pairs x (deletion, insertion) x points.
    """
    rng = np.random.default_rng(SEED)
    places, found, published = [], [], []
    for place, pair in enumerate(progress(sample.itertuples(), len(sample), "pairs covered")):
        own = [maps[side][place] for side in "ab"]
        try:
            faces, clean = _clean_pair(pair, crop_of, embed, cell_px)
            both = [face_effects(face, one, clean, ratios[place], rng) for face, one in zip(faces, own, strict=True)]
            published.append(published_distances(embed, faces[0].crop, faces[0].partner, own[0]))
        except UndefinedEmbeddingError as error:
            logger.warning("pair %s is not judged: %s", pair.pair_id, error)
            continue
        places.append(place)
        found.append({key: np.mean([one[key] for one in both]) for key in both[0]})
    effects = pd.DataFrame([list(one.values()) for one in found])
    if found:
        effects.columns = pd.MultiIndex.from_tuples(found[0])
    return sample.iloc[places], effects, np.array(published)


def likelihood_ratios(sample: pd.DataFrame, confidence: pd.DataFrame, method: str) -> list[Ratio]:
    """Give each pair the fit of its own fold, without bounds, which would hide what covering does; NaN if it failed."""
    ratios: list[Ratio] = [partial(_log10_ratio, None)] * len(sample)
    for own, fit in fits_of_pairs(sample, confidence, method):
        for place in np.flatnonzero(own):
            ratios[place] = partial(_log10_ratio, fit.calibrator)
    return ratios


def effect_rows(found: pd.DataFrame, sample: pd.DataFrame, method: str) -> Iterator[dict[str, Any]]:
    """Average effects over pairs by fill, kind and sign, as they are and as shares of what is possible.

    Parameters
    ----------
    found : pandas.DataFrame
        As `measure_sample` gives it.
    sample : pandas.DataFrame
        The same pairs.
    method : str
        Name of the maps judged.
    """
    keys, parts, wholes = zip(*_ratios(found, method), strict=True)
    part, whole = np.stack(parts, axis=1), np.stack(wholes, axis=1)
    for about, own in _subsets(sample):
        estimates = ratios_of_means(part[own], whole[own], sample[own])
        yield from make_rows(({**key, **about} for key in keys), estimates, sample[own])


def published_rows(distances: np.ndarray, sample: pd.DataFrame, method: str) -> Iterator[dict[str, Any]]:
    """Average the published areas over the labelled pairs; `distances` as `measure_sample` gives them."""
    labelled = sample["is_genuine"].notna().to_numpy()
    own = sample[labelled]
    if own.empty:
        return
    is_genuine, thresholds = own["is_genuine"].to_numpy(bool), own["threshold"].to_numpy()
    areas = [published_areas(distances[labelled, place], is_genuine, thresholds) for place in range(len(PUBLISHED))]
    part = np.stack(areas, axis=1)
    keys = [{"score": score, "method": method, "side": "a", "fill": "black"} for score in PUBLISHED]
    yield from make_rows(keys, ratios_of_means(part, np.ones_like(part), own, True), own)


def _clean_pair(pair, crop_of: Callable, embed: Embed, cell_px: int) -> tuple[list[Covering], float]:
    """Make both faces, ready to be covered, and measure their clean distance."""
    images = (pair.image_a, pair.image_b)
    crops = [np.asarray(crop_of(image)) for image in images]
    units = embed(np.stack(crops))
    stranger = crop_of(pair.stranger) if pair.fill == "stranger" else None
    faces = [
        Covering(embed, crop, partner, pair.fill, image, stranger, cell_px)
        for crop, partner, image in zip(crops, units[::-1], images, strict=True)
    ]
    return faces, float(1 - units[0] @ units[1])


def _log10_ratio(calibrator: Calibrator | None, distances: np.ndarray) -> np.ndarray:
    return np.full(np.shape(distances), np.nan) if calibrator is None else calibrator.log_odds(distances) / np.log(10)


def _subsets(sample: pd.DataFrame) -> Iterator[tuple[dict[str, str], np.ndarray]]:
    """Yield every fill and kind, alone, together and all, with the mask of its pairs."""
    for fill in ("", *sample["fill"].drop_duplicates()):
        for kind in ("", *sample["kind"].drop_duplicates()):
            own = sample["fill"].isin([fill] if fill else FILLS) & sample["kind"].isin([kind] if kind else KINDS)
            if own.any():
                yield {"fill": fill, "kind": kind}, own.to_numpy()


def _ratios(found: pd.DataFrame, method: str) -> Iterator[tuple[dict[str, str], np.ndarray, np.ndarray]]:
    """Yield what is averaged: its key in the table, and the part and the whole of each pair."""
    for score, sign in product((score for score in EFFECTS if found[score].notna().all(axis=None)), SIGNS):
        effect = {name: found[score, name, sign].to_numpy() for name in ORDERED_BY}
        names = {**dict(zip(ORDERED_BY, ORDERED_BY, strict=True)), JUDGED: method}
        for name in ORDERED_BY:
            yield {"score": score, "method": names[name], "sign": sign}, effect[name], np.ones(len(found))
        for name in (JUDGED, CENTRE_PRIOR):
            key = {"score": NORMALISED[score], "method": names[name], "sign": sign}
            yield key, effect[name] - effect[RANDOM_MAP], effect[ORACLE] - effect[RANDOM_MAP]
