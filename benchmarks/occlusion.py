"""Measures the cost of occlusion: the bare network, our engine, the published loop and captum's Occlusion, in turns.

    uv run python benchmarks/occlusion.py                                      the default run's demo network
    uv run python benchmarks/occlusion.py --configfile FILE --dataset D --model M --pairs 100 --json FILE

Faces come from a run in the current folder; missing files are made first. Because the machine's speed drifts,
everything is measured in turns and medians are compared; quote the ratios. Occlusion is as published (patches 7, 14,
28 of 112 px, stride 5, scaled to other inputs), whatever the config says, with one process per core. Fast maps are
compared with exact ones in variant `corrected`, the only variant that has them, on people they were not learned from.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "workflow/scripts"), str(PROJECT / "tests")]
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from whyface.config import alignment_id, chosen_datasets  # noqa: E402
from whyface.config_check import check_config  # noqa: E402
from whyface.maps.engines.choice import BATCHES, Choice, choose_engine  # noqa: E402
from whyface.maps.engines.engine import open_engine, trace_model  # noqa: E402
from whyface.maps.explanation import (  # noqa: E402
    MAP_METHODS,
    PUBLISHED_METHODS,
    map_operator,
    measure_deviations,
)
from whyface.maps.learning import IMAGES, Face, Layout, choose_images, learn_prediction, spearman  # noqa: E402
from whyface.maps.masks import MaskSet, make_masks, take_masks  # noqa: E402
from whyface.maps.occlusion import STORED_AS, measure_shifts, open_parts, people_of  # noqa: E402
from whyface.maps.prediction import Prediction  # noqa: E402
from whyface.models.embedder import Embedder  # noqa: E402
from whyface.sources.receipts import read_receipt  # noqa: E402
from whyface.tables.parquet import read_table  # noqa: E402
from whyface.tables.schemas import FACES, PAIRS  # noqa: E402

PUBLISHED = {"variant": "paper", "shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}
PUBLISHED_AT_PX = 112
MAP_PX = 56


def main() -> None:
    """Measure, print and write."""
    arguments = _parse()
    case = Case(arguments)
    embedder = case.embedder()
    faces = np.stack([case.crop(name) for name in list(case.row_of)[:2]])
    choice, seconds = choose_engine(embedder, case.masks, faces)
    predictions, agreement = measure_agreement(case, choice, arguments)
    figures = {
        **measure_speed(case, choice, seconds, arguments.rounds, predictions[-1]),
        **measure_error(case, choice, arguments.loops),
        **agreement,
    }
    for name, value in figures.items():
        sys.stdout.write(f"{name:42} {value:>14}\n" if isinstance(value, str) else f"{name:42} {value:>14.5g}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


class Case:
    """A model, and a dataset's pairs and faces."""

    def __init__(self, arguments: argparse.Namespace):
        config = read_config(arguments.configfile)
        self.model_name = arguments.model or config["run"]["models"][0]
        datasets, known = arguments.dataset or config["run"]["datasets"][:1], chosen_datasets(config)
        if not {*datasets} <= {*known}:
            sys.exit(f"--dataset: {' '.join(datasets)}; the run aligns only images of {' '.join(known)}")
        self.dataset = " ".join(datasets)
        self.model = config["models"][self.model_name]
        collections = {config["datasets"][name]["collection"] for name in datasets}
        if len(collections) > 1:
            sys.exit(f"--dataset: {self.dataset} are of several collections; allowed: datasets of one")
        collection = collections.pop()
        alignment = alignment_id(self.model)
        crops = f"results/aligned/{collection}/{alignment}/crops.npy"
        faces = f"results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"
        pair_lists = [f"results/tables/pairs/dataset={name}/pairs.parquet" for name in datasets]
        weights = f"results/weights/{self.model_name}.json"
        _make([crops, faces, *pair_lists, weights], arguments.configfile)
        self.weights = Path(read_receipt(weights).path)
        self.device = arguments.device or config["run"]["device"]
        table = read_table(faces, FACES)
        usable = table["status"] != "failed"
        self.row_of = {name: row for row, name in enumerate(table["image_id"]) if usable[row]}
        self.crops = np.load(crops, mmap_mode="r", allow_pickle=False)
        pairs = pd.concat([read_table(path, PAIRS) for path in pair_lists])
        self.pairs = pairs[pairs["image_a"].isin(self.row_of) & pairs["image_b"].isin(self.row_of)]
        scale = self.model["input_px"] / PUBLISHED_AT_PX
        patches = [round(patch * scale) for patch in PUBLISHED["patch_px"]]
        self.use({**PUBLISHED, "patch_px": patches, "stride_px": round(PUBLISHED["stride_px"] * scale)})

    def use(self, occlusion: dict[str, Any]) -> None:
        """Lay out masks."""
        self.occlusion = occlusion
        self.masks = make_masks(self.model["input_px"], occlusion)
        self.n_masks = _count(self.masks)

    def embedder(self) -> Embedder:
        """Open the model."""
        return Embedder(self.model_name, self.model, self.weights, self.device)

    def crop(self, image_id: str) -> np.ndarray:
        """Look up a face."""
        return np.array(self.crops[self.row_of[image_id]])

    def images(self) -> list[str]:
        """List the unique images of the whole set."""
        return sorted(set(self.pairs["image_a"]) | set(self.pairs["image_b"]))

    def images_a_pair(self) -> float:
        """Return the number of unique images per pair, over the whole set."""
        return len(self.images()) / len(self.pairs)


