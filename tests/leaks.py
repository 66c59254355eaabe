"""Searches every file below a folder for words that must not leave, however they are encoded or packed."""

import base64
import binascii
import gzip
import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")
ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[\"\\/bfnrt])")


def find_leaks(folder: Path, words: Iterable[str]) -> set[tuple[str, str]]:
    """Find words in the names and bytes of files; returns path and word of each find. Case does not matter."""
    coded = {word: [word.lower().encode(one) for one in ("utf-8", "utf-16-le", "utf-16-be")] for word in words}
    found = set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        views = b"\n".join([name.encode(), *_views(path)])
        views = (
            views.lower() + views.decode("utf-8", "replace").lower().encode()
        )  # bytes have no lower case beyond ASCII
        found |= {(name, word) for word, forms in coded.items() if any(form in views for form in forms)}
    return found


def _views(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, and everything that they decode to."""
    raw = path.read_bytes()
    yield from _unpack(raw)
    if path.suffix == ".parquet":
        for text in _parquet_texts(path):
            yield from _unpack(text)


def _unpack(raw: bytes, depth: int = 3) -> Iterator[bytes]:
    yield raw
    text = raw.decode("utf-8", "replace")
    for plain in {html.unescape(text), unquote(html.unescape(text)), ESCAPE.sub(_unescape, text)} - {text}:
        yield plain.encode("utf-8", "replace")
    if depth:
        for packed in _packed(raw):
            yield from _unpack(packed, depth - 1)


def _unescape(match: re.Match) -> str:
    return json.loads(f'"{match[0]}"')


def _packed(raw: bytes) -> Iterator[bytes]:
    """Yield what base64, gzip and zlib hide in some bytes."""
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(raw)
        except (OSError, EOFError, zlib.error):
            continue
    for run in BASE64.findall(raw):
        try:
            yield base64.b64decode(run + b"=" * (-len(run.rstrip(b"=")) % 4))
        except binascii.Error:
            continue


def _parquet_texts(path: Path) -> Iterator[bytes]:
    """Yield the metadata, the schema and every value of a text column."""
    with pq.ParquetFile(path) as file:
        yield from (part for pair in (file.metadata.metadata or {}).items() for part in pair)
        yield str(file.schema_arrow).encode()
        for column in file.read().columns:
            if str(column.type) in ("string", "large_string"):
                yield "\n".join(one for one in column.to_pylist() if one).encode()
