"""Checks every occlusion engine and the face detector on a GPU against the CPU, and times them.

    python benchmarks/gpu.py --json FILE          on CUDA, at most 8 minutes
    python benchmarks/gpu.py --small              small networks and few masks; always so without CUDA

It needs no finished run and no internet; docs/scaling.md lists the packages. It first compares every engine with the
model's own runtime on the CPU, then times them, starting with the largest network. A part that fails, or that there is
no time for, becomes a row that says so. The exit status is 1 if anything failed or differed.
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from torch.utils.flop_counter import FlopCounterMode

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "workflow/scripts"))
sys.path.append(str(PROJECT / "benchmarks/wheels"))

from random_networks import NETWORKS  # noqa: E402
from trials import TRIAL_S, Clock, NotMeasuredError, best_time, read_memory, start_memory, synchronise, timed  # noqa: E402

from whyface.demo.people.people import draw_person  # noqa: E402
from whyface.demo.people.photos import draw_photo  # noqa: E402
from whyface.demo.people.render import Rendered, render  # noqa: E402
from whyface.faces.detection import STEP_PX, Face, FaceDetector  # noqa: E402
from whyface.maps.engines.choice import measure_difference  # noqa: E402
from whyface.maps.engines.engine import ON_CUDA, is_half, open_engine  # noqa: E402
from whyface.maps.engines.layers import Layers  # noqa: E402
from whyface.maps.engines.tracing import trace_layers  # noqa: E402
from whyface.maps.masks import MaskSet, make_masks  # noqa: E402
from whyface.models.embedder import Embedder  # noqa: E402

BARE = ("bare", "bare half")
ON_CARD = "CUDAExecutionProvider"
PRODUCTS = ("float32", "float16")
# The sets that the projection is for, by their numbers of images; CALFW's is the number of its pairs' images, roughly.
SETS = {"LFW": 7_701, "CFP": 7_000, "CALFW": 7_150}
MASKS_AN_IMAGE = 1_249
COLUMNS = (
    "difference",
    "batch",
    "images_per_second",
    "share_of_bare",
    "tflop_per_second",
    "share_of_peak",
    "memory_mb",
)


@dataclass(frozen=True)
class Sizes:
    """How much is measured; patches and stride in 112ths of the input."""

    small: bool
    patches: tuple[int, ...]
    stride: int
    compared: int  # masks of each patch size
    batches: tuple[int, ...]
    matrix: int
    photos: int


FULL = Sizes(False, (7, 14, 28), 5, 8, (64, 256, 1024), 8192, 16)
SMALL = Sizes(True, (14, 28), 42, 4, (4,), 256, 2)


@dataclass
class Row:
    """The results of one engine on one network. `images` counts one clean face, and the same face under every mask."""

    network: str
    engine: str
    comparison: str = ""  # equal, unequal, or why it was not compared
    difference: float | None = None
    tolerance: float | None = None
    speed: str = ""  # done, or why it was not timed
    batch: int | None = None
    images: int | None = None
    images_per_second: float | None = None
    share_of_bare: float | None = None
    tflop_per_second: float | None = None
    share_of_peak: float | None = None
    memory_mb: float | None = None  # at the peak, beyond what was in use before

    @property
    def is_good(self) -> bool:
        """Whether nothing failed or differed."""
        return self.comparison != "unequal" and not (self.comparison + self.speed).count("failed")

    def check(self, difference: float, tolerance: float) -> str:
        """Store a difference; return `equal` if it is within the tolerance, else `unequal`."""
        self.difference, self.tolerance = difference, tolerance
        return "equal" if difference <= tolerance else "unequal"


class Network:
    """A network on the device, trial faces and masks, and the CPU's embeddings under some of the masks."""

    def __init__(self, name: str, folder: Path, device: str, sizes: Sizes, photos: Sequence[Rendered]):
        recipe = NETWORKS[name]
        side = recipe.small_px if sizes.small else recipe.side_px
        model = {"kind": recipe.kind, "input_px": side, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
        model["flip"] = recipe.flip
        self.is_onnx, self.passes = recipe.kind == "onnx", 1 if recipe.flip == "none" else 2
        torch.manual_seed(0)
        weights = recipe.write(folder, side, sizes.small)
        self.embedder, self.batches = Embedder(name, model, weights, device), sizes.batches
        self.faces = self.embedder.scale(np.stack([cut_face(photo, side) for photo in photos[:2]]))
        patches, stride = [round(patch * side / 112) for patch in sizes.patches], round(sizes.stride * side / 112)
        occlusion = {"variant": "corrected", "shape": "square", "patch_px": patches, "stride_px": stride}
        self.masks = make_masks(side, occlusion)
        self.few_masks = [spread(mask_set, sizes.compared) for mask_set in self.masks]
        self.seconds_per_mask: dict[str, float] = {}
        own = open_engine(Embedder(name, model, weights, "cpu"), self.few_masks, "own", sizes.batches[0], None)
        self.expected = self.embed(own)

    @cached_property
    def layers(self) -> Layers:
        """The network, traced."""
        return trace_layers(self.embedder.module(), self.embedder.input_px, self.embedder.torch_device())

    def open(self, engine: str, masks: Sequence[MaskSet], batch: int) -> Any:
        """Set up an engine."""
        if (is_half(engine) or engine == "bare half") and self.layers.device.type != "cuda":
            raise NotMeasuredError("half precision is for CUDA")
        if engine in BARE:
            return Bare(self.layers.half if "half" in engine else self.layers, self.passes * (1 + count(masks)), batch)
        return open_engine(self.embedder, masks, engine, batch, None if engine == "own" else self.layers)

    def embed(self, engine: Any) -> np.ndarray:
        """Embed both faces, each with the other as its filler: unit vectors, 2 x (1 + n) x d."""
        raw = [engine.embed(self.faces[i], self.faces[1 - i]) for i in (0, 1)]
        return np.stack([self.embedder.normalise(part, ["face"] * len(part)) for part in raw])

    def compare(self, row: Row) -> str:
        """Compare an engine with the CPU."""
        engine = self.open(row.engine, self.few_masks, self.batches[0])
        found = self.embed(engine)
        self.seconds_per_mask[row.engine] = timed(lambda: engine.embed(*self.faces)) / count(self.few_masks)
        return row.check(*measure_difference(row.engine, found, self.expected))

    def time(self, row: Row) -> None:
        """Time an engine at its best batch size."""
        if row.engine == "own" and self._runs_elsewhere():
            raise NotMeasuredError("this ONNX Runtime has no CUDA")
        known = self.seconds_per_mask.get(row.engine) or self.seconds_per_mask.get("full", np.inf)
        # A face that takes longer than that is timed only under the masks of the comparison.
        all_fit = count(self.masks) * known <= TRIAL_S
        masks = self.masks if all_fit else self.few_masks
        row.images = 1 + count(masks)
        for batch in self.batches if all_fit else self.batches[:1]:
            try:
                self._time_batch(row, masks, batch)
            except torch.OutOfMemoryError:
                if row.batch is None:
                    raise
                return

    def _runs_elsewhere(self) -> bool:
        """Whether the model's own runtime computes on the CPU, although there is a card."""
        return self.is_onnx and torch.cuda.is_available() and ON_CARD not in onnxruntime.get_available_providers()

    def _time_batch(self, row: Row, masks: Sequence[MaskSet], batch: int) -> None:
        before = start_memory()
        engine = self.open(row.engine, masks, batch)
        with FlopCounterMode(display=False) as counter:  # this is also the warm-up
            engine.embed(*self.faces)
        seconds = best_time(lambda: engine.embed(*self.faces))
        if row.images_per_second is None or 1 + count(masks) > row.images_per_second * seconds:
            row.batch, row.images_per_second = batch, (1 + count(masks)) / seconds
            row.memory_mb = read_memory(before)
            # Operations inside ONNX Runtime are not counted.
            row.tflop_per_second = counter.get_total_flops() / seconds / 1e12 or None


class Bare:
    """The network alone, on as many images as an engine passes through it."""

    def __init__(self, layers: Layers, images: int, batch: int):
        self._layers = layers
        self._sizes = [min(batch, images - start) for start in range(0, images, batch)]

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> None:
        """Embed the same image again and again."""
        image = torch.from_numpy(shown).to(self._layers.device, self._layers.dtype)
        images = image.expand(self._sizes[0], -1, -1, -1).contiguous().permute(0, 3, 1, 2)
        with torch.inference_mode():
            for size in self._sizes:
                self._layers.run(images[:size])
        synchronise()


def spread(mask_set: MaskSet, number: int) -> MaskSet:
    """Choose masks from all over the image, the first and the last included."""
    chosen = np.unique(np.linspace(0, len(mask_set.covered) - 1, number).astype(int))
    return replace(mask_set, covered=mask_set.covered[chosen])


def count(masks: Sequence[MaskSet]) -> int:
    """Count masks."""
    return sum(len(mask_set.covered) for mask_set in masks)


def cut_face(photo: Rendered, side_px: int) -> np.ndarray:
    """Cut the face out of a drawn photo."""
    x, y = photo.landmarks.mean(axis=0).astype(int)
    return cv2.resize(photo.image[y - 60 : y + 60, x - 60 : x + 60], (side_px, side_px), interpolation=cv2.INTER_AREA)


class Detector:
    """MTCNN, and trial photos."""

    def __init__(self, device: str, photos: Sequence[Rendered]):
        self._device, self._images = device, [photo.image for photo in photos]

    def compare(self, row: Row) -> str:
        """Compare the device with the CPU."""
        found, expected = (FaceDetector(device).find_faces(self._images[:4]) for device in (self._device, "cpu"))
        if not any(expected):
            raise ValueError("the detector finds none of the drawn faces")
        return row.check(max(map(shift, found, expected)), STEP_PX)

    def time(self, row: Row) -> None:
        """Time one call with all photos."""
        before, detector = start_memory(), FaceDetector(self._device)
        detector.find_faces(self._images)
        row.batch = row.images = len(self._images)
        row.images_per_second = row.images / best_time(lambda: detector.find_faces(self._images))
        row.memory_mb = read_memory(before)


def shift(found: Face | None, expected: Face | None) -> float:
    """Return the largest shift of a coordinate of box or landmarks; infinite if only one of the faces was found."""
    if found is None or expected is None:
        return 0.0 if found is expected else float("inf")
    return max(np.abs(found.box - expected.box).max(), np.abs(found.landmarks - expected.landmarks).max())


class Product:
    """A product of large matrices, whose speed is taken as the chip's peak."""

    def __init__(self, device: str, side: int):
        self._device, self._side = device, side

    def time(self, row: Row) -> None:
        """Time the product in the precision that the row names."""
        if row.engine == "float16" and self._device == "cpu":
            raise NotMeasuredError("half precision is for CUDA")
        a = torch.randn(self._side, self._side, device=self._device).to(getattr(torch, row.engine))

        def multiply() -> None:
            for _ in range(10):
                torch.mm(a, a)
            synchronise()

        multiply()
        row.tflop_per_second = 10 * 2 * self._side**3 / best_time(multiply) / 1e12


def measure(
    clock: Clock, sizes: Sizes, device: str, save: Callable[[list[Row]], None], networks: Sequence[str]
) -> list[Row]:
    """Compare everything, then time everything; `save` gets the rows after every part."""
    engines = {"product": PRODUCTS, **dict.fromkeys(networks, (*BARE, *ON_CUDA)), "MTCNN": ("own",)}
    rows = [Row(name, engine) for name, names in engines.items() for engine in names]
    photos = [render(draw_person(seed), draw_photo(seed, 0)) for seed in range(sizes.photos)]
    subjects: dict[str, Any] = {"product": Product(device, sizes.matrix), "MTCNN": Detector(device, photos)}

    def part(row: Row, column: str, method: Callable[[Row], str | None]) -> None:
        setattr(row, column, clock.attempt(f"{row.network}, {row.engine}, {column}", method, row))
        save(add_shares(rows))

    def open_network(name: str) -> None:
        # Not `cuda`, which an ONNX Runtime without CUDA refuses; the engines in torch take the card all the same.
        subjects[name] = Network(name, Path(folder), "cpu" if device == "cpu" else "auto", sizes, photos)

    with tempfile.TemporaryDirectory() as folder:
        opened = {name: clock.attempt(f"{name}, opened", open_network, name) for name in networks}
        for row in rows:
            if row.network not in subjects:
                row.comparison = opened[row.network]
            elif row.engine not in (*BARE, *PRODUCTS):
                part(row, "comparison", subjects[row.network].compare)
        for row in rows:
            if row.comparison in ("", "equal", "unequal"):
                part(row, "speed", subjects[row.network].time)
    return add_shares(rows)


def add_shares(rows: list[Row]) -> list[Row]:
    """Divide by the speed of the bare network and of the matrix product in the same precision."""
    known = {(row.network, row.engine): row for row in rows}
    for row in rows:
        half = "half" in row.engine
        bare, peak = known.get((row.network, BARE[half])), known["product", PRODUCTS[half]].tflop_per_second
        if row.images_per_second and bare and bare.images_per_second:
            row.share_of_bare = row.images_per_second / bare.images_per_second
        if row.tflop_per_second and peak and row.network != "product":
            row.share_of_peak = row.tflop_per_second / peak
    return rows


def project(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Project the hours that the maps of all SETS take, by network, with the fastest engine that equals the CPU."""
    images = sum(SETS.values()) * (1 + MASKS_AN_IMAGE)
    projected = {}
    for network in NETWORKS:
        timed = [row for row in rows if row.network == network and row.comparison == "equal" and row.images_per_second]
        if timed:
            best = max(timed, key=lambda row: row.images_per_second or 0)
            hours = images / (best.images_per_second or 1) / 3600
            projected[network] = {"engine": best.engine, "hours": hours}
    return projected


def describe_machine(device: str) -> dict[str, str]:
    """Name the card, the driver and torch's version."""
    if device == "cpu":
        return {"card": f"none ({platform.machine()})", "driver": "none", "torch": torch.__version__}
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    drivers = subprocess.run(query, capture_output=True, text=True).stdout.split() if shutil.which(query[0]) else []
    return {"card": torch.cuda.get_device_name(), "driver": " ".join(drivers[:1]), "torch": torch.__version__}


def lay_out(rows: list[Row]) -> str:
    """Lay the rows out as a text table."""
    lines = [f"{'network':18}{'engine':14}" + "".join(f"{name:>18}" for name in COLUMNS)]
    for row in rows:
        values = ("" if (value := getattr(row, name)) is None else f"{value:.4g}" for name in COLUMNS)
        said = "; ".join(dict.fromkeys(filter(None, (row.comparison, row.speed))))
        lines.append(f"{row.network:18}{row.engine:14}" + "".join(f"{value:>18}" for value in values) + f"  {said}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return 1 if anything failed or differed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="only these")
    options = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sizes = SMALL if options.small or device == "cpu" else FULL
    clock, about = (
        Clock(options.minutes),
        {**describe_machine(device), "networks": "small" if sizes.small else "full size"},
    )

    def save(rows: list[Row]) -> None:
        found = {
            **about,
            "seconds": round(clock.passed(), 1),
            "rows": [asdict(row) for row in rows],
            "projection": project(rows),
        }
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    rows = measure(clock, sizes, device, save, options.networks)
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in about.items()) + lay_out(rows))
    for name, part in project(rows).items():
        sys.stdout.write(
            f"{' + '.join(SETS)} with {name}, {about['networks']}: {part['hours']:.3g} h in {part['engine']}\n"
        )
    return 0 if all(row.is_good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
