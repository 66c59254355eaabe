"""Averages of a model's maps over pairs: the mean map and mean of each region, by outcome and group, with errors.

Explanations are read a batch at a time and only sums are kept, so that a million maps take no more memory than a few.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whyface.evaluation.people import NOBODY, People, Spread, mean_part
from whyface.faces.regions import Regions, face_regions
from whyface.site.content.evaluation import Evaluation
from whyface.site.content.maps import iter_maps, map_side
from whyface.site.words.vocabulary import OUTCOMES

LEAST_PAIRS = 10  # fewer do not tell a mean from chance
CROPS_AT_ONCE = 256
# Wrong and right decisions on pairs of the same kind; otherwise the kind itself would make the difference.
CONTRASTS = (("false-match", "true-non-match"), ("false-non-match", "true-match"))


@dataclass(frozen=True)
class Group:
    """Averaged pairs that have something in common.

    Attributes
    ----------
    column, value : str
        What they have in common: empty for all pairs; the column is `outcome` or a group column.
    members : numpy.ndarray
        bool, one for each averaged pair.
    """

    column: str
    value: str
    members: np.ndarray


@dataclass(frozen=True)
class Means:
    """Averages of one method, float.

    Attributes
    ----------
    counts : numpy.ndarray
        Pairs of each group.
    maps : numpy.ndarray
        groups x map_px x map_px.
    regions : numpy.ndarray
        groups x regions: means over pairs.
    spreads : list of list of Spread
        Their spreads over people; without an error for fewer than `LEAST_PAIRS`.
    differences : numpy.ndarray
        contrasts x regions: mean of the wrong decisions minus that of the right ones.
    difference_spreads : list of list of Spread
        Their spreads, likewise.
    """

    counts: np.ndarray
    maps: np.ndarray
    regions: np.ndarray
    spreads: list[list[Spread]]
    differences: np.ndarray
    difference_spreads: list[list[Spread]]


@dataclass(frozen=True)
class Averages:
    """Averages of an evaluation.

    Attributes
    ----------
    groups : tuple of Group
        All pairs first, then outcomes, then the values of group columns; none is empty.
    contrasts : tuple of (int, int)
        Places in `groups` of the wrong and of the right decisions that can be compared.
    regions : tuple of str
        Names of the regions.
    methods : dict of str to Means
        Averages by saliency method.
    """

    groups: tuple[Group, ...]
    contrasts: tuple[tuple[int, int], ...]
    regions: tuple[str, ...]
    methods: dict[str, Means]


def average_maps(one: Evaluation, alignment: str) -> Averages | None:
    """Average the maps of an evaluation's averaged pairs; None if it has none.

    Parameters
    ----------
    one : Evaluation
        With the table of explanations.
    alignment : str
        The model's; it decides where the regions lie.
    """
    averaged = averaged_pairs(one)
    if not averaged.any():
        return None
    pairs = one.pairs[averaged].reset_index(drop=True)
    groups = tuple(_groups(pairs, one.groups[averaged].reset_index(drop=True)))
    places = {(group.column, group.value): place for place, group in enumerate(groups)}
    named = [[("outcome", outcome) for outcome in both] for both in CONTRASTS]
    contrasts = tuple((places[a], places[b]) for a, b in named if a in places and b in places)
    members = np.stack([group.members for group in groups])
    regions = lay_out(one, alignment, map_side(one))
    maps, values = _average(one, pairs, members, Regions(regions))
    methods = {
        method: _means(maps[place], values[place], members, pairs, contrasts)
        for place, method in enumerate(one.map_methods)
    }
    return Averages(groups, contrasts, tuple(regions), methods)


def lay_out(one: Evaluation, alignment: str, side: int) -> dict[str, np.ndarray]:
    """Lay out the regions of an evaluation's crops, side x side bool by name."""
    return face_regions(alignment, side, None if one.landmarks is None else np.array(one.landmarks))


def averaged_pairs(one: Evaluation) -> np.ndarray:
    """Say of each pair whether it is averaged: it has maps, and a face was found in both images.

    In a crop without a face, the regions are not where their names say.
    """
    found = one.pairs.status_a.eq("ok") & one.pairs.status_b.eq("ok")
    return (one.pairs.pair_id.isin(list(one.methods)) & found).to_numpy(bool)


def mean_face(crops: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Average face crops, rows x side x side x 3 uint8, of the given rows."""
    total = np.zeros(crops.shape[1:])
    for start in range(0, len(rows), CROPS_AT_ONCE):
        total += crops[rows[start : start + CROPS_AT_ONCE]].sum(axis=0, dtype=np.float64)
    return np.rint(total / len(rows)).astype(np.uint8)


def _groups(pairs: pd.DataFrame, columns: pd.DataFrame) -> Iterator[Group]:
    """Yield all pairs, each outcome that occurs, and each value of the group columns that hold text."""
    yield Group("", "", np.ones(len(pairs), bool))
    for outcome in OUTCOMES:
        members = pairs.outcome.eq(outcome).to_numpy()
        if members.any():
            yield Group("outcome", outcome, members)
    for name, column in columns.items():
        values = column.dropna()
        if values.map(type).eq(str).all():
            yield from (Group(str(name), value, column.eq(value).to_numpy()) for value in sorted(values.unique()))


def _average(
    one: Evaluation, pairs: pd.DataFrame, members: np.ndarray, regions: Regions
) -> tuple[np.ndarray, np.ndarray]:
    """Average each pair's maps over its two faces, then over groups and over regions.

    Returns
    -------
    maps : numpy.ndarray
        methods x groups x side x side: means over the pairs of each group.
    values : numpy.ndarray
        methods x pairs x regions: means over each region.
    """
    places = pd.Index(pairs.pair_id)
    weights = (members / members.sum(axis=1, keepdims=True)).astype(np.float32)
    methods, side = len(one.map_methods), len(regions.places)
    maps = np.zeros((methods, len(members), side, side))
    values = np.zeros((methods, len(pairs), len(regions.by_name)))
    for names, batch in iter_maps(one):
        rows = places.get_indexer(names)
        of_pairs, rows = batch[rows >= 0].mean(axis=2), rows[rows >= 0]
        for method in range(methods):
            flat = of_pairs[:, method].reshape(len(rows), -1)
            maps[method] += (weights[:, rows] @ flat).reshape(-1, side, side)
            values[method, rows] = regions.means(flat)
    return maps, values


def _means(
    maps: np.ndarray,
    values: np.ndarray,
    members: np.ndarray,
    pairs: pd.DataFrame,
    contrasts: tuple[tuple[int, int], ...],
) -> Means:
    """Average the regions of pairs over groups."""
    people, rows = People(pairs), [np.flatnonzero(own) for own in members]
    means = np.stack([values[own].mean(axis=0) for own in rows])
    wrong, right = np.array(contrasts, int).reshape(-1, 2).T
    return Means(
        np.array([len(own) for own in rows]),
        maps,
        means,
        [_spreads(people, values, {1: own}) for own in rows],
        means[wrong] - means[right],
        [_spreads(people, values, {1: rows[a], -1: rows[b]}) for a, b in contrasts],
    )


def _spreads(people: People, values: np.ndarray, parts: Mapping[int, np.ndarray]) -> list[Spread]:
    """Spread over people of the sum of means over rows, each times its factor, region by region."""
    if min(map(len, parts.values())) < LEAST_PAIRS:
        return [NOBODY] * values.shape[1]
    return [people.spread([mean_part(own, of[own], factor) for factor, own in parts.items()]) for of in values.T]
