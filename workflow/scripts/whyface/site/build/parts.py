"""What of a site takes long, its regions, faces and pairs, in parts that can be made in any order, anywhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whyface.site.build.pair_files import pair_files
from whyface.site.build.writer import Writer
from whyface.site.content.evaluation import load_evaluation
from whyface.site.content.maps import display_scales
from whyface.site.drawing.images import crop_files, wanted_faces
from whyface.site.views.home import source
from whyface.site.views.pair import Shown
from whyface.site.views.regions import region_page

AT_ONCE = 250  # pairs or faces of a part: some 10 MB of maps


@dataclass(frozen=True)
class Site:
    """All that the site's files are made from.

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
        """What is known of the origin of each collection and model."""
        collections = dict.fromkeys(one.evaluation.collection for one in self.shown)
        found = [source(self.config, "collections", name) for name in collections]
        return found + [source(self.config, "models", name) for name in self.config["run"]["models"]]

    def others(self, one: Shown) -> list[Shown]:
        """List the evaluations of other models on the same dataset."""
        same = [other for other in self.shown if other.evaluation.dataset == one.evaluation.dataset]
        return [other for other in same if other is not one]

    def recipe(self) -> dict[str, Any]:
        """Arguments of `load_site` that make it again: small, and fit to be sent to another process."""
        scales = {one.evaluation.path: one.scales for one in self.shown}
        # A new writer, for compiled templates cannot be sent.
        return {"config": self.config, "results": self.results, "writer": replace(self.writer), "scales": scales}


@dataclass(frozen=True)
class PairsPart:
    """The files of some pairs: rows `start` to `stop` of the evaluation at `place`."""

    place: int
    start: int
    stop: int

    def files(self, site: Site) -> Iterator[tuple[str, bytes]]:
        """Yield path, from the site's root, and content."""
        one = site.shown[self.place]
        return pair_files(one, site.others(one), site.writer.render, self.start, self.stop)


@dataclass(frozen=True)
class FacesPart:
    """The files of some faces: rows of the crops in a file, for a folder of the site."""

    crops: Path
    folder: str
    rows: list[int]

    def files(self, _: Site) -> Iterator[tuple[str, bytes]]:
        """Yield path, from the site's root, and content."""
        return crop_files(self.crops, self.folder, self.rows)


@dataclass(frozen=True)
class RegionsPart:
    """The page of regions of the evaluation at `place`, and its images."""

    place: int

    def files(self, site: Site) -> Iterator[tuple[str, bytes]]:
        """Yield path, from the site's root, and content."""
        one = site.shown[self.place]
        path = one.titles["regions"]
        views, images = region_page(one, site.results)
        yield path, site.writer.render(path, "regions.html", synthetic=one.synthetic, **views).encode()
        yield from images.items()


Part = RegionsPart | FacesPart | PairsPart


def load_shown(config: Mapping, results: Path, scales: Mapping[str, dict[str, float]] | None = None) -> list[Shown]:
    """Load every evaluation of a run; display scales, by path and method, are measured unless given."""
    shown = []
    for dataset in config["run"]["datasets"]:
        for model in config["run"]["models"]:
            one = load_evaluation(config, results, model, dataset)
            shown.append(Shown(one, config, display_scales(one) if scales is None else scales[one.path]))
    return shown


def site_parts(site: Site) -> list[Part]:
    """Divide the faces and the pairs of a site; first what takes longest."""
    parts: list[Part] = [RegionsPart(place) for place, one in enumerate(site.shown) if one.titles["regions"]]
    if site.config["site"]["images"] != "none":
        for crops, folder, rows in wanted_faces([one.evaluation for one in site.shown], site.results):
            parts += [FacesPart(crops, folder, rows[i : i + AT_ONCE]) for i in range(0, len(rows), AT_ONCE)]
    for place, one in enumerate(site.shown):
        parts += [PairsPart(place, start, start + AT_ONCE) for start in range(0, len(one.rows), AT_ONCE)]
    return parts
