"""Transfer a file over the network as it lies there, log how it goes, and give up on one that would never end."""

import logging
import time
from pathlib import Path

import gdown
import requests
from urllib3.exceptions import HTTPError as BrokenTransfer

from whyface.sources.origins import drive_id, public_url

TIMEOUT_S = 30  # to connect, and between two pieces
LOG_EVERY_S = 10.0
SLOW_S, SLOW_BYTES = 60.0, 60_000  # fewer bytes in this time are taken for a broken connection
CHUNK_BYTES = 1 << 20
_LOG = logging.getLogger("whyface")


def transfer(url: str, temporary: Path) -> None:
    """Write the file at an address, or on Google Drive, to a path.

    Raises
    ------
    requests.RequestException
        The server cannot be reached, refuses, breaks off or is too slow.
    gdown.exceptions.DownloadError
        Google Drive does not give the file.
    """
    progress = Progress(public_url(url))
    with temporary.open("wb") as file:
        if file_id := drive_id(url):  # without cookies, which would be kept in the user's home
            gdown.download(
                id=file_id, output=file, quiet=True, use_cookies=False, timeout=TIMEOUT_S, progress=progress.report
            )
            return
        # The hash is that of the file: it is stored as it comes, also where a server calls it compressed.
        with requests.get(url, timeout=TIMEOUT_S, headers={"Accept-Encoding": "identity"}, stream=True) as response:
            total = response.raw.length_remaining
            for piece in _pieces(response):
                file.write(piece)
                progress.report(progress.done + len(piece), total)


def _pieces(response):
    """Yield what comes, when it comes: a slow server must not fill a chunk before anybody can look at the clock."""
    if response.status_code != requests.codes.ok:
        raise requests.HTTPError(response=response)
    try:
        while piece := response.raw.read1(CHUNK_BYTES, decode_content=False):
            yield piece
    except BrokenTransfer as error:
        raise requests.ConnectionError(error) from error


class Progress:
    """Logs how far a transfer is, and stops one that hardly moves."""

    def __init__(self, url: str) -> None:
        self.url, self.done, self.done_before = url, 0, 0
        self.start = self.logged = self.checked = time.monotonic()

    def report(self, done: int, total: int | None) -> None:
        """Note how many bytes are here, of how many where that is known."""
        self.done, now = done, time.monotonic()
        if now - self.logged >= LOG_EVERY_S:
            self.logged = now
            of_all = f" of {total / 1e6:.0f}" if total else ""
            _LOG.info("%s: %.0f%s MB, %.1f MB/s", self.url, done / 1e6, of_all, done / (now - self.start) / 1e6)
        if now - self.checked >= SLOW_S:
            if done - self.done_before < SLOW_BYTES:
                raise requests.ReadTimeout(f"only {done - self.done_before} bytes came in {now - self.checked:.0f} s")
            self.checked, self.done_before = now, done
