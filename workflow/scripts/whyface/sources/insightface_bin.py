"""InsightFace's `.bin`: a pickle of (images, labels), where pair k is images 2k and 2k + 1, encoded; or its `.xz`."""

import lzma
import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from whyface.sources.answers import describe_page
from whyface.sources.paired_images import Pair, write_pairs
from whyface.sources.pickles import Array, read_pickle
from whyface.sources.unpack import MAX_BYTES, MAX_RATIO, RATIO_FLOOR_BYTES

# The first opcodes of packs: PROTO since protocol 2; before, MARK, EMPTY_LIST, or GLOBAL.
_PICKLE_STARTS = (b"\x80", b"(", b"]", b"c")
_OTHERS = {
    b"PK\x03\x04": "it is a zip archive: name the pack in it as `member`, or unpack it",
    b"PAR1": "it is a Parquet file: set layout and protocol to parquet",
    b"version https://git-lfs": "it is a pointer of Git LFS: fetch the file that it stands for",
}
_XZ = b"\xfd7zXZ\x00"
_CHUNK_BYTES = 1 << 20
_MAX_DICTIONARY_BYTES = 128 << 20  # xz -9 takes 65 MiB


def unpack_bin(pack: Path, destination: Path) -> int:
    """Write a pack as a folder of images and `pairs.csv`, see `write_pairs`; nothing in it is run.

    Parameters
    ----------
    pack : path
        A `.bin` or a `.xz` of it, told apart by content.
    destination : path
        Folder to make.

    Returns
    -------
    int
        Number of images.

    Raises
    ------
    ValueError
        The pack is damaged, holds anything but encoded images and their labels, or takes more room than plausible; or
        an error of `write_pairs`. The message names the file and the byte or item.
    """
    return write_pairs(_read_pairs(pack, destination.parent), pack, destination)


def _read_pairs(pack: Path, scratch: Path) -> Iterator[Pair]:
    images, labels = _read_parts(pack, scratch)
    if len(images) != 2 * len(labels):
        raise ValueError(f"{pack}: {len(images)} images and {len(labels)} labels; a pack has two images for each label")
    for number, label in enumerate(labels):
        where = (f"{pack}: item {2 * number}, from 0,", f"{pack}: item {2 * number + 1}, from 0,")
        items = images[2 * number : 2 * number + 2]
        if not isinstance(label, int) or label not in (0, 1):
            raise ValueError(f"{pack}: label {number}, from 0, is not True, False, 1 or 0")
        yield Pair(where, (_content(items[0], where[0]), _content(items[1], where[1])), bool(label))


def _read_parts(pack: Path, scratch: Path) -> tuple[list[Any] | tuple[Any, ...], list[Any] | tuple[Any, ...]]:
    with _plain(pack, scratch) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        _require_pickle(content, pack)
        try:
            parts = read_pickle(content)
        except ValueError as error:
            raise ValueError(f"{pack}: not a pack that can be read safely: {error}") from error
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise ValueError(f"{pack}: not a pair of images and labels, which is what a pack holds")
    images, labels = parts
    if isinstance(labels, list | tuple) and labels and isinstance(labels[0], bytes | bytearray | Array):
        raise ValueError(f"{pack}: images and labels seem swapped; a pack holds the images first, then the labels")
    if isinstance(labels, Array) and labels.values is not None:
        labels = labels.values.tolist()
    for name, part in (("images", images), ("labels", labels)):
        if not isinstance(part, list | tuple):
            raise ValueError(f"{pack}: its {name} are a value of type {type(part).__name__}, not a list")
    return images, labels


def _require_pickle(content: mmap.mmap, pack: Path) -> None:
    """Refuse what is no pickle at all, and say what it is."""
    if content[:1] in _PICKLE_STARTS:
        return
    kind = next((what for start, what in _OTHERS.items() if content[: len(start)] == start), "")
    if not kind and (page := describe_page(pack)):
        kind = f"it is {page.rstrip(',')}"
    raise ValueError(f"{pack}: no pack, at byte 0: it does not begin as a pickle does{kind and '; '}{kind}")


def _content(item: Any, where: str) -> bytes:
    if isinstance(item, Array) and item.values is not None and item.values.dtype == np.uint8:
        return item.values.tobytes()
    if not isinstance(item, bytes | bytearray):
        raise ValueError(f"{where} is a value of type {type(item).__name__}; allowed are bytes and uint8 arrays")
    return bytes(item)


@contextmanager
def _plain(pack: Path, scratch: Path) -> Iterator[IO[bytes]]:
    """Open a pack, decompressed if need be."""
    with pack.open("rb") as file, tempfile.TemporaryFile(dir=scratch) as decompressed:
        start = file.read(len(_XZ))
        if not start:
            raise ValueError(f"{pack}: the file is empty")
        file.seek(0)
        if start == _XZ:
            _decompress(file, decompressed, pack)
        yield decompressed if start == _XZ else file


def _decompress(file: IO[bytes], target: IO[bytes], pack: Path) -> None:
    # Not lzma.open: it would allocate whatever size of dictionary a header claims.
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_DICTIONARY_BYTES)
    most = min(MAX_BYTES, max(RATIO_FLOOR_BYTES, MAX_RATIO * pack.stat().st_size))
    while not decompressor.eof:
        chunk = file.read(_CHUNK_BYTES) if decompressor.needs_input else b""
        if decompressor.needs_input and not chunk:
            raise ValueError(f"{pack}: byte {file.tell()}: the compressed file is cut short")
        try:
            target.write(decompressor.decompress(chunk, _CHUNK_BYTES))
        except lzma.LZMAError as error:
            raise ValueError(f"{pack}: before byte {file.tell()}: damaged xz: {error}") from error
        if target.tell() > most:
            raise ValueError(f"{pack}: before byte {file.tell()}: it decompresses to more than {most} bytes")
    if decompressor.unused_data or file.read(1):
        raise ValueError(f"{pack}: more follows the end of the compressed file")
    if not target.tell():
        raise ValueError(f"{pack}: the decompressed file is empty")
    target.flush()
