"""Fabricates a small, complete `results` folder: drawn faces, smooth random maps, every odd case a site must bear."""

import hashlib
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image, ImageDraw

from whyface.evaluation.discards import judge_qualities
from whyface.evaluation.group_balance import group_balance
from whyface.evaluation.group_differences import compare_groups
from whyface.evaluation.knowing_quality import condition
from whyface.evaluation.list_support import supported_figures
from whyface.evaluation.pair_groups import compare_pair_groups
from whyface.evaluation.ranking import rank_models
from whyface.evaluation.tails import compare_all, realise, trace_deep_det, trace_tails
from whyface.evidence.flip_metrics import flip_metrics
from whyface.evidence.patches import Patches, list_patches
from whyface.faces.quality import measure_light, measure_pose
from whyface.faces.template import TEMPLATE_112
from whyface.lists.examination import examine_list
from whyface.lists.findings import to_frame
from whyface.lists.leakage import ListedDataset, find_leakage
from whyface.lists.named_images import named_images
from whyface.lists.near_duplicates import WORDS
from whyface.maps.masks import make_masks
from whyface.scores.calibrators import CALIBRATORS as METHODS_OF_FIT
from whyface.scores.calibrators import to_json
from whyface.scores.qualities import image_qualities
from whyface.tables import parquet as tables
from whyface.tables import schemas

HOSTILE = "../<script>alert(1)</script>\"'&\u202eevil " + "long" * 75
HOSTILE_GROUP = "<img src=x onerror=alert(2)>"
SIDE, MAP_SIDE = 112, 28
MODELS, DATASETS = ("demo", "mobile"), ("synth", "photos")
PAIRS_PER_PART = 64  # as the rule find_flips writes them, whose module would load torch
DRAWN = 500  # different faces in a large collection
METHODS = ("all-to-all", "clean-to-all", "one-to-one")
# kind of twin -> regions that it changes
TWINS = {"exchanged": ("eyes", "mouth"), "covered": ("eyes", "nose"), "posed": ("eyes",)}
TWIN_SCORES = ("auc", "hit", "mass", "rank", "sign", "named")
PERCENTAGES = ("cosine", "sigmoid", "face-recognition", "deepface")
CALIBRATORS = ("paper", "logistic", "isotonic", "kde", "beta")
LLR_BOUND = 2.5
FITTED = {"n_fit": 600, "n_genuine": 300, "n_impostor": 300}  # pairs behind every fit
ENGINE = "windows, 16 masks at a time"
# metric -> value and interval of a set of 30 genuine and 30 impostor pairs: a tenth is the lowest FMR it can claim
METRICS = {
    "accuracy": (0.9871, 0.98, 0.993),
    "accuracy_se": (0.0021, None, None),
    "fmr": (0.0, 0.0, 0.118),
    "fnmr": (0.0333, 0.01, 0.12),
    "fmr_floor": (0.1, None, None),
    "eer": (0.0132, 0.01, 0.02),
    "eer_threshold": (0.6123, 0.59, 0.63),
    "auc": (0.9987, 0.998, 0.999),
    "d_prime": (3.912, 3.5, 4.4),
    "fnmr_at_fmr_1e-1": (0.0333, 0.0, 0.1),
    "threshold_at_fmr_1e-1": (0.71, 0.66, 0.74),
    "fnmr_at_fmr_1e-2": (None, None, None),
    "threshold_at_fmr_1e-2": (None, None, None),
    "fnmr_at_fmr_1e-3": (None, None, None),
    "threshold_at_fmr_1e-3": (None, None, None),
    "fta_rate": (0.08, None, None),
    "fnmr_acquired": (0.0, 0.0, 0.05),
    "frr": (0.0667, 0.02, 0.15),
    "unheard_of": (0.25, None, None),
}
CALIBRATION = {
    "cllr": (0.0391, 0.03, 0.05),
    "cllr_min": (0.031, 0.02, 0.04),
    "cllr_cal": (0.0081, 0.004, 0.012),
    "log_loss": (0.0271, 0.02, 0.035),
    "brier": (0.0064, 0.005, 0.008),
    "ece": (0.0123, 0.01, 0.02),
    "llr_low": (-LLR_BOUND, None, None),
    "llr_high": (LLR_BOUND, None, None),
}


CONDITIONAL_WEIGHTS = json.dumps(
    {"penalties": [0.01, None], "terms": {"yaw, worse": [-0.1, 0.31], f"pose={HOSTILE_GROUP}": [0.2, 0.0]}}
)
EVIDENCE = {"eyes": 0.5, "nose": 0.05, "mouth": -0.2}  # share of a pair's log likelihood ratio that covering takes


def config(images: str = "aligned") -> dict:
    """Make a checked config: a synthetic and a photographic collection, two models, two datasets."""
    model = {"kind": "onnx", "input_px": SIDE, "alignment": "five-point", "box_margin_px": 0}
    return {
        "run": {"datasets": ["synth", "photos"], "models": ["demo", "mobile"]},
        "collections": {
            "synth": {
                "layout": "lfw",
                "source": {"synthetic": "lfw", "folds": 10, "seed": 0},
                "title": "Drawn faces",
                "licence": "CC0",
            },
            "photos": {
                "layout": "folders",
                "source": {"path": "photos"},
                "title": f"Photos {HOSTILE_GROUP}",
                "licence": None,
                "citation": "Somebody & others (2020)",
                "homepage": "https://example.org/photos",
                "notice": "For research only.",
            },
        },
        "datasets": {
            "synth": {"collection": "synth", "protocol": "lfw", "title": "Synthetic benchmark"},
            "photos": {"collection": "photos", "protocol": "pairs-csv", "title": None},
        },
        "models": {
            "demo": {**model, "title": "Demo network", "homepage": "javascript:alert(3)"},
            "mobile": {**model, "licence": "MIT", "citation": "Chen et al. (2018)"},
        },
        "confidence": {"method": "logistic", "bins": 1500},
        "occlusion": {
            "variant": "corrected",
            "methods": list(METHODS),
            "patch_px": [7, 14, 28],
            "stride_px": 5,
            "exactness": "exact",
            "agreement": 0.99,
            "fill": "black",
            "shape": "square",
            "shards": 1,
            "map_px": MAP_SIDE,
        },
        "explain": {"select": "all"},
        "site": {"title": "WhyFace", "base_url": None, "images": images, "pair_pages": 100_000},
    }


