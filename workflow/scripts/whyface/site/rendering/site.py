"""The site that is built: the run's config and tables, and where its files go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whyface.site.content.evaluation import load_evaluation
from whyface.site.content.fidelity import FidelityRows
from whyface.site.content.maps import display_scales
from whyface.site.rendering.writer import Writer
from whyface.site.views.shown import Shown
from whyface.site.views.sources import source


@dataclass(frozen=True)
class Site:
    """A site to build, and all that it is made from.

    Attributes
    ----------
    config : mapping
        The run's config.
    results : Path
        Folder with `tables`, `aligned` and `figures`.
    shown : list of Shown
        Every evaluation of the run.
    writer : Writer
        Writes the files.
    """

    config: Mapping
    results: Path
    shown: list[Shown]
    writer: Writer

    @property
    def synthetic(self) -> bool:
        """Whether all faces are drawn by a computer."""
        return all(one.synthetic for one in self.shown)

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Describe the origin of each collection and model."""
        collections = dict.fromkeys(one.evaluation.collection for one in self.shown)
        found = [source(self.config, "collections", name) for name in collections]
        return found + [source(self.config, "models", name) for name in self.config["run"]["models"]]

    def others(self, one: Shown) -> list[Shown]:
        """List the evaluations of other models on the same dataset."""
        same = [other for other in self.shown if other.evaluation.dataset == one.evaluation.dataset]
        return [other for other in same if other is not one]

    def __reduce__(self):
        """Send another process what it needs to load the site itself: little, however many pairs there are."""
        scales = {one.evaluation.path: one.scales for one in self.shown}
        # A new writer, because compiled templates cannot be sent.
        return _load_site, (self.config, self.results, replace(self.writer), scales)


def _load_site(config: Mapping, results: Path, writer: Writer, scales: Mapping[str, dict[str, float]]) -> Site:
    return Site(config, results, load_shown(config, results, scales), writer)


def load_shown(config: Mapping, results: Path, scales: Mapping[str, dict[str, float]] | None = None) -> list[Shown]:
    """Load every evaluation of a run; display scales, by path and method, are measured unless given."""
    run = config["run"]
    loaded = [
        load_evaluation(config, results, model, dataset) for dataset in run["datasets"] for model in run["models"]
    ]
    fidelity: dict[str, dict[str, FidelityRows]] = {model: {} for model in run["models"]}
    for one in loaded:
        if one.fidelity:
            fidelity[one.model][one.dataset] = one.fidelity
    scales = {one.path: display_scales(one) for one in loaded} if scales is None else scales
    pages_for_all = sum(len(one.pairs) for one in loaded) <= config["site"]["pair_pages"]
    return [Shown(one, config, scales[one.path], fidelity[one.model], pages_for_all) for one in loaded]
