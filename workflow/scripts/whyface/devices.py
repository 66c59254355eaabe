"""Where models compute, and with how many threads: the same in every job, so that every run agrees."""

import logging

logger = logging.getLogger("whyface")

# One thread a job, whatever --cores says, so that sums are added in one order. Jobs run in parallel instead: two jobs
# of one thread embed 1.6 times as many images as one job of two.
THREADS = 1


def use_torch(device: str) -> str:
    """Set torch up for repeatable numbers and turn `auto` into cuda where there is one, else cpu.

    Raises
    ------
    ValueError
        `cuda` is wanted and there is none.
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


def check_device(device: str, available: bool, reason: str) -> None:
    """Refuse `cuda` where it is not available, for the reason given."""
    if device == "cuda" and not available:
        raise ValueError(f"run.device: 'cuda' is wanted but {reason}; allowed here: auto, cpu")
