"""The explorer: the page with its filters, and the index of all pairs that its scripts load, shard by shard."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whyface.site.views.metrics import natural
from whyface.site.views.pair import Shown, fitted_pairs, outcome_of, pair_view
from whyface.site.words.vocabulary import OUTCOMES

SHARD = 50_000  # pairs per script
# Rows that a model and a dataset have without JavaScript, and all of them together: a page stays below 300 KB.
MOST_ROWS, MOST_ROWS_IN_ALL = 20, 200
DIGITS = 9  # of distances and confidences: more than float32 embeddings hold, so pairs keep their order
_INDEX, _SHARD = "window.WHYFACE_INDEX = {};\n", "window.whyface.pairs({}, {}, {});\n"


def explorer_page(shown: Sequence[Shown]) -> dict[str, Any]:
    """Make the explorer: the choices of its filters, and what it shows without JavaScript."""
    present = {outcome for one in shown for outcome in set(_outcomes(one.evaluation.pairs))}
    folds = {fold for one in shown for fold in one.evaluation.pairs.fold.unique() if fold is not None}
    rows = max(1, min(MOST_ROWS, MOST_ROWS_IN_ALL // len(shown)))
    return {
        "models": list({one.evaluation.model: one.titles["model"] for one in shown}.items()),
        "datasets": list({one.evaluation.dataset: one.titles["dataset"] for one in shown}.items()),
        "outcomes": [(key, name) for key, (name, _, _) in OUTCOMES.items() if key in present],
        "folds": sorted(folds),
        "groups": _group_filters(shown),
        "has_maps": any(one.evaluation.methods for one in shown),
        "has_known_errors": any((one.evaluation.pairs.known_label_error != "").any() for one in shown),
        "total": f"{sum(len(one.evaluation.pairs) for one in shown):,}",
        "samples": [{**one.titles, "pairs": [pair_view(one, row) for row in _worst(one, rows)]} for one in shown],
    }


def index_files(shown: Sequence[Shown]) -> Iterator[tuple[str, str]]:
    """Yield path and text of the index and of its shards: classic scripts, safe whatever the names hold."""
    outcomes = [{"key": key, "name": name, "right": right} for key, (name, right, _) in OUTCOMES.items()]
    yield "index.js", _INDEX.format(_json({"outcomes": outcomes, "evaluations": [_entry(one) for one in shown]}))
    for one in shown:
        path = one.evaluation.path
        for shard, start in enumerate(range(0, len(one.evaluation.pairs), SHARD)):
            yield f"{path}/pairs-{shard}.js", _SHARD.format(_json(path), shard, _json(_columns(one, start)))


def _entry(one: Shown) -> dict[str, Any]:
    """Say of an evaluation what its pairs share."""
    pairs = one.evaluation.pairs
    distances = pairs.cosine_distance.dropna().astype(float)
    return {
        "model": one.evaluation.model,
        "dataset": one.evaluation.dataset,
        "titles": {"model": one.titles["model"], "dataset": one.titles["dataset"]},
        "path": one.evaluation.path,
        "faces": f"{one.evaluation.faces_path}/" if one.shows_faces else "",
        "pairs": len(pairs),
        "shards": math.ceil(len(pairs) / SHARD),
        "distances": [_rounded(distances.min()), _rounded(distances.max())] if len(distances) else None,
        # The smallest probability that the pairs behind each fold's confidence can support.
        "least": {str(fold): 2 / fitted_pairs(one, fold) for fold in pairs.fold.unique()},
    }


def _columns(one: Shown, start: int) -> dict[str, Any]:
    """Columns of a shard: repeated values as codes into a list of them."""
    rows = slice(start, start + SHARD)
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
        "outcome": _codes(_outcomes(pairs)),
        "known_label_error": _codes(pairs.known_label_error),
        "maps": _codes(pair_id in one.evaluation.methods for pair_id in pairs.pair_id),
        "groups": {name: _numbers(column) if _is_range(column) else _codes(column) for name, column in groups.items()},
    }


def _images(pairs: pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """Give each image a number: returns pairs x 2 numbers, and by image, in this order, its face, -1 without one."""
    names = pairs[["image_a", "image_b"]].to_numpy().ravel()
    failed = pairs[["status_a", "status_b"]].to_numpy().ravel() == "failed"
    rows = np.where(failed, -1, pairs[["face_a", "face_b"]].to_numpy().ravel())
    faces = dict(zip(names, rows.tolist(), strict=True))
    codes, images = pd.factorize(names)
    return codes.reshape(-1, 2), {image: faces[image] for image in images}


def _outcomes(pairs: pd.DataFrame) -> list[str]:
    columns = zip(pairs.decision, pairs.outcome, strict=True)
    return [outcome_of({"decision": decision, "outcome": outcome}) for decision, outcome in columns]


def _worst(one: Shown, most: int) -> list[dict[Any, Any]]:
    """Choose the most confident errors; if they are few, then the least sure of the other decisions."""
    pairs = one.evaluation.pairs
    wrong = np.array([OUTCOMES[outcome][1] is False for outcome in _outcomes(pairs)], dtype=bool)
    margin = (pairs.cosine_distance.astype(float) - pairs.threshold.astype(float)).abs()
    ranks = pd.DataFrame({"right": ~wrong, "confidence": pairs.confidence.astype(float), "margin": margin})
    ranks.loc[wrong, ["confidence", "margin"]] *= -1
    order = ranks.sort_values(["right", "confidence", "margin"], kind="stable").index[:most]
    return pairs.loc[order].to_dict("records")


def _group_filters(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """Offer each group column of any dataset: its values where they are few, else its range."""
    columns: dict[str, list[pd.Series]] = {}
    datasets: dict[str, list[str]] = {}
    for one in {one.evaluation.dataset: one.evaluation for one in shown}.values():
        for name, column in one.groups.items():
            columns.setdefault(str(name), []).append(column.dropna())
            datasets.setdefault(str(name), []).append(one.dataset)
    filters = []
    for name, parts in columns.items():
        texts = {value for part in parts if not _is_range(part) for value in part}
        ranges = [float(end) for part in parts if _is_range(part) for end in (part.min(), part.max())]
        view = {"name": name, "datasets": " ".join(datasets[name]), "choices": sorted(texts, key=natural)}
        filters.append({**view, "low": f"{min(ranges):g}", "high": f"{max(ranges):g}"} if ranges else view)
    return filters


def _is_range(column: pd.Series) -> bool:
    return any(isinstance(value, float) for value in column.dropna().head(1))


def _numbers(column: pd.Series) -> list[float | None]:
    return [_rounded(value) for value in column]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), DIGITS)


def _codes(column: Iterable) -> dict[str, list]:
    """Replace values by their places in a list of them; null is a value like any other."""
    places: dict[Any, int] = {}
    codes = [places.setdefault(value, len(places)) for value in column]
    return {"values": list(places), "codes": codes}


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
