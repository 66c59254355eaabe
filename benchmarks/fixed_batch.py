"""Measures what a fixed batch costs: an ONNX file of batch 1, as many are, against the same graph with a free batch.

    uv run python benchmarks/fixed_batch.py                        a MobileFaceNet with random weights
    uv run python benchmarks/fixed_batch.py --model FILE --json FILE

The file must have a free batch; its copy gets batch 1, and a constant shape in place of every Flatten. Both are timed
in turns, and so is the copy as it is (`unfreed`), one image at a time. Seconds are the processor's, of one thread, so
that other work on the machine matters less. Medians are compared; quote the ratios.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "workflow/scripts")]

from random_networks import NETWORKS  # noqa: E402

from whyface.devices import THREADS  # noqa: E402
from whyface.maps.engines.engine import open_engine, trace_model  # noqa: E402
from whyface.maps.masks import make_masks  # noqa: E402
from whyface.models.embedder import Embedder  # noqa: E402

BATCH = 64
ENGINES = ("own", "full", "windows")
OCCLUSION = {"variant": "corrected", "shape": "square", "patch_px": [14], "stride_px": 10}

Work = Callable[[], Any]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="an ONNX file with a free batch")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        free = arguments.model or NETWORKS["MobileFaceNet"].write(Path(folder), 112, False)
        figures = measure(free, fix_batch(free, Path(folder) / "fixed.onnx"), arguments.rounds)
    for name, value in figures.items():
        sys.stdout.write(f"{name:36} {value:>10.4g}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def fix_batch(free: Path, path: Path) -> Path:
    """Copy a graph, write batch 1 into its input, its output and all shapes, and reshape by constants only."""
    proto = onnx.load(free)
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    for output in proto.graph.output:
        output.type.tensor_type.ClearField("shape")
    proto = onnx.shape_inference.infer_shapes(proto)
    shapes = {entry.name: entry.type.tensor_type.shape.dim for entry in (*proto.graph.value_info, *proto.graph.output)}
    for node in [node for node in proto.graph.node if node.op_type == "Flatten"]:
        node.op_type = "Reshape"
        node.ClearField("attribute")
        node.input.append(f"shape of {node.output[0]}")
        shape = np.array([dim.dim_value for dim in shapes[node.output[0]]], np.int64)
        proto.graph.initializer.append(numpy_helper.from_array(shape, node.input[1]))
    onnx.save(proto, path)
    return path


def measure(free: Path, fixed: Path, rounds: int) -> dict[str, float]:
    """Measure both files in turns; return seconds, and ratios of the fixed file's to the free one's."""
    works = {"unfreed_embed": one_at_a_time(fixed)}
    seconds = {}
    for kind, path in (("free", free), ("fixed", fixed)):
        seconds[f"{kind}_open"] = timed(partial(open_model, path))
        works |= {f"{kind}_{name}": work for name, work in works_of(path)}
    seconds |= median_times(works, rounds)
    ratios = {f"{name}_ratio": seconds[f"fixed_{name}"] / seconds[f"free_{name}"] for name in ("embed", *ENGINES)}
    ratios["unfreed_embed_ratio"] = seconds["unfreed_embed"] / seconds["free_embed"]
    # A shape in a tensor keeps torch from tracing the graph, so all it has is its own runtime.
    passes = 1 + sum(len(part.covered) for part in make_masks(open_model(free).input_px, OCCLUSION))
    fastest = min(seconds[f"free_{name}"] for name in ENGINES)
    ratios["unfreed_engine_ratio"] = passes / BATCH * seconds["unfreed_embed"] / fastest
    return {f"{name}_s": value for name, value in seconds.items()} | ratios


def timed(work: Work) -> float:
    """Return the seconds that the processor spends on `work`."""
    start = time.process_time()
    work()
    return time.process_time() - start


def median_times(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Time all works in turns, after one round to warm up."""
    times = [{name: timed(work) for name, work in works.items()} for _ in range(1 + rounds)]
    return {name: statistics.median(one[name] for one in times[1:]) for name in works}


def open_model(path: Path) -> Embedder:
    """Open a file as the pipeline does."""
    side = onnxruntime.InferenceSession(path).get_inputs()[0].shape[2]
    entry = {"kind": "onnx", "input_px": side, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
    return Embedder(path.stem, entry, path, "cpu")


def works_of(path: Path) -> Iterator[tuple[str, Work]]:
    """Open a file, and yield what is timed: a batch of images in its own runtime, and one image in every engine."""
    embedder = open_model(path)
    side = embedder.input_px
    scaled = embedder.scale(np.random.default_rng(0).integers(0, 256, (BATCH, side, side, 3), np.uint8))
    masks = make_masks(side, OCCLUSION)
    yield "embed", partial(embedder.run, scaled.transpose(0, 3, 1, 2))
    layers = trace_model(embedder)
    for name in ENGINES:
        yield name, partial(open_engine(embedder, masks, name, BATCH, layers).embed, scaled[0], scaled[1])


def one_at_a_time(path: Path) -> Work:
    """Return the work of embedding the same number of images with the file as it is."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    image = np.random.default_rng(0).uniform(-1, 1, entry.shape).astype(np.float32)
    return lambda: [session.run(None, {entry.name: image}) for _ in range(BATCH)]


if __name__ == "__main__":
    main()
