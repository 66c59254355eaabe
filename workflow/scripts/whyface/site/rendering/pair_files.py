"""Every file of a pair: its page, a map of each face as an image, and scripts of all its maps and single patches."""

from collections.abc import Callable, Iterator, Mapping

from whyface.faces.regions import Regions
from whyface.site.content.maps import PairMaps, read_pair_maps
from whyface.site.drawing.colours import lookup, palette_places
from whyface.site.drawing.images import map_image
from whyface.site.drawing.map_script import maps_script
from whyface.site.drawing.patch_script import patches_script
from whyface.site.views.cover import cover_view, patches_of
from whyface.site.views.pair_page import pair_page
from whyface.site.views.shown import Shown


def pair_files(
    one: Shown, others: list[Shown], render: Callable[..., str], start: int = 0, stop: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield path, from the site's root, and content of every file of some of an evaluation's pairs.

    Nothing is written, and no two calls share anything, so that processes can share the pairs.

    Parameters
    ----------
    one : Shown
        The evaluation.
    others : list of Shown
        Other models on the same dataset.
    render : callable
        Renders a page: takes its path, the template's name, and views.
    start, stop : int
        Which of `one.with_pages`.
    """
    mapped = one.evaluation.methods
    rows = [one.rows[place] for place in one.with_pages[start:stop]]
    with_maps = [row["pair_id"] for row in rows if row["pair_id"] in mapped]
    maps, distances = read_pair_maps(one.evaluation, with_maps), one.evaluation.patch_distances.of(with_maps)
    for index, row in enumerate(rows, start):
        pair_maps = next(maps) if row["pair_id"] in mapped else None
        folder = one.evaluation.pair_path(row["pair_id"])
        page = f"{folder}/index.html"
        patches = patches_of(one, row, distances.get(row["pair_id"]))
        views = pair_page(one, others, index, pair_maps) | {"cover": cover_view(one, patches) if patches else {}}
        yield page, render(page, "pair.html", synthetic=one.synthetic, **views).encode()
        if pair_maps:
            regions = one.regions(row, pair_maps.values.shape[-1])
            yield from _map_files(folder, pair_maps, one.scales, regions, patches.ban_scale if patches else None)
        if patches:
            model, shape = one.config["models"][one.evaluation.model], one.config["occlusion"]["shape"]
            yield f"{folder}/patches.js", patches_script(patches, model["input_px"], shape).encode()


def _map_files(
    folder: str, maps: PairMaps, scales: Mapping[str, float], regions: Regions, ban_scale: float | None
) -> Iterator[tuple[str, bytes]]:
    """Yield the first method's map of each face, for thumbnails and pages without scripts, and all maps in a script."""
    places = palette_places(maps.values[0], next(iter(scales.values())))
    for side, colours in zip("ab", lookup()[places], strict=True):
        yield f"{folder}/{side}.webp", map_image(colours)
    yield f"{folder}/maps.js", maps_script(maps.values, scales, regions, ban_scale).encode()