def config_with_twins(images: str = "aligned") -> dict:
    """Make a config as `config` does, with a collection of twins as third dataset."""
    found = config(images)
    source = {"synthetic": "twins", "folds": 2, "seed": 3}
    found["collections"]["twins"] = {"layout": "folders", "source": source, "title": "Drawn twins", "licence": "CC0"}
    found["datasets"]["twins"] = {"collection": "twins", "protocol": "pairs-csv", "title": "Twins"}
    found["run"]["datasets"].append("twins")
    return found


def results(folder: Path, pairs: int = 12, seed: int = 0) -> Path:
    """Write tables, crops, figures and benchmark files for `config`; returns the `results` folder.

    How right maps are is known of the first model only, as in a run to which the second was added later.
    """
    rng = np.random.default_rng(seed)
    for dataset in DATASETS:
        scores = evaluations(folder, dataset, MODELS, pairs, rng)
        compared = compare(*MODELS, *scores)
        path = folder / f"tables/comparisons/dataset={dataset}/comparisons.parquet"
        tables.write_table(compared, path, schemas.COMPARISONS)
        at_a_glance(folder, dataset, dict(zip(MODELS, scores, strict=True)))
        fidelity(folder, MODELS[0], dataset, covering_rows())
        suspects(folder, dataset)
        leakage(folder, dataset, "synth" if dataset == "photos" else None)
        protocol(folder, dataset)
    for model in MODELS:
        every_two_images(folder, model)
        costs = pd.DataFrame([("Some CPU", 12.345, 16, 4_000_000, 128, SIDE)], columns=schemas.COSTS.schema.names)
        tables.write_table(costs, folder / f"tables/costs/model={model}/costs.parquet", schemas.COSTS)
        _transfer(folder, model, rng)
    _figure(folder / "figures/demo", "transfer", "What a confidence is worth elsewhere.")
    benchmark(folder, "embed_images/demo/synth", 75.5, 812.34)
    return folder


def make_fast(folder: Path) -> None:
    """Turn a fabricated run into one whose maps are fast: two patches of five were measured of every face.

    Of every fifth pair, both faces were measured under all masks.
    """
    rng = np.random.default_rng(7)
    for path in sorted(folder.glob("tables/explanations/*/*/explanations.parquet")):
        about, maps = tables.read_about(path), tables.read_table(path, schemas.EXPLANATIONS)
        exact = maps["pair_id"].astype(int) % 5 == 0
        error = pd.Series(rng.uniform(0.003, 0.02, len(maps)), maps.index).mask(exact, 0.0)
        maps = maps.assign(agreement=1 - error, agreement_low=1 - 2.5 * error)
        measured = sum(place % 5 < 2 for place in range(int(about["masks"])))
        tables.write_table(maps, path, schemas.EXPLANATIONS, {**about, "exactness": "fast", "measured": str(measured)})
    for path in sorted(folder.glob("tables/patches/*/*/patches.parquet")):
        about, patches = tables.read_about(path), tables.read_table(path, schemas.PATCHES)
        patches["measured"] = patches["place"] % 5 < 2
        tables.write_table(patches, path, schemas.PATCHES, about)
        path = Path(str(path).replace("patches", "flips"))
        flips = tables.read_table(path, schemas.FLIPS).assign(patches=2 * patches["measured"].sum())
        tables.write_table(flips, path, schemas.FLIPS, tables.read_about(path))


def benchmark(folder: Path, job: str, seconds: float, max_rss: float | str) -> Path:
    """Write what Snakemake's `benchmark:` measured of a job; returns the file."""
    path = folder / f"benchmarks/{job}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("s", "h:m:s", "max_rss", "max_vms", "max_uss", "max_pss", "io_in", "io_out", "mean_load", "cpu_time")
    values = (f"{seconds:.4f}", "0:00:00", max_rss, *["NA"] * 7)
    path.write_text("\t".join(names) + "\n" + "\t".join(map(str, values)) + "\n", encoding="utf-8")
    return path


def evaluations(
    folder: Path,
    dataset: str,
    models: tuple[str, ...],
    pairs: int,
    rng: np.random.Generator,
    images: int | None = None,
    mapped: int | None = None,
    map_px: int = MAP_SIDE,
) -> list[pd.DataFrame]:
    """Write one dataset, its collection of the same name, and what models make of it; returns each model's scores.

    As many images as pairs and maps for every pair, unless `images` and `mapped` say how many.
    """
    names = [f"person{i // 2:02d}/{i:04d}.jpg" for i in range(max(images or pairs, 12))]
    if dataset == "photos":
        names[3] = HOSTILE
    status = _images(folder, dataset, sorted(names), rng)
    frame = _pairs(names, pairs, rng, labelled=0.7 if dataset == "photos" else 1.0)
    tables.write_table(frame, folder / f"tables/pairs/dataset={dataset}/pairs.parquet", schemas.PAIRS)
    return [_evaluation(folder, model, dataset, frame, status, rng, mapped, map_px) for model in models]


def leakage(folder: Path, dataset: str, reference: str | None) -> None:
    """Write what a dataset's folds share with each other and with its reference; collections are called as datasets."""
    listed = [
        ListedDataset(
            name,
            name,
            tables.read_table(folder / f"tables/pairs/dataset={name}/pairs.parquet", schemas.PAIRS),
            tables.read_table(folder / f"tables/images/collection={name}/images.parquet", schemas.IMAGES),
        )
        for name in (dataset, reference)
        if name
    ]
    found = find_leakage(listed[0], listed[1] if reference else None)
    for frame, table in zip(found, (schemas.LEAKAGE, schemas.LEAKING_PAIRS), strict=True):
        tables.write_table(frame, folder / f"tables/{table.name}/dataset={dataset}/{table.name}.parquet", table)


