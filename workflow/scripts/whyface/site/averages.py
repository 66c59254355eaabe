"""Averages of a model's maps over pairs: the mean map and mean of each region, by outcome and group, with errors.

Explanations are read a batch at a time and only sums are kept, so that a million maps take no more memory than a few.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isqrt

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from whyface import bootstrap
from whyface.site.data import Evaluation, iter_maps
from whyface.site.regions import face_regions, region_means
from whyface.site.words import METHODS, OUTCOMES

SEED = 0
LEAST_PAIRS = 10  # fewer say nothing of a mean's error
CROPS_AT_ONCE = 256
# Wrong and right decisions on pairs of one kind: across kinds, what differs would be the kind.
CONTRASTS = (("false-match", "true-non-match"), ("false-non-match", "true-match"))


@dataclass(frozen=True)
class Group:
    """Averaged pairs that have something in common.

    Attributes
    ----------
    column, value : str
        What: all pairs have neither; outcomes are of the column `outcome`, the others of group columns.
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
    regions, errors : numpy.ndarray
        groups x regions: means over pairs, and their standard errors, NaN for fewer than `LEAST_PAIRS`.
    differences, difference_errors : numpy.ndarray
        contrasts x regions: mean of the wrong decisions less that of the right ones, and its standard error.
    """

    counts: np.ndarray
    maps: np.ndarray
    regions: np.ndarray
    errors: np.ndarray
    differences: np.ndarray
    difference_errors: np.ndarray


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
        The model's, which says where the regions lie.
    """
    averaged = averaged_pairs(one)
    if not averaged.any():
        return None
    pairs = one.pairs[averaged].reset_index(drop=True)
    groups = tuple(_groups(pairs, one.groups[averaged].reset_index(drop=True)))
    places = {(group.column, group.value): place for place, group in enumerate(groups)}
    named = [[("outcome", outcome) for outcome in both] for both in CONTRASTS]
    contrasts = tuple((places[a], places[b]) for a, b in named if a in places and b in places)
    regions = lay_out(one, alignment, isqrt(pq.read_schema(one.explanations).field("map").type.list_size))
    sums = _sum_maps(one, pairs, groups, regions)
    methods = {name: _means(sums[name], pairs, groups, contrasts) for name in METHODS if name in sums}
    return Averages(groups, contrasts, tuple(regions), methods)


def lay_out(one: Evaluation, alignment: str, side: int) -> dict[str, np.ndarray]:
    """Lay out the regions that its crops typically have, side x side bool by name."""
    return face_regions(alignment, side, None if one.landmarks is None else np.array(one.landmarks))


def averaged_pairs(one: Evaluation) -> np.ndarray:
    """Say of each pair whether it is averaged: it has maps, and a face was found in both images.

    In a crop without a face the regions are somewhere else, or nowhere.
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
    """Yield all pairs, the outcomes that occur, and each value of those group columns that hold text."""
    yield Group("", "", np.ones(len(pairs), bool))
    for outcome in OUTCOMES:
        members = pairs.outcome.eq(outcome).to_numpy()
        if members.any():
            yield Group("outcome", outcome, members)
    for name, column in columns.items():
        values = column.dropna()
        if values.map(type).eq(str).all():
            yield from (Group(str(name), value, column.eq(value).to_numpy()) for value in sorted(values.unique()))


class _Sums:
    """Sums over the maps of one method: of maps for each group, of regions for each pair."""

    def __init__(self, members: np.ndarray, regions: Mapping[str, np.ndarray]):
        self.members = members.astype(np.float32)  # groups x pairs
        self.regions = regions
        side = len(next(iter(regions.values())))
        self.maps = np.zeros((len(members), side, side))
        self.counts = np.zeros(len(members))
        self.region_sums = np.zeros((members.shape[1], len(regions)))
        self.sides = np.zeros(members.shape[1])

    def add(self, rows: np.ndarray, maps: np.ndarray) -> None:
        """Add maps, n x side x side, of the pairs in `rows`."""
        members = self.members[:, rows]
        self.maps += (members @ maps.reshape(len(maps), -1)).reshape(self.maps.shape)
        self.counts += members.sum(axis=1)
        np.add.at(self.region_sums, rows, region_means(maps, self.regions))
        np.add.at(self.sides, rows, 1)


def _sum_maps(
    one: Evaluation, pairs: pd.DataFrame, groups: tuple[Group, ...], regions: Mapping[str, np.ndarray]
) -> dict[str, _Sums]:
    members = np.stack([group.members for group in groups])
    places = pd.Index(pairs.pair_id)
    sums: dict[str, _Sums] = {}
    for keys, maps in iter_maps(one.explanations):
        rows = places.get_indexer([key["pair_id"] for key in keys])
        methods = np.array([key["method"] for key in keys])
        for name in dict.fromkeys(methods):
            chosen = (methods == name) & (rows >= 0)
            sums.setdefault(name, _Sums(members, regions)).add(rows[chosen], maps[chosen])
    return sums


def _means(
    sums: _Sums, pairs: pd.DataFrame, groups: tuple[Group, ...], contrasts: tuple[tuple[int, int], ...]
) -> Means:
    """Turn sums into means over pairs; a pair's map is the mean over its two faces."""
    seen = sums.sides > 0
    members = np.stack([group.members for group in groups])[:, seen].astype(float)
    values = sums.region_sums[seen] / sums.sides[seen, None]
    wrong, right = np.array(contrasts, int).reshape(-1, 2).T

    def measure(weights: np.ndarray) -> np.ndarray:
        weighted = members * weights
        means = weighted @ values / weighted.sum(axis=1, keepdims=True)
        return np.concatenate([means, means[wrong] - means[right]])

    with np.errstate(invalid="ignore"):  # a group may be without maps of this method: 0 / 0
        means = measure(np.ones(len(values)))
        codes = bootstrap.subject_codes(pairs[seen])
        weights = bootstrap.draw_weights(*codes, bootstrap.replicates(len(values)), SEED)
        errors = bootstrap.standard_errors(measure, weights)
        maps = sums.maps / sums.counts[:, None, None]
    plain = np.stack([_plain_errors(values[rows > 0]) for rows in members])
    # Pairs that all share one person leave the bootstrap nothing to vary: then the plain error is the larger.
    errors = np.fmax(errors, np.concatenate([plain, np.hypot(plain[wrong], plain[right])]))
    errors[np.isnan(np.concatenate([plain, plain[wrong] + plain[right]]))] = np.nan
    n = len(groups)
    counts = members.sum(axis=1).astype(int)
    return Means(counts, maps, means[:n], errors[:n], means[n:], errors[n:])


def _plain_errors(values: np.ndarray) -> np.ndarray:
    """Estimate standard errors of the means of columns, as if pairs were independent; NaN for too few."""
    if len(values) < LEAST_PAIRS:
        return np.full(values.shape[1], np.nan)
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))
