"""Error rates where thresholds are set in practice: FMR 0.001 to 0.000001, from every two images of a collection."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.devices import use_torch
from whyface.evaluation.all_pairs import AllPairs, score_all, spread_fmr, spread_fnmr
from whyface.evaluation.distance_blocks import BINS
from whyface.evaluation.extreme_tails import extrapolate, fit_tail
from whyface.evaluation.intervals import NONE, share_interval
from whyface.tables.parquet import read_about, read_table
from whyface.tables.schemas import DEEP_DET, EMBEDDINGS, IMAGES, REALISED, STRANGERS, TAILS

logger = logging.getLogger("whyface")

TARGETS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
BETWEEN = tuple(float(f"{step}e-{power}") for power in range(1, 7) for step in (5, 2, 1))  # of the DET curve
MOST_STRANGERS = 100
CARD_PAYS = 30_000  # images; fewer take the CPU seconds, as many as PyTorch takes to open a card


class Collection(NamedTuple):
    """Every two images of a collection that show known people, compared.

    Attributes
    ----------
    embedded : pandas.DataFrame
        image_id and subject_id of its images, in the order of `people`.
    people : numpy.ndarray
        Who is shown in each: whole numbers from 0.
    found : AllPairs
        The pairs.
    """

    embedded: pd.DataFrame
    people: np.ndarray
    found: AllPairs


def compare_all(embeddings: pd.DataFrame, images: pd.DataFrame, device: str = "cpu") -> Collection | None:
    """Compare every two images of a collection; None if it does not show two known people.

    Parameters
    ----------
    embeddings, images : pandas.DataFrame
        Tables of one collection. Images without an embedding are left out, and so are those of unknown people: two of
        them may show one person, and at these rates a few such pairs would be all false matches.
    device : str
        auto, cpu or cuda: where large collections are compared.
    """
    named = images.loc[images["subject_id"] != "", ["image_id", "subject_id"]]
    embedded = embeddings[embeddings["embedding"].notna()].merge(named, on="image_id")
    if embedded["subject_id"].nunique() < 2:
        return None
    people = pd.factorize(embedded["subject_id"])[0]
    where = use_torch(device) if len(people) >= CARD_PAYS else "cpu"
    found = score_all(np.stack(embedded["embedding"].tolist()).astype(np.float32, copy=False), people, device=where)
    return Collection(embedded[["image_id", "subject_id"]], people, found)


def read_collection(images: Path | str, embeddings: Path | str, device: str = "cpu") -> Collection | None:
    """Read the tables of a collection and compare every two of its images; None if pairs alone tell who is who."""
    if how := read_about(images).get("subjects"):
        logger.warning("no images are compared beyond the list: who is who is %s", how)
        return None
    vectors = read_table(embeddings, EMBEDDINGS, ["image_id", "embedding"])
    return compare_all(vectors, read_table(images, IMAGES, ["image_id", "subject_id"]), device)


def trace_tails(collection: Collection | None, beyond: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find thresholds for low false match rates, and list the closest strangers: the tables tails and strangers.

    Parameters
    ----------
    collection : Collection or None
        The pairs, if there are any.
    beyond : bool
        Whether to extrapolate rates that the impostor pairs cannot tell from zero, where that can be trusted.
    """
    if collection is None:
        return pd.DataFrame(columns=TAILS.schema.names), pd.DataFrame(columns=STRANGERS.schema.names)
    rows = [(*row, False) for row in _trace(collection, TARGETS)]
    rows += [(*row, True) for row in _extrapolate(collection)] if beyond else []
    return pd.DataFrame(rows, columns=TAILS.schema.names), _list_strangers(collection)


def trace_deep_det(collection: Collection | None) -> pd.DataFrame:
    """Trace both error rates down to the lowest that the impostor pairs can tell from zero: the table deep_det."""
    rows = _trace(collection, BETWEEN) if collection is not None else ()
    return pd.DataFrame(rows, columns=DEEP_DET.schema.names)


def _trace(collection: Collection, targets: Sequence[float]) -> Iterator[tuple]:
    """Yield each FMR that the impostor pairs can tell from zero, the highest threshold that keeps to it, and rates."""
    impostors, distances = int(collection.found.impostor.sum()), collection.found.distances
    for target in targets:
        accepted = int(target * impostors)
        if 1 <= accepted < len(distances):
            threshold = float(distances[accepted])  # strictly below it, as decisions are
            yield target, threshold, *rates_at(collection, threshold)


def _extrapolate(collection: Collection) -> Iterator[tuple]:
    """Yield each FMR below those, its threshold and rates, where they can be trusted."""
    impostors, tail = int(collection.found.impostor.sum()), fit_tail(collection.found)
    for target in TARGETS:
        if tail and target * impostors < 1 and (one := extrapolate(collection.found, collection.people, tail, target)):
            threshold, low, high = one
            _, _, _, *others = rates_at(collection, threshold)
            yield target, threshold, target, low, high, *others


def rates_at(collection: Collection, threshold: float) -> tuple:
    """Give both error rates at a threshold: the columns of `tails` from `fmr` on.

    The FMR has no interval where more pairs are accepted than are kept.
    """
    found, limit = collection.found, np.float32(threshold)
    impostors, (shown, distances) = int(found.impostor.sum()), found.of_people
    matches = int(np.searchsorted(found.distances, limit))
    rate, spread = spread_fmr(collection.people, found.a[:matches], found.b[:matches])
    interval = share_interval(rate, spread)
    if matches == len(found.distances) < impostors:
        matches = int(found.impostor[: int(threshold * BINS / 2)].sum())
        rate, interval = matches / impostors, NONE
    lost, lost_spread = spread_fnmr(shown, distances >= limit)
    return (
        *(rate, *interval, matches, impostors, spread.people),
        *(lost, *share_interval(lost, lost_spread), int(found.genuine.sum()), lost_spread.people),
    )


def realise(collections: Mapping[str, Collection], tails: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Carry thresholds over: find the rates, on each collection, of thresholds that were set on one.

    Parameters
    ----------
    collections : mapping of str to Collection
        By name.
    tails : mapping of str to pandas.DataFrame
        The table tails of each; extrapolated rows are left out.

    Returns
    -------
    pandas.DataFrame
        The table realised; on its own collection a threshold has the rates of `tails`.
    """
    rows = [
        (row.fmr_target, set_on, realised_on, row.threshold, *rates_at(collection, row.threshold))
        for set_on, thresholds in tails.items()
        for row in thresholds[~thresholds["is_extrapolated"].astype(bool)].itertuples()
        for realised_on, collection in collections.items()
    ]
    return pd.DataFrame(rows, columns=REALISED.schema.names)


def _list_strangers(collection: Collection) -> pd.DataFrame:
    """List the closest pairs of different people, nearest first."""
    found = collection.found
    a, b = found.a[:MOST_STRANGERS], found.b[:MOST_STRANGERS]
    sides = {
        f"{name}_{side}": collection.embedded[f"{name}_id"].to_numpy()[rows]
        for name in ("image", "subject")
        for side, rows in (("a", a), ("b", b))
    }
    distances = found.distances[:MOST_STRANGERS].astype(np.float64)
    return pd.DataFrame({"rank": np.arange(1, len(a) + 1), **sides, "cosine_distance": distances})
