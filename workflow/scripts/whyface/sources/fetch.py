"""Download from mirrors in turn, check every file's sha256, and leave nothing half-written behind.

A source is what the config says: `{urls: [...], sha256: ..., filename: ...}` or `{path: ...}`. Without a sha256, the
first download's hash goes to a lock file next to the config and is enforced from then on. Each mirror is tried once:
Snakemake repeats the rule.
"""

import datetime
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import filelock
import gdown
import pooch
import requests

from whyface.sources.origins import drive_id, public_path, public_url, without_secrets
from whyface.tables.files import atomic_path

TIMEOUT_S = 30  # to connect, and between two chunks
LOG_EVERY_S = 10.0
CHUNK_BYTES = 1 << 20

_ALLOWED_URLS = "http://..., https://..., gdrive:FILE_ID or https://drive.google.com/file/d/FILE_ID"
_PLAIN_NAME = re.compile(r"\w[\w.+() -]*")
_LOG = logging.getLogger("whyface")


@dataclass(frozen=True)
class Fetched:
    """A source on this machine."""

    path: Path  # the file, or the folder that the config's `path` names
    sha256: str | None  # lower-case hexadecimal; None for a folder
    origin: str  # may be published: the URL of the download, or the name of the local file or folder


class WrongFileError(ValueError):
    """A file is not the one that the config or the lock file describes."""


def fetch_file(source: Mapping[str, Any], downloads: Path, lock: Path, key: str) -> Fetched:
    """Return a source's file, downloaded unless it is already there.

    Parameters
    ----------
    source : mapping
        `urls`, mirrors of one file, tried in turn (http, https, Google Drive); `sha256`, hexadecimal or None;
        `filename`, by default the first URL's last part. Or `path`, a folder or file to use where it lies; `path`
        wins over `urls`.
    downloads : Path
        Folder to download to.
    lock : Path
        JSON file of hashes that the config does not state: URL -> `sha256`, `bytes`, `first_seen`.
    key : str
        Place of `source` in the config, for messages: `collections.lfw.source`.

    Raises
    ------
    ValueError
        The source cannot be used as written (missing path, forbidden URL or file name, malformed hash or lock file),
        or the file at `path` does not have the hash that the config states.
    OSError
        No mirror gave the right file. The message says why, and how to go on by hand.
    """
    stated = _checked_sha256(source.get("sha256"), f"{key}.sha256")
    if source.get("path"):
        return _use_path(Path(source["path"]), stated, key)
    urls = _checked_urls(source.get("urls"), key)
    target = Path(downloads) / _file_name(source.get("filename"), urls[0], key)
    expected, said_by = (stated, f"{key}.sha256") if stated else (_locked_sha256(lock, urls), f"lock file {lock}")
    if target.is_file() and pooch.file_hash(target) == expected:
        _LOG.info("%s is already there, sha256 as %s says", target, said_by)
        return Fetched(target, expected, public_url(urls[0]))

    def verify(sha256: str, size: int) -> None:
        if expected:
            _require_same(sha256, expected, said_by)
        else:
            _lock_hash(sha256, size, lock, urls, key, guard=target.with_name(".lock-guard"))

    failures = []
    for url in urls:
        try:
            return Fetched(target, _download(url, target, verify), public_url(url))
        except (requests.RequestException, gdown.exceptions.DownloadError, WrongFileError) as error:
            failure = f"{public_url(url)}: {_reason(error)}"
            failures.append(f"  {failure}")
            _LOG.warning("gave up on %s", failure)
    raise OSError(_explain_failure(target.name, failures, expected, said_by, key))


def _explain_failure(name: str, failures: list[str], expected: str | None, said_by: str, key: str) -> str:
    by_hand = f"Obtain {name}{f' (sha256 {expected})' if expected else ''} by hand and give its path as {key}.path."
    changed = f" Where a hash is wrong although you trust the file, correct it in {said_by}." if expected else ""
    return "\n".join([f"{key}: no mirror gave the file:", *failures, by_hand + changed])


def _use_path(path: Path, stated: str | None, key: str) -> Fetched:
    if path.is_dir():
        _LOG.info("%s.path: using folder %s as it is, unverified", key, path)
        return Fetched(path, None, f"local folder {public_path(path)}")
    if not path.is_file():
        raise ValueError(f"{key}.path: there is no file or folder {path} (seen from {Path.cwd()})")
    sha256 = pooch.file_hash(path)
    _require_same(sha256, stated or sha256, f"{key}.sha256", f"{path}: ")
    return Fetched(path, sha256, f"local file {public_path(path)}")


def _require_same(found: str, expected: str, said_by: str, where: str = "") -> None:
    if found != expected:
        raise WrongFileError(f"{where}wrong sha256: expected {expected} ({said_by}), found {found}")