def protocol(folder: Path, dataset: str) -> None:
    """Write what is wrong with a dataset's list; no two of its photos look the same."""

    def read(name: str, part: str, table: schemas.Table) -> pd.DataFrame:
        return tables.read_table(folder / f"tables/{name}/{part}={dataset}/{name}.parquet", table)

    pairs, images = read("pairs", "dataset", schemas.PAIRS), read("images", "collection", schemas.IMAGES)
    leakage = read("leakage", "dataset", schemas.LEAKAGE)
    named = named_images(images, [pairs])
    words = np.random.default_rng(0).integers(0, 1 << 63, (len(named), WORDS), np.uint64)
    found = [*examine_list(pairs, named, pd.DataFrame(words, index=named["image_id"]), leakage)]
    found += [*supported_figures(pairs), *group_balance(pairs, images)]
    tables.write_table(
        to_frame(found), folder / f"tables/protocol/dataset={dataset}/protocol.parquet", schemas.PROTOCOL
    )


def suspects(folder: Path, dataset: str) -> None:
    """Write two suspected labels: a known error of known people, and one without other photos."""
    pairs = tables.read_table(folder / f"tables/pairs/dataset={dataset}/pairs.parquet", schemas.PAIRS)
    found = pairs[pairs["is_genuine"].notna()].head(2)[["pair_id", "is_genuine", "known_label_error"]]
    found = found.assign(rank=[1, 2], score=[3.2, 2.1], pair_llr=[4.0, 2.1], photos_llr=[3.2, None])
    found = found.assign(own_a=[0.2, None], own_b=[0.9, None], cross_a=[0.9, None], cross_b=[0.9, None])
    image = pairs["image_b"].iloc[0]
    found = found.assign(contradicting=2, models=2, wrong_image=[image, ""])[schemas.SUSPECTS.schema.names]
    tables.write_table(found, folder / f"tables/suspects/dataset={dataset}/suspects.parquet", schemas.SUSPECTS)


def every_two_images(folder: Path, model: str) -> None:
    """Write what comparing every two images of each collection gives, were its embeddings random."""
    found, rates = {}, {}
    for collection in DATASETS:
        where = f"model={model}/collection={collection}"
        images = tables.read_table(folder / f"tables/images/collection={collection}/images.parquet", schemas.IMAGES)
        vectors = np.random.default_rng(len(model)).normal(size=(len(images), 8))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        embeddings = pd.DataFrame({"image_id": images["image_id"], "embedding": [*vectors.astype(np.float32)]})
        found[collection] = compare_all(embeddings, images)
        traced = *trace_tails(found[collection]), trace_deep_det(found[collection])
        rates[collection] = traced[0]
        for frame, table in zip(traced, (schemas.TAILS, schemas.STRANGERS, schemas.DEEP_DET), strict=True):
            tables.write_table(frame, folder / f"tables/{table.name}/{where}/{table.name}.parquet", table)
        for table in (schemas.GROUP_RATES, schemas.GROUP_INDICES):  # no column divides people; see `groups_of_people`
            frame = pd.DataFrame(columns=table.schema.names)
            tables.write_table(frame, folder / f"tables/{table.name}/{where}/{table.name}.parquet", table)
    path = folder / f"tables/realised/model={model}/realised.parquet"
    tables.write_table(realise(found, rates), path, schemas.REALISED)


