"""Finds leakage: people, images and whole pairs that a protocol judges by a fit that saw them too.

The pairs of a fold are judged by a threshold and a confidence fitted on the other folds, or on the reference dataset.
An image is known by its content, whatever it is called; a person by name, and only within a collection, because in
another one the same name may stand for somebody else. Unreadable images and unnamed people are compared with nothing.
"""

import logging
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.lists.findings import EXAMPLES, name_examples

logger = logging.getLogger("whyface")

FOLDS, UNFOLDED, REFERENCE = "folds", "unfolded", "reference"
PEOPLE, NAMES, IMAGES, PAIRS = "people", "names", "images", "pairs"
_SHARED_BY = {
    FOLDS: "shared by folds of %s",
    UNFOLDED: "shared by pairs without a fold and the folds of %s",
    REFERENCE: "shared with the reference %s",
}
_COUNTS = ["scope", "kind", "fitted_on", "shared", "n", "pairs", "examples"]
# What shared people, images and pairs are called.
_NAMED_BY = {PEOPLE: ["subject_a", "subject_b"], IMAGES: ["name_a", "name_b"], PAIRS: ["pair_id"]}
_LEAKS = ["pair_id", "scope", "kind", "found_in"]


class ListedDataset(NamedTuple):
    """A dataset before any model has seen it: name, collection, and the tables pairs and images."""

    name: str
    collection: str
    pairs: pd.DataFrame
    images: pd.DataFrame


class _Comparison(NamedTuple):
    """Which pairs are judged by which.

    Attributes
    ----------
    scope : str
        folds, unfolded or reference.
    fitted_on : str
        The dataset of the teaching pairs.
    judged, teaching : numpy.ndarray
        Rows of these pairs.
    own, groups : numpy.ndarray
        Group of each judged and of each teaching pair, from 0. No pair is judged by its own; -1 is no group.
    names : list of str
        What the groups are called.
    """

    scope: str
    fitted_on: str
    judged: np.ndarray
    teaching: np.ndarray
    own: np.ndarray
    groups: np.ndarray
    names: list[str]


