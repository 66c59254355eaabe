"""Examines a pair list before any model sees it: sizes, folds, leakage, and how often images and people recur.

A fault is something wrong with the list; a note is something to know before its figures are read.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.lists.file_checks import check_files
from whyface.lists.findings import FAULT, NOTE, OK, Finding, counted
from whyface.lists.label_checks import check_labels, labelled
from whyface.lists.leakage import FOLDS, NAMES, REFERENCE, UNFOLDED

SIZE_RATIO = 1.5  # of the largest fold to the smallest
SHARE_RANGE = 0.1  # of genuine pairs, between folds or groups
BALANCED = (0.4, 0.6)  # share of genuine pairs between which accuracy means much the same
# Someone or something recurs much: in so many pairs, and so many times the mean.
MANY, TIMES_MEAN = 10, 5
WHERE = {FOLDS: "in_two_folds", UNFOLDED: "of_unfolded_in_folds", REFERENCE: "in_reference"}
KINDS = {"image": "image", "person": "subject"}


def examine_list(
    pairs: pd.DataFrame, images: pd.DataFrame, hashes: pd.DataFrame, leakage: pd.DataFrame
) -> Iterator[Finding]:
    """Examine a list.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The table.
    images : pandas.DataFrame
        Rows of the table images: those that pairs name.
    hashes : pandas.DataFrame
        Perceptual hashes by image_id, see `whyface.lists.near_duplicates`; unreadable images have none.
    leakage : pandas.DataFrame
        The dataset's table.
    """
    yield from _sizes(pairs)
    yield from _folds(pairs)
    yield from _leaks(leakage)
    for group in (None, "impostor"):
        chosen = pairs if group is None else pairs[labelled(pairs, False)]
        for kind in KINDS if len(chosen) else ():
            yield from _recurrences(chosen, kind, group)
    yield from check_files(pairs, images, hashes)
    yield from check_labels(pairs, images)


def _sizes(pairs: pd.DataFrame) -> Iterator[Finding]:
    """Count pairs by class, people and images: of the list and of each fold."""
    yield from _sizes_of(pairs, None)
    for fold, chosen in pairs.groupby("fold"):
        yield from _sizes_of(chosen, int(fold))
    unlabelled = pairs.loc[pairs["is_genuine"].isna(), "pair_id"]
    yield counted("unlabelled", list(unlabelled), len(pairs), NOTE)
    unnamed = sorted({image for s in "ab" for image in pairs.loc[pairs[f"subject_{s}"] == "", f"image_{s}"]})
    yield counted("images_without_person", unnamed, _distinct(pairs, "image"), NOTE)
    known = pairs.loc[pairs["known_label_error"] != "", "pair_id"]
    yield counted("known_label_errors", list(known), len(pairs), NOTE)


def _sizes_of(pairs: pd.DataFrame, fold: int | None) -> Iterator[Finding]:
    n = len(pairs)
    yield Finding("pairs", n, fold=fold)
    yield Finding("genuine", int(labelled(pairs, True).sum()), n, fold=fold)
    yield Finding("impostor", int(labelled(pairs, False).sum()), n, fold=fold)
    yield Finding("people", _distinct(pairs, "subject"), fold=fold)
    yield Finding("images", _distinct(pairs, "image"), fold=fold)


def _distinct(pairs: pd.DataFrame, what: str) -> int:
    return len({*pairs[f"{what}_a"], *pairs[f"{what}_b"]} - {""})


def _folds(pairs: pd.DataFrame) -> Iterator[Finding]:
    """Look at the classes of pairs, in the list and fold by fold."""
    folds = pairs.groupby("fold")["is_genuine"]
    unfolded = list(pairs.loc[pairs["fold"].isna(), "pair_id"])
    yield Finding("folds", len(folds), status=OK if len(folds) > 1 else NOTE)
    yield counted("pairs_without_fold", unfolded, len(pairs), NOTE if len(folds) else OK)
    genuine = pd.DataFrame({"fold": pairs["fold"], "genuine": labelled(pairs, True)})[pairs["is_genuine"].notna()]
    if len(genuine):
        yield _genuine_share(genuine["genuine"])
    shares = genuine.groupby("fold")["genuine"].mean()
    yield counted(
        "one_class_folds", [f"fold {fold:g}" for fold in shares[shares.isin([0, 1])].index], len(folds), FAULT
    )
    if len(folds) > 1:
        ratio = float(folds.size().max() / folds.size().min())
        yield Finding("fold_size_ratio", ratio, len(folds), NOTE if ratio > SIZE_RATIO else OK)
    if len(shares) > 1:
        spread = float(shares.max() - shares.min())
        yield Finding("genuine_share_range", spread, len(shares), NOTE if spread > SHARE_RANGE else OK)


def _genuine_share(genuine: pd.Series) -> Finding:
    share = float(genuine.mean())
    return Finding("genuine_share", share, len(genuine), OK if BALANCED[0] <= share <= BALANCED[1] else NOTE)


def _leaks(leakage: pd.DataFrame) -> Iterator[Finding]:
    """Take over what leakage has counted; names of two collections may stand for different people."""
    for row in leakage.itertuples():
        status = OK if not row.shared else NOTE if row.kind == NAMES else FAULT
        check = f"{row.kind}_{WHERE[row.scope]}"
        yield Finding(check, row.shared, row.n, status, row.examples)


def _recurrences(pairs: pd.DataFrame, kind: str, group: str | None) -> Iterator[Finding]:
    """Say in how many pairs each image, or person, is, and how many pairs the most frequent ones make up."""
    columns = [pairs[f"{KINDS[kind]}_{side}"] for side in "ab"]
    values = pd.concat(columns, ignore_index=True)
    codes, names = pd.factorize(values.mask(values == ""))
    if not len(names):
        return
    sides = codes.reshape(2, -1)
    uses = _count_uses(sides, len(names))
    order = np.argsort(-uses, kind="stable")
    most, mean = int(uses.max()), float(uses.mean())
    often = most >= MANY and most >= TIMES_MEAN * mean
    top = [f"{names[place]} ({uses[place]})" for place in order[:3]]
    yield Finding(f"{kind}_uses_mean", mean, len(names), group=group)
    yield Finding(f"{kind}_uses_max", most, len(names), NOTE if often else OK, "; ".join(top), group=group)
    for check, number in (("top_percent", -(-len(names) // 100)), ("top_ten", min(10, len(names)))):
        is_top = np.zeros(len(names) + 1, bool)  # the last place: unnamed people
        is_top[order[:number]] = True
        share = float(is_top[sides].any(axis=0).mean())
        yield Finding(f"{kind}_{check}_share", share, number, group=group)


def _count_uses(sides: np.ndarray, count: int) -> np.ndarray:
    """Count the pairs that each is in: once each, also where both images of a pair show the same."""
    a, b = sides
    second = b[(b != a) & (b >= 0)]
    return np.bincount(a[a >= 0], minlength=count) + np.bincount(second, minlength=count)
