"""Lists the pairs of a protocol: who is compared with whom, and what is known about the label.

The names in a pair list are only looked up among the images; no path from a list is ever opened.
"""

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from whyface.lists.all_pairs import make_pairs
from whyface.lists.column_names import one_name
from whyface.lists.folds import check_classes, check_two_folds
from whyface.lists.lookup import find_images
from whyface.lists.official_pair_lists import (
    find_list,
    name_lfw,
    parse_calfw,
    parse_lfw,
    parse_sllfw,
    read_cfp,
    read_text,
)
from whyface.lists.pairs_csv import read_pairs_csv
from whyface.tables.schemas import IMAGES, PAIRS

logger = logging.getLogger("whyface")


def _read_with(parse: Callable[[str, Path], pd.DataFrame]) -> Callable[[Path], pd.DataFrame]:
    def read(file: Path) -> pd.DataFrame:
        text = read_text(file)
        return parse(text, file) if text.strip() else pd.DataFrame()

    return read


# By protocol: the file names that its list may have inside a collection, and what reads it.
LISTS: dict[str, tuple[tuple[str, ...], Callable[[Path], pd.DataFrame]]] = {
    "lfw": (("pairs.txt",), _read_with(parse_lfw)),
    "sllfw": (("pair_SLLFW.txt",), _read_with(parse_sllfw)),
    "calfw": (("pairs_CALFW.txt", "pairs_CPLFW.txt"), _read_with(parse_calfw)),
    "pairs-csv": (("pairs.csv", "pairs.parquet"), read_pairs_csv),
    "insightface-bin": (("pairs.csv",), read_pairs_csv),
    "parquet": (("pairs.csv",), read_pairs_csv),
}
# Protocols whose subjects are folders named by users, or people joined from genuine pairs.
UNVERIFIED = ("pairs-csv", "insightface-bin", "parquet")
CFP_SPLITS = {"cfp-ff": "FF", "cfp-fp": "FP"}
# Years between the two photos of a pair, by the lower end of each band.
AGE_GAPS = {0: "0-19", 20: "20-39", 40: "40+"}

# Genuine pairs of LFW's View 2 that its authors list as wrong. They ask that benchmark results keep these pairs, so the
# pairs are flagged but not dropped.
KNOWN_LABEL_ERRORS = {
    ("Debra_Messing_0001", "Debra_Messing_0002"): "image 2 shows another person",
    ("Elisabeth_Schumacher_0001", "Elisabeth_Schumacher_0002"): "two different people",
    ("Janica_Kostelic_0001", "Janica_Kostelic_0002"): "image 1 shows another person",
    ("Jim_OBrien_0001", "Jim_OBrien_0002"): "two different people of one name",
    ("Jim_OBrien_0001", "Jim_OBrien_0003"): "two different people of one name",
    ("Martha_Bowen_0001", "Martha_Bowen_0002"): "image 2 shows another person",
    ("Nora_Bendijo_0001", "Nora_Bendijo_0002"): "image 2 shows another person",
}


