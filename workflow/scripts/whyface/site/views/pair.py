"""A pair in words, for every page that shows it."""

from collections.abc import Mapping
from typing import Any

from whyface.site.content.pair_rows import outcome_of
from whyface.site.drawing.images import face_file, face_script
from whyface.site.views.shown import Shown, fitted_pairs, no_probability
from whyface.site.words.chances import confidence, sureness
from whyface.site.words.numbers import fixed
from whyface.site.words.vocabulary import FACE_NOTES, MAP_METHODS, OUTCOMES


def pair_view(one: Shown, row: Mapping) -> dict[str, Any]:
    """Describe a pair for any page."""
    outcome = outcome_of(row)
    name, right, meaning = OUTCOMES[outcome]
    support = fitted_pairs(one, row["fold"])
    word, frequency = sureness(row["confidence"], row["decision"], support)
    methods = one.evaluation.methods.get(row["pair_id"], ())
    distance = fixed(row["cosine_distance"])
    decision = f"decision {row['decision']} at distance {distance}" if row["decision"] else "no decision"
    return {
        "id": row["pair_id"],
        "folder": one.evaluation.pair_path(row["pair_id"]),
        "page": one.pair_page(row["pair_id"]),
        "faces": [_face(one, row, side) for side in "ab"],
        "methods": [{"name": m, "meaning": MAP_METHODS[m], "scale": f"{one.scales[m]:.2g}"} for m in methods],
        "failed_maps": one.evaluation.failed_maps.get(row["pair_id"], ""),
        "decision": row["decision"],
        "outcome": outcome,
        "outcome_name": name,
        "meaning": meaning,
        "right": right,
        "distance": distance,
        "threshold": fixed(row["threshold"]),
        "confidence": confidence(row["confidence"], row["decision"], support, 1),
        "sureness": word,
        "frequency": frequency,
        "no_probability": no_probability(one, row),
        "fold": "none" if row["fold"] is None else row["fold"],
        "known_label_error": row["known_label_error"],
        "alt": f"pair {row['pair_id']}: {decision}",
    }


def face_row(row: Mapping, side: str) -> int:
    """Row of the face in the crops, -1 if the image is unreadable."""
    return -1 if row[f"status_{side}"] == "failed" else int(row[f"face_{side}"])


def _face(one: Shown, row: Mapping, side: str) -> dict[str, Any]:
    found = face_row(row, side)
    is_shown = found >= 0 and one.shows_faces
    status = row[f"status_{side}"]
    note = FACE_NOTES.get(status, status)
    return {
        "side": side,
        "letter": side.upper(),
        "name": row[f"image_{side}"],
        "subject": row[f"subject_{side}"],
        "row": found,
        "src": f"{one.evaluation.faces_path}/{face_file(found)}" if is_shown else "",
        "script": f"{one.evaluation.faces_path}/{face_script(found)}" if is_shown else "",
        "failed": status == "failed",
        "note": f"{note}: {row[f'detail_{side}']}" if note and row[f"detail_{side}"] else note,
    }
