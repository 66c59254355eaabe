"""Image files of mean maps, one for each palette, and of the mean face under them."""

from pathlib import Path
from typing import Any

import numpy as np

from whyface.site.content.averages import LEAST_PAIRS, averaged_pairs, mean_face
from whyface.site.drawing.colours import PALETTES, lookup, palette_places
from whyface.site.drawing.images import map_image
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count

LEADING = "true-match"  # the outcome whose map leads the page: what makes a match


class MeanMaps:
    """Collects the image files of an evaluation's mean maps, content by path from the site's root."""

    def __init__(self, one: Shown):
        self.one = one
        self.files: dict[str, bytes] = {}

    def add(self, name: str, values: np.ndarray, scale: float) -> dict[str, str]:
        """Draw a mean map, side x side, with full colour at `scale`; returns its files by palette."""
        paths = _map_paths(self.one, name)
        places = palette_places(values, scale)
        self.files |= {paths[palette.name]: map_image(lookup(palette)[places]) for palette in PALETTES}
        return paths

    def add_face(self, results: Path) -> str:
        """Average the faces in averaged pairs, each once; returns the file, empty if faces are not published."""
        path, evaluation = _face_path(self.one), self.one.evaluation
        if path:
            rows = np.unique(evaluation.pairs[averaged_pairs(evaluation)][["face_a", "face_b"]].to_numpy(int))
            folder = results / "aligned" / evaluation.collection / evaluation.alignment
            crops = np.load(folder / "crops.npy", mmap_mode="r", allow_pickle=False)
            self.files[path] = map_image(mean_face(crops, rows))  # a mean face is as smooth as a map
        return path


def average_card(one: Shown) -> dict[str, Any] | None:
    """Make the card of a page of regions, with the map of true matches if there are enough; None without maps."""
    averaged = averaged_pairs(one.evaluation)
    matches = int(one.evaluation.pairs.outcome[averaged].eq(LEADING).sum())
    leads = matches >= LEAST_PAIRS
    if not averaged.any():
        return None
    pairs = f"{matches:,} true matches" if leads else count(int(averaged.sum()), "pair")
    return {
        **one.titles,
        "pairs": pairs,
        "face": _face_path(one),
        "map": _map_paths(one, f"{one.evaluation.map_methods[0]}-{LEADING if leads else 'all'}")[PALETTES[0].name],
        "alt": f"Mean map of {pairs} of {one.titles['dataset']}",
    }


def outline(regions: dict[str, np.ndarray]) -> str:
    """Draw the borders between regions, side x side bool, as an SVG path, one unit a pixel."""
    labels = np.argmax(np.stack(list(regions.values())), axis=0)
    path = []
    for swap in (False, True):
        grid = labels.T if swap else labels
        for at in range(1, len(grid)):
            edges = np.flatnonzero(np.diff(np.pad((grid[at] != grid[at - 1]).astype(int), 1)))
            for start, end in edges.reshape(-1, 2):
                path.append(f"M{at} {start}V{end}" if swap else f"M{start} {at}H{end}")
    return "".join(path)


def _face_path(one: Shown) -> str:
    return f"{one.evaluation.path}/regions/face.webp" if one.shows_faces else ""


def _map_paths(one: Shown, name: str) -> dict[str, str]:
    return {palette.name: f"{one.evaluation.path}/regions/{name}-{palette.name}.webp" for palette in PALETTES}
