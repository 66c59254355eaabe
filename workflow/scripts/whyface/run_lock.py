"""Allows one run at a time in a folder."""

from pathlib import Path

from filelock import FileLock, Timeout


def lock_folder(folder: Path) -> FileLock:
    """Lock the folder of a run for as long as this process lives.

    The operating system frees the lock when the process ends, however it ends, so a killed run blocks nothing.

    Parameters
    ----------
    folder : Path
        The folder in which the run was started.

    Returns
    -------
    filelock.FileLock
        Keep it: the lock is released with the object.

    Raises
    ------
    RuntimeError
        Another process holds the lock.
    """
    path = folder / ".snakemake" / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        message = f"another run is at work in {folder.resolve()}: wait for it to end, or stop it"
        raise RuntimeError(message) from None
    return lock
