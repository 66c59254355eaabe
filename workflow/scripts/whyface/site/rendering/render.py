"""The whole site: every page and file, written to a folder that opens from any disk or host."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from whyface.site.drawing.colours import PALETTES
from whyface.site.rendering.downloads import offer_tables
from whyface.site.rendering.site import Site, load_shown
from whyface.site.rendering.workers import build_parts
from whyface.site.rendering.writer import TEMPLATES, Writer, replacing
from whyface.site.views.agreement import fast_maps
from whyface.site.views.bans import bans_example
from whyface.site.views.comparison import compare_page
from whyface.site.views.explorer import explorer_page
from whyface.site.views.home import home, navigation
from whyface.site.views.method import cover_example, threshold_example
from whyface.site.views.pair_index import index_files
from whyface.site.views.protocol import protocol_page
from whyface.site.views.provenance import commit, provenance
from whyface.site.views.report import numbers_page, report_page
from whyface.site.views.sheet import sheet_page
from whyface.site.views.shown import Shown
from whyface.site.views.transfer import transfer_page
from whyface.site.words.numbers import count, size_words
from whyface.site.words.vocabulary import CONFIDENCE_METHODS

# The order of a report's figures; others follow, sorted by name.
FIGURES = ("histogram", "reliability", "confidence", "det", "deep-det", "roc", "tippett", "cross-entropy", "folds")
# Pages say themselves whether they may be indexed; other files cannot.
ROBOTS_STAY_OUT = "User-agent: *\nDisallow: /*.webp$\nDisallow: /*.js$\nDisallow: /*.parquet$\n"
ROBOTS_WELCOME = "User-agent: *\nDisallow:\n"


def render_site(
    config: Mapping, results: Path, destination: Path, templates: Path = TEMPLATES, processes: int = 1
) -> None:
    """Build the site of a run.

    Parameters
    ----------
    config : mapping
        The checked config, defaults filled in.
    results : Path
        Folder with `tables`, `aligned` and `figures`.
    destination : Path
        Folder of the site; an older site there is replaced once the new one is complete.
    templates : Path
        Folder with the Jinja templates and `static`.
    processes : int
        How many processes build the regions, faces and pairs.

    Raises
    ------
    ValueError
        Tables do not belong together, or a name cannot be part of a path; an older site stays as it was.
    """
    destination, results = Path(destination), Path(results)
    with replacing(destination) as building:
        shown = load_shown(config, results)
        writer = Writer(building, destination, Path(templates), _common(config, shown))
        site = Site(config, results, shown, writer)
        build_parts(site, processes)
        _write_static(site)
        _write_general(site)
        for dataset in config["run"]["datasets"]:
            _write_comparison(site, [one for one in shown if one.evaluation.dataset == dataset])
            _write_protocol(site, [one for one in shown if one.evaluation.dataset == dataset])
        for model in config["run"]["models"]:
            _write_transfer(site, [one for one in shown if one.evaluation.model == model])
        for one in shown:
            _write_evaluation(site, one)
        _write_data(site)


def _common(config: Mapping, shown: list[Shown]) -> dict[str, object]:
    """Gather what every template gets."""
    settings = config["site"]
    site = {
        "title": settings.get("title") or "WhyFace",
        "base_url": (settings.get("base_url") or "").rstrip("/"),
        "index": settings.get("index", False),
        "faces": settings["images"] != "none",
        "nav": navigation(shown),
    }
    return {"site": site, "palettes": PALETTES}


def _write_static(site: Site) -> None:
    """Copy styles and scripts, and tell robots what they may read."""
    for path in sorted((site.writer.templates / "static").iterdir()):
        site.writer.write_file(f"static/{path.name}", path.read_bytes())
    robots = ROBOTS_WELCOME if site.writer.common["site"]["index"] else ROBOTS_STAY_OUT
    site.writer.write_file("robots.txt", robots.encode())


def _write_general(site: Site) -> None:
    write, config, shown, synthetic = site.writer.write, site.config, site.shown, site.synthetic
    views = home(shown)
    striking = views["striking"]
    write("index.html", "home.html", synthetic=synthetic or bool(striking and striking["synthetic"]), **views)
    scales = [{**one.titles, "scales": {name: f"{s:.2g}" for name, s in one.scales.items()}} for one in shown]
    method, bins = config["confidence"]["method"], f"{config['confidence']['bins']:,}"
    settings = {"occlusion": config["occlusion"], "confidence": CONFIDENCE_METHODS[method], "bins": bins}
    examples = {"threshold": threshold_example(shown), "cover": cover_example(shown), "bans": bans_example(shown)}
    trust = {one.titles["trust"]: one.titles["model"] for one in shown if one.titles["trust"]}
    notes = {"scales": scales, "fast": fast_maps(shown), "trust": trust}
    write("method.html", "method.html", synthetic=synthetic, **notes, **settings, **examples)
    write("about.html", "about.html", synthetic=synthetic, sources=site.sources)
    write("explore.html", "explore.html", synthetic=synthetic, **explorer_page(shown))
    for path, text in index_files(shown):
        site.writer.write_file(path, text.encode())


def _write_comparison(site: Site, shown: list[Shown]) -> None:
    path = shown[0].titles["compare"]
    if path:
        site.writer.write(path, "compare.html", synthetic=shown[0].synthetic, **compare_page(shown))


def _write_protocol(site: Site, shown: list[Shown]) -> None:
    path = shown[0].titles["protocol"]
    if path:
        site.writer.write(path, "protocol.html", synthetic=shown[0].synthetic, **protocol_page(shown))


def _write_transfer(site: Site, shown: list[Shown]) -> None:
    one, path = shown[0], shown[0].titles["transfer"]
    if path:
        model = one.evaluation.model
        figures = _copy_figures([site.results / "figures" / model / "transfer.svg"], site.writer, model)
        synthetic = all(one.synthetic for one in shown)
        site.writer.write(path, "transfer.html", synthetic=synthetic, figures=figures, **transfer_page(one))


def _write_evaluation(site: Site, one: Shown) -> None:
    path, write, synthetic = one.evaluation.path, site.writer.write, one.synthetic
    figures = _copy_figures((site.results / "figures" / path).glob("*.svg"), site.writer, f"{path}/figures")
    write(f"{path}/index.html", "report.html", synthetic=synthetic, figures=figures, **report_page(one))
    write(one.metrics.page, "rows.html", synthetic=synthetic, **numbers_page(one))
    sheet = sheet_page(one, site.results, commit(Path(__file__).parent))
    write(f"{path}/sheet.html", "sheet.html", synthetic=synthetic, **sheet)


def _write_data(site: Site) -> None:
    """Write the data page, last, because it states the site's size."""
    evaluations = [one.evaluation for one in site.shown]
    views = {
        "tables": offer_tables(evaluations, site.results, site.writer),
        "licences": site.sources,
        "provenance": provenance(site.config, evaluations, site.results, Path(__file__).parent),
        "size": _size(site.writer.folder),
    }
    site.writer.write("data.html", "data.html", synthetic=site.synthetic, **views)
    logging.getLogger("whyface").info("site: %s", views["size"])


def _size(folder: Path) -> str:
    """Say how many files lie below a folder, and how large they are together."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return f"{count(len(sizes), 'file')}, {size_words(sum(sizes))}"


def _copy_figures(paths: Iterable[Path], writer: Writer, folder: str) -> list[dict[str, str]]:
    """Copy the figures that exist; returns their names and captions."""
    order = {name: place for place, name in enumerate(FIGURES)}
    figures = []
    for path in sorted(paths, key=lambda path: (order.get(path.stem, len(order)), path.stem)):
        if not path.exists():
            continue
        writer.write_file(f"{folder}/{path.name}", path.read_bytes())
        caption = path.with_suffix(".txt")
        text = caption.read_text(encoding="utf-8").strip() if caption.exists() else path.stem
        figures.append({"file": path.name, "caption": text})
    return figures
