"""Sets where models compute, and with how many threads: the same in every job, so that all runs agree."""

import ctypes
import gc
import logging
import os
from contextlib import suppress

logger = logging.getLogger("whyface")

# One thread per job, whatever --cores says, so that sums are always added in the same order. Jobs run in parallel
# instead: two single-threaded jobs embed 1.6 times as many images as one job with two threads.
THREADS = 1
VISIBLE = "CUDA_VISIBLE_DEVICES"
# Largest difference allowed between the unit vectors of two ways to compute the same network in float32.
FLOAT32_TOLERANCE = 1e-5


def use_torch(device: str) -> str:
    """Set up torch for repeatable numbers, and resolve `auto` to cuda if there is a CUDA device, else to cpu.

    Raises
    ------
    ValueError
        `cuda` is requested but not available.
    """
    import torch

    torch.set_num_threads(THREADS)
    # TF32 keeps ten bits of the mantissa, too few for maps.
    torch.backends.cudnn.allow_tf32 = False
    available = torch.cuda.is_available()
    check_device(device, available, "torch finds no CUDA device")
    chosen = "cuda" if available and device != "cpu" else "cpu"
    logger.info("torch on %s", chosen)
    return chosen


def free_memory() -> None:
    """Hand back the memory that torch and the C library keep after use; other runtimes may need it."""
    import torch

    gc.collect()  # graphs refer to themselves
    torch.cuda.empty_cache()
    with suppress(OSError, AttributeError):  # not every C library can
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def take_card(shard: int) -> None:
    """Show this process one of the visible cards, which shards 1, 2, ... take in turns; call it before CUDA starts."""
    import torch

    cards = torch.cuda.device_count()
    if cards > 1:
        named = os.environ.get(VISIBLE)
        names = named.split(",") if named else [str(i) for i in range(cards)]
        # Unlike torch's own choice, this holds for ONNX Runtime, too.
        os.environ[VISIBLE] = names[(shard - 1) % cards]
        logger.info("shard %d computes on card %s of %d", shard, os.environ[VISIBLE], cards)


def check_device(device: str, available: bool, reason: str) -> None:
    """Raise an error with the given reason if `cuda` is requested but not available."""
    if device == "cuda" and not available:
        raise ValueError(f"run.device: 'cuda' is wanted but {reason}; allowed here: auto, cpu")
