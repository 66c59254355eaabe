"""Lists the images of a collection: which files they are, and whom they show.

Official archives wrap their images in one or more folders (`lfw-deepfunneled/`, `cfp-dataset/Data/Images/`), and users
unpack them anywhere. A layout therefore describes only the *end* of a path, and is found at any depth.
"""

import hashlib
import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from whyface.lists.lookup import SUFFIXES_NOT_READ, nfc
from whyface.sources.image_files import SUFFIXES, read_image, read_size

logger = logging.getLogger("whyface")


class Entry(NamedTuple):
    """What a layout reads from a path below the root."""

    image_id: str
    subject_id: str
    groups: dict[str, str]


def _parse_lfw(path: PurePosixPath) -> Entry | None:
    # Name/Name_0001.jpg
    match = re.fullmatch(r"(.+)_\d+", path.stem)
    if match is None or path.parent.name != match[1]:
        return None
    return Entry(f"{match[1]}/{path.name}", match[1], {})


def _parse_cfp(path: PurePosixPath) -> Entry | None:
    # 001/frontal/01.jpg, 001/profile/01.jpg; frontal and profile number their images separately.
    image_id = "/".join(path.parts[-3:])
    match = re.fullmatch(r"(\d+)/(frontal|profile)/\d+\.\w+", image_id)
    return Entry(image_id, match[1], {"pose": match[2]}) if match else None


def _parse_calfw(path: PurePosixPath) -> Entry | None:
    # Aaron_Eckhart_0001.jpg in one flat folder; CPLFW writes Aaron_Eckhart_1.jpg.
    match = re.fullmatch(r"(.+)_\d+", path.stem)
    return Entry(path.name, match[1], {}) if match else None


def _parse_folders(path: PurePosixPath) -> Entry | None:
    return Entry(str(path), path.parent.name, {})


class Layout(NamedTuple):
    """How images are arranged in folders and named."""

    expected: str
    parse: Callable[[PurePosixPath], Entry | None]


LAYOUTS = {
    "lfw": Layout("Name/Name_0001.jpg", _parse_lfw),
    "cfp": Layout("001/frontal/01.jpg and 001/profile/01.jpg", _parse_cfp),
    "calfw": Layout("Name_0001.jpg", _parse_calfw),
    "folders": Layout("images, in folders named after their subjects or not", _parse_folders),
    "insightface-bin": Layout("p0001/00001.jpg, as written from the pack", _parse_folders),
    "parquet": Layout("p0001/00001.jpg, as written from the files", _parse_folders),
}


OWN_LISTS = ("pairs.csv", "images.csv", "landmarks.csv")  # at the top of a folder, where WhyFace looks for them


