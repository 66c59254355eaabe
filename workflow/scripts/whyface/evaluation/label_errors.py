"""Suspected label errors: labelled pairs that every model and every calibrator contradicts, and other photos too.

Evidence against a label is the log10 likelihood ratio (bans) of the other answer. The pair's own comes from its
distance, by fits that did not see its fold, without the bounds that confidences keep: here they would make all strong
cases equal. A hard pair also contradicts its label. So each image is compared with the *other* photos of the person
that the other image is labelled with: under a right genuine label both images match them, under a right impostor label
neither does. Least convinced of models, calibrators and both kinds of evidence decides; but a model that is never so
sure of any label has no say.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.scores.confidence import fits_of_pairs
from whyface.tables.schemas import SUSPECTS

METHODS = ("logistic", "kde", "beta")  # isotonic ends at its last pair, and the published score is no probability
# Share of wrong labels before a look: the upper end of what lists that people have checked hold, 0.1 to 1 %.
PRIOR = 0.01
LEAST = float(np.log10((1 - PRIOR) / PRIOR))  # bans from which a label is more likely wrong than right, by this prior
NO_PERSON = -1


class Verdict(NamedTuple):
    """One model on every pair of a list.

    Attributes
    ----------
    pairs : pandas.DataFrame
        Columns pair_id, image_a, image_b, is_genuine, fold, cosine_distance.
    confidence : pandas.DataFrame
        The table of its fits.
    embeddings : pandas.DataFrame
        The table, of the whole collection.
    """

    pairs: pd.DataFrame
    confidence: pd.DataFrame
    embeddings: pd.DataFrame


def least_convinced(one: Verdict, distances: np.ndarray) -> np.ndarray:
    """Find the weakest log10 likelihood ratio against each label, over the calibrators.

    Parameters
    ----------
    one : Verdict
        Its pairs say which fits and which label.
    distances : numpy.ndarray
        n x k, cosine distances; NaN where there is none.

    Returns
    -------
    numpy.ndarray
        n x k, bans; NaN without a distance, a label or a fit.
    """
    sign = np.where(one.pairs["is_genuine"].eq(True), -1.0, 1.0)[:, None]
    ratios = np.full((len(METHODS), *distances.shape), np.nan)
    for ratio, method in zip(ratios, METHODS, strict=True):
        for own, fit in fits_of_pairs(one.pairs, one.confidence, method):
            if fit.calibrator is not None:
                ratio[own] = sign[own] * fit.calibrator.log_odds(distances[own]) / np.log(10)
    ratios[:, one.pairs["is_genuine"].isna()] = np.nan
    return np.fmin.reduce(ratios)


def can_tell(one: Verdict) -> bool:
    """Whether the model is ever as sure of a label as a wrong one takes: else it would veto every suspect."""
    turned = one._replace(pairs=one.pairs.assign(is_genuine=one.pairs["is_genuine"].map({True: False, False: True})))
    return bool((least_convinced(turned, turned.pairs[["cosine_distance"]].to_numpy(float)) >= LEAST).any())


class OtherPhotos:
    """How far images are, on average, from the photos of a person.

    Parameters
    ----------
    embeddings, images : pandas.DataFrame
        Tables of one collection; an image without a subject, or without an embedding, is nobody's photo.
    """

    def __init__(self, embeddings: pd.DataFrame, images: pd.DataFrame):
        known = embeddings.loc[embeddings["embedding"].notna(), ["image_id", "embedding"]]
        known = known.merge(images[["image_id", "subject_id"]], on="image_id")
        self._places = pd.Index(known["image_id"])
        self._vectors = np.array(known["embedding"].tolist() or np.zeros((0, 1)), np.float64)
        people, _ = pd.factorize(known["subject_id"].where(known["subject_id"] != ""))
        self._person = people
        count = people.max(initial=NO_PERSON) + 1
        self._sums = np.zeros((count, self._vectors.shape[1]))
        np.add.at(self._sums, people[people >= 0], self._vectors[people >= 0])
        self._counts = np.bincount(people[people >= 0], minlength=count)

    def distances(self, image: pd.Series, of: pd.Series, without: pd.Series) -> np.ndarray:
        """Mean cosine distance of each `image` to the photos of the person in `of`, but for itself and `without`.

        Returns
        -------
        numpy.ndarray
            n; NaN where there is no such photo.
        """
        result = np.full(len(image), np.nan)
        own, other, left = (self._places.get_indexer(pd.Index(names)) for names in (image, of, without))
        rows = np.flatnonzero((own >= 0) & (other >= 0))
        rows = rows[self._person[other[rows]] != NO_PERSON]
        person = self._person[other[rows]]
        sums, counts = self._sums[person].copy(), self._counts[person].copy()
        for skipped in (own[rows], np.where(left[rows] == own[rows], -1, left[rows])):
            theirs = (skipped >= 0) & (self._person[skipped] == person)
            sums[theirs] -= self._vectors[skipped[theirs]]
            counts[theirs] -= 1
        some = counts > 0
        similar = np.einsum("ij,ij->i", sums[some], self._vectors[own[rows[some]]])
        result[rows[some]] = 1 - similar / counts[some]
        return result


def weigh(one: Verdict, images: pd.DataFrame) -> pd.DataFrame:
    """Weigh the evidence of one model against each label.

    Returns
    -------
    pandas.DataFrame
        By pair_id, in bans: pair_llr, of the two images; photos_llr, of the one that other photos speak against
        most; score, the smaller of them; and mean cosine distances: own_a and own_b to the other photos of its own
        person, cross_a and cross_b to those of the other image's. NaN where unknown.
    """
    photos, pairs = OtherPhotos(one.embeddings, images), one.pairs
    sides = [(pairs[f"image_{side}"], pairs[f"image_{other}"]) for side, other in ("ab", "ba")]
    cross = [photos.distances(image, partner, partner) for image, partner in sides]
    own = [photos.distances(image, image, partner) for image, partner in sides]
    pair, *against = least_convinced(one, np.column_stack([pairs["cosine_distance"].astype(float), *cross])).T
    photos_llr = np.fmax(*against)
    columns = {
        "pair_llr": pair,
        "photos_llr": photos_llr,
        "score": np.where(np.isnan(pair), np.nan, np.fmin(pair, photos_llr)),
    }
    distances = {"own_a": own[0], "own_b": own[1], "cross_a": cross[0], "cross_b": cross[1]}
    return pd.DataFrame({**columns, **distances}).set_index(pd.Index(pairs["pair_id"]))


def suspect_labels(models: Sequence[Verdict], pairs: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """List the pairs whose label every model contradicts, most surely wrong first: the table suspects.

    Parameters
    ----------
    models : sequence of Verdict
        All models of the run on this list.
    pairs, images : pandas.DataFrame
        The tables of the list and of its collection.
    """
    able = [one for one in models if can_tell(one)] or models
    found = [weigh(one, images).reindex(pairs["pair_id"]) for one in able]
    scores = np.stack([one["score"] for one in found])
    least = np.where(np.isnan(scores).all(axis=0), np.nan, np.fmin.reduce(scores))
    decides = np.argmin(np.where(np.isnan(scores), np.inf, scores), axis=0)
    rows = np.arange(len(pairs))
    columns = {name: np.stack([one[name] for one in found])[decides, rows] for name in found[0].columns}
    table = pairs.reset_index(drop=True)[["pair_id", "is_genuine", "known_label_error"]].assign(
        **{**columns, "score": least}, contradicting=(scores > 0).sum(axis=0), models=(~np.isnan(scores)).sum(axis=0)
    )
    table["wrong_image"] = _wrong_image(table, pairs.reset_index(drop=True))
    table = table[table["score"] >= LEAST].sort_values(["score", "pair_id"], ascending=[False, True])
    return table.assign(rank=np.arange(1, len(table) + 1))[SUSPECTS.schema.names]


def _wrong_image(table: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """Name the image further from its own person's other photos; empty where either is unknown.

    Two images of an impostor pair may both be where they belong, and their person have two names: there the image
    must be more like the other person.
    """
    known, is_a = table["own_a"].notna() & table["own_b"].notna(), table["own_a"] > table["own_b"]
    strays = np.where(is_a, table["own_a"] > table["cross_a"], table["own_b"] > table["cross_b"])
    return pairs["image_a"].where(is_a, pairs["image_b"]).where(known & (table["is_genuine"].eq(True) | strays), "")
