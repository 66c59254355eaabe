"""Runs the parts of a benchmark one after another until the time is up; measures time and the device's memory."""

import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

TRIAL_S = 4.0  # roughly how long to repeat a timed part


class NotMeasuredError(Exception):
    """Says why a part is left out."""


class Clock:
    """Runs parts until the time is up, and turns errors into words."""

    def __init__(self, minutes: float):
        self._start, self._seconds = time.monotonic(), 60 * minutes

    def passed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._start

    def attempt(self, what: str, work: Callable[..., Any], *arguments: Any) -> str:
        """Run one part; return its result, or `done`, or why it was not measured or failed."""
        try:
            with self._limit():
                said = work(*arguments) or "done"
        except Exception as error:  # whatever happens to one part, the others must run
            said = self._explain(error)
        sys.stderr.write(f"{self.passed():5.0f} s  {what}: {said}\n")
        return said

    def _explain(self, error: Exception) -> str:
        if self.passed() >= self._seconds:
            return "not measured: no time left"
        if isinstance(error, NotMeasuredError | ImportError):
            return f"not measured: {error}"
        traceback.print_exception(error)
        return f"failed: {type(error).__name__}: {str(error).strip().split(chr(10))[0]}"

    @contextmanager
    def _limit(self) -> Iterator[None]:
        """Interrupt the block when the time is up, and again every second in case the block catches the error."""
        left = self._seconds - self.passed()
        if left <= 0:
            raise TimeoutError
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, left, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _interrupt(*_: object) -> None:
    raise TimeoutError


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best_time(work: Callable[[], Any]) -> float:
    """Return the seconds of the fastest of three runs, or of fewer runs if they take long."""
    seconds = [timed(work)]
    while len(seconds) < 3 and sum(seconds) < TRIAL_S:
        seconds.append(timed(work))
    return min(seconds)


def synchronise() -> None:
    """Wait for the device."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def start_memory() -> int:
    """Start recording the device's peak memory; return the bytes in use."""
    if not torch.cuda.is_available():
        return 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated()


def read_memory(before: int) -> float | None:
    """Return the MB in use at the peak, beyond those in use before; None without CUDA."""
    return (torch.cuda.max_memory_allocated() - before) / 1e6 if torch.cuda.is_available() else None
