"""The slow part of building a site, its regions, faces and pairs, divided so that any process can build any part."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whyface.site.content.planted import read_twins
from whyface.site.drawing.images import crop_files
from whyface.site.rendering.pair_files import pair_files
from whyface.site.rendering.site import Site
from whyface.site.views.regions import region_page
from whyface.site.views.shown import Shown
from whyface.site.views.trust import trust_page

AT_ONCE = 250  # pairs or faces of a part; some 10 MB of maps


@dataclass(frozen=True)
class PairsPart:
    """The files of some pairs: `start` to `stop` of those with pages of the evaluation at `place`."""

    place: int
    start: int
    stop: int

    def files(self, site: Site) -> Iterator[tuple[str, bytes]]:
        """Yield path, from the site's root, and content."""
        one = site.shown[self.place]
        return pair_files(one, site.others(one), site.writer.render, self.start, self.stop)


@dataclass(frozen=True)
class FacesPart:
    """The files of some faces: rows of a file of crops, for a folder of the site; see `crop_files`."""

    crops: Path
    folder: str
    rows: list[int]
    on_pages: set[int]

    def files(self, _: Site) -> Iterator[tuple[str, bytes]]:
        """Yield path, from the site's root, and content."""
        return crop_files(self.crops, self.folder, self.rows, self.on_pages)


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


@dataclass(frozen=True)
class TrustPart:
    """The page that says how far to trust a model's maps."""

    model: str

    def files(self, site: Site) -> Iterator[tuple[str, bytes]]:
        """Yield path, from the site's root, and content."""
        own = [one for one in site.shown if one.evaluation.model == self.model]
        path, synthetic = own[0].titles["trust"], all(one.synthetic for one in own)
        side_px = site.config["models"][self.model]["input_px"]
        known = [one.evaluation for one in own if one.evaluation.fidelity.knows_truth]
        twins = {one.dataset: read_twins(one, site.results, side_px) for one in known}
        yield path, site.writer.render(path, "trust.html", synthetic=synthetic, **trust_page(own, twins)).encode()


Part = TrustPart | RegionsPart | FacesPart | PairsPart


def site_parts(site: Site) -> list[Part]:
    """Divide the regions, faces and pairs of a site; what takes longest comes first."""
    parts: list[Part] = [TrustPart(one.evaluation.model) for one in _first_of_models(site.shown) if one.titles["trust"]]
    parts += [RegionsPart(place) for place, one in enumerate(site.shown) if one.titles["regions"]]
    if site.config["site"]["images"] != "none":
        for crops, folder, wanted, on_pages in _wanted_faces(site.shown, site.results):
            rows = [wanted[i : i + AT_ONCE] for i in range(0, len(wanted), AT_ONCE)]
            parts += [FacesPart(crops, folder, some, on_pages.intersection(some)) for some in rows]
    for place, one in enumerate(site.shown):
        parts += [PairsPart(place, start, start + AT_ONCE) for start in range(0, len(one.with_pages), AT_ONCE)]
    return parts


def _first_of_models(shown: Iterable[Shown]) -> Iterable[Shown]:
    return {one.evaluation.model: one for one in shown}.values()


def _wanted_faces(shown: Iterable[Shown], results: Path) -> Iterator[tuple[Path, str, list[int], set[int]]]:
    """Yield, by collection and alignment, the crops' file, the site's folder, rows of all faces, and those on pages."""
    wanted: dict[tuple[Path, str], set[int]] = defaultdict(set)
    on_pages: dict[tuple[Path, str], set[int]] = defaultdict(set)
    for one in shown:
        evaluation = one.evaluation
        key = results / "aligned" / evaluation.collection / evaluation.alignment / "crops.npy", evaluation.faces_path
        paged = evaluation.pairs.iloc[one.with_pages]
        wanted[key] |= _faces(evaluation.pairs)
        on_pages[key] |= _faces(paged)
    for (crops, folder), rows in wanted.items():
        yield crops, folder, sorted(rows), on_pages[crops, folder]


def _faces(pairs: pd.DataFrame) -> set[int]:
    """Rows of the faces in some pairs, in the crops."""
    readable = (pairs[f"face_{side}"][pairs[f"status_{side}"] != "failed"] for side in "ab")
    return set().union(*readable)
