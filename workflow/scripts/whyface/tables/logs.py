"""Log files of rules: Snakemake does not fill them for scripts, so every entry script starts here."""

import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from whyface.tables.orphans import end_with_parent

Item = TypeVar("Item")
# To those whose machine is too small.
HINT = "try fewer jobs at once (--cores), more shards (occlusion.shards) or a larger machine"
# How Snakemake reports a job that a signal ended: the signal, and the job's log.
_ENDED = re.compile(
    r"died with <Signals\.(\w+): \d+>\.\n(?:.*\n)*?Error in rule \w+:\n(?: {4}.*\n)*? {4}log: results/logs/(.+)\.log"
)


def setup(path: Path | str) -> logging.Logger:
    """Log to `path` and to stderr, uncaught exceptions included; returns the package's logger.

    The job also ends with its run from here on; see `end_with_parent`.
    """
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
        message = f"out of memory, {HINT}: {error}" if issubclass(kind, MemoryError) else error
        logger.error("%s", message, exc_info=(kind, error, trace))

    sys.excepthook = log_uncaught
    end_with_parent()
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


def tally(values: Iterable[str]) -> str:
    """Count equal values, the most frequent first: "120 true-match, 3 false-match"."""
    return ", ".join(f"{count} {value}" for value, count in Counter(values).most_common()) or "none"


def last_errors(folder: Path | str, since: float, most: int = 5) -> list[str]:
    """Find why jobs failed: in each log written since, the last error.

    Parameters
    ----------
    folder : path
        Where the logs are, as RULE/NAME.log.
    since : float
        When the run started, in seconds as of `time.time`.
    most : int
        At most so many are returned.

    Returns
    -------
    list of str
        "RULE/NAME: message", the latest first; of a message of several lines, the first.
    """
    logs = {path: path.stat().st_mtime for path in Path(folder).rglob("*.log")}
    errors = []
    for path in sorted((path for path in logs if logs[path] >= since), key=lambda path: -logs[path]):
        found = re.findall(r"^[\d:]{8} ERROR (.*)", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        errors += [f"{path.relative_to(folder).with_suffix('').as_posix()}: {found[-1]}"] if found else []
    return errors[:most]


def ended_jobs(text: str) -> list[str]:
    """Find, in what Snakemake said, the jobs that did not end by themselves, as a job cannot say that of itself.

    Parameters
    ----------
    text : str
        Snakemake's log.

    Returns
    -------
    list of str
        "RULE/NAME: ended by SIGKILL; ...", each once, in order of time.
    """
    causes = {
        "SIGKILL": f"most likely because memory ran out: {HINT}",
        "SIGABRT": f"perhaps because memory ran out: {HINT}",
        "SIGBUS": "perhaps because the disk is full",
    }
    found = dict.fromkeys((job, signal) for signal, job in _ENDED.findall(text))
    return [f"{job}: ended by {signal}, {causes.get(signal, 'a fault of a library')}" for job, signal in found]
