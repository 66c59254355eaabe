"""Writes sets that come as pairs of encoded images, without names, as a folder of image files and a list of pairs."""

import csv
import hashlib
import logging
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

FOLDS = 10
PAIR_LIST = "pairs.csv"
_SUFFIXES = {
    re.compile(rb"\xff\xd8\xff"): ".jpg",
    re.compile(rb"\x89PNG\r\n\x1a\n"): ".png",
    re.compile(rb"RIFF....WEBP", re.DOTALL): ".webp",
    re.compile(rb"BM"): ".bmp",
}
_SHOWN = 10
_LOG = logging.getLogger("whyface")


class Pair(NamedTuple):
    """Two encoded images as they come."""

    where: tuple[str, str]  # file and place of either image, for messages
    images: tuple[bytes, bytes]
    is_genuine: bool
    split: str = ""  # part of the set with folds of its own


class _Listed(NamedTuple):
    """A pair whose images are written, and known by number."""

    images: tuple[int, int]
    is_genuine: bool
    split: str


def write_pairs(pairs: Iterable[Pair], source: Path, destination: Path) -> int:
    """Write a folder with each image once, as `PERSON/NUMBER.suffix`, and `pairs.csv`.

    Images are told apart by the SHA-256 of their bytes. People are joined from genuine pairs, directly or through
    others: two of them may be one person. Folds are ten contiguous parts of each split.

    Parameters
    ----------
    pairs : iterable of Pair
        The pairs, in the order of the list.
    source : path
        Where they come from, for messages.
    destination : path
        Folder to make, which appears only once all is written; it must not exist, or be empty.

    Returns
    -------
    int
        Number of images.

    Raises
    ------
    ValueError
        There is no pair, a fold holds only one class, or an image is not a JPEG, PNG, WebP or BMP file.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".unpacking-{destination.name}-", dir=destination.parent) as temporary:
        folder = Path(temporary) / "files"
        folder.mkdir(mode=0o755)
        images = _Images(Path(temporary))
        listed = [_Listed(images.number_both(pair), pair.is_genuine, pair.split) for pair in pairs]
        if not listed:
            raise ValueError(f"{source}: holds no pairs")
        numbers = np.array([pair.images for pair in listed])
        is_genuine = np.array([pair.is_genuine for pair in listed])
        folds = _folds([pair.split for pair in listed])
        _check_folds(folds, is_genuine, source)
        people = _join(numbers[is_genuine], len(images.suffixes))
        _warn_of_conflicts(people[numbers], is_genuine, source)
        names = images.move(folder, people)
        _write_list(listed, names, folds, folder / PAIR_LIST)
        folder.replace(destination)
    message = "%s: %d pairs of %d images; people, as joined from genuine pairs: %d, of whom two may be one"
    _LOG.info(message, source, len(listed), len(names), people.max() + 1)
    if (splits := len({pair.split for pair in listed})) > 1:
        _LOG.info("%s: splits: %d; fold k holds the k-th tenth of every split (folds count from 0)", source, splits)
    return len(names)


class _Images:
    """The distinct images so far, numbered in the order in which they come; each is a file at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers: dict[bytes, int] = {}  # by SHA-256
        self.suffixes: list[str] = []

    def number_both(self, pair: Pair) -> tuple[int, int]:
        (where_a, where_b), (image_a, image_b) = pair.where, pair.images
        return self._number(where_a, image_a), self._number(where_b, image_b)

    def _number(self, where: str, content: bytes) -> int:
        number = self.numbers.setdefault(hashlib.sha256(content).digest(), len(self.numbers))
        if number == len(self.suffixes):
            self.suffixes.append(_suffix(where, content))
            (self.folder / str(number)).write_bytes(content)
        return number

    def move(self, folder: Path, people: np.ndarray) -> list[str]:
        """Move the images to the folders of their people; returns their names, by number."""
        digits = len(str(len(people)))
        names = []
        for number, (person, suffix) in enumerate(zip(people, self.suffixes, strict=True)):
            name = f"p{person:0{digits}d}/{number:0{digits}d}{suffix}"
            (folder / name).parent.mkdir(exist_ok=True)
            (self.folder / str(number)).replace(folder / name)
            names.append(name)
        return names


def _suffix(where: str, content: bytes) -> str:
    suffix = next((suffix for magic, suffix in _SUFFIXES.items() if magic.match(content)), None)
    if suffix is None:
        raise ValueError(f"{where} is not a JPEG, PNG, WebP or BMP file: {len(content)} bytes, {content[:12]!r}")
    return suffix


def _folds(splits: list[str]) -> np.ndarray:
    """Cut each split into ten contiguous parts, the first of them longer by one where ten do not divide it."""
    folds = np.empty(len(splits), int)
    for split in set(splits):
        positions = np.flatnonzero(np.array(splits) == split)
        for fold, part in enumerate(np.array_split(positions, FOLDS)):
            folds[part] = fold
    return folds


def _check_folds(folds: np.ndarray, is_genuine: np.ndarray, source: Path) -> None:
    for fold in range(FOLDS):
        labels = is_genuine[folds == fold]
        if labels.all() or not labels.any():
            kind = f"only {'genuine' if labels[0] else 'impostor'} pairs" if len(labels) else "no pair"
            raise ValueError(
                f"{source}: fold {fold} (folds count from 0) holds {kind}, of {len(is_genuine)} with "
                f"{is_genuine.sum()} genuine. Folds are {FOLDS} contiguous parts in the order of the list, and each "
                "needs both classes: a list that is sorted by class, or has too few pairs, cannot be cut so; mix it "
                "before it is packed"
            )


def _join(genuine: np.ndarray, images: int) -> np.ndarray:
    """Return the number of each image's person."""
    edges = coo_array((np.ones(len(genuine)), (genuine[:, 0], genuine[:, 1])), shape=(images, images))
    return connected_components(edges, directed=False)[1]


def _warn_of_conflicts(people: np.ndarray, is_genuine: np.ndarray, source: Path) -> None:
    positions = np.flatnonzero((people[:, 0] == people[:, 1]) & ~is_genuine)
    if len(positions):
        message = "%s: impostor pairs of images that genuine pairs join to one person: %d; pairs, from 0: %s"
        _LOG.warning(message, source, len(positions), ", ".join(map(str, positions[:_SHOWN])))


def _write_list(pairs: list[_Listed], names: list[str], folds: np.ndarray, path: Path) -> None:
    """Write the list; a column `split` only if there are several."""
    several = len({pair.split for pair in pairs}) > 1
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image_a", "image_b", "is_genuine", "fold", *["split"] * several])
        for pair, fold in zip(pairs, folds, strict=True):
            images = [names[number] for number in pair.images]
            writer.writerow([*images, int(pair.is_genuine), fold, *[pair.split] * several])