def list_pairs(
    protocol: str,
    pair_file: Path | None,
    root: Path,
    images: pd.DataFrame,
    dataset: str,
    all_pairs: Mapping[str, Any] | None = None,
    has_reference: bool = True,
) -> pd.DataFrame:
    """List the pairs of a protocol.

    Parameters
    ----------
    protocol : str
        lfw, sllfw, calfw (also for CPLFW), cfp-ff, cfp-fp, pairs-csv, all-pairs, insightface-bin or parquet.
    pair_file : path or None
        The pair list; None if it is inside the collection, as cfp's lists always are.
    root : path
        The collection's folder.
    images : pandas.DataFrame
        The collection's images, see `layouts.list_images`.
    dataset : str
        Name of the dataset, for messages.
    all_pairs : mapping, optional
        What protocol all-pairs makes: arguments of `all_pairs.make_pairs`.
    has_reference : bool
        Whether another dataset is there to fit on; if not, labelled pairs must be in two folds.

    Returns
    -------
    pandas.DataFrame
        The columns of `schemas.PAIRS` and group columns, in the order of the list. Group columns are those of
        pairs-csv's list and, for calfw, `age_gap` (one of `AGE_GAPS`, in years) if the images have `age_years`. Folds
        count from 0; those of pairs-csv are as given.

    Raises
    ------
    ValueError
        A line is malformed, an image is not in the collection, labels contradict each other or the subjects, an image
        is its own impostor, a fold holds only one class, there is nothing to fit on, pairs and images have a column of
        one name, or the list is empty. The message names file and line.
    """
    if protocol == "all-pairs":
        listed = make_pairs(images, **(all_pairs or {}))
    else:
        listed = _read_listed(protocol, pair_file, Path(root))
    known = _index_by_number(images) if protocol == "lfw" else {name: name for name in images["image_id"]}
    found = find_images(listed, known)
    subjects = images.set_index("image_id")["subject_id"]
    digits = max(5, len(str(len(listed) - 1)))
    pairs = listed.assign(
        pair_id=[f"{position:0{digits}d}" for position in range(len(listed))],
        image_a=listed["image_a"].map(found),
        image_b=listed["image_b"].map(found),
        subject_a=lambda frame: frame["image_a"].map(subjects),
        subject_b=lambda frame: frame["image_b"].map(subjects),
        is_genuine=listed["is_genuine"].astype("boolean"),
        fold=listed["fold"].astype("Int32"),
        known_label_error=lambda frame: _flag_known_errors(frame) if protocol in ("lfw", "sllfw") else "",
    )
    if protocol == "calfw" and "age_years" in images:
        pairs = pairs.assign(age_gap=_band_age_gaps(pairs, images.set_index("image_id")["age_years"]))
    _check_columns(pairs, images)
    _check_self_pairs(pairs)
    _check_duplicates(pairs)
    _check_subjects(pairs, strict=protocol not in UNVERIFIED)
    check_classes(pairs, count_from_0=protocol != "pairs-csv")
    if not has_reference:
        check_two_folds(pairs, dataset, takes_column=protocol == "pairs-csv")
    _report(pairs, dataset)
    return pairs.drop(columns="where")


def _read_listed(protocol: str, pair_file: Path | None, root: Path) -> pd.DataFrame:
    """Read the pairs as the list states them: where (file:line), image_a, image_b, is_genuine, fold, group columns."""
    if protocol in CFP_SPLITS:
        if pair_file is not None:
            raise ValueError(f"{pair_file}: {protocol} takes no pair file, its lists lie in the collection")
        return read_cfp(root, CFP_SPLITS[protocol])
    if protocol not in LISTS:
        raise ValueError(f"protocol {protocol!r} is unknown, known are {', '.join([*LISTS, *CFP_SPLITS, 'all-pairs'])}")
    names, read = LISTS[protocol]
    file = Path(pair_file) if pair_file is not None else find_list(root, names)
    listed = read(find_list(file, names) if file.is_dir() else file)
    if listed.empty:
        raise ValueError(f"{file}:1: the list holds no pairs")
    return listed


def _index_by_number(images: pd.DataFrame) -> dict[str, str]:
    """Index image ids by `name_0001`: LFW's list does not say how a file pads its number, nor its suffix."""
    known: dict[str, str] = {}
    for image_id in images["image_id"]:
        match = re.fullmatch(r"(.+)_(\d+)", PurePosixPath(image_id).stem)
        if match and (other := known.setdefault(name_lfw(match[1], match[2]), image_id)) != image_id:
            raise ValueError(f"{other!r} and {image_id!r} are one image to LFW's lists; keep one")
    return known


def _band_age_gaps(pairs: pd.DataFrame, ages: pd.Series) -> pd.Series:
    """Name the band of years between the two photos; null if an age is unknown."""
    if not pd.api.types.is_numeric_dtype(ages):
        raise ValueError(f"images.csv: age_years must be numbers, found {ages.dropna().iloc[:1].tolist()}")
    gap = (pairs["image_a"].map(ages) - pairs["image_b"].map(ages)).abs().astype("float64")
    return pd.cut(gap, [*AGE_GAPS, float("inf")], right=False, labels=[*AGE_GAPS.values()]).astype(object)


