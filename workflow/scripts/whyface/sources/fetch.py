"""Download from mirrors in turn, check every file's sha256, and leave nothing half-written behind.

A source is what the config says: `{urls: [...], sha256: ..., filename: ...}` or `{path: ...}`. Without a sha256, the
hash of the first download that proves to be what is wanted goes to a lock file next to the config and is enforced from
then on. Only failures that may pass, such as a lost connection, are worth another try.
"""

import datetime
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import filelock
import gdown
import pooch
import requests

from whyface.sources.answers import describe_page
from whyface.sources.origins import drive_id, public_path, public_url, without_secrets
from whyface.sources.transfer import transfer
from whyface.tables.files import atomic_path

PAUSES_S = (5.0, 30.0)  # before the second and the third try of mirrors that may recover

_ALLOWED_URLS = "http://..., https://..., gdrive:FILE_ID or https://drive.google.com/file/d/FILE_ID"
_PLAIN_NAME = re.compile(r"\w[\w.+() -]*")
_SHOWN = 500
_LOG = logging.getLogger("whyface")


@dataclass(frozen=True)
class Fetched:
    """A source on this machine."""

    path: Path  # the file, or the folder that the config's `path` names
    sha256: str | None  # lower-case hexadecimal; None for a folder
    origin: str  # may be published: the URL of the download, or the name of the local file or folder


class WrongFileError(ValueError):
    """A file is not the one that the config or the lock file describes."""


@contextmanager
def fetch_file(source: Mapping[str, Any], downloads: Path, lock: Path, key: str) -> Iterator[Fetched]:
    """Give a source's file, downloaded unless it is already there; open it within the `with` block.

    A hash that the config does not state is locked when the block ends without an error: what cannot be unpacked or
    opened is not enforced for ever.

    Parameters
    ----------
    source : mapping
        `urls`, mirrors of one file, tried in turn (http, https, Google Drive), busy or unreachable ones up to three
        times; `sha256`, hexadecimal or None;
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
        yield _use_path(Path(source["path"]), stated, key)
        return
    urls = _checked_urls(source.get("urls"), key)
    target = Path(downloads) / _file_name(source.get("filename"), urls[0], key)
    locked = None if stated else _locked_sha256(lock, urls)
    expected, said_by = stated or locked, f"{key}.sha256" if stated else f"lock file {lock}"
    if target.is_file() and pooch.file_hash(target) == expected:
        _LOG.info("%s is already there, sha256 as %s says", target, said_by)
        yield Fetched(target, expected, public_url(urls[0]))
        return

    def verify(sha256: str) -> None:
        _require_same(sha256, expected or _locked_sha256(lock, urls) or sha256, said_by)

    fetched, failures = _download_any(urls, target, verify)
    if not fetched:
        unlock = _explain_lock(lock, urls) if locked else ""
        raise OSError(
            "\n".join([f"{key}: no mirror gave the file:", *failures, _by_hand(target.name, expected, key) + unlock])
        )
    yield fetched
    if not expected:
        _lock_hash(fetched, lock, urls, key)


def _by_hand(name: str, expected: str | None, key: str) -> str:
    return f"Obtain {name}{f' (sha256 {expected})' if expected else ''} by hand and give its path as {key}.path."


def _explain_lock(lock: Path, urls: Sequence[str]) -> str:
    """Say how to accept another file than the one that was locked."""
    entries = _read_lock(lock)
    listed = ", ".join(f'"{public_url(url)}" (of {entries[url].get("first_seen")})' for url in urls if url in entries)
    return f" If another file now has this address and you trust it, delete these entries from {lock}: {listed}."


def _download_any(urls: Sequence[str], target: Path, verify: Callable[[str], None]) -> tuple[Fetched | None, list[str]]:
    """Try mirrors until one gives a file that `verify` accepts; tell why the others did not."""
    failures: dict[str, Exception] = {}
    waiting = list(urls)
    for pause_s in (0.0, *PAUSES_S):
        if waiting and pause_s:
            _LOG.info("trying again in %.0f s", pause_s)
            time.sleep(pause_s)
        for url in waiting:
            try:
                return Fetched(target, _download(url, target, verify), public_url(url)), []
            except (requests.RequestException, gdown.exceptions.DownloadError, WrongFileError) as error:
                failures[url] = error
            except OSError as error:
                if error.errno is not None:  # a full disk, say, which is no mirror's fault
                    raise
                failures[url] = error
            _LOG.warning("gave up on %s: %s", public_url(url), _reason(failures[url]))
        waiting = [url for url in waiting if _may_pass(failures[url])]
    return None, [f"  {public_url(url)}: {_reason(error)}" for url, error in failures.items()]


def _may_pass(error: Exception) -> bool:
    """Whether another try may succeed: the server was busy or could not be reached, or the connection broke."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    broken = requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError
    return isinstance(error, broken) and not isinstance(error, requests.exceptions.SSLError)


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


def _download(url: str, target: Path, verify: Callable[[str], None]) -> str:
    """Download to `target`, which appears only once `verify` has accepted its hash; returns the hash."""
    _LOG.info("downloading %s", public_url(url))
    with atomic_path(target) as temporary:
        transfer(url, temporary)
        size = temporary.stat().st_size
        if not size:
            raise WrongFileError("the answer was empty")
        if page := describe_page(temporary):
            raise WrongFileError(f"the answer is {page} and not the file: does the address need a login or a click?")
        sha256 = pooch.file_hash(temporary)
        verify(sha256)
    _LOG.info("%s: %d bytes, sha256 %s", target, size, sha256)
    return sha256


def _reason(error: Exception) -> str:
    """Say what went wrong, in one line that is safe to show, and what its reader may look at."""
    said = str(error)
    if isinstance(error, requests.HTTPError) and error.response is not None:
        said = f"HTTP {error.response.status_code} {error.response.reason}"
    shown = "".join(one if one.isprintable() else "?" for one in " ".join(said.split()))
    return (without_secrets(shown)[:_SHOWN] or type(error).__name__) + _advice(error)


def _advice(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        wait = error.response.headers.get("Retry-After", "")
        return f", which asks to wait {wait} s" if re.fullmatch(r"[0-9]{1,6}", wait) else ""
    if isinstance(error, requests.exceptions.ProxyError):
        return " (is it set by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY? NO_PROXY lists hosts to reach without it)"
    if isinstance(error, requests.exceptions.SSLError):
        return " (if your network opens connections itself, REQUESTS_CA_BUNDLE names the certificates to trust)"
    # requests' own errors are OSErrors too; this one: no certificates
    is_local = isinstance(error, OSError) and not isinstance(error, requests.RequestException)
    return " (is it set by REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE?)" if is_local else ""


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


def _lock_hash(fetched: Fetched, lock: Path, urls: Sequence[str], key: str) -> None:
    """Write the hash of a first download into the lock file, for all its mirrors."""
    sha256, size = str(fetched.sha256), fetched.path.stat().st_size
    entry = {"sha256": sha256, "bytes": size, "first_seen": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"}
    with filelock.FileLock(fetched.path.with_name(".lock-guard")):  # jobs that run side by side share the lock file
        _require_same(sha256, _locked_sha256(lock, urls) or sha256, f"lock file {lock}")
        entries = {**_read_lock(lock), **dict.fromkeys(urls, entry)}
        with atomic_path(lock) as temporary:
            temporary.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _LOG.warning(
        f"{key} has no sha256: nothing vouches for this first download. Its hash {sha256} is now locked in {lock} and "
        f"enforced from now on. If you trust the file, write the hash into {key}.sha256."
    )
