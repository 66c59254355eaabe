"""One run at a time in a folder."""

from pathlib import Path

from filelock import FileLock, Timeout


def lock_folder(path: Path) -> FileLock:
    """Take the lock of a run's folder for as long as this process lives.

    The operating system frees it when the process ends, however it ends: a killed run leaves nothing behind.

    Parameters
    ----------
    path : Path
        The lock file; made if missing.

    Returns
    -------
    filelock.FileLock
        Keep it: the lock goes with it.

    Raises
    ------
    RuntimeError
        Another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        folder = path.parent.resolve()
        raise RuntimeError(
            f"another run is at work in this folder ({folder}): wait for it to end, or stop it"
        ) from None
    return lock
