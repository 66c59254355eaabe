"""Builds the static site: reads tables, figures and crops, and writes pages that open from any folder or host.

The site is built in a folder beside its destination and takes its place only when complete. Nothing here imports
torch: the site can be built wherever the tables are.
"""

import logging
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from whyface.logs import progress
from whyface.site.compare import compare_page, transfer_page
from whyface.site.data import load_evaluation
from whyface.site.downloads import offer_tables, provenance
from whyface.site.images import write_faces, write_maps
from whyface.site.pages import explorer_data, explorer_page, home, source
from whyface.site.pairs import Shown, pair_pages
from whyface.site.report import numbers_page, report_page
from whyface.site.words import CONFIDENCE_METHODS

# The order of a report's figures; others follow by name.
FIGURES = ("histogram", "reliability", "confidence", "det", "roc", "tippett", "cross-entropy", "folds")


def render_site(config: Mapping, results: Path, destination: Path, templates: Path) -> None:
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

    Raises
    ------
    ValueError
        Tables do not belong together, or a name cannot be part of a path; the old site is left as it was.
    """
    destination = Path(destination)
    building = destination.with_name(f".{destination.name}.building")
    old = destination.with_name(f".{destination.name}.old")
    if old.exists() and not destination.exists():  # killed between the two renames below
        old.rename(destination)
    for leftover in (building, old):
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _build(config, Path(results), building, Path(templates))
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if destination.exists():
        destination.rename(old)
    building.rename(destination)
    shutil.rmtree(old, ignore_errors=True)


class _Writer:
    """Writes pages: knows the templates, and each page's way back to the root."""

    def __init__(self, folder: Path, templates: Path, common: Mapping[str, Any]):
        self.folder = folder
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(templates),
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.globals.update(common)

    def write(self, path: str, template: str, **views: Any) -> None:
        """Render `template` to `path`, a file below the site's root."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = self.environment.get_template(template).render(root="../" * path.count("/"), **views)
        target.write_text(text, encoding="utf-8")


def _build(config: Mapping, results: Path, building: Path, templates: Path) -> None:
    names = [(model, dataset) for dataset in config["run"]["datasets"] for model in config["run"]["models"]]
    evaluations = [load_evaluation(config, results, model, dataset) for model, dataset in names]
    shutil.copytree(templates / "static", building / "static")
    if config["site"]["images"] != "none":
        write_faces(evaluations, results, building)
    shown = [Shown(one, config, write_maps(one, building)) for one in evaluations]
    all_synthetic = all(one.synthetic for one in shown)
    site = {
        "title": config["site"].get("title") or "WhyFace",
        "base_url": config["site"].get("base_url") or "",
        "faces": config["site"]["images"] != "none",
    }
    writer = _Writer(building, templates, {"site": site})
    _write_general(writer, config, results, shown, all_synthetic)
    for dataset in config["run"]["datasets"]:
        _write_comparison(writer, [one for one in shown if one.evaluation.dataset == dataset])
    for model in config["run"]["models"]:
        _write_transfer(writer, results, [one for one in shown if one.evaluation.model == model])
    for one in shown:
        others = [other for other in shown if other is not one and other.evaluation.dataset == one.evaluation.dataset]
        _write_evaluation(writer, results, one, others)


def _write_general(writer: _Writer, config: Mapping, results: Path, shown: list[Shown], synthetic: bool) -> None:
    evaluations = [one.evaluation for one in shown]
    views = home(shown)
    striking = views["striking"]
    writer.write("index.html", "home.html", synthetic=synthetic or bool(striking and striking["synthetic"]), **views)
    scales = [{**one.titles, "scales": {name: f"{s:.2g}" for name, s in one.scales.items()}} for one in shown]
    method, bins = config["confidence"]["method"], f"{config['confidence']['bins']:,}"
    settings = {"occlusion": config["occlusion"], "confidence": CONFIDENCE_METHODS[method], "bins": bins}
    writer.write("method.html", "method.html", synthetic=synthetic, scales=scales, **settings)
    collections = dict.fromkeys(one.collection for one in evaluations)
    sources = [source(config, "collections", name) for name in collections]
    sources += [source(config, "models", name) for name in config["run"]["models"]]
    writer.write("about.html", "about.html", synthetic=synthetic, sources=sources)
    tables = offer_tables(evaluations, results, writer.folder)
    origins = provenance(evaluations, results)
    writer.write("data.html", "data.html", synthetic=synthetic, tables=tables, provenance=origins)


def _write_comparison(writer: _Writer, shown: list[Shown]) -> None:
    path = shown[0].titles["compare"]
    if path:
        writer.write(path, "compare.html", synthetic=shown[0].synthetic, **compare_page(shown))


def _write_transfer(writer: _Writer, results: Path, shown: list[Shown]) -> None:
    one, path = shown[0], shown[0].titles["transfer"]
    if path:
        model = one.evaluation.model
        figures = _copy_figures([results / "figures" / model / "transfer.svg"], writer.folder / model)
        synthetic = all(one.synthetic for one in shown)
        writer.write(path, "transfer.html", synthetic=synthetic, figures=figures, **transfer_page(one))


def _write_evaluation(writer: _Writer, results: Path, one: Shown, others: list[Shown]) -> None:
    path, synthetic = one.evaluation.path, one.synthetic
    figures = _copy_figures((results / "figures" / path).glob("*.svg"), writer.folder / path / "figures")
    writer.write(f"{path}/index.html", "report.html", synthetic=synthetic, figures=figures, **report_page(one))
    writer.write(one.measures.page, "rows.html", synthetic=synthetic, **numbers_page(one))
    writer.write(f"{path}/explorer.html", "explorer.html", synthetic=synthetic, **explorer_page(one))
    (writer.folder / path / "pairs.js").write_text(explorer_data(one), encoding="utf-8")
    for page, views in progress(pair_pages(one, others), len(one.rows), f"pair pages of {path}"):
        writer.write(page, "pair.html", synthetic=synthetic, **views)
    logging.getLogger("whyface").info("%s: %d pairs", path, len(one.rows))


def _copy_figures(paths: Iterable[Path], folder: Path) -> list[dict[str, str]]:
    """Copy those figures that there are; returns their names and captions."""
    order = {name: place for place, name in enumerate(FIGURES)}
    figures = []
    for path in sorted(paths, key=lambda path: (order.get(path.stem, len(order)), path.stem)):
        if not path.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, folder / path.name)
        caption = path.with_suffix(".txt")
        text = caption.read_text(encoding="utf-8").strip() if caption.exists() else path.stem
        figures.append({"file": path.name, "caption": text})
    return figures
