"""Jobs end with the run that started them: one that went on could overwrite what a later run has made."""

import ctypes
import logging
import os
import signal
import sys

SCHEDULER = "WHYFACE_SCHEDULER"  # set by the workflow: the process that starts jobs on this machine
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends, however that ends; only Linux can.

    Raises
    ------
    SystemExit
        The process that started the jobs has ended already.
    """
    scheduler = os.environ.get(SCHEDULER, "")
    if scheduler and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if scheduler and not _is_alive(*scheduler.split()):
        logging.getLogger("whyface").error("the run that started this job has ended: the job ends too")
        sys.exit(1)


def this_process() -> str:
    """Name this process for `end_with_parent`: its number, and the space in which that number holds."""
    return f"{os.getpid()} {_number_space()}"


def _is_alive(number: str, space: str) -> bool:
    if space != _number_space():  # in a container of its own: that process cannot be seen from here
        return True
    try:
        os.kill(int(number), 0)
    except OSError:
        return False
    return True


def _number_space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no path
    except OSError:
        return "-"