def _count(masks: list[MaskSet]) -> int:
    return sum(len(mask_set.covered) for mask_set in masks)


def measure_speed(
    case: Case, choice: Choice, seconds: dict[Choice, float], rounds: int, prediction: Prediction
) -> dict[str, Any]:
    """Measure all rates in turns, and the ratios of their medians."""
    embedder = case.embedder()
    layers = trace_model(embedder)
    images = [case.crop(name) for name in list(case.row_of)[:: max(1, len(case.row_of) // 8)][:8]]
    full = _best_full(seconds)
    bare, plain = _bare(case, embedder, full, layers), open_engine(embedder, case.masks, *full, layers)
    scaled = embedder.scale(np.stack(images))
    black = embedder.scale(np.zeros_like(images[:1]))[0]
    occlude_captum, evaluations = _captum(case, embedder, scaled)
    seconds: dict[str, list[float]] = {
        name: [] for name in ("bare", "plain", "loop", "exact", "fast", "captum", "maps")
    }
    every = make_masks(embedder.input_px, {**case.occlusion, "variant": "corrected"})
    few = take_masks(every, prediction.measured)
    with Workers(case, choice, case.masks) as exact, Workers(case, choice, few) as fast:
        for turn in range(rounds):
            seconds["bare"].append(_timed(bare, scaled[turn % 8]))
            seconds["plain"].append(_timed(plain.embed, scaled[turn % 8], black))
            seconds["exact"].append(_timed(exact.occlude, images[: 2 * exact.number]) / (2 * exact.number))
            seconds["fast"].append(_timed(fast.occlude, images[: 2 * fast.number]) / (2 * fast.number))
            seconds["loop"].append(_timed(Loop(case).occlude_pair, images[0], images[1]))
            seconds["captum"].append(_timed(occlude_captum))
            seconds["maps"].append(_time_maps(case, embedder.dimension or 1) / exact.number)
        peak = max(exact.peak_rss_mb(), fast.peak_rss_mb())
    median = {name: statistics.median(values) for name, values in seconds.items()}
    exact_pair = median["exact"] * case.images_a_pair() + median["maps"]
    # Over the whole set, whose images to learn from are measured under all masks.
    learned = len(prediction.learned_from) / len(case.images())
    fast_image = median["fast"] + min(learned, 1) * (median["exact"] * _count(every) / case.n_masks - median["fast"])
    fast_pair = fast_image * case.images_a_pair() + median["maps"]
    return {
        "dataset": case.dataset,
        "model": case.model_name,
        "engine": str(choice),
        "full passes": f"{full[0]}, {full[1]}",
        "processes": float(exact.number),
        "masks_exact": float(case.n_masks),
        "masks_fast": float(len(prediction.measured)),
        "fast_passes": len(prediction.measured) / _count(every),
        "fast_seconds": median["fast"] / median["exact"] * case.n_masks / _count(every),
        "images_a_pair": case.images_a_pair(),
        "bare_images_a_second": (1 + case.n_masks) / median["bare"],
        "plain_images_a_second": (1 + case.n_masks) / median["plain"],
        "captum_images_a_second": evaluations / median["captum"],
        "loop_images_a_second": 2 * (1 + case.n_masks) / median["loop"],
        "exact_masks_a_second": case.n_masks / median["exact"],
        "loop_seconds_a_pair": median["loop"],
        "exact_seconds_an_image": median["exact"],
        "fast_seconds_an_image": median["fast"],
        "maps_seconds_a_pair": median["maps"],
        "exact_seconds_a_pair": exact_pair,
        "fast_seconds_a_pair": fast_pair,
        "engine_over_bare": median["bare"] / median["plain"],
        "exact_speedup": median["loop"] / exact_pair,
        "fast_speedup": median["loop"] / fast_pair,
        "exact_speedup_without_reuse": median["loop"] / (2 * median["exact"]),
        "peak_rss_mb": peak,
    }


def measure_error(case: Case, choice: Choice, n_pairs: int) -> dict[str, float]:
    """Compare maps of the exact engine with those of the published loop."""
    pairs = case.pairs.sample(min(n_pairs, len(case.pairs)), random_state=0)
    faces = _measure_faces(case, choice, sorted({*pairs["image_a"], *pairs["image_b"]}))
    operator = map_operator(case.masks, "all-to-all", case.occlusion["variant"], case.model["input_px"])
    worst = 0.0
    for a, b in zip(pairs["image_a"], pairs["image_b"], strict=True):
        clean, shifts = zip(faces[a], faces[b], strict=True)
        ours = _maps(case.masks, operator, "paper", clean, shifts)
        theirs = Loop(case).maps(case.crop(a), case.crop(b))
        worst = max(worst, *(np.abs(x - y).max() / np.abs(y).max() for x, y in zip(ours, theirs, strict=True)))
    return {"loop_pairs": float(len(pairs)), "exact_max_error": worst}


def measure_agreement(
    case: Case, choice: Choice, arguments: argparse.Namespace
) -> tuple[list[Prediction], dict[str, float]]:
    """Learn to predict from half of the people, and compare maps of pairs of the others with exact ones."""
    published = case.occlusion
    case.use({**published, "variant": "corrected"})
    people = people_of([case.pairs], case.images())
    first = set(sorted(set(people.values()))[::2])
    known = {image: person for image, person in people.items() if person in first}
    chosen = choose_images(known, arguments.learn_from)
    pairs = case.pairs[~case.pairs["subject_a"].isin(first) & ~case.pairs["subject_b"].isin(first)]
    pairs = pairs.sample(min(arguments.pairs, len(pairs)), random_state=0)
    images = sorted({*chosen, *pairs["image_a"], *pairs["image_b"]})
    faces = _measure_faces(case, choice, images, arguments.fill)
    layout = Layout(case.masks, MAP_METHODS, "corrected", min(MAP_PX, case.model["input_px"]))
    predictions, figures = [], {"pairs": float(len(pairs))}
    for goal in arguments.agreement:
        start = time.process_time()
        prediction = learn_prediction({name: faces[name] for name in chosen}, people, layout, goal)
        figures[f"fast_learn_cpu_seconds, {goal:g}"] = time.process_time() - start
        figures |= {f"{name}, {goal:g}": value for name, value in _compare(pairs, faces, prediction, layout).items()}
        predictions.append(prediction)
    last = f", {MAP_METHODS[0]}, {arguments.agreement[-1]:g}"
    figures |= {name: figures[name + last] for name in ("fast_spearman_median", "fast_spearman_p05")}
    case.use(published)
    return predictions, figures


def _compare(pairs: pd.DataFrame, faces: dict[str, Face], prediction: Prediction, layout: Layout) -> dict[str, float]:
    """Compare the maps of pairs, as they are predicted, with exact ones."""
    few = {name: face.shifts[prediction.measured].astype(STORED_AS["fast"]) for name, face in faces.items()}
    fast = {name: Face(face.clean, prediction.fill(few[name])) for name, face in faces.items()}
    figures = {"fast_passes": len(prediction.measured) / len(prediction.covariance)}
    for method in MAP_METHODS if not prediction.is_exact else ():
        operator = map_operator(layout.masks, method, layout.variant, layout.map_px)
        exact, predicted = (_deviations(pairs, some, method, layout) for some in (faces, fast))
        reached = spearman(exact @ operator, predicted @ operator)
        estimate, low = prediction.agreement(method, predicted, predicted @ operator)
        figures |= {
            f"fast_spearman_median, {method}": float(np.median(reached)),
            f"fast_spearman_p05, {method}": float(np.quantile(reached, 0.05)),
            f"fast_estimate_median, {method}": float(np.median(estimate)),
            f"fast_coverage, {method}": float(np.mean(reached >= low)),
        }
    return figures


def _deviations(pairs: pd.DataFrame, faces: dict[str, Face], method: str, layout: Layout) -> np.ndarray:
    """Deviations of both faces of every pair, one after the other."""
    counts = [len(mask_set.covered) for mask_set in layout.masks]
    both = [(faces[a], faces[b]) for a, b in zip(pairs["image_a"], pairs["image_b"], strict=True)]
    return np.concatenate(
        [
            measure_deviations(
                method, [f.clean + f.shifts for f in pair], [f.clean for f in pair], counts, layout.variant
            )
            for pair in both
        ]
    )


def _measure_faces(case: Case, choice: Choice, images: list[str], fill: str = "black") -> dict[str, Face]:
    """Measure images as they are and under all masks."""
    with Workers(case, choice, case.masks, fill) as workers:
        shifts = workers.occlude([case.crop(name) for name in images])
    embedder = case.embedder()
    clean = [embedder.embed(case.crop(name)[None], [name])[0].astype(np.float64) for name in images]
    return {name: Face(e, one.astype(np.float64)) for name, e, one in zip(images, clean, shifts, strict=True)}


class Loop:
    """The published loop, literally: occlude both images at one position, embed each, move on; one image at a time.

    The network runs in the model's own runtime, with as many threads as there are cores.
    """

    def __init__(self, case: Case):
        from onnxruntime import InferenceSession

        self._case = case
        self._embedder = case.embedder()
        if case.model["kind"] == "onnx":
            session = InferenceSession(str(case.weights))
            name = session.get_inputs()[0].name
            self._embedder.run = lambda batch: session.run(None, {name: np.ascontiguousarray(batch, np.float32)})[0]
        else:
            import torch

            torch.set_num_threads(os.cpu_count() or 1)

    def _embed(self, image: np.ndarray) -> np.ndarray:
        return self._embedder.embed(image[None], ["image"])[0].astype(np.float64)

    def occlude_pair(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        """Embed both images, clean and under every mask."""
        kept: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        for patch in self._case.occlusion["patch_px"]:
            starts = range(0, self._embedder.input_px - patch, self._case.occlusion["stride_px"])
            for y in starts:
                for x in starts:
                    for image, embedded in zip((a, b), kept, strict=True):
                        painted = image.copy()
                        painted[y : y + patch + 1, x : x + patch + 1] = 0
                        embedded.append(self._embed(painted))
        return self._embed(a), self._embed(b), np.stack(kept[0]), np.stack(kept[1])

    def maps(self, a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
        """Make both maps of every method, looping over patches and summing over pixels as published."""
        import cv2

        e_a, e_b, under_a, under_b = self.occlude_pair(a, b)
        d = 1 - e_a @ e_b
        maps = []
        for method in PUBLISHED_METHODS:
            sums = [np.zeros(a.shape[:2]), np.zeros(a.shape[:2])]
            first = 0
            for patch in self._case.occlusion["patch_px"]:
                starts = range(0, a.shape[0] - patch, self._case.occlusion["stride_px"])
                n = len(starts) ** 2
                o_a, o_b = under_a[first : first + n], under_b[first : first + n]
                distances = {
                    "all-to-all": ((1 - o_a @ o_b.T).mean(axis=1), (1 - o_a @ o_b.T).mean(axis=0)),
                    "clean-to-all": (1 - o_a @ e_b, 1 - o_b @ e_a),
                    "one-to-one": (1 - (o_a * o_b).sum(axis=1),) * 2,
                }[method]
                for total, distance in zip(sums, distances, strict=True):
                    layer = np.zeros_like(total)
                    for i, (y, x) in enumerate((y, x) for y in starts for x in starts):
                        layer[y : y + patch + 1, x : x + patch + 1] += (distance[i] - d) / patch**2
                    total += cv2.GaussianBlur(layer / n, (5, 5), 5)
                first += n
            maps += [(total / len(self._case.occlusion["patch_px"])).ravel() for total in sums]
        return maps


class Workers:
    """Processes that occlude images in parallel: one per core, or a single one with CUDA."""

    def __init__(self, case: Case, choice: Choice, masks: list[MaskSet], fill: str = "black"):
        import torch

        cuda = torch.cuda.is_available() and case.device != "cpu"
        self.number = 1 if cuda else os.cpu_count() or 1
        about = (case.model_name, case.model, case.weights, case.device, masks, fill, choice)
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self.number, spawn, initializer=_open_worker, initargs=about)
        blank = np.zeros((2 * self.number, *case.crops.shape[1:]), np.uint8) + 100
        self.occlude(list(blank))

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def occlude(self, crops: list[np.ndarray]) -> list[np.ndarray]:
        """Measure the shifts of images."""
        return list(self._pool.map(_occlude_in_worker, crops))

    def peak_rss_mb(self) -> float:
        """Return the largest peak memory of any process, in MB."""
        return max(self._pool.map(peak_rss_mb, range(4 * self.number)))


_worker: dict[str, Any] = {}


def _open_worker(name, model, weights, device, masks, fill, choice) -> None:
    embedder = Embedder(name, model, weights, device)
    _worker.update(embedder=embedder, parts=open_parts(embedder, masks, fill, choice))


def _occlude_in_worker(crop: np.ndarray) -> np.ndarray:
    return measure_shifts(_worker["embedder"], _worker["parts"], crop, "image")


def peak_rss_mb(_: int = 0) -> float:
    """Return this process's peak memory in MB. Not from getrusage, where a new process starts at its parent's peak."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _best_full(seconds: dict[Choice, float]) -> Choice:
    """Find the engine and batch size of the fastest full passes in float32."""
    full = [choice for choice in seconds if choice.engine in ("own", "full")]
    return min(full, key=lambda choice: seconds[choice])


def _bare(case: Case, embedder: Embedder, full: Choice, layers):
    """Make a function that passes as many images through the network as `plain` does, and does nothing else."""
    import torch

    name, batch = full
    sizes = [batch] * ((1 + case.n_masks) // batch) + [(1 + case.n_masks) % batch]

    def run(image: np.ndarray) -> None:
        moved = np.ascontiguousarray(image.transpose(2, 0, 1))[None]
        with torch.inference_mode():
            if name == "own":
                stack = np.repeat(moved, batch, axis=0)
                for size in filter(None, sizes):
                    embedder.run(stack[:size])
                return
            stack = torch.from_numpy(np.repeat(moved, batch, axis=0)).to(layers.device)
            stack = stack.contiguous(memory_format=torch.channels_last)
            for size in filter(None, sizes):
                layers.run(stack[:size])

    return run


def _captum(case: Case, embedder: Embedder, scaled: np.ndarray):
    """Make a function that runs captum's Occlusion with the largest patch; return it and how many images it embeds."""
    import torch
    from captum.attr import Occlusion

    patch, stride = case.occlusion["patch_px"][-1] + 1, case.occlusion["stride_px"]
    images = torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))
    other = torch.from_numpy(embedder.normalise(embedder.run(images[1:2].numpy()), ["image"])[0])
    calls = []

    def similarity(batch: torch.Tensor) -> torch.Tensor:
        calls.append(len(batch))
        raw = torch.from_numpy(np.asarray(embedder.run(batch.numpy()), np.float32))
        return torch.nn.functional.normalize(raw) @ other

    def occlude(at_a_time: int) -> None:
        with torch.inference_mode():
            Occlusion(similarity).attribute(
                images[:1], (3, patch, patch), strides=(3, stride, stride), perturbations_per_eval=at_a_time
            )

    best = min((1, *BATCHES["cpu"]), key=lambda at_a_time: _timed(occlude, at_a_time))
    calls.clear()
    occlude(best)
    return lambda: occlude(best), sum(calls)


def _time_maps(case: Case, dimension: int) -> float:
    """Return the seconds that it takes to make a pair's maps from both images' shifts."""
    vectors = np.random.default_rng(0).normal(size=(2, case.n_masks, dimension))
    operator = map_operator(case.masks, "all-to-all", case.occlusion["variant"], case.model["input_px"])
    return _timed(_maps, case.masks, operator, "paper", (vectors[0, 0], vectors[1, 0]), (vectors[0], vectors[1]))


def _maps(masks, operator: np.ndarray, variant: str, clean, shifts) -> list[np.ndarray]:
    counts = [len(mask_set.covered) for mask_set in masks]
    under = (clean[0] + shifts[0], clean[1] + shifts[1])
    deviations = [part for m in PUBLISHED_METHODS for part in measure_deviations(m, under, clean, counts, variant)]
    return list(np.stack(deviations) @ operator)


def _timed(function, *arguments) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def read_config(overlay: Path | None) -> dict:
    """Read config.yaml, an overlay on top, and check both."""
    config = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    if overlay:
        _merge(config, yaml.safe_load(overlay.read_text(encoding="utf-8")))
    return check_config(config, PROJECT / "workflow/schemas/config.schema.yaml", PROJECT / "config/catalogue.yaml")


def _merge(config: dict, overlay: dict) -> None:
    for key, value in overlay.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            _merge(config[key], value)
        else:
            config[key] = value


def _make(targets: list[str], overlay: Path | None) -> None:
    command = [sys.executable, "-m", "snakemake", "--snakefile", PROJECT / "Snakefile", "--cores", "all", *targets]
    command += ["--configfile", overlay] if overlay else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])


def case_parser(description: str) -> argparse.ArgumentParser:
    """Make a parser for the arguments that a `Case` and its results need; benchmarks/scaling.py uses it too."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", type=Path, help="overlay on config.yaml")
    parser.add_argument("--dataset", nargs="+", help="one, or several of one collection; default: the run's first")
    parser.add_argument("--model", help="default: the run's first")
    parser.add_argument("--device", help="cpu, cuda or auto; default: the config's")
    parser.add_argument("--json", type=Path)
    return parser


def _parse() -> argparse.Namespace:
    parser = case_parser(__doc__)
    parser.add_argument("--agreement", type=float, nargs="+", default=[0.95, 0.98, 0.99], help="of fast maps, aimed at")
    parser.add_argument("--fill", default="black", help="of fast maps: black, mean, blur, noise or mixed")
    parser.add_argument("--learn-from", type=int, default=IMAGES, help="images that fast maps are learned from")
    parser.add_argument("--pairs", type=int, default=100, help="pairs whose fast maps are compared with exact ones")
    parser.add_argument("--loops", type=int, default=2, help="pairs whose exact maps are compared with the loop's")
    parser.add_argument("--rounds", type=int, default=3, help="of every speed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
