"""Opens a model in a process of its own first: one that crashes, hangs or eats memory ends in an error, no more.

No job can catch a crash of its own process, and a graph may hold a loop without end, or fill the memory from a few
bytes. This finds what happens on two images of noise; a graph made to wait for a certain face gets past it.
"""

import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from whyface.models.forms import write_shape
from whyface.tables.orphans import end_with_parent

logger = logging.getLogger("whyface")

LIMIT_S = 120.0
# Memory for the runtime and two images, beside a few copies of the weights.
SPARE_BYTES = 2 << 30
COPIES = 8


def look_first(name: str, model: Mapping[str, Any], weights: Path, limit_s: float = LIMIT_S) -> None:
    """Open a model and embed two images in another process, and log what its file takes and gives.

    The project's own demo model is not looked at.

    Parameters
    ----------
    name, model, weights
        As for `Embedder`.
    limit_s : float
        Seconds that this may take.

    Raises
    ------
    ValueError
        The model fails, or its process ends, takes too long or needs too much memory.
    """
    if model["kind"] == "demo":
        return
    command = [sys.executable, "-m", __name__, name, json.dumps(dict(model)), str(weights)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise ValueError(f"model {name}: {weights} takes more than {limit_s:g} seconds for two images") from None
    if done.returncode < 0:
        runtime = "ONNX Runtime" if model["kind"] == "onnx" else "torch"
        raise ValueError(f"model {name}: {weights} crashes {runtime} (signal {-done.returncode})")
    if done.returncode:
        raise ValueError((done.stderr.strip().splitlines() or [f"model {name}: {weights} cannot be opened"])[-1])
    for line in done.stdout.splitlines():
        logger.info("%s", line)


def _look(name: str, model: Mapping[str, Any], weights: Path) -> None:
    from whyface.models.embedder import NORM_FLOOR, Embedder

    if model["kind"] == "onnx":  # of the others, the runtime alone may take more; who wrote them is trusted
        limit = SPARE_BYTES + COPIES * weights.stat().st_size
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    side = model["input_px"]
    noise = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    embedder = Embedder(name, model, weights, "cpu")
    raw = embedder.run(embedder.to_batch(noise))
    if raw.ndim != 2 or len(raw) != len(noise):
        gives = f"gives {write_shape(raw.shape)} for two images, and an embedding is 2 x d"
        raise ValueError(f"model {name}: {weights} {gives}: set another output, or export it with its last layers")
    norms = np.linalg.norm(raw, axis=1)
    if not np.any(np.isfinite(norms) & (norms > NORM_FLOOR)):
        said = f"{norms[0]:.3g} and {norms[1]:.3g}"
        raise ValueError(
            f"model {name}: {weights} gives vectors of length {said} for two images of noise, which have no direction: "
            "is the file whole, and are pixel_mean and pixel_std what it wants?"
        )
    logger.info("model %s: two images of noise give %s values each, norms %.3g and %.3g", name, raw.shape[1], *norms)


if __name__ == "__main__":
    end_with_parent()  # it keeps the time, and a loop without end would go on without it
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    try:
        _look(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
    except (ValueError, MemoryError) as problem:
        sys.exit(str(problem))
