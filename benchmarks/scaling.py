"""Measures how time, peak memory and disk of both map stages grow with the number of images and masks.

    uv run python benchmarks/scaling.py                                  the default run's demo network and faces
    uv run python benchmarks/scaling.py --configfile FILE --dataset D --model M

Faces come from a run in the current folder, as for benchmarks/occlusion.py; they are repeated if there are too few.
There are three pairs per image. Each stage runs in its own process, with one thread.
"""

import json
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "workflow/scripts"), str(PROJECT / "benchmarks")]

import occlusion  # noqa: E402

from whyface.faces.quality import LIGHT, POSE  # noqa: E402
from whyface.maps.engines.choice import choose_engine, write_choice  # noqa: E402
from whyface.maps.masks import make_masks  # noqa: E402
from whyface.sources.receipts import Receipt, write_receipt  # noqa: E402
from whyface.tables.parquet import write_table  # noqa: E402
from whyface.tables.schemas import EMBEDDINGS, FACES, PAIRS, SELECTION  # noqa: E402

PAIRS_AN_IMAGE = 3
# (images, patches, stride), both lengths in 112ths of the input: ever more images with few masks, then the reverse.
SIZES = [(100, [28], 28), (300, [28], 28), (1000, [28], 28), (20, [28], 14), (20, [28], 7), (20, [28], 5)]


def main() -> None:
    """Print a row for each size."""
    arguments = occlusion.case_parser(__doc__).parse_args()
    case = occlusion.Case(arguments)
    header = ("images", "masks", "pairs", "occlude s", "s an image", "MB", "explain s", "ms a pair", "MB", "disk MB")
    sys.stdout.write("".join(f"{name:>11}" for name in header) + "\n")
    rows = []
    for n_images, patches, stride in SIZES:
        scale = case.model["input_px"] / occlusion.PUBLISHED_AT_PX
        masks = {
            "variant": "corrected",
            "shape": "square",
            "patch_px": [round(patch * scale) for patch in patches],
            "stride_px": round(stride * scale),
            "exactness": "exact",
        }
        with tempfile.TemporaryDirectory(prefix="whyface-") as folder:
            row = measure(case, Path(folder), n_images, masks)
        rows.append(row)
        sys.stdout.write("".join(f"{value:>11.4g}" for value in row.values()) + "\n")
        sys.stdout.flush()
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure(case: occlusion.Case, folder: Path, n_images: int, masks: dict) -> dict[str, float]:
    """Run both stages on `n_images` images and three times as many pairs."""
    n_masks = write_inputs(case, folder, n_images, masks)
    n_pairs = PAIRS_AN_IMAGE * n_images
    occlude_s, occlude_mb = _apart(_occlude, case, folder, masks)
    explain_s, explain_mb = _apart(_explain, case, folder, masks)
    return {
        "images": n_images,
        "masks": n_masks,
        "pairs": n_pairs,
        "occlude_s": occlude_s,
        "occlude_s_an_image": occlude_s / n_images,
        "occlude_mb": occlude_mb,
        "explain_s": explain_s,
        "explain_ms_a_pair": 1000 * explain_s / n_pairs,
        "explain_mb": explain_mb,
        "shard_mb": (folder / "shard.arrow").stat().st_size / 1e6,
    }


def write_inputs(case: occlusion.Case, folder: Path, n_images: int, masks: dict) -> int:
    """Write the tables that both stages read; return the number of masks."""
    known = list(case.row_of)
    crops = np.stack([case.crop(known[i % len(known)]) for i in range(n_images)])
    np.save(folder / "crops.npy", crops)
    names = [f"{i:06d}" for i in range(n_images)]
    faces = pd.DataFrame({"image_id": names, "status": "ok", "detail": "", "probability": None})
    write_table(
        faces.assign(box=None, landmarks=None, **dict.fromkeys((*POSE, *LIGHT))), folder / "faces.parquet", FACES
    )
    index = np.arange(PAIRS_AN_IMAGE * n_images)
    pairs = pd.DataFrame({"pair_id": [f"{i:07d}" for i in index]})
    first, second = index % n_images, (index % n_images + 1 + index // n_images) % n_images
    pairs = pairs.assign(image_a=[names[i] for i in first], image_b=[names[i] for i in second])
    pairs = pairs.assign(subject_a="", subject_b="", is_genuine=None, fold=None, known_label_error="")
    write_table(pairs, folder / "pairs.parquet", PAIRS)
    write_table(pairs[["pair_id"]].assign(reason="all"), folder / "selection.parquet", SELECTION)
    write_receipt(Receipt(str(case.weights), "", ""), folder / "weights.json")
    embedder = case.embedder()
    vectors = embedder.embed(crops[: min(n_images, 20)], names[: min(n_images, 20)])
    rows = [vectors[i % len(vectors)] for i in range(n_images)]
    embeddings = pd.DataFrame({"image_id": names, "embedding": rows, "norm": 1.0, "with_mirror": None})
    write_table(embeddings, folder / "embeddings.parquet", EMBEDDINGS)
    laid_out = make_masks(embedder.input_px, masks)
    write_choice(choose_engine(embedder, laid_out, crops[:2])[0], folder / "engine.json")
    return sum(len(mask_set.covered) for mask_set in laid_out)


def _occlude(case: occlusion.Case, folder: Path, masks: dict) -> None:
    import occlude_images

    names = ("weights", "engine", "faces", "crops")
    files = {name: next(folder.glob(f"{name}.*")) for name in names} | {"prediction": []}
    occlude_images.main(
        SimpleNamespace(
            log=[folder / "log"],
            input=SimpleNamespace(**files, pairs=[folder / "pairs.parquet"], selections=[folder / "selection.parquet"]),
            output=SimpleNamespace(shifts=folder / "shard.arrow"),
            params=SimpleNamespace(model=case.model, masks=masks, fill="black", device=case.device),
            wildcards=SimpleNamespace(model=case.model_name, shard="1", shards="1"),
        )
    )


def _explain(case: occlusion.Case, folder: Path, masks: dict) -> None:
    import explain_pairs

    names = ("pairs", "selection", "embeddings")
    explain_pairs.main(
        SimpleNamespace(
            log=[folder / "log2"],
            input=SimpleNamespace(
                **{name: folder / f"{name}.parquet" for name in names}, shifts=[folder / "shard.arrow"], prediction=[]
            ),
            output=SimpleNamespace(explanations=folder / "explanations.parquet"),
            params=SimpleNamespace(
                masks=masks,
                side_px=case.model["input_px"],
                methods=occlusion.PUBLISHED_METHODS,
                map_px=56,
                map_dtype="float16",
            ),
        )
    )


def _apart(stage, *arguments) -> tuple[float, float]:
    """Run a stage in its own process; return the seconds without start-up, and the peak memory in MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (stage, *arguments))


def _timed(stage, *arguments) -> tuple[float, float]:
    sys.stderr = Path("/dev/null").open("w")  # noqa: SIM115
    start = time.perf_counter()
    stage(*arguments)
    return time.perf_counter() - start, occlusion.peak_rss_mb()


if __name__ == "__main__":
    main()
