"""View models of the start page, the dataset pages and the explorers."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from whyface.site.data import Evaluation
from whyface.site.pairs import Shown, face_row, fitted_pairs, outcome_of, pair_view, threshold_origin
from whyface.site.words import METRICS, OUTCOMES, count, fixed, metric_value, missing, percent

STRIP = 10  # pairs in a strip of a dataset page
FIRST_ROWS = 50  # rows that the explorer shows without JavaScript


def home(shown: list[Shown]) -> dict[str, Any]:
    """Make the start page: one striking pair, and a row for each model and dataset."""
    striking = next((pair for one in shown if (pair := _striking(one))), None)
    return {"rows": [_home_row(one) for one in shown], "striking": striking}


def dataset_page(one: Shown) -> dict[str, Any]:
    """Make a dataset page, without its figures."""
    rows = one.rows
    errors = [row for row in rows if outcome_of(row) in ("false-match", "false-non-match")]
    errors.sort(key=lambda row: -(row["confidence"] or 0))
    unsure = sorted((row for row in rows if row["confidence"] is not None), key=lambda row: row["confidence"])
    outcomes = [outcome_of(row) for row in rows]
    return {
        **one.titles,
        "metrics": [_metric(row) for row in _ordered(one.evaluation.metrics) if row["group"] == "all"],
        "groups": [_metric(row) for row in _ordered(one.evaluation.metrics) if row["group"] != "all"],
        "outcomes": [
            {"key": key, "name": name, "meaning": meaning, "count": f"{outcomes.count(key):,}"}
            for key, (name, _, meaning) in OUTCOMES.items()
            if outcomes.count(key) or key not in ("unlabelled", "no-decision")
        ],
        "errors": [pair_view(one, row) for row in errors[:STRIP]],
        "unsure": [pair_view(one, row) for row in unsure[:STRIP]],
        "known_errors": sum(bool(row["known_label_error"]) for row in rows),
        "threshold": _thresholds(one),
        "mark": one.histogram and one.histogram.mark("threshold", _usual_threshold(one)),
        "acquired": _acquisition(one.evaluation),
        "histogram": one.histogram,
        "sources": [
            source(one.config, "collections", one.evaluation.collection),
            source(one.config, "models", one.evaluation.model),
        ],
    }


def explorer_page(one: Shown) -> dict[str, Any]:
    """Make the explorer as it is without JavaScript, and the choices of its filters."""
    folds = sorted({row["fold"] for row in one.rows if row["fold"] is not None})
    present = {outcome_of(row) for row in one.rows}
    return {
        **one.titles,
        "pairs": [pair_view(one, row) for row in one.rows[:FIRST_ROWS]],
        "total": f"{len(one.rows):,}",
        "folds": folds,
        "outcomes": [(key, name) for key, (name, _, _) in OUTCOMES.items() if key in present],
        "faces": f"{one.evaluation.faces_path}/" if one.shows_faces else "",
    }


def explorer_data(one: Shown) -> str:
    """Write the explorer's pairs, column by column, as a classic script that is safe whatever the names hold."""
    rows = one.rows
    images: dict[str, int] = {}
    for row in rows:
        for side in "ab":
            images.setdefault(row[f"image_{side}"], len(images))
    faces = {row[f"image_{side}"]: face_row(row, side) for row in rows for side in "ab"}
    keys = list(OUTCOMES)
    columns = {
        "outcomes": [[key, OUTCOMES[key][0]] for key in keys],
        "images": list(images),
        "faces": [faces[name] for name in images],
        "pair_id": [row["pair_id"] for row in rows],
        "a": [images[row["image_a"]] for row in rows],
        "b": [images[row["image_b"]] for row in rows],
        "decision": [row["decision"] for row in rows],
        "outcome": [keys.index(outcome_of(row)) for row in rows],
        "distance": [_rounded(row["cosine_distance"]) for row in rows],
        "confidence": [_rounded(row["confidence"]) for row in rows],
        "fold": [row["fold"] for row in rows],
        # The smallest probability that the pairs behind each fold's confidence can support.
        "least": {str(fold): 2 / fitted_pairs(one, fold) for fold in dict.fromkeys(row["fold"] for row in rows)},
        "maps": [int(row["pair_id"] in one.evaluation.methods) for row in rows],
        "known_label_error": [row["known_label_error"] for row in rows],
    }
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"window.WHYFACE_PAIRS = {text};\n"


