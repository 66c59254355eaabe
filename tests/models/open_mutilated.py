"""Opens model files one after another, as jobs do, and prints a line of JSON for each: what came of it."""

import json
import logging
import resource
import sys
import time
from pathlib import Path

import numpy as np

from whyface.maps.engines.engine import trace_model
from whyface.models.embedder import Embedder
from whyface.models.first_look import SPARE_BYTES

SIDE = 32
ENTRY = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 128}
CROPS = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)


def main(paths: list[str]) -> None:
    """Open, embed and trace each; a file that asks for more memory than the first look gives gets none."""
    resource.setrlimit(resource.RLIMIT_DATA, (SPARE_BYTES, SPARE_BYTES))
    logging.disable(logging.CRITICAL)
    for path in map(Path, paths):
        start = time.monotonic()
        about = {"file": path.stem, **_open(path)}
        about["seconds"] = round(time.monotonic() - start, 2)
        about["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(about), flush=True)  # noqa: T201


def _open(path: Path) -> dict[str, object]:
    try:
        embedder = Embedder("net", ENTRY, path, "cpu")
        embedder.embed(CROPS, ["a", "b"])
    except Exception as error:
        return {"outcome": "refused", "error": type(error).__name__, "message": str(error)}
    layers = trace_model(embedder)
    if layers is not None:
        import torch

        try:
            layers.run(torch.from_numpy(embedder.scale(CROPS).transpose(0, 3, 1, 2).copy()))
        except Exception as error:
            return {"outcome": "ok", "traced": f"{type(error).__name__}: {str(error)[:200]}"}
    return {"outcome": "ok", "traced": layers is not None}


if __name__ == "__main__":
    main(sys.argv[1:])
