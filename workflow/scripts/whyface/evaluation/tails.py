"""Error rates where thresholds are set in practice: FMR 0.001 to 0.000001, from every two images of a collection."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.evaluation.all_pairs import AllPairs, score_all, spread_fmr, spread_fnmr
from whyface.evaluation.intervals import share_interval
from whyface.tables.schemas import STRANGERS, TAILS

TARGETS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
MOST_STRANGERS = 100


def trace_tails(embeddings: pd.DataFrame, images: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare every two images of a collection.

    Parameters
    ----------
    embeddings, images : pandas.DataFrame
        Tables of one collection. Images without an embedding are left out, and so are those of unknown people: two of
        them may show one person, and at these rates a few such pairs would be all false matches.

    Returns
    -------
    tuple of pandas.DataFrame
        The tables tails and strangers.
    """
    named = images.loc[images["subject_id"] != "", ["image_id", "subject_id"]]
    embedded = embeddings[embeddings["embedding"].notna()].merge(named, on="image_id")
    if len(embedded) < 2:
        return pd.DataFrame(columns=TAILS.schema.names), pd.DataFrame(columns=STRANGERS.schema.names)
    people = pd.factorize(embedded["subject_id"])[0]
    found = score_all(np.stack(embedded["embedding"].tolist()).astype(np.float32), people)
    tails = pd.DataFrame(list(_rows(found, people)), columns=TAILS.schema.names)
    return tails, _list_strangers(found, embedded)


def _rows(found: AllPairs, people: np.ndarray) -> Iterator[tuple]:
    """Yield a row for each FMR that the impostor pairs can tell from zero."""
    impostors, genuine = int(found.impostor.sum()), int(found.genuine.sum())
    shown, distances = found.of_people
    for target in TARGETS:
        accepted = int(target * impostors)
        if not 1 <= accepted < len(found.distances):
            continue
        threshold = float(found.distances[accepted])  # strictly below it, as decisions are
        matches = np.searchsorted(found.distances, np.float32(threshold))
        rate, spread = spread_fmr(people, found.a[:matches], found.b[:matches])
        lost, lost_spread = spread_fnmr(shown, distances >= np.float32(threshold))
        yield (
            *(target, threshold, rate, *share_interval(rate, spread), matches, impostors, spread.people),
            *(lost, *share_interval(lost, lost_spread), genuine, lost_spread.people),
        )


def _list_strangers(found: AllPairs, embedded: pd.DataFrame) -> pd.DataFrame:
    """List the closest pairs of different people, nearest first."""
    a, b = found.a[:MOST_STRANGERS], found.b[:MOST_STRANGERS]
    sides = {
        f"{name}_{side}": embedded[f"{name}_id"].to_numpy()[rows]
        for name in ("image", "subject")
        for side, rows in (("a", a), ("b", b))
    }
    distances = found.distances[:MOST_STRANGERS].astype(np.float64)
    return pd.DataFrame({"rank": np.arange(1, len(a) + 1), **sides, "cosine_distance": distances})
