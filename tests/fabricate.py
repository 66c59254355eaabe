"""Fabricates a small, complete `results` folder: drawn faces, smooth random maps, every odd case a site must bear."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from whyface import schemas, tables

HOSTILE = "../<script>alert(1)</script>\"'&\u202eevil " + "long" * 75
HOSTILE_GROUP = "<img src=x onerror=alert(2)>"
SIDE, MAP_SIDE = 112, 28
METHODS = ("all-to-all", "clean-to-all", "one-to-one")


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
            "map_px": MAP_SIDE,
        },
        "explain": {"select": "all"},
        "site": {"title": "WhyFace", "base_url": None, "images": images},
    }


def results(folder: Path, pairs: int = 12, seed: int = 0) -> Path:
    """Write tables, crops and figures for `config`; returns the `results` folder."""
    rng = np.random.default_rng(seed)
    for collection, dataset in (("synth", "synth"), ("photos", "photos")):
        names = [f"person{i // 2:02d}/{i:04d}.jpg" for i in range(max(pairs, 12))]
        if collection == "photos":
            names[3] = HOSTILE
        images = _images(folder, collection, sorted(names), rng)
        frame = _pairs(names, pairs, rng, labelled=0.7 if collection == "photos" else 1.0)
        tables.write_table(frame, folder / f"tables/pairs/dataset={dataset}/pairs.parquet", schemas.PAIRS)
        for model in ("demo", "mobile"):
            _evaluation(folder, model, dataset, frame, images, rng)
    return folder


def _images(folder: Path, collection: str, names: list[str], rng) -> dict[str, str]:
    """Write images, faces and crops of a collection; returns each image's status."""
    frame = pd.DataFrame({"image_id": names, "subject_id": [name[:8] for name in names], "path": names})
    frame = frame.assign(width_px=SIDE, height_px=SIDE, sha256="0" * 64)
    tables.write_table(frame, folder / f"tables/images/collection={collection}/images.parquet", schemas.IMAGES)
    status = ["ok"] * len(names)
    if collection == "photos":
        status[5], status[-1] = "centre-crop", "failed"
    detail = ["cannot identify <b>image</b> file" if one == "failed" else "" for one in status]
    faces = pd.DataFrame({"image_id": names, "status": status, "detail": detail})
    faces = faces.assign(probability=0.99, box=[np.zeros(4)] * len(names), landmarks=[np.zeros(10)] * len(names))
    where = f"collection={collection}/alignment=five-point-{SIDE}px"
    tables.write_table(faces, folder / f"tables/faces/{where}/faces.parquet", schemas.FACES)
    aligned = folder / f"aligned/{collection}/five-point-{SIDE}px"
    aligned.mkdir(parents=True)
    # The same person, the same looks; a failed image is a black crop.
    looks = [np.random.default_rng(sum(name[:8].encode())) for name in names]
    crops = [
        _draw(look, rng) if one != "failed" else 0 * _draw(look, rng) for look, one in zip(looks, status, strict=True)
    ]
    np.save(aligned / "crops.npy", np.stack(crops))
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


def _evaluation(folder: Path, model: str, dataset: str, pairs: pd.DataFrame, status: dict[str, str], rng) -> None:
    place = f"model={model}/dataset={dataset}"
    scores = _scores(pairs, status, rng)
    about = {"model": model, "dataset": dataset, "weights": "ab" * 32}

    def write(frame, table):
        tables.write_table(frame, folder / f"tables/{table.name}/{place}/{table.name}.parquet", table, about)

    write(scores, schemas.SCORES)
    mapped = scores.loc[scores.decision.notna() & (np.arange(len(scores)) != 4), "pair_id"]
    write(pd.DataFrame({"pair_id": mapped, "reason": "all"}), schemas.SELECTION)
    rows = [(pair_id, side, method) for pair_id in mapped for method in METHODS for side in "ab"]
    maps = pd.DataFrame(rows, columns=["pair_id", "side", "method"]).assign(variant="corrected")
    maps["map"] = [_map(rng) for _ in rows]
    write(maps, schemas.EXPLANATIONS)
    fits = [
        (fold, "logistic", '{"slope": -20}', 0.6, dataset if fold is not None else "synth", 6) for fold in (0, 1, None)
    ]
    fits = pd.DataFrame(fits, columns=schemas.CONFIDENCE.schema.names)
    write(fits.assign(fold=fits.fold.astype("Int64")), schemas.CONFIDENCE)
    values = [("accuracy", "", "all", 0.9871, 0.98, 0.993), ("accuracy_se", "", "all", 0.0021, None, None)]
    values += [("eer", "", "all", 0.0132, 0.01, 0.02), ("auc", "", "all", 0.9987, 0.998, 0.999)]
    values += [("fnmr_at_fmr_1e-3", "", "all", None, None, None), ("fta_rate", "", "all", 0.08, None, None)]
    values += [
        ("cllr", "logistic", "all", 0.0391, 0.03, 0.05),
        ("accuracy", "", f"pose={HOSTILE_GROUP}", 0.9, 0.8, 0.95),
    ]
    metrics = pd.DataFrame(values, columns=["metric", "method", "group", "value", "ci_low", "ci_high"])
    write(metrics.assign(n=len(pairs)), schemas.METRICS)
    curve = pd.DataFrame({"curve": "det", "x": [0.1, 0.2], "y": [0.2, 0.1]})
    write(curve, schemas.CURVES)
    figures = folder / "figures" / model / dataset
    figures.mkdir(parents=True)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200"><path d="M20 20L280 180" stroke="#333"/></svg>'
    (figures / "det.svg").write_text(svg)
    (figures / "det.txt").write_text("DET curve: <false> non-match rate over false match rate.")


def _scores(pairs: pd.DataFrame, status: dict[str, str], rng) -> pd.DataFrame:
    genuine = pairs.pair_id.astype(int) % 2 == 0
    distance = np.where(genuine, rng.normal(0.38, 0.13, len(pairs)), rng.normal(0.93, 0.14, len(pairs))).clip(0.02, 1.9)
    distance[:2] = [0.81, 0.44]  # an error of either kind
    distance[min(5, len(pairs) - 1)] = 0.602
    failed = [status[a] == "failed" or status[b] == "failed" for a, b in zip(pairs.image_a, pairs.image_b, strict=True)]
    distance = pd.Series(distance).mask(pd.Series(failed))
    same = distance < 0.6
    p_same = 1 / (1 + np.exp(20 * (distance - 0.6)))
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
    return scores.assign(
        llr=np.log10(p_same / (1 - p_same)), confidence=confidence, paper_score=confidence.clip(0.5, 1)
    )


def _map(rng) -> np.ndarray:
    """Smooth noise around zero."""
    small = Image.fromarray(rng.normal(0, 1e-3, (5, 5)).astype(np.float32))
    return np.asarray(small.resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BICUBIC)).ravel().astype(np.float16)
