"""The index of all pairs, in chunks: scripts that the explorer loads one by one."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whyface.evaluation.groups import is_range
from whyface.site.views.shown import Shown, fitted_pairs
from whyface.site.words.vocabulary import OUTCOMES

PER_CHUNK = 50_000  # pairs per script
DIGITS = 9  # of distances and confidences: more than float32 embeddings hold, so that pairs keep their order
_INDEX, _CHUNK = "window.WHYFACE_INDEX = {};\n", "window.whyface.pairs({}, {}, {});\n"


def index_files(shown: Sequence[Shown]) -> Iterator[tuple[str, str]]:
    """Yield path and text of the index and of its chunks: classic scripts, safe whatever the names hold."""
    outcomes = [{"key": key, "name": name, "right": right} for key, (name, right, _) in OUTCOMES.items()]
    yield "index.js", _INDEX.format(_json({"outcomes": outcomes, "evaluations": [_entry(one) for one in shown]}))
    for one in shown:
        path = one.evaluation.path
        for chunk, start in enumerate(range(0, len(one.evaluation.pairs), PER_CHUNK)):
            yield f"{path}/pairs-{chunk}.js", _CHUNK.format(_json(path), chunk, _json(_columns(one, start)))


def _entry(one: Shown) -> dict[str, Any]:
    """Describe what the pairs of an evaluation share."""
    pairs = one.evaluation.pairs
    distances = pairs.cosine_distance.dropna().astype(float)
    return {
        "model": one.evaluation.model,
        "dataset": one.evaluation.dataset,
        "titles": {"model": one.titles["model"], "dataset": one.titles["dataset"]},
        "path": one.evaluation.path,
        "faces": f"{one.evaluation.faces_path}/" if one.shows_faces else "",
        "pages_for_all": one.pages_for_all,
        "pairs": len(pairs),
        "chunks": math.ceil(len(pairs) / PER_CHUNK),
        "distances": [_rounded(distances.min()), _rounded(distances.max())] if len(distances) else None,
        # Pairs of either class behind each fold's confidence: how sure one can be of either decision.
        "support": {str(fold): fitted_pairs(one, fold)._asdict() for fold in pairs.fold.unique()},
    }


def _columns(one: Shown, start: int) -> dict[str, Any]:
    """Columns of a chunk: repeated values as codes into a list of them."""
    rows = slice(start, start + PER_CHUNK)
    pairs, groups = one.evaluation.pairs[rows], one.evaluation.groups[rows]
    images, faces = _images(pairs)
    return {
        "pair_id": " ".join(pairs.pair_id),
        "images": list(faces),
        "faces": list(faces.values()),
        "a": images[:, 0].tolist(),
        "b": images[:, 1].tolist(),
        "distance": _numbers(pairs.cosine_distance),
        "confidence": _numbers(pairs.confidence),
        "threshold": _codes(pairs.threshold),
        "fold": _codes(pairs.fold),
        "decision": _codes(pairs.decision),
        "outcome": _codes(one.outcomes[rows]),
        "known_label_error": _codes(pairs.known_label_error),
        "maps": _codes(pair_id in one.evaluation.methods for pair_id in pairs.pair_id),
        **_flips(one, pairs.pair_id),
        "groups": {name: _numbers(column) if is_range(column) else _codes(column) for name, column in groups.items()},
    }


def _flips(one: Shown, pair_ids: Iterable[str]) -> dict[str, dict[str, list]]:
    """Say what single patches do to decisions: whether one turns it, which, and the flip margin; null if unknown."""
    largest_px = max(one.config["occlusion"]["patch_px"])
    rows = [one.evaluation.flips.get(pair_id, {"flipped": None, "margin": None}) for pair_id in pair_ids]
    return {
        "turned": _codes(row["flipped"] for row in rows),
        "patch": _codes(_patch(row, largest_px) for row in rows),
        "flip_margin": _codes(_rounded(row["margin"]) for row in rows),
    }


def _patch(row: Mapping[str, Any], largest_px: int) -> str | None:
    """Name the patch that turns a decision in a few words; None if unknown."""
    if row["flipped"] is None:
        return None
    return f"{row['patch_px']:.0f} px, face {row['side'].upper()}" if row["flipped"] else f"none up to {largest_px} px"


def _images(pairs: pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """Give each image a number; returns the numbers, pairs x 2, and each image's face in that order, -1 without one."""
    names = pairs[["image_a", "image_b"]].to_numpy().ravel()
    failed = pairs[["status_a", "status_b"]].to_numpy().ravel() == "failed"
    rows = np.where(failed, -1, pairs[["face_a", "face_b"]].to_numpy().ravel())
    faces = dict(zip(names, rows.tolist(), strict=True))
    codes, images = pd.factorize(names)
    return codes.reshape(-1, 2), {image: faces[image] for image in images}


def _numbers(column: pd.Series) -> list[float | None]:
    return [_rounded(value) for value in column]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), DIGITS)


def _codes(column: Iterable) -> dict[str, list]:
    """Replace values by their places in a list of distinct values, null among them."""
    places: dict[Any, int] = {}
    codes = [places.setdefault(value, len(places)) for value in column]
    return {"values": list(places), "codes": codes}


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
