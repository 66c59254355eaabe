"""Measures what comparing every two images of a collection costs: as many random unit vectors as LFW has images.

    uv run python benchmarks/all_pairs.py
    uv run python benchmarks/all_pairs.py --images 13233 26466 --dimension 512 --json FILE
    python benchmarks/all_pairs.py --device cuda --images 13233 141422

On a card, counts and the closest pairs are compared with the CPU's, and the seconds are those of the second round.
Each size runs in a process of its own, which tells its peak memory. Seconds are of this machine; quote how they grow.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "workflow/scripts")]

from whyface.evaluation.all_pairs import score_all  # noqa: E402

IMAGES_OF_A_PERSON = 2.3  # LFW: 13,233 of 5,749


def measure(images: int, dimension: int, device: str) -> dict[str, float]:
    """Compare every two of so many images: seconds, pairs and peak memory; on a card, differences from the CPU."""
    rng = np.random.default_rng(0)
    people = rng.integers(0, int(images / IMAGES_OF_A_PERSON), images)
    vectors = rng.normal(size=(images, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    differences = {} if device == "cpu" else compare(vectors, people, device)
    start = time.perf_counter()
    found = score_all(vectors, people, device=device)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pairs = int(found.impostor.sum() + found.genuine.sum())
    about = {"images": images, "dimension": dimension, "device": device, "pairs": pairs}
    return {**about, "seconds": seconds, "peak_mib": peak, **differences}


def compare(vectors: np.ndarray, people: np.ndarray, device: str) -> dict[str, float]:
    """Compare with the CPU: pairs on the other side of a bin's edge, and the largest difference in distance."""
    start = time.perf_counter()
    expected = score_all(vectors, people)
    seconds = time.perf_counter() - start
    found = score_all(vectors, people, device=device)
    moved = np.abs(np.cumsum(found.impostor) - np.cumsum(expected.impostor)).max()
    differ = np.abs(found.distances - expected.distances).max()
    return {"cpu_seconds": seconds, "moved": int(moved), "difference": float(differ)}


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=[6617, 13233, 26466])
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = []
    for images in options.images:
        of = images, options.dimension, options.device
        code = f"import json, all_pairs; print(json.dumps(all_pairs.measure(*{of})))"
        folder = Path(__file__).parent
        done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
        figures.append(json.loads(done.stdout))
        said = "{images:,} images, {pairs:,} pairs: {seconds:.1f} s, {peak_mib:.0f} MiB"
        sys.stdout.write(said.format(**figures[-1]) + "\n")
        if options.device != "cpu":
            said = (
                "CPU: {cpu_seconds:.1f} s; {moved} pairs beyond an edge of a bin; distances differ by {difference:.2g}"
            )
            sys.stdout.write(said.format(**figures[-1]) + "\n")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