def _checked_sha256(text: str | None, where: str) -> str | None:
    if text is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError(f"{where}: {text!r} is not a sha256; allowed: 64 hexadecimal digits, or null")
    return text.lower() if text else None


def _checked_urls(urls: Sequence[str] | None, key: str) -> list[str]:
    if not urls or isinstance(urls, str):
        raise ValueError(f"{key}: urls is {urls!r}; needed: a list of URLs, or path (a folder or file)")
    for url in urls:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and parts.hostname not in (None, "drive.google.com")
        if not is_web and not drive_id(url):
            raise ValueError(f"{key}.urls: {public_url(url)!r} is not allowed; allowed: {_ALLOWED_URLS}")
    return list(urls)


def _file_name(given: str | None, url: str, key: str) -> str:
    name = given
    if name is None and not drive_id(url):  # a Drive URL has an id where others have a name
        name = PurePosixPath(urlsplit(url).path).name
    if not name or not _PLAIN_NAME.fullmatch(name) or ".." in name:
        where = public_url(url) if given is None else "the config"
        raise ValueError(
            f"{key}.filename: {name!r} (from {where}) is not a plain file name; "
            "allowed: letters, digits and _ . + ( ) - or spaces, not starting with a dot, no '..'"
        )
    return name


def _download(url: str, target: Path, verify: Callable[[str, int], None]) -> str:
    """Download to `target`, which appears only once `verify` has accepted hash and size; returns the hash."""
    _LOG.info("downloading %s", public_url(url))
    with atomic_path(target) as temporary:
        _transfer(url, temporary)
        size = temporary.stat().st_size
        if not size:
            raise WrongFileError("the answer was empty")
        sha256 = pooch.file_hash(temporary)
        verify(sha256, size)
    _LOG.info("%s: %d bytes, sha256 %s", target, size, sha256)
    return sha256


def _transfer(url: str, temporary: Path) -> None:
    progress = _Progress(public_url(url))
    if file_id := drive_id(url):
        with temporary.open("wb") as file:  # without cookies, which would be kept in the user's home
            gdown.download(
                id=file_id, output=file, quiet=True, use_cookies=False, timeout=TIMEOUT_S, progress=progress.report
            )
    else:
        headers = {"Accept-Encoding": "identity"}  # the hash is that of the file, not of a compressed transfer
        download = pooch.HTTPDownloader(progress, CHUNK_BYTES, timeout=TIMEOUT_S, headers=headers)
        download(url, temporary, None)


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    return without_secrets(" ".join(str(error).split())) or type(error).__name__


class _Progress:
    """Progress in the log: for pooch a progress bar, for gdown a callback, `report`."""

    def __init__(self, url: str) -> None:
        self.url, self.total, self.done = url, 0, 0
        self.start = self.last = time.monotonic()

    def report(self, done: int, total: int | None) -> None:
        self.done = done
        now = time.monotonic()
        if now - self.last >= LOG_EVERY_S:
            self.last = now
            of_all = f" of {total / 1e6:.0f}" if total else ""
            _LOG.info("%s: %.0f%s MB, %.1f MB/s", self.url, done / 1e6, of_all, done / (now - self.start) / 1e6)

    def update(self, size: int) -> None:
        self.report(self.done + size, self.total)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


def _locked_sha256(lock: Path, urls: Sequence[str]) -> str | None:
    """Hash that the lock file has for any of a file's mirrors."""
    entries = _read_lock(lock)
    found = {url: entries[url]["sha256"] for url in urls if url in entries}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{public_url(url)}: {sha256}" for url, sha256 in found.items())
        raise ValueError(f"lock file {lock}: mirrors of one file are locked with different hashes: {listed}")
    return next(iter(found.values()), None)


def _read_lock(lock: Path) -> dict[str, dict[str, Any]]:
    try:
        entries = json.loads(lock.read_text(encoding="utf-8"))
        for url, entry in entries.items():
            if not _checked_sha256(entry["sha256"], public_url(url)):
                raise ValueError(f"{public_url(url)} has no sha256")
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"lock file {lock} is malformed, mend or delete it: {error!r}") from error
    return entries


def _lock_hash(sha256: str, size: int, lock: Path, urls: Sequence[str], key: str, guard: Path) -> None:
    """Write the hash of a first download into the lock file, for all its mirrors."""
    entry = {"sha256": sha256, "bytes": size, "first_seen": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"}
    with filelock.FileLock(guard):  # jobs that run side by side share the lock file
        _require_same(sha256, _locked_sha256(lock, urls) or sha256, f"lock file {lock}")
        entries = {**_read_lock(lock), **dict.fromkeys(urls, entry)}
        with atomic_path(lock) as temporary:
            temporary.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _LOG.warning(
        f"{key} has no sha256: nothing vouches for this first download. Its hash {sha256} is now locked in {lock} and "
        f"enforced from now on. If you trust the file, write the hash into {key}.sha256."
    )
