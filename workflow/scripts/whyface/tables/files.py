"""Atomic writes: a file is either complete or absent; what a killed job left half written goes before the next run."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What the user denies to others; it can only be read by setting it.
UMASK = os.umask(0o077)
os.umask(UMASK)
PART = ".part"
UNPACKING = ".unpacking-"
# What other people's archives hold, and the site, which clears away its own.
_LEFT_ALONE = ("collections/*/files", "collections/*/truth", "site")


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it replaces `path` on success and is deleted on failure.

    Raises
    ------
    OSError
        The disk is full: the message names `path` and says how much room was there.
    """
    path = Path(path)
    with naming_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o666 & ~UMASK)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def naming_full_disk(path: Path) -> Iterator[None]:
    """Say, if the disk is full, for which file or folder, and how much room it had; what was half written is gone.

    Raises
    ------
    OSError
        The disk is full.
    """
    try:
        yield
    except OSError as error:
        if not _is_full(error) or str(path) in str(error):
            raise
        existing = next(folder for folder in path.absolute().parents if folder.is_dir())
        free = shutil.disk_usage(existing).free
        message = (
            f"{path}: the disk is full: this needs more than the {free / 1e6:.1f} MB that are free there; "
            "make room and run again, what is finished is kept"
        )
        raise OSError(error.errno or errno.ENOSPC, message) from error


def _is_full(error: OSError) -> bool:
    """Tell a full disk or a spent quota, which NumPy states only in words."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or (error.errno is None and " requested and " in str(error))


def reserve(path: Path) -> None:
    """Take the room for a file of which only the size is set: a mapped file that finds none kills its process."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def remove_leftovers(results: Path) -> list[Path]:
    """Delete what jobs that were killed had half written; no job may be at work. Returns what went."""
    gone = []
    for place, folders, names in os.walk(results):
        folder = Path(place)
        left_alone = {folder / name for name in folders if _is_left_alone((folder / name).relative_to(results))}
        unpacking = [folder / name for name in folders if name.startswith(UNPACKING)]
        gone += unpacking + [folder / name for name in names if name.startswith(".") and name.endswith(PART)]
        folders[:] = [name for name in folders if folder / name not in {*left_alone, *unpacking}]
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return gone


def _is_left_alone(path: Path) -> bool:
    return any(len(path.parts) == pattern.count("/") + 1 and path.match(pattern) for pattern in _LEFT_ALONE)
