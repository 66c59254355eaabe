"""Finds the images that a list names, however another system wrote the names.

What is compared is the NFC form, because a Mac may write an accent as a letter of its own (NFD). If some names still
are unknown, all of them are tried in other ways: with folders more or less in front, as they lay on the author's
disk; in another case; with another suffix of an image. A way is taken only if it leads every name to one image, and
is logged.
"""

import difflib
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

import pandas as pd

from whyface.sources.image_files import SUFFIXES

logger = logging.getLogger("whyface")

Key = Callable[[str], str]
# Images by their names, but of kinds that no benchmark needs and whose decoders strangers' files must not reach.
SUFFIXES_NOT_READ = frozenset(
    {".heic", ".heif", ".avif", ".tif", ".tiff", ".gif", ".jp2", ".j2k", ".jxl", ".tga", ".ico", ".psd", ".svg"}
    | {".pgm", ".ppm", ".pnm", ".raw", ".dng", ".cr2", ".nef", ".arw"}
)


def nfc(name: str) -> str:
    """Write accents in one way, as parts of their letters."""
    return unicodedata.normalize("NFC", name)


def find_images(listed: pd.DataFrame, known: Mapping[str, str]) -> dict[str, str]:
    """Find the images that the pairs name.

    Parameters
    ----------
    listed : pandas.DataFrame
        where, image_a and image_b, as the list states them.
    known : mapping of str to str
        image_id by the name that lists may use.

    Returns
    -------
    dict of str to str
        image_id by the name in the list.

    Raises
    ------
    ValueError
        An image is not in the collection, or a name could mean several. The message names file and line, and the
        nearest image.
    """
    names = {name: None for side in ("image_a", "image_b") for name in listed[side]}
    by_name = {nfc(name): image_id for name, image_id in known.items()}
    found = {name: by_name.get(nfc(name)) for name in names}
    if None in found.values():
        found = _find_otherwise([*names], by_name, listed["where"].iloc[0])
    missing = {name for name in names if found.get(name) is None}
    if missing:
        raise ValueError(_name_missing(listed, missing, known))
    return {name: image_id for name, image_id in found.items() if image_id is not None}


def _find_otherwise(names: list[str], known: Mapping[str, str], where: str) -> dict[str, str | None]:
    """Try the other ways, the more exact first; if none will do, return what can be found as it stands."""
    paths = [_as_path(name) for name in names]
    for way, key in _WAYS.items():
        unique = _unique_keys(known, key)
        keys = [key(path) for path in paths]
        moves = [*_moves(keys, unique)]
        if len({tuple(_moved(keys, unique, move)) for move in moves}) > 1:
            folders = " and ".join(repr(f"{new}{keys[0].removeprefix(old)}") for old, new in moves[:2])
            raise ValueError(f"{where}: image {names[0]!r} could be {folders}; give its path below the collection")
        if moves:
            slashes = "" if paths == [*map(nfc, names)] else ", with / between folders"
            _report_way(slashes + way, *moves[0], names[0])
            return dict(zip(names, _moved(keys, unique, moves[0]), strict=True))
    return {name: known.get(nfc(name)) for name in names}


def _as_path(name: str) -> str:
    """Write a path as the collection does: with / between folders, and no ./ in front."""
    return re.sub(r"^(\./)+", "", nfc(name).replace("\\", "/"))


def _without_suffix(path: str) -> str:
    stem, _, suffix = path.rpartition(".")
    return stem.casefold() if f".{suffix}".lower() in SUFFIXES else path.casefold()


_WAYS: dict[str, Key] = {
    "": str,
    ", in any case": str.casefold,
    ", in any case and with any suffix of an image": _without_suffix,
}


def _unique_keys(known: Mapping[str, str], key: Key) -> dict[str, str]:
    """Index the images by key, without keys that several share."""
    counts = Counter(map(key, known))
    return {key(name): image_id for name, image_id in known.items() if counts[key(name)] == 1}


def _moves(keys: list[str], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what to take from the front of all names, and what to put there, so that all are known; never both.

    Taking and putting at once could lead from one person's folder to another's.
    """
    if all(key in known for key in keys):
        yield "", ""
        return
    first = keys[0]
    cuts = [place + 1 for place, letter in enumerate(first) if letter == "/"]
    candidates = [(first[:cut], "") for cut in cuts]
    candidates += [("", name.removesuffix(first)) for name in known if name.endswith(f"/{first}")]
    for old, new in candidates:
        if all(key.startswith(old) and new + key.removeprefix(old) in known for key in keys):
            yield old, new


def _moved(keys: list[str], known: Mapping[str, str], move: tuple[str, str]) -> list[str]:
    old, new = move
    return [known[new + key.removeprefix(old)] for key in keys]


def _report_way(way: str, old: str, new: str, example: str) -> None:
    front = f" without {old!r} in front" if old else f" with {new!r} in front" if new else ""
    message = "the list's names are other than the collection's; all are found%s%s, such as %s"
    logger.warning(message, front, way, example)


def _name_missing(listed: pd.DataFrame, missing: set[str], known: Mapping[str, str]) -> str:
    lines = listed.loc[listed[["image_a", "image_b"]].isin(missing).any(axis=1), ["where", "image_a", "image_b"]]
    where, a, b = lines.iloc[0]
    side, name = ("image_a", a) if a in missing else ("image_b", b)
    nearest = difflib.get_close_matches(name, known, n=1)
    example = known[nearest[0]] if nearest else next(iter(known.values()))
    hint = f"; the nearest is {example!r}" if nearest else f"; its images are named such as {example!r}"
    suffix = PurePosixPath(_as_path(name)).suffix.lower()
    if suffix in SUFFIXES_NOT_READ:
        hint += f"; {suffix} files are not read, allowed are {', '.join(sorted(SUFFIXES))}"
    if not name.strip():
        return f"{where}: {side} is empty"
    count = "another line" if len(lines) == 2 else f"{len(lines) - 1} other lines"
    others = f" (nor are those of {count})" if len(lines) > 1 else ""
    return f"{where}: image {name!r} is not in the collection{others}{hint}"
