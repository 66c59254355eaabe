"""View models of the start page and the explorers."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from whyface.site.data import Evaluation
from whyface.site.pairs import Shown, face_row, fitted_pairs, outcome_of, pair_view
from whyface.site.words import OUTCOMES, count

FIRST_ROWS = 50  # rows that the explorer shows without JavaScript


def home(shown: list[Shown]) -> dict[str, Any]:
    """Make the start page: one striking pair, and a row for each model and dataset."""
    striking = next((pair for one in shown if (pair := _striking(one))), None)
    return {"rows": [_home_row(one) for one in shown], "striking": striking}


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
    wrong = sum(OUTCOMES[outcome_of(row)][1] is False for row in one.rows)
    return {
        **one.titles,
        "measures": [one.measures.cell("accuracy"), one.measures.cell("eer"), one.measures.cell("cllr", one.method)],
        "pairs": f"{len(one.rows):,}",
        "errors": f"{wrong:,}",
        "acquired": acquisition(one.evaluation),
    }


def acquisition(one: Evaluation) -> dict[str, Any]:
    """Images without a face found, and how many there are."""
    sides = [one.pairs[[f"image_{s}", f"status_{s}"]].set_axis(["image", "status"], axis=1) for s in "ab"]
    images = pd.concat(sides).drop_duplicates("image")
    lost = int((images.status != "ok").sum())
    failed = int((images.status == "failed").sum())
    return {"lost": f"{lost:,}", "failed": f"{failed:,}", "images": count(len(images), "image")}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