def source(config: Mapping, section: str, name: str) -> dict[str, Any]:
    """Title, licence, citation, homepage and notice of a collection or model; what is not stated is empty."""
    entry = config[section][name]
    view = {key: entry.get(key) or "" for key in ("licence", "citation", "homepage", "notice")}
    is_link = view["homepage"].startswith(("https://", "http://"))
    kind = {"collections": "Collection", "models": "Model"}[section]
    return {**view, "kind": kind, "name": name, "title": entry.get("title") or name, "is_link": is_link}


def _striking(one: Shown) -> dict[str, Any] | None:
    """Choose the most confident error with maps; without one, the least sure decision with maps."""
    mapped = [row for row in one.rows if row["pair_id"] in one.evaluation.methods and row["confidence"] is not None]
    wrong = [r for r in mapped if OUTCOMES[outcome_of(r)][1] is False and not r["known_label_error"]]
    if wrong:
        row = max(wrong, key=lambda row: row["confidence"])
    elif mapped:
        row = min(mapped, key=lambda row: row["confidence"])
    else:
        return None
    return {**one.titles, **pair_view(one, row), "synthetic": one.synthetic}


def _home_row(one: Shown) -> dict[str, Any]:
    metrics = {
        r["metric"]: r for r in one.evaluation.metrics.to_dict("records") if r["group"] == "all" and not r["method"]
    }
    shown = {name: metric_value(name, metrics[name]["value"]) if name in metrics else "–" for name in ("eer", "auc")}
    wrong = sum(OUTCOMES[outcome_of(row)][1] is False for row in one.rows)
    return {
        **one.titles,
        **shown,
        "accuracy": _with_error(metrics),
        "pairs": f"{len(one.rows):,}",
        "errors": f"{wrong:,}",
        "acquired": _acquisition(one.evaluation),
    }


def _with_error(metrics: Mapping) -> str:
    if "accuracy" not in metrics:
        return "–"
    shown = metric_value("accuracy", metrics["accuracy"]["value"])
    error = metrics.get("accuracy_se", {}).get("value")
    return shown if missing(error) else f"{shown.removesuffix(' %')} ± {percent(error)}"


def _ordered(metrics: pd.DataFrame) -> list[dict[str, Any]]:
    order = {name: place for place, name in enumerate(METRICS)}
    rows = [{str(name): value for name, value in row.items()} for row in metrics.to_dict("records")]
    return sorted(
        rows, key=lambda row: (row["group"] != "all", row["group"], order.get(row["metric"], 99), row["method"])
    )


def _metric(row: Mapping) -> dict[str, Any]:
    name, meaning, _ = METRICS.get(row["metric"], (row["metric"], "", ""))
    known = not (missing(row["ci_low"]) or missing(row["ci_high"]))
    low, high = (metric_value(row["metric"], row[end]).removesuffix(" %") for end in ("ci_low", "ci_high"))
    value = metric_value(row["metric"], row["value"])
    return {
        "name": f"{name}, {row['method']}" if row["method"] else name,
        "meaning": meaning,
        "group": row["group"],
        "value": value,
        "interval": f"{low} to {high}{' %' if value.endswith(' %') else ''}" if known else "",
        "n": f"{row['n']:,}",
    }


def _acquisition(one: Evaluation) -> dict[str, Any]:
    """Images without a face found, and how many there are."""
    sides = [one.pairs[[f"image_{s}", f"status_{s}"]].set_axis(["image", "status"], axis=1) for s in "ab"]
    images = pd.concat(sides).drop_duplicates("image")
    lost = int((images.status != "ok").sum())
    failed = int((images.status == "failed").sum())
    return {"lost": f"{lost:,}", "failed": f"{failed:,}", "images": count(len(images), "image")}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _usual_threshold(one: Shown) -> float:
    return float(one.evaluation.pairs.threshold.astype(float).median())


def _thresholds(one: Shown) -> str:
    """Say how large the thresholds are and where they came from."""
    values = one.evaluation.pairs.threshold.astype(float)
    folds = sorted({row["fold"] for row in one.rows if row["fold"] is not None})
    origin = threshold_origin(one, folds[0] if folds else None)
    low, high = fixed(values.min()), fixed(values.max())
    if len(folds) < 2:
        return f"{low}, {origin}."
    span = low if low == high else f"{low} to {high}"
    return (
        f"{span}: one for each of {len(folds)} folds, always chosen on the other folds, "
        f"so that no pair sets the threshold it is judged by. Fold {folds[0]}: {origin}."
    )