def groups_of_people(folder: Path) -> None:
    """Write how groups of the people of `photos` differ, as if they were 160: two alike, one not, and one too small."""
    rng = np.random.default_rng(4)
    kinds = np.repeat(["left", "right", HOSTILE_GROUP, "few"], [60, 60, 35, 5])
    shown = np.repeat(np.arange(len(kinds)), 3)
    means = rng.normal(size=(len(kinds), 8))
    means[kinds == HOSTILE_GROUP] = 0.7 * means[kinds == HOSTILE_GROUP] + 0.7 * rng.normal(size=8)
    vectors = means[shown] + 0.6 * rng.normal(size=(len(shown), 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    images = pd.DataFrame({"image_id": [*map(str, range(len(shown)))], "subject_id": shown.astype(str)})
    images = images.assign(**{HOSTILE_GROUP: kinds[shown], "half": np.where(shown % 2, "odd", "even")})
    faces = images[["image_id"]].assign(status=np.where(shown % 9, "ok", "centre-crop"), landmarks=[np.zeros(10)] * 480)
    embeddings = images[["image_id"]].assign(embedding=[*vectors])
    collection = compare_all(embeddings, images)
    tails = trace_tails(collection)[0].set_index("fmr_target")["threshold"].to_dict()
    found = compare_groups(collection, embeddings, images, faces, tails)
    for frame, table in zip(found, (schemas.GROUP_RATES, schemas.GROUP_INDICES), strict=True):
        where = f"{table.name}/model=demo/collection=photos/{table.name}.parquet"
        tables.write_table(frame, folder / "tables" / where, table)
    path = folder / "tables/images/collection=photos/images.parquet"
    images = tables.read_table(path, schemas.IMAGES)
    tables.write_table(images.assign(pose=np.resize([*"ab"], len(images))), path, schemas.IMAGES)


def groups_of_pairs(folder: Path) -> None:
    """Write how groups of the pairs of `photos` differ, as if they were 2,400: by age, and by each person's pose."""
    rng = np.random.default_rng(5)
    genuine = np.tile([True, False], 1200)
    first = rng.integers(0, 200, len(genuine))
    second = np.where(genuine, first, (first + rng.integers(1, 200, len(genuine))) % 200)
    pose = np.where(np.arange(400) % 200 % 2, HOSTILE_GROUP, "side")
    distance = np.where(genuine, 0.5, 1.0) + 0.2 * rng.normal(size=len(genuine))
    closer = ~genuine & (pose[first] == pose[second]) & (first % 2 == 1)
    pairs = pd.DataFrame({name: "" for name in schemas.PAIRS.schema.names}, index=range(len(genuine)))
    sides = {"subject_a": first, "subject_b": second, "image_a": first, "image_b": second + 200}
    pairs = pairs.assign(pair_id=[*map(str, pairs.index)], **{name: one.astype(str) for name, one in sides.items()})
    pairs = pairs.assign(age=np.where(rng.random(len(pairs)) < 0.5, "9", "10"))
    scores = pairs[["pair_id"]].assign(cosine_distance=distance - 0.25 * closer, is_genuine=genuine)
    images = pd.DataFrame({"image_id": [*map(str, range(400))], "pose": pose})
    found = compare_pair_groups(pairs, scores, images)
    for frame, table in zip(found, (schemas.PAIR_GROUP_RATES, schemas.PAIR_GROUP_INDICES), strict=True):
        where = f"{table.name}/model=demo/dataset=photos/{table.name}.parquet"
        tables.write_table(frame, folder / "tables" / where, table)


def compare(model_a: str, model_b: str, scores_a: pd.DataFrame, scores_b: pd.DataFrame) -> pd.DataFrame:
    """Compare two models on pairs that both decided and that have a label."""
    both = scores_a.merge(scores_b, on="pair_id", suffixes=("_a", "_b")).dropna(subset=["outcome_a", "outcome_b"])
    right = [both[f"outcome_{side}"].str.startswith("true") for side in "ab"]
    counts = [(right[0] == a) & (right[1] == b) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    difference = right[0].mean() - right[1].mean()
    row = (model_a, model_b, *(int(one.sum()) for one in counts), 0.0031, difference)
    return pd.DataFrame([(*row, difference - 0.02, difference + 0.02, 30)], columns=schemas.COMPARISONS.schema.names)


def at_a_glance(folder: Path, dataset: str, scores: dict[str, pd.DataFrame]) -> None:
    """Rank the models on a dataset; their fusion helps on one dataset and is unknown on the other."""
    pairs = tables.read_table(folder / f"tables/pairs/dataset={dataset}/pairs.parquet", schemas.PAIRS)
    found = (0.2, 0.05, 0.95, 0.31, 0.08, 0.91, -0.11, -0.18, -0.02, 0.01, True) if dataset == "synth" else [None] * 11
    fused = pd.DataFrame([(*MODELS, *found, 60, 30)], columns=schemas.FUSIONS.schema.names)
    for frame, table in ((rank_models(pairs, scores), schemas.RANKING), (fused, schemas.FUSIONS)):
        tables.write_table(frame, folder / f"tables/{table.name}/dataset={dataset}/{table.name}.parquet", table)


def _transfer(folder: Path, model: str, rng) -> None:
    """Write what a model's confidence is worth on other datasets; what "all" does to one of them nobody knows."""
    rows = [
        (fitted, judged, "logistic", *((cllr, cllr - 0.02, cllr + 0.03) if known else (None,) * 3), 0.1, 0.02, 60)
        for fitted in ("synth", "photos", "all")
        for judged in ("synth", "photos")
        for cllr, known in [(round(float(rng.uniform(0.04, 1.2)), 4), (fitted, judged) != ("all", "photos"))]
    ]
    frame = pd.DataFrame(rows, columns=schemas.TRANSFER.schema.names[:9])
    own = frame["fitted_on"] == frame["judged_on"]
    shared = pd.Series(30, frame.index, "Int32").where(own)  # as the folds of synth share; null where nobody knows
    frame = frame.assign(people=30, shared_people=shared)
    tables.write_table(frame, folder / f"tables/transfer/model={model}/transfer.parquet", schemas.TRANSFER)


def _images(folder: Path, collection: str, names: list[str], rng) -> dict[str, str]:
    """Write images, faces and crops of a collection; returns each image's status."""
    frame = pd.DataFrame({"image_id": names, "subject_id": [name[:8] for name in names], "path": names})
    hashes = [hashlib.sha256(name.encode()).hexdigest() for name in names]  # by name: both collections hold its file
    frame = frame.assign(width_px=SIDE, height_px=SIDE, sha256=hashes)
    # No pair names the first image, so it has no face: rows of the tables differ.
    frame = pd.concat([frame.head(1).assign(image_id="!", path="!", sha256=""), frame])
    tables.write_table(frame, folder / f"tables/images/collection={collection}/images.parquet", schemas.IMAGES)
    status = ["ok"] * len(names)
    if collection == "photos":
        status[5], status[-1] = "centre-crop", "failed"
    detail = ["cannot identify <b>image</b> file" if one == "failed" else "" for one in status]
    aligned = folder / f"aligned/{collection}/five-point-{SIDE}px"
    aligned.mkdir(parents=True)
    # The same person, the same looks; a failed image is a black crop.
    looks = [np.random.default_rng(sum(name[:8].encode())) for name in names[:DRAWN]]
    drawn = [_draw(look, rng) for look in looks]
    crops = np.lib.format.open_memmap(aligned / "crops.npy", "w+", np.uint8, (len(names), SIDE, SIDE, 3))
    for row, one in enumerate(status):
        crops[row] = drawn[row % DRAWN] if one != "failed" else 0
    light = pd.DataFrame([measure_light(one) for one in drawn]).iloc[np.arange(len(names)) % DRAWN]
    light = light.reset_index(drop=True)
    light[np.array(status) == "failed"] = None
    faces = pd.DataFrame({"image_id": names, "status": status, "detail": detail, **measure_pose(TEMPLATE_112), **light})
    faces = faces.assign(
        probability=0.99, box=[np.zeros(4)] * len(names), landmarks=[TEMPLATE_112.ravel()] * len(names)
    )
    where = f"collection={collection}/alignment=five-point-{SIDE}px"
    tables.write_table(faces, folder / f"tables/faces/{where}/faces.parquet", schemas.FACES)
    return dict(zip(names, status, strict=True))


def _draw(look, rng) -> np.ndarray:
    """Draw a face: `look` decides who it is, `rng` how the photo came out."""
    wide, skin, hair = look.integers(30, 40), look.integers(120, 225), look.integers(20, 120)
    back = tuple(int(v) for v in rng.integers(90, 200, 3))
    image = Image.new("RGB", (4 * SIDE, 4 * SIDE), back)
    pen = ImageDraw.Draw(image)

    def oval(x, y, w, h, colour):
        pen.ellipse([4 * (x - w), 4 * (y - h), 4 * (x + w), 4 * (y + h)], fill=tuple(int(c) for c in colour))

    x, tint = 56 + int(rng.integers(-3, 4)), np.array([1.0, 0.8, 0.68])
    oval(x, 48, wide + 8, 48, (hair, hair * 0.7, hair * 0.5))
    oval(x, 62, wide, 46, skin * tint)
    for eye in (x - 18, x + 18):
        oval(eye, 51, 7, 4, (245, 245, 240))
        oval(eye, 51, 3, 3, look.integers(20, 120, 3))
        pen.line([4 * (eye - 8), 160, 4 * (eye + 8), 4 * int(look.integers(38, 44))], fill=(hair,) * 3, width=10)
    oval(x, 68, 4, 9, skin * 0.85 * tint)
    oval(x, 92, int(look.integers(9, 17)), 4, (170, 70, 70))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _pairs(names: list[str], pairs: int, rng, labelled: float) -> pd.DataFrame:
    rows = []
    for i in range(pairs):
        genuine = i % 2 == 0
        a = (i // 2 * 2) % len(names)
        b = a + 1 if genuine else (a + 3 + 2 * (i % 4)) % len(names)
        known = i < labelled * pairs
        rows.append(
            (
                f"{i:06d}",
                names[a],
                names[b],
                names[a][:8],
                names[b][:8],
                genuine if known else None,
                i % 2 if known else None,
                "",
            )
        )
    frame = pd.DataFrame(rows, columns=[*schemas.PAIRS.schema.names])
    frame.loc[frame.index[2], "known_label_error"] = "same person under two names <b>"
    frame["is_genuine"] = frame["is_genuine"].astype("boolean")
    frame["fold"] = frame["fold"].astype("Int64")
    return frame.assign(pose=HOSTILE_GROUP)


def _evaluation(
    folder: Path, model: str, dataset: str, pairs: pd.DataFrame, status: dict[str, str], rng, mapped, map_px
) -> pd.DataFrame:
    place = f"model={model}/dataset={dataset}"
    scores = _scores(pairs, status, rng)
    about = {"model": model, "dataset": dataset, "weights": "ab" * 32}

    def write(frame, table):
        tables.write_table(frame, folder / f"tables/{table.name}/{place}/{table.name}.parquet", table, about)

    write(scores, schemas.SCORES)
    chosen = scores.loc[scores.decision.notna() & (np.arange(len(scores)) != 4), "pair_id"][:mapped]
    write(pd.DataFrame({"pair_id": chosen, "reason": "all"}), schemas.SELECTION)
    write(covers(scores[scores.pair_id.isin(chosen)]), schemas.COVERS)
    path = folder / f"tables/explanations/{place}/explanations.parquet"
    patches = list_patches(make_masks(SIDE, config()["occlusion"]), "mixed")
    masks = str(len(patches))
    maps_about = {**about, "exactness": "exact", "masks": masks, "measured": masks, "map_px": map_px}
    maps_about |= {"engine": ENGINE} if model == "demo" else {}  # as before engines were recorded
    tables.write_parts(_explanations(chosen, map_px, rng), path, schemas.EXPLANATIONS, maps_about)
    bounds, parameters = {"paper": (None, None)}, _parameters()
    fits = [
        (fold, method, parameters[method], *bounds.get(method, (-LLR_BOUND, LLR_BOUND)), 0.6)
        for fold in (0, 1, None)
        for method in CALIBRATORS
    ]
    fits = pd.DataFrame(fits, columns=schemas.CONFIDENCE.schema.names[:6])
    fitted_on = np.where(fits.fold.isna(), "synth", dataset)
    write(fits.assign(fold=fits.fold.astype("Int64"), fitted_on=fitted_on, **FITTED), schemas.CONFIDENCE)
    write(_metrics(), schemas.METRICS)
    _knowing_quality(folder, model, dataset, pairs)
    if model == MODELS[0]:
        flips = _flips(scores[scores["pair_id"].isin(chosen)])
        write(flips, schemas.FLIPS)
        poses = np.resize([HOSTILE_GROUP, HOSTILE, None], len(pairs))
        write(flip_metrics(pairs, scores, flips, pd.DataFrame({"pose": poses})), schemas.FLIP_METRICS)
        write(_flip_sets(scores[scores["pair_id"].isin(chosen)]), schemas.FLIP_SETS)
        write(patches.table(), schemas.PATCHES)
        path = folder / f"tables/patch_distances/{place}/patch_distances.parquet"
        parts = _patch_distances(scores[scores["pair_id"].isin(chosen)], patches)
        tables.write_parts(parts, path, schemas.PATCH_DISTANCES, about)
    curve = pd.DataFrame({"curve": "det", "point": [0, 1], "x": [0.1, 0.2], "y": [0.2, 0.1]})
    write(curve.assign(y_low=[0.1, None], y_high=[0.3, None], n=[30, None]).astype({"n": "Int64"}), schemas.CURVES)
    for name in ("zebra", "det", "histogram"):
        _figure(folder / "figures" / model / dataset, name, f"{name}: <false> non-match rate over false match rate.")
    return scores


def _knowing_quality(folder: Path, model: str, dataset: str, pairs: pd.DataFrame) -> None:
    """Write how errors go with quality, and ratios that know the image: used by the first model, refused by others."""
    place = f"model={model}/dataset={dataset}"
    scores, fits = (
        tables.read_table(folder / f"tables/{table.name}/{place}/{table.name}.parquet", table)
        for table in (schemas.SCORES, schemas.CONFIDENCE)
    )
    images = tables.read_table(folder / f"tables/images/collection={dataset}/images.parquet", schemas.IMAGES)
    where = f"collection={dataset}/alignment=five-point-{SIDE}px"
    faces = tables.read_table(folder / f"tables/faces/{where}/faces.parquet", schemas.FACES)
    norms = faces[["image_id"]].assign(norm=np.arange(len(faces), 0, -1) + 0.5)
    qualities = image_qualities(faces, norms, images)
    people = pairs[["pair_id", "image_a", "image_b", "subject_a", "subject_b"]]
    curves, areas = judge_qualities(people.merge(scores, on="pair_id"), qualities)
    found, choice = condition(pairs, scores, images, fits, qualities, "logistic", dataset)
    if model == MODELS[0] and dataset in DATASETS:
        gain = {"verdict": "used", "cllr": 0.121, "cllr_plain": 0.13, "difference": -0.009}
        found = found.assign(llr=0.9 * scores["llr"], p_same=1 / (1 + 10 ** (-0.9 * scores["llr"])))
        gain |= {"given_list": -0.008, "given_list_low": -0.014, "given_list_high": -0.002}
        choice = choice.assign(**gain, ci_low=-0.015, ci_high=-0.003, weights=CONDITIONAL_WEIGHTS)
    groups = compare_pair_groups(pairs, scores, images)
    for table, frame in (
        (schemas.DISCARDS, curves),
        (schemas.DISCARD_AREAS, areas),
        (schemas.CONDITIONAL, found),
        (schemas.CONDITIONAL_CHOICE, choice),
        *zip((schemas.PAIR_GROUP_RATES, schemas.PAIR_GROUP_INDICES), groups, strict=True),
    ):
        tables.write_table(frame, folder / f"tables/{table.name}/{place}/{table.name}.parquet", table)
    slices(folder, place, scores)


def slices(folder: Path, place: str, scores: pd.DataFrame) -> None:
    """Write a worst slice under two conditions, one that is no worse, and the errors counted to the first."""
    worst = ("genuine", f"pose={HOSTILE_GROUP}", "sharpness, worse image=worst third")
    rows = [
        (*worst, 5, 31, 22, 5 / 31, 0.05, 0.3, 0.02, 4.4, 0.0004, 0.012, None),
        ("impostor", "age=30, old", "", 1, 40, 3, 0.025, None, None, 0.02, 0.2, None, None, 0.15),
    ]
    frame = pd.DataFrame(rows, columns=schemas.SLICES.schema.names)
    tables.write_table(frame, folder / f"tables/slices/{place}/slices.parquet", schemas.SLICES)
    wrong = scores.loc[scores["outcome"].isin(["false-match", "false-non-match"]), "pair_id"].tolist()
    found = [(pair_id, *(worst if number % 2 == 0 else ("impostor", "", ""))) for number, pair_id in enumerate(wrong)]
    found = pd.DataFrame(found, columns=schemas.CLUSTERS.schema.names)
    tables.write_table(found, folder / f"tables/clusters/{place}/clusters.parquet", schemas.CLUSTERS)


def covers(scores: pd.DataFrame) -> pd.DataFrame:
    """Cover three regions of every pair: eyes carry half of it, a nose a twentieth, a mouth speaks against."""
    rows = []
    for row in scores.itertuples():
        for region, share in EVIDENCE.items():
            for side, covered in product(("a", "b", "both"), ("region", "rest")):
                part = share if covered == "region" else 1 - share
                evidence = row.llr * part * (1 if side == "both" else 0.4)
                llr = row.llr - evidence
                told = (0.5, llr, evidence, True, 1 / (1 + 10**-llr), "same" if llr > 0 else "different")
                rows.append((row.pair_id, side, region, covered, *told))
    return pd.DataFrame(rows, columns=schemas.COVERS.schema.names)


def _parameters() -> dict[str, str]:
    """Fit every method to the same distances; the logistic one as the scores are made."""
    distances = np.linspace(0.1, 1.1, 100)
    fitted = {name: to_json(method.fit(distances, distances < 0.6, 50)) for name, method in METHODS_OF_FIT.items()}
    return {**fitted, "logistic": '{"intercept": 12, "slope": -20}'}


def _flips(scores: pd.DataFrame) -> pd.DataFrame:
    """Let one patch turn every third decision: a different one each time, of either face, in every fill."""
    rows = []
    for place, pair in enumerate(scores.itertuples()):
        row = {
            "pair_id": pair.pair_id,
            "flipped": place % 3 == 0,
            "turning": 0,
            "patches": 1000,
            "margin": 1.5 + place / 10,
        }
        if row["flipped"]:
            beyond = pair.threshold + (0.01 if pair.decision == "same" else -0.01)
            patch = {"side": "ab"[place % 2], "patch_px": (7, 14, 28)[place // 3 % 3], "x_px": place % 80, "y_px": 40}
            fill = ("black", "mean", "blur", "noise")[place % 4]
            row |= {
                **patch,
                "fill": fill,
                "cosine_distance": beyond,
                "turning": 1 + place,
                "margin": 0.1 + 0.8 / (1 + place),
            }
        rows.append(row)
    frame = pd.DataFrame(rows, columns=schemas.FLIPS.schema.names)
    return frame.astype(dict.fromkeys(("patch_px", "x_px", "y_px", "turning"), "Int32"))


def _flip_sets(scores: pd.DataFrame) -> pd.DataFrame:
    """Let a set of cells turn two decisions of three."""
    rows = []
    for place, pair in enumerate(scores.itertuples()):
        row = {"pair_id": pair.pair_id, "turned": place % 3 < 2, "cells_per_side": 8}
        if row["turned"]:
            beyond = pair.threshold + (0.01 if pair.decision == "same" else -0.01)
            cells = [18, 19, *range(26, 28 + place % 3)]
            holds = "mean black blur" if place % 2 else "mean black blur noise"
            row |= {"side": "ab"[place % 2], "cells": cells, "fill": "mean", "holds": holds, "cosine_distance": beyond}
        rows.append(row)
    return pd.DataFrame(rows, columns=schemas.FLIP_SETS.schema.names)


def _patch_distances(scores: pd.DataFrame, patches: Patches) -> Iterator[pd.DataFrame]:
    """Let the distance rise by up to 0.2 towards one corner and fall by up to 0.2 towards the other; in parts."""
    middle = np.stack([patches.x_px, patches.y_px]) + patches.patch_px / 2
    slope = (middle.sum(axis=0) / SIDE - 1) * 0.2 * patches.patch_px / patches.patch_px.max()
    for start in range(0, max(len(scores), 1), PAIRS_PER_PART):
        rows = [
            (pair.pair_id, side, np.clip(pair.cosine_distance + sign * slope, 0, 2).astype(np.float32))
            for pair in scores.iloc[start : start + PAIRS_PER_PART].itertuples()
            for side, sign in (("a", 1), ("b", -1))
        ]
        yield pd.DataFrame(rows, columns=schemas.PATCH_DISTANCES.schema.names)


def _metrics() -> pd.DataFrame:
    """Make every metric: of the distance, of each confidence method, and of groups, one of them without impostors."""
    rows = [
        (name, "", "all", *values, 30 if "fmr" in name or "fnmr" in name else 60) for name, values in METRICS.items()
    ]
    for place, method in enumerate(CALIBRATORS):
        for name, (value, low, high) in CALIBRATION.items():
            known = method != "paper" or not name.startswith("llr")
            ends = [end and end + place / 100 for end in (low, high)]
            rows.append((name, method, "all", value + place / 100 if known else None, *ends, 60))
    for method in ("logistic", "paper", *PERCENTAGES):
        sure = {"cosine": 0, "paper": 12}.get(method, 40)
        rows.append(("wrong_at_99", method, "all", *((0.05, 0.01, 0.2) if sure else (None,) * 3), sure))
    for method in PERCENTAGES:
        rows += [("cllr", method, "all", 0.6, 0.5, 0.8, 60), ("ece", method, "all", 0.2, 0.1, 0.3, 60)]
    for group, impostors in ((f"pose={HOSTILE_GROUP}", 20), (f"pose={HOSTILE}", 0), ("age=10", 30), ("age=9", 5)):
        rows.append(("accuracy", "", group, 0.9, 0.8, 0.95, 60))
        rows.append(("fmr", "", group, *((0.0, 0.0, 0.118) if impostors else (None,) * 3), impostors))
        rows.append(("fnmr", "", group, 0.1, 0.05, 0.2, 30))
        rows.append(("cllr", "logistic", group, *((0.3, 0.2, 0.5) if impostors else (None,) * 3), 30 + impostors))
    counted = pd.Series([None if name.startswith("llr") else 30 for name, *_ in rows], dtype="Int32")
    return pd.DataFrame(rows, columns=schemas.METRICS.schema.names[:7]).assign(people=counted)


def _figure(folder: Path, name: str, caption: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200"><path d="M20 20L280 180" stroke="#333"/></svg>'
    (folder / f"{name}.svg").write_text(svg)
    (folder / f"{name}.txt").write_text(caption)


def _scores(pairs: pd.DataFrame, status: dict[str, str], rng) -> pd.DataFrame:
    genuine = pairs.pair_id.astype(int) % 2 == 0
    distance = np.where(genuine, rng.normal(0.38, 0.13, len(pairs)), rng.normal(0.93, 0.14, len(pairs))).clip(0.02, 1.9)
    distance[:2] = [0.81, 0.44]  # an error of either kind
    distance[min(5, len(pairs) - 1)] = 0.602
    failed = [status[a] == "failed" or status[b] == "failed" for a, b in zip(pairs.image_a, pairs.image_b, strict=True)]
    distance = pd.Series(distance).mask(pd.Series(failed))
    same = distance < 0.6
    llr = (20 * (0.6 - distance) / np.log(10)).clip(-LLR_BOUND, LLR_BOUND)
    p_same = 1 / (1 + 10**-llr)
    decision = pd.Series(np.where(same, "same", "different"), dtype=object).mask(distance.isna(), None)
    right = same == genuine
    outcome = np.where(right, "true-", "false-") + np.where(same, "match", "non-match").astype(object)
    outcome = pd.Series(outcome, dtype=object).mask(distance.isna() | pairs.is_genuine.isna(), None)
    columns = {
        "cosine_distance": distance,
        "threshold": 0.6,
        "decision": decision,
        "outcome": outcome,
        "p_same": p_same,
    }
    scores = pairs[["pair_id", "is_genuine", "fold"]].assign(**columns)
    confidence = p_same.where(same, 1 - p_same)
    return scores.assign(llr=llr, confidence=confidence, paper_score=confidence.clip(0.5, 1))


def _explanations(pair_ids: pd.Series, map_px: int, rng) -> Iterator[pd.DataFrame]:
    """Make the maps of a few hundred pairs at a time, as the rule explain_pairs does."""
    for start in range(0, max(len(pair_ids), 1), 250):
        part = pair_ids[start : start + 250]
        rows = [(pair_id, side, method) for pair_id in part for method in METHODS for side in "ab"]
        maps = pd.DataFrame(rows, columns=["pair_id", "side", "method"])
        maps = maps.assign(variant="corrected", status="ok", detail="", agreement=1.0, agreement_low=1.0)
        yield maps.assign(map=[_map(map_px, rng) for _ in rows])


def _map(side: int, rng) -> np.ndarray:
    """Smooth noise around zero."""
    small = Image.fromarray(rng.normal(0, 1e-3, (5, 5)).astype(np.float32))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC)).ravel().astype(np.float16)


def covering_rows() -> list[dict]:
    """Make the rows of fidelity without truth; on impostor pairs, the middle beats what maps call different."""
    rows = []
    for kind, pairs in (("", 24), ("genuine", 12), ("impostor", 12)):
        for fill in ("", "mean", "blur", "linear", "stranger"):
            for sign, value in (("same", 0.8), ("different", 0.61)):
                known = (kind, fill) != ("impostor", "stranger")
                blob = 0.7 if (kind, sign) == ("impostor", "different") else 0.35
                about = {"sign": sign, "fill": fill, "kind": kind, "n": pairs if not fill else pairs // 4}
                for score in ("fidelity", "fidelity_llr"):
                    rows.append(_judged(score, METHODS[0], value if known else None, **about))
                    rows.append(_judged(score, "centre prior", blob, **about))
                for method, effect in ((METHODS[0], 0.12), ("centre prior", 0.05), ("random map", 0.002)):
                    rows.append(_judged("effect", method, effect, **about))
                    rows.append(_judged("effect_llr", method, 10 * effect, **about))
    published = {"side": "a", "fill": "black", "n": 24}
    rows.append(_judged("published_deletion", METHODS[0], 0.612, **published))
    return [*rows, _judged("published_insertion", METHODS[0], 0.871, **published)]


def twin_rows() -> list[dict]:
    """Make the rows of fidelity against known differences; on face B of covered twins, maps do not beat the middle."""
    methods = {**dict.fromkeys(METHODS, 0.9), "centre prior": 0.5, "random map": 0.3, "pixel difference": 0.97}
    rows = []
    for kind, regions in TWINS.items():
        rows.append(_judged("moved", "", 0.75, side="both", kind=kind, n=40))
        for side, shift in (("a", 0.04), ("b", 0.02)):
            for region in ("", *regions):
                about = {"side": side, "kind": kind, "region": region, "sign": "different", "n": 30}
                margin = -0.02 if (kind, side) == ("covered", "b") else 0.3
                rows.append(_judged("auc_over_centre", METHODS[0], margin, **about))
                rows += [_judged(score, m, v + shift / 2, **about) for m, v in methods.items() for score in TWIN_SCORES]
    return rows


def _judged(score: str, method: str, value: float | None, **about) -> dict:
    ends = {"ci_low": None, "ci_high": None} if value is None else {"ci_low": value - 0.04, "ci_high": value + 0.04}
    plain = {"side": "both", "sign": "", "fill": "", "kind": "", "region": "", "people": 10}
    return {**plain, "score": score, "method": method, "value": value, **ends, **about}


def fidelity(folder: Path, model: str, dataset: str, rows: list[dict]) -> None:
    """Write how right a model's maps are."""
    path = folder / f"tables/fidelity/model={model}/dataset={dataset}/fidelity.parquet"
    tables.write_table(pd.DataFrame(rows), path, schemas.FIDELITY, {"model": model, "dataset": dataset})


def add_twins(folder: Path, people: int = 4) -> None:
    """Add the dataset of `config_with_twins`: of each person, two photos, twins of both, and the pairs they make."""
    rng = np.random.default_rng(5)
    twins = [  # kind, region, image; genuine pairs at even places, as `_scores` has it
        *[("exchanged", "eyes", "eyes"), ("exchanged", "mouth", "mouth"), ("covered", "eyes", "covered_eyes")],
        *[("posed", "eyes", "eyes_2"), ("repeated", "", "base_2"), ("covered", "nose", "covered_nose")],
    ]
    folders = [f"person{i:02d}" for i in range(people)]
    names = [f"{one}/{name}.jpg" for one in folders for name in ("base", *(name for *_, name in twins))]
    status = _images(folder, "twins", sorted(names), rng)
    rows = [
        (
            f"{place:06d}",
            f"{one}/base.jpg",
            f"{one}/{name}.jpg",
            one,
            one,
            kind not in ("exchanged", "posed"),
            "",
            region,
            kind,
        )
        for place, (one, (kind, region, name)) in enumerate((one, twin) for one in folders for twin in twins)
    ]
    columns = [name for name in schemas.PAIRS.schema.names if name != "fold"]
    frame = pd.DataFrame(rows, columns=[*columns, "region", "kind"])
    frame = frame.assign(fold=pd.Series(pd.NA, frame.index, "Int64"), is_genuine=frame.is_genuine.astype("boolean"))
    tables.write_table(frame, folder / "tables/pairs/dataset=twins/pairs.parquet", schemas.PAIRS)
    tables.write_table(_truth(folder, names), folder / "tables/truth/collection=twins/truth.parquet", schemas.TRUTH)
    for model in MODELS:
        _evaluation(folder, model, "twins", frame, status, rng, None, MAP_SIDE)
    fidelity(folder, MODELS[0], "twins", [*covering_rows(), *twin_rows()])


def _truth(folder: Path, names: list[str]) -> pd.DataFrame:
    """Say which image is a twin of which, and draw where they differ: at another place in every image."""
    blank = {pa.string(): "", pa.int32(): 0, pa.int64(): 0, pa.float64(): 0.0}
    plain = {one.name: blank.get(one.type, np.zeros(10)) for one in schemas.TRUTH.schema}
    rows = []
    for place, name in enumerate(names):
        own, _, stem = name.removesuffix(".jpg").partition("/")
        is_twin, cover = not stem.startswith("base"), stem.startswith("covered")
        part = stem.removesuffix("_2").removeprefix("covered_")
        change = {"mixture": "" if cover else part, "cover": part if cover else "none"}
        twin_of = f"{own}/base{'_2' if stem.endswith('_2') else ''}.jpg"
        path = f"truth/{own}_{stem}.png"
        if is_twin:
            _mask(folder / "collections/twins" / path, place)
        of_twin = {"twin_of": twin_of if is_twin else None, "difference": path if is_twin else None}
        rows.append({**plain, "image_id": name, "subject_id": own, **change, **of_twin})
    return pd.DataFrame(rows).astype({"mixed_with": "Int64"})


def _mask(path: Path, place: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    top, left = 20 + 7 * place % 60, 15 + 11 * place % 60
    mask[top : top + 18, left : left + 30] = 255
    Image.fromarray(mask).save(path)
