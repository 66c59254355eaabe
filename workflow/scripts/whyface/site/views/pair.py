"""View models of pairs: a pair in finished words, wherever it is shown, and its page in full."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from whyface.config import is_synthetic
from whyface.faces.regions import ELSEWHERE, Layout, face_regions
from whyface.site.content.evaluation import Evaluation
from whyface.site.content.maps import PairMaps
from whyface.site.drawing.histogram import Histogram, distance_histogram
from whyface.site.drawing.images import face_file, face_script
from whyface.site.views.metrics import Measures
from whyface.site.words.regions import STRENGTHS, region_words
from whyface.site.words.vocabulary import (
    FACE_NOTES,
    METHODS,
    OUTCOMES,
    count,
    fixed,
    likelihood,
    probability,
    ratio,
    sureness,
)

_STRENGTHS = json.dumps(STRENGTHS)


@dataclass(frozen=True)
class Shown:
    """An evaluation with everything that its pages share.

    Attributes
    ----------
    evaluation : Evaluation
        The tables.
    config : mapping
        The run's config.
    scales : dict of str to float
        Display scale by saliency method.
    """

    evaluation: Evaluation
    config: Mapping
    scales: dict[str, float]
    histogram: Histogram | None = field(init=False)
    rows: list[dict[str, Any]] = field(init=False)
    measures: Measures = field(init=False)
    fits: dict[int | None, dict[Any, Any]] = field(init=False)  # by fold: the one behind the confidence

    def __post_init__(self):
        one = self.evaluation
        object.__setattr__(self, "histogram", distance_histogram(one.pairs))
        object.__setattr__(self, "rows", one.pairs.to_dict("records"))
        object.__setattr__(self, "measures", Measures(one))
        fits = sorted(one.fits.to_dict("records"), key=lambda fit: fit["method"] == self.method)
        object.__setattr__(self, "fits", {fit["fold"]: fit for fit in fits})

    @property
    def method(self) -> str:
        """The confidence method behind the confidence."""
        return self.config["confidence"]["method"]

    @property
    def titles(self) -> dict[str, str]:
        """What the model and the dataset are called, and where their pages are."""
        one = self.evaluation
        dataset, model = self.config["datasets"][one.dataset], self.config["models"][one.model]
        return {
            "dataset": dataset.get("title") or one.dataset,
            "model": model.get("title") or one.model,
            "page": f"{one.path}/index.html",
            "explorer": f"explore.html#model={one.model}&dataset={one.dataset}",
            "numbers": self.measures.page,
            "regions": f"{one.path}/regions.html" if one.methods else "",
            "transfer": f"{one.model}/transfer.html" if one.transfer else "",
            "compare": f"compare/{one.dataset}/index.html" if one.comparisons else "",
        }

    @property
    def synthetic(self) -> bool:
        """Whether the faces are drawn by a computer."""
        return is_synthetic(self.config["collections"][self.evaluation.collection])

    @cached_property
    def row_of(self) -> dict[str, dict[str, Any]]:
        """Rows by pair_id."""
        return {row["pair_id"]: row for row in self.rows}

    def layout(self, row: Mapping, map_px: int) -> Layout:
        """Regions of a pair's maps; a crop in which no face was found has no left eye, so a grid has to do."""
        if any(row[f"status_{side}"] != "ok" for side in "ab"):
            return _layout("none", map_px, None)
        return _layout(self.config["models"][self.evaluation.model]["alignment"], map_px, self.evaluation.landmarks)

    @property
    def shows_faces(self) -> bool:
        """Whether faces may be published."""
        return self.config["site"]["images"] != "none"


@cache
def _layout(alignment: str, map_px: int, landmarks: tuple | None) -> Layout:
    return Layout(face_regions(alignment, map_px, None if landmarks is None else np.array(landmarks)))


def outcome_of(row: Mapping) -> str:
    """Outcome of a pair; pairs that have none are `unlabelled` or `no-decision`."""
    if row["decision"] is None:
        return "no-decision"
    return row["outcome"] or "unlabelled"


def pair_view(one: Shown, row: Mapping) -> dict[str, Any]:
    """One pair in words, wherever it is shown."""
    outcome = outcome_of(row)
    name, right, meaning = OUTCOMES[outcome]
    n_fit = fitted_pairs(one, row["fold"])
    word, frequency = sureness(row["confidence"], n_fit)
    methods = one.evaluation.methods.get(row["pair_id"], ())
    folder = one.evaluation.pair_path(row["pair_id"])
    distance = fixed(row["cosine_distance"])
    decision = f"decision {row['decision']} at distance {distance}" if row["decision"] else "no decision"
    return {
        "id": row["pair_id"],
        "folder": folder,
        "page": f"{folder}/index.html",
        "faces": [_face(one, row, side) for side in "ab"],
        "methods": [{"name": m, "meaning": METHODS[m], "scale": f"{one.scales[m]:.2g}"} for m in methods],
        "decision": row["decision"],
        "outcome": outcome,
        "outcome_name": name,
        "meaning": meaning,
        "right": right,
        "distance": distance,
        "threshold": fixed(row["threshold"]),
        "confidence": probability(row["confidence"], n_fit, 1),
        "sureness": word,
        "frequency": frequency,
        "fold": "none" if row["fold"] is None else row["fold"],
        "known_label_error": row["known_label_error"],
        "alt": f"pair {row['pair_id']}: {decision}",
    }


