"""Log files of rules: Snakemake does not fill them for scripts, so every entry script starts here."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


def setup(path: Path | str) -> logging.Logger:
    """Log to `path` and to stderr, uncaught exceptions included; returns the package's logger."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger("whyface")
    logger.setLevel(logging.INFO)
    logger.handlers = [logging.FileHandler(path, mode="w", encoding="utf-8"), logging.StreamHandler(sys.stderr)]
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
    for handler in logger.handlers:
        handler.setFormatter(formatter)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").handlers = logger.handlers

    def log_uncaught(kind, error, trace):
        logger.error("%s", error, exc_info=(kind, error, trace))

    sys.excepthook = log_uncaught
    return logger


def progress(items: Iterable[Item], total: int | None, what: str, seconds: float = 10.0) -> Iterator[Item]:
    """Yield `items`, logging "done/total what, rate" every `seconds` and, where the total is known, at the end."""
    logger = logging.getLogger("whyface")
    start = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= seconds or done == total:
            last = now
            of_all = "" if total is None else f"/{total}"
            logger.info("%d%s %s, %.1f a second", done, of_all, what, done / max(now - start, 1e-9))
