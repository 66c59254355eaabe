"""An evaluation with what its pages share: titles, rows, the fit behind each fold's confidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlencode

import numpy as np

from whyface.config import is_synthetic
from whyface.faces.regions import Regions, face_regions
from whyface.site.content.evaluation import Evaluation
from whyface.site.content.fidelity import FidelityRows
from whyface.site.content.pair_rows import PairRows, outcome_of
from whyface.site.drawing.histogram import Histogram, distance_histogram
from whyface.site.views.metrics import MetricRows
from whyface.site.words.chances import Support
from whyface.site.words.numbers import count
from whyface.site.words.vocabulary import CONFIDENCE_METHODS


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
    fidelity : dict of str to FidelityRows
        How right its model's maps are, by dataset; only datasets on which that was measured.
    pages_for_all : bool
        Whether every pair has a page; if not, only pairs with maps have one.
    """

    evaluation: Evaluation
    config: Mapping
    scales: dict[str, float]
    fidelity: dict[str, FidelityRows] = field(default_factory=dict)
    pages_for_all: bool = True

    @cached_property
    def histogram(self) -> Histogram | None:
        """Histogram of all distances; None without any."""
        return distance_histogram(self.evaluation.pairs)

    @cached_property
    def rows(self) -> PairRows:
        """All pairs."""
        return PairRows(self.evaluation.pairs)

    @cached_property
    def outcomes(self) -> list[str]:
        """Outcomes of all pairs, row by row."""
        columns = zip(self.evaluation.pairs.decision, self.evaluation.pairs.outcome, strict=True)
        return [outcome_of({"decision": decision, "outcome": outcome}) for decision, outcome in columns]

    @cached_property
    def with_pages(self) -> Sequence[int]:
        """Places of the pairs that have a page of their own, in order."""
        if self.pages_for_all:
            return range(len(self.rows))
        return sorted(place for one in self.evaluation.methods if (place := self.rows.place_of(one)) is not None)

    def pair_page(self, pair_id: str) -> str:
        """Where a pair is shown, from the site's root: its page, or its row in the explorer."""
        if self.pages_for_all or pair_id in self.evaluation.methods:
            return f"{self.evaluation.pair_path(pair_id)}/index.html"
        return f"{self.titles['explorer']}&text={pair_id}"

    @cached_property
    def metrics(self) -> MetricRows:
        """The metrics table."""
        return MetricRows(self.evaluation)

    @cached_property
    def fits(self) -> dict[int | None, dict[Any, Any]]:
        """Fit behind the confidence, by fold."""
        fits = self.evaluation.fits.to_dict("records")
        return {fit["fold"]: fit for fit in sorted(fits, key=lambda fit: fit["method"] == self.confidence_method)}

    @property
    def main_method(self) -> str:
        """The default kind of map, whose scores a verdict quotes."""
        return self.config["occlusion"]["methods"][0]

    @property
    def tests_maps(self) -> bool:
        """Whether its pairs are drawn to test maps: they are made to fool the model, so its accuracy means nothing."""
        return self.config["collections"][self.evaluation.collection]["source"].get("synthetic") == "twins"

    @property
    def failed_maps(self) -> list[str]:
        """How many of the pairs selected for maps have none, in a sentence; empty if all have."""
        failed = len(self.evaluation.failed_maps)
        if not failed:
            return []
        selected = count(failed + len(self.evaluation.methods), "selected pair")
        verb = "has" if failed == 1 else "have"
        return [f"{failed:,} of {selected} {verb} no map: under some masks, the model gives no embedding."]

    @property
    def confidence_method(self) -> str:
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
            "numbers": self.metrics.page,
            "regions": f"{one.path}/regions.html" if one.methods else "",
            "trust": f"{one.model}/trust.html" if self.fidelity else "",
            "transfer": f"{one.model}/transfer.html" if one.transfer else "",
            "protocol": f"protocol/{one.dataset}.html" if one.protocol else "",
            "compare": f"compare/{one.dataset}/index.html" if one.comparisons else "",
        }

    def group_query(self, column: str, value: str) -> str:
        """Narrow the explorer to a group; empty for the groups that only reports have, WhyFace's own."""
        groups = self.evaluation.groups
        is_known = column in groups and value in set(groups[column])
        return f"&{urlencode({f'group.{column}': value})}" if is_known else ""

    @property
    def synthetic(self) -> bool:
        """Whether the faces are drawn by a computer."""
        return is_synthetic(self.config["collections"][self.evaluation.collection])

    def regions(self, row: Mapping, map_px: int) -> Regions:
        """Regions of a pair's maps: a grid of nine if no face was found in one of the crops."""
        if any(row[f"status_{side}"] != "ok" for side in "ab"):
            return _regions("none", map_px, None)
        return _regions(self.config["models"][self.evaluation.model]["alignment"], map_px, self.evaluation.landmarks)

    @property
    def shows_faces(self) -> bool:
        """Whether faces may be published."""
        return self.config["site"]["images"] != "none"


@cache
def _regions(alignment: str, map_px: int, landmarks: tuple | None) -> Regions:
    return Regions(face_regions(alignment, map_px, None if landmarks is None else np.array(landmarks)))


def fitted_pairs(one: Shown, fold: int | None) -> Support:
    """Count the pairs behind the confidence of a fold; one of each class if that is not recorded."""
    fit = one.fits.get(fold)
    return Support(fit["n_genuine"], fit["n_impostor"]) if fit is not None else Support(1, 1)


def no_probability(one: Shown, row: Mapping) -> str:
    """Say why a pair has no probability; empty if it has one."""
    if row["p_same"] is not None:
        return ""
    if row["cosine_distance"] is None:
        return "An image could not be read, so there is no distance"
    method = CONFIDENCE_METHODS[one.confidence_method]
    return f"The fit of this site's method ({method}) failed on the pairs behind this decision, so nothing is claimed"


def threshold_origin(one: Shown, fold: int | None) -> str:
    """Say which pairs the threshold of a fold was set on."""
    fit = one.fits.get(fold)
    if fit is None:
        return "origin not recorded"
    pairs = count(fit["n_fit"], "pair")
    if fit["fitted_on"] != one.evaluation.dataset:
        return f"set on {pairs} of the reference dataset {fit['fitted_on']}"
    return f"set on the {pairs} outside fold {fold}" if fold is not None else f"set on {pairs} of this dataset"