def find_leakage(dataset: ListedDataset, reference: ListedDataset | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count what folds share with each other, and what the dataset shares with its reference.

    Parameters
    ----------
    dataset : ListedDataset
        The dataset.
    reference : ListedDataset or None
        The dataset that `datasets.<dataset>.reference` names. Only its labelled pairs in folds count: others are not
        fitted on.

    Returns
    -------
    tuple of pandas.DataFrame
        The tables leakage and leaking_pairs.
    """
    lists = [dataset, *([reference] if reference else [])]
    rows = pd.concat([_identify(one) for one in lists], ignore_index=True)
    same_collection = len({one.collection for one in lists}) == 1
    codes = _code_kinds(rows)
    counts, leaks = [], [pd.DataFrame(columns=_LEAKS)]
    for comparison in _comparisons(rows, dataset, reference):
        is_named = comparison.scope == REFERENCE and not same_collection
        for kind, kind_codes in zip((NAMES if is_named else PEOPLE, IMAGES, PAIRS), codes, strict=True):
            count, leaking = _compare(comparison, kind, kind_codes, rows)
            counts.append(count)
            leaks += [] if kind == NAMES else [leaking]
        _log(dataset.name, counts[-3:])
    return pd.DataFrame(counts, columns=_COUNTS), pd.concat(leaks, ignore_index=True)


def _identify(one: ListedDataset) -> pd.DataFrame:
    """Put the content of images in the place of their names; empty where a file is unreadable."""
    contents = one.images["sha256"].where(one.images["width_px"].notna(), "")
    content_of = pd.Series(contents.to_numpy(), index=one.images["image_id"])
    pairs = one.pairs[["pair_id", "subject_a", "subject_b", "is_genuine", "fold"]]
    images = {f"name_{side}": one.pairs[f"image_{side}"] for side in "ab"}
    contents_of_pairs = {f"image_{side}": one.pairs[f"image_{side}"].map(content_of) for side in "ab"}
    return pairs.assign(**images, **contents_of_pairs, dataset=one.name)


def _code_kinds(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give numbers to people and images, rows x 2, and to pairs in either order, rows x 1; -1 if unknown."""
    people, images = (_factorize(rows, what) for what in ("subject", "image"))
    low, high = images.min(axis=1), images.max(axis=1)
    pairs, _ = pd.factorize(low * (images.max() + 1) + high)
    return people, images, np.where(low < 0, -1, pairs)[:, None]


def _factorize(rows: pd.DataFrame, what: str) -> np.ndarray:
    values = pd.concat([rows[f"{what}_a"], rows[f"{what}_b"]])
    return pd.factorize(values.mask(values == ""))[0].reshape(2, -1).T


def _comparisons(rows: pd.DataFrame, dataset: ListedDataset, reference: ListedDataset | None) -> Iterator[_Comparison]:
    """Give each set of pairs with the pairs that it is judged by, as `whyface.scores.decisions.split_folds` has it."""
    own, fold = (rows["dataset"] == dataset.name).to_numpy(), rows["fold"].notna().to_numpy()
    folded, unfolded = np.flatnonzero(own & fold), np.flatnonzero(own & ~fold)
    groups, names = pd.factorize(rows["fold"].to_numpy()[folded].astype(int), sort=True)
    folds = [str(name) for name in names]
    if len(folded):
        yield _Comparison(FOLDS, dataset.name, folded, folded, groups, groups, folds)
    if reference:
        teaching = np.flatnonzero(~own & fold & rows["is_genuine"].notna().to_numpy())
        nothing, zeros = np.full(own.sum(), -1), np.zeros(len(teaching), int)
        yield _Comparison(REFERENCE, reference.name, np.flatnonzero(own), teaching, nothing, zeros, [reference.name])
    elif len(folded) and len(unfolded):
        yield _Comparison(UNFOLDED, dataset.name, unfolded, folded, np.full(len(unfolded), -1), groups, folds)


def _compare(one: _Comparison, kind: str, codes: np.ndarray, rows: pd.DataFrame) -> tuple[tuple, pd.DataFrame]:
    """Count what is shared, in a row of the table leakage, and list the pairs that share it."""
    holds = np.zeros((codes.max(initial=-1) + 2, len(one.names) + 1), bool)  # the last row: unknown; column: no group
    holds[codes[one.teaching], one.groups[:, None]] = True
    holds[-1] = False
    judged = codes[one.judged]
    elsewhere = holds.sum(axis=1)[judged] - holds[judged, one.own[:, None]] > 0
    leaking = elsewhere.any(axis=1)
    shared, n = np.unique(judged[elsewhere]), len(np.unique(judged[judged >= 0]))
    found = holds[judged[leaking]].any(axis=1)
    found[np.arange(len(found)), one.own[leaking]] = False
    about = {"pair_id": rows["pair_id"].to_numpy()[one.judged[leaking]], "scope": one.scope, "kind": kind}
    leaks = pd.DataFrame({**about, "found_in": _name_groups(found[:, :-1], one.names)}, columns=_LEAKS)
    names, first = rows[_NAMED_BY[PEOPLE if kind == NAMES else kind]], []
    for code in shared[:EXAMPLES]:
        places, side = np.nonzero(judged == code)
        called = {*names.iloc[one.judged[places]].to_numpy()[np.arange(len(places)), side]}
        first.append(_name_shared(one, called, holds[code, :-1]))
    examples = name_examples(first, len(shared))
    return (one.scope, kind, one.fitted_on, len(shared), n, int(leaking.sum()), examples), leaks


def _name_shared(one: _Comparison, names: set[str], holding: np.ndarray) -> str:
    """Name something by all that it is called, and say in which folds it is: "a.jpg = b.jpg (folds 0, 3)"."""
    folds = [name for name, holds in zip(one.names, holding, strict=True) if holds]
    place = "" if one.scope == REFERENCE else f" (fold{'s' if len(folds) > 1 else ''} {', '.join(folds)})"
    return " = ".join(sorted(names)) + place


def _name_groups(found: np.ndarray, names: list[str]) -> np.ndarray:
    """Name the groups of each row; rows are alike often, so that each combination is named once."""
    codes, combinations = pd.factorize(pd.Series([row.tobytes() for row in np.packbits(found, axis=1)]))
    bits = [np.unpackbits(np.frombuffer(one, np.uint8), count=len(names)) for one in combinations]
    texts = [", ".join(name for name, bit in zip(names, row, strict=True) if bit) for row in bits]
    return np.array(texts, object)[codes]


def _log(dataset: str, counts: list[tuple]) -> None:
    """Say what is shared: a warning if anything is, names apart."""
    scope, _, fitted_on, *_ = counts[0]
    level = logging.WARNING if any(shared for _, kind, _, shared, *_ in counts if kind != NAMES) else logging.INFO
    words = ", ".join(f"{shared} of {n} {kind}" for _, kind, _, shared, n, *_ in counts)
    logger.log(level, "%s, " + _SHARED_BY[scope] + ": %s", dataset, fitted_on, words)