def _flag_known_errors(pairs: pd.DataFrame) -> list[str]:
    stems = ([PurePosixPath(image).stem for image in pairs[side]] for side in ("image_a", "image_b"))
    return [KNOWN_LABEL_ERRORS.get((min(pair), max(pair)), "") for pair in zip(*stems, strict=True)]


def _check_columns(pairs: pd.DataFrame, images: pd.DataFrame) -> None:
    """Refuse group columns of pairs that have the name of one of images: a breakdown would be by one of the two."""
    of_images = {one_name(name): name for name in images.columns if name not in IMAGES.schema.names}
    both = [name for name in pairs.columns if name not in PAIRS.schema.names and one_name(name) in of_images]
    if both:
        file = pairs["where"].iloc[0].rpartition(":")[0]
        raise ValueError(
            f"{file}:1: columns {both} of the pairs are columns of the images too (from images.csv or the layout); a "
            "breakdown could be by either: rename one of the two"
        )


def _check_self_pairs(pairs: pd.DataFrame) -> None:
    selves = pairs[pairs["image_a"] == pairs["image_b"]]
    for where, image, is_genuine in selves[["where", "image_a", "is_genuine"]].itertuples(index=False):
        if is_genuine is not pd.NA and not is_genuine:
            raise ValueError(f"{where}: image {image!r} is its own impostor; drop the pair")
    if len(selves):
        message = "pairs of an image with itself, kept though their distance is 0 by construction: %d, on %s"
        logger.warning(message, len(selves), ", ".join(selves["where"][:10]))


def _check_duplicates(pairs: pd.DataFrame) -> None:
    """Warn of pairs that are listed twice, in either order; refuse those with contradicting labels."""
    both = pd.Series(["\0".join(sorted(pair)) for pair in zip(pairs["image_a"], pairs["image_b"], strict=True)])
    first = pairs["where"].groupby(both).transform("first")
    clash = pairs["is_genuine"].groupby(both).transform("nunique") > 1
    if clash.any():
        lines = pairs.loc[both == both[clash].iloc[0]]
        images = f"{lines['image_a'].iloc[0]!r} and {lines['image_b'].iloc[0]!r}"
        raise ValueError(f"{', '.join(lines['where'])}: {images} are listed as genuine and as impostor")
    repeats = [f"{again} repeats {once}" for again, once in zip(pairs["where"], first, strict=True) if again != once]
    if repeats:
        logger.warning("pairs that are listed again, and kept: %d: %s", len(repeats), "; ".join(repeats[:10]))


def _check_subjects(pairs: pd.DataFrame, strict: bool) -> None:
    """Compare labels with subjects; of those of `UNVERIFIED`, a mismatch only warns."""
    unknown = (pairs["subject_a"] == "") | (pairs["subject_b"] == "")
    wrong = (pairs["is_genuine"] != (pairs["subject_a"] == pairs["subject_b"])).fillna(False) & ~unknown
    if not wrong.any():
        return
    first = pairs[wrong].iloc[0]
    label = "genuine" if first["is_genuine"] else "impostor"
    two = f"subjects {first['subject_a']!r} and {first['subject_b']!r}"
    subjects = two if first["is_genuine"] else f"one subject, {first['subject_a']!r}"
    message = f"{first['where']}: {label} pair of {subjects}"
    if strict:
        raise ValueError(message)
    if wrong.sum() == (pairs["is_genuine"].notna() & ~unknown).sum():
        message += "; all of them: do folders name people, and does 1 stand for the same person?"
    logger.warning("labels that disagree with the subjects' folders: %d, the first is %s", wrong.sum(), message)


def _report(pairs: pd.DataFrame, dataset: str) -> None:
    labels = pairs["is_genuine"]
    message = "%s: pairs: %d; genuine: %d, impostor: %d, unlabelled: %d; folds: %d"
    counts = [int(count) for count in (labels.sum(), (~labels).sum(), labels.isna().sum())]
    logger.info(message, dataset, len(pairs), *counts, pairs["fold"].nunique())