def pair_page(one: Shown, others: list[Shown], index: int, maps: PairMaps | None) -> dict[str, Any]:
    """Make the views of the page of the pair in row `index`; `others` are other models on the same dataset."""
    row = one.rows[index]
    before, after = one.rows[index - 1] if index else None, one.rows[index + 1] if index + 1 < len(one.rows) else None
    pair = pair_view(one, row)
    folder, base = one.evaluation.pair_path, one.config["site"].get("base_url") or ""
    return {
        **one.titles,
        "pair": pair,
        "model_name": one.evaluation.model,
        "dataset_name": one.evaluation.dataset,
        "previous": before and f"{folder(before['pair_id'])}/index.html",
        "next": after and f"{folder(after['pair_id'])}/index.html",
        "position": f"{index + 1:,} of {len(one.rows):,}",
        "histogram": one.histogram,
        "marks": one.histogram.marks(row["threshold"], row["cosine_distance"]) if one.histogram else {},
        "facts": _facts(one, row),
        "at_bound": _at_bound(one, row),
        "mattered": _mattered(one, row, maps) if maps else {},
        "strengths": _STRENGTHS,
        "permalink": base and f"{base.rstrip('/')}/{pair['page']}",
        "others": [
            {"model": other.titles["model"], **pair_view(other, found)}
            for other in others
            if (found := other.row_of.get(row["pair_id"]))
        ],
    }


def _mattered(one: Shown, row: Mapping, maps: PairMaps) -> dict[str, Any]:
    """Say by method which regions mattered most."""
    methods, sides, map_px, _ = maps.values.shape
    layout = one.layout(row, map_px)
    means = layout.means(maps.values.reshape(methods * sides, -1)).reshape(methods, sides, -1)
    names = list(layout.regions)
    words = {
        method: region_words(names, values, scale)
        for (method, scale), values in zip(one.scales.items(), means, strict=True)
    }
    return {"named": ELSEWHERE in layout.regions, "words": words}


def face_row(row: Mapping, side: str) -> int:
    """Row of the face in the crops, -1 if there is nothing to show."""
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


def fitted_pairs(one: Shown, fold: int | None) -> int:
    """Count the pairs behind the confidence of a fold; at least 2, one of each kind."""
    fit = one.fits.get(fold)
    return max(2, fit["n_fit"]) if fit is not None else 2


def threshold_origin(one: Shown, fold: int | None) -> str:
    """Say which pairs set the threshold of a fold."""
    fit = one.fits.get(fold)
    if fit is None:
        return "origin not recorded"
    pairs = count(fit["n_fit"], "pair")
    if fit["fitted_on"] != one.evaluation.dataset:
        return f"set on {pairs} of the reference dataset {fit['fitted_on']}"
    return f"set on the {pairs} outside fold {fold}" if fold is not None else f"set on {pairs} of this dataset"


def _facts(one: Shown, row: Mapping) -> list[tuple[str, str, str]]:
    """Rows of the table of numbers: name, value, explanation."""
    n_fit = fitted_pairs(one, row["fold"])
    return [
        ("Cosine distance", fixed(row["cosine_distance"], 4), "0 to 2; smaller is more alike"),
        ("Threshold", fixed(row["threshold"], 4), f"same below it; {threshold_origin(one, row['fold'])}"),
        ("Probability of same", probability(row["p_same"], n_fit), "calibrated without this pair's fold, prior 0.5"),
        ("Likelihood ratio, log10", fixed(row["llr"], 2), likelihood(row["llr"], n_fit) + _bounds(one, row)),
        ("Confidence", probability(row["confidence"], n_fit), "probability that the decision is right"),
        ("Paper score", fixed(row["paper_score"], 4), "confidence as published in 2023, 0.5 to 1; not a probability"),
        (
            "Fold",
            "none" if row["fold"] is None else str(row["fold"]),
            "part of the cross-validation that the pair is in",
        ),
        ("Label", _label(row["is_genuine"]), "what the dataset says"),
    ]


def _at_bound(one: Shown, row: Mapping) -> bool:
    """Whether the likelihood ratio is the highest or the lowest that the pairs behind it support."""
    fit = one.fits.get(row["fold"], {})
    low, high = (fit.get(name) for name in ("llr_low", "llr_high"))
    return row["llr"] is not None and (
        (low is not None and row["llr"] <= low + 1e-6) or (high is not None and row["llr"] >= high - 1e-6)
    )


def _bounds(one: Shown, row: Mapping) -> str:
    """Say what likelihood ratios the pairs behind a fold support."""
    fit = one.fits.get(row["fold"], {})
    if fit.get("llr_low") is None or fit.get("llr_high") is None or row["llr"] is None:
        return ""
    end = "; this one is at the bound: the pairs support no more" if _at_bound(one, row) else ""
    return f". The pairs support likelihood ratios from {ratio(fit['llr_low'])} to {ratio(fit['llr_high'])}{end}"


def _label(is_genuine: bool | None) -> str:
    return "none" if is_genuine is None else "genuine" if is_genuine else "impostor"
