"""How close the occlusion stage comes to the bare network, and what the published loop costs beside it.

    uv run python benchmarks/occlusion.py                       a random small network of our own
    uv run python benchmarks/occlusion.py --weights net.onnx --input-px 112

Measured in turns in one process, so that the machine's drift hits all alike; the medians' ratios are what to quote.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "workflow/scripts"), str(PROJECT / "tests")]

from whyface.explanation import METHODS, map_operator, measure_deviations  # noqa: E402
from whyface.masks import make_masks  # noqa: E402
from whyface.models import Embedder  # noqa: E402
from whyface.occlusion import BATCH, embed_occluded  # noqa: E402

OCCLUSION = {"variant": "paper", "shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}


def main() -> None:
    """Print seconds and ratios."""
    arguments = _parse()
    side = arguments.input_px
    weights = arguments.weights or _write_network(side)
    model = {"kind": "onnx", "input_px": side, "channels": "rgb", "pixel_mean": 0, "pixel_std": 1}
    embedder = Embedder("net", model, weights, "cpu")
    masks = make_masks(side, OCCLUSION)
    n_masks = sum(len(mask_set.covered) for mask_set in masks)
    crops = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    black = np.zeros_like(crops[0])
    batch = np.repeat(crops[:1], BATCH, axis=0).transpose(0, 3, 1, 2).astype(np.float32)
    seconds: dict[str, list[float]] = {"bare": [], "engine": [], "published loop": []}
    for _ in range(arguments.rounds):
        with _timed(seconds["bare"]):
            for _ in range(n_masks // BATCH):
                embedder._network(batch)
        seconds["bare"][-1] *= n_masks / (n_masks // BATCH * BATCH)
        with _timed(seconds["engine"]):
            occluded = embed_occluded(embedder, crops[0], black, masks, "image")
        with _timed(seconds["published loop"]):
            _embed_one_by_one(embedder, crops[0], masks)
    operator = map_operator(masks, "paper", side)
    vectors = (occluded.astype(np.float64),) * 2
    clean = (vectors[0][0],) * 2
    algebra: list[float] = []
    for _ in range(20):
        with _timed(algebra):
            for method in METHODS:
                parts = measure_deviations(method, vectors, clean, [len(m.covered) for m in masks], "paper")
                np.stack(parts) @ operator
    bare, engine, loop = (statistics.median(seconds[name]) for name in seconds)
    rows = [
        ("forward passes an image", f"{n_masks}"),
        ("bare network, images/s", f"{n_masks / bare:.1f}"),
        ("engine, images/s", f"{n_masks / engine:.1f}"),
        ("engine over bare", f"{bare / engine:.3f}"),
        ("engine over one image at a time", f"{loop / engine:.2f}"),
        ("seconds an image, engine", f"{engine:.2f}"),
        ("seconds a pair, maps from stored embeddings", f"{statistics.median(algebra):.4f}"),
    ]
    for name, value in rows:
        sys.stdout.write(f"{name:45} {value:>12}\n")


class _timed:
    """Append the seconds that a block takes."""

    def __init__(self, into: list[float]):
        self._into = into

    def __enter__(self):
        self._start = time.perf_counter()

    def __exit__(self, *_):
        self._into.append(time.perf_counter() - self._start)


def _embed_one_by_one(embedder: Embedder, crop: np.ndarray, masks) -> None:
    """Copy, paint, embed, mask after mask, as the published code does."""
    for mask_set in masks:
        for covered in mask_set.covered:
            painted = crop.copy()
            painted[covered] = 0
            embedder.embed(painted[None], ["image"])


def _write_network(side: int) -> Path:
    from networks import write_black_box

    return write_black_box(Path(tempfile.mkdtemp()) / "net.onnx", side)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="an ONNX model; default: a random small network")
    parser.add_argument("--input-px", type=int, default=112)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