def list_images(root: Path, layout: str) -> pd.DataFrame:
    """List the images of a collection.

    Hidden files, `__MACOSX` folders and files without an image suffix are left out. Images that do not fit the layout
    are left out with a warning. Unreadable images are listed without a size, with a warning.

    Parameters
    ----------
    root : path
        Folder of an unpacked archive or of the user's own images.
    layout : str
        One of `LAYOUTS`. The image_id is the path below the point where the layout begins.

    Returns
    -------
    pandas.DataFrame
        The columns of `schemas.IMAGES` and, for cfp, the group column `pose` (frontal or profile); sorted by image_id.

    Raises
    ------
    ValueError
        The layout is unknown, no image fits it or can be read, two files share an image_id, a link leads out of root,
        or a file name is not UTF-8.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is unknown, known are {', '.join(LAYOUTS)}")
    root = Path(root)
    found, others = _find_images(root)
    entries = _parse_paths(found, layout)
    if layout == "calfw":
        entries = _prefer_original(entries)
    if not entries:
        wanted = f"{LAYOUTS[layout].expected} at any depth, as {', '.join(sorted(SUFFIXES))}"
        raise ValueError(f"{root}: no image fits layout {layout!r}, which expects {wanted}; {_tell(found, others)}")
    by_id = _index_by_id(entries, root)
    frame = pd.DataFrame([_describe(root, *by_id[image_id]) for image_id in sorted(by_id)])
    frame = frame.astype({"width_px": "Int32", "height_px": "Int32"})
    _require_readable(frame, root)
    _report(frame, root, layout)
    return frame


def _tell(found: list[PurePosixPath], others: Counter[str]) -> str:
    """Tell what is there instead of images that fit."""
    strays = [f"{len(found)} images, such as {found[0]}"] if found else []
    return f"found: {', '.join(strays + _kinds(others)) or 'no file'}"


def _kinds(others: Counter[str]) -> list[str]:
    return [f"{count} {suffix or 'without a suffix'}" for suffix, count in others.most_common(8)]


def walk_files(root: Path) -> Iterator[Path]:
    """Yield every file below `root` except hidden ones and macOS's `__MACOSX`, in a fixed order.

    Links to folders inside root are not followed, because their files are found in their own place.

    Raises
    ------
    ValueError
        `root` is not a folder, or a link leads out of it: an archive could point a link at any file.
    OSError
        A folder cannot be read.
    """
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder")

    def stop(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        files = sorted(name for name in files if not name.startswith("."))
        for name in folders + files:
            _check_inside(Path(folder, name), root)
        yield from (Path(folder, name) for name in files)


def _check_inside(path: Path, root: Path) -> None:
    if not path.is_symlink():
        return
    # Not Path.resolve: it raises an error of its own on a link to itself.
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(root)):
        raise ValueError(f"{path}: a link out of {root}, to {target}; copy what it leads to")


def _find_images(root: Path) -> tuple[list[PurePosixPath], Counter[str]]:
    """Find the image files, as paths below root, and count the others by suffix."""
    found, others = [], Counter[str]()
    for path in walk_files(root):
        if path.suffix.lower() not in SUFFIXES:
            others[path.suffix.lower()] += 1
            continue
        # Reading a named pipe would block.
        if not path.is_file():
            raise ValueError(f"{path}: neither a file nor a link to one")
        found.append(PurePosixPath(path.relative_to(root).as_posix()))
    own = Counter(Path(name).suffix for name in OWN_LISTS if (root / name).is_file())
    if strange := others - own:
        logger.info("%s: non-image files, by suffix: %s", root, ", ".join(_kinds(strange)))
    if unread := {suffix: count for suffix, count in others.most_common() if suffix in SUFFIXES_NOT_READ}:
        message = "%s: images of kinds that are not read: %d, by suffix: %s; convert them to .jpg or .png"
        logger.warning(message, root, sum(unread.values()), unread)
    _check_utf8(found, root)
    return found, others


def _check_utf8(paths: list[PurePosixPath], root: Path) -> None:
    # Python represents undecodable bytes as surrogates, which neither Parquet nor a web page can hold.
    bad = [path for path in paths if any("\ud800" <= letter <= "\udfff" for letter in str(path))]
    if bad:
        raise ValueError(f"{root}: {len(bad)} file names are not UTF-8: {', '.join(repr(str(p)) for p in bad[:3])}")


def _parse_paths(paths: list[PurePosixPath], layout: str) -> list[tuple[PurePosixPath, Entry]]:
    # Names in lists and tables are NFC; the path stays as the file system writes it.
    parsed = [(path, LAYOUTS[layout].parse(PurePosixPath(nfc(str(path))))) for path in paths]
    strays = [str(path) for path, entry in parsed if entry is None]
    if strays:
        message = "images that do not fit layout %r (%s) and are left out: %d, such as %s"
        logger.warning(message, layout, LAYOUTS[layout].expected, len(strays), ", ".join(strays[:3]))
    return [(path, entry) for path, entry in parsed if entry is not None]


def _prefer_original(entries: list[tuple[PurePosixPath, Entry]]) -> list[tuple[PurePosixPath, Entry]]:
    """Drop an aligned image if its original is present too: CALFW's archive holds both under one name."""

    def is_aligned(path: PurePosixPath) -> bool:
        return "align" in str(path.parent).lower()

    originals = {entry.image_id for path, entry in entries if not is_aligned(path)}
    kept = [(path, entry) for path, entry in entries if not is_aligned(path) or entry.image_id not in originals]
    if len(kept) < len(entries):
        folders = Counter(str(path.parent) for path, _ in kept)
        message = "images that are there both aligned and original: %d; the originals are used; images by folder: %s"
        logger.info(message, len(entries) - len(kept), dict(folders))
    return kept


def _index_by_id(entries: list[tuple[PurePosixPath, Entry]], root: Path) -> dict[str, tuple[PurePosixPath, Entry]]:
    by_id: dict[str, tuple[PurePosixPath, Entry]] = {}
    for path, entry in entries:
        first, _ = by_id.setdefault(entry.image_id, (path, entry))
        if first != path:
            names = f"{first} and {path}"
            if nfc(str(first)) == nfc(str(path)):
                names = f"{str(first)!a} and {str(path)!a}, the same but for how accents are written"
            raise ValueError(f"{root}: two files are image {entry.image_id!r}: {names}; keep one")
    return by_id


def _describe(root: Path, path: PurePosixPath, entry: Entry) -> dict[str, object]:
    with (root / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    width, height = read_size(root / path) or (None, None)
    return {
        "image_id": entry.image_id,
        "subject_id": entry.subject_id,
        "path": str(path),
        "width_px": width,
        "height_px": height,
        "sha256": digest,
        **entry.groups,
    }


def _require_readable(frame: pd.DataFrame, root: Path) -> None:
    """Stop if no image can be read; the first one tells why."""
    if frame["width_px"].notna().any():
        return
    first = frame["path"].iloc[0]
    try:
        read_image(root / first)
    except ValueError as error:
        reason = str(error).removeprefix(f"{root / first}: unreadable image: ")
        raise ValueError(f"{root}: none of the images ({len(frame)}) can be read, such as {first}: {reason}") from error


def _report(frame: pd.DataFrame, root: Path, layout: str) -> None:
    unreadable = frame.loc[frame["width_px"].isna(), "path"]
    if len(unreadable):
        logger.warning("unreadable images: %d, such as %s", len(unreadable), ", ".join(unreadable[:3]))
    people = frame.loc[frame["subject_id"] != "", "subject_id"].nunique()
    logger.info("%s: images: %d, people named: %d, layout %s", root, len(frame), people, layout)
