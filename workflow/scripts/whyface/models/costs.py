"""What a model costs: its size, and the time an image takes on this machine."""

import platform
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from whyface.models.embedder import Embedder

BATCH, RUNS = 16, 5


def measure_costs(embedder: Embedder, weights: Path, faces: np.ndarray) -> pd.DataFrame:
    """Time a model, from crop to embedding.

    Parameters
    ----------
    embedder : Embedder
        The model.
    weights : Path
        Its file.
    faces : numpy.ndarray
        uint8, n x side x side x 3: crops to time it on, repeated to a batch.

    Returns
    -------
    pandas.DataFrame
        A costs table.
    """
    crops = np.resize(faces, (BATCH, *faces.shape[1:]))
    on_card = embedder.torch_device() == "cuda"
    # As in the choice of an engine: other jobs may keep the one thread waiting; a card works while the processor waits.
    clock = time.perf_counter if on_card else time.process_time
    dimensions = embedder.embed(crops, ["trial face"] * BATCH, zero_is_error=False).shape[1]  # warms up, too
    seconds = []
    for _ in range(RUNS):
        start = clock()
        embedder.embed(crops, ["trial face"] * BATCH, zero_is_error=False)
        seconds.append(clock() - start)
    row = {
        "device": torch.cuda.get_device_name() if on_card else name_processor(),
        "milliseconds": 1000 * min(seconds) / BATCH,
        "batch": BATCH,
        "weights_bytes": weights.stat().st_size,
        "dimensions": dimensions,
        "input_px": embedder.input_px,
    }
    return pd.DataFrame([row])


def name_processor(described: Path = Path("/proc/cpuinfo")) -> str:
    """Name this machine's processor, as Linux does; elsewhere its kind alone."""
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, names), platform.machine())
