"""Processes that share the work on a site's parts.

Every process needs all evaluations. Where processes fork, they inherit them; where they are spawned, each reads the
tables anew. Nothing large is ever sent from one to another.
"""

import gc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from whyface.site.build.parts import Part, Site, load_shown, site_parts
from whyface.tables.logs import progress

_site: Site | None = None  # the site that this process works on


def write_parts(site: Site, processes: int) -> None:
    """Write all regions, faces and pairs; several `processes` share the work, with one this one does it."""
    parts = site_parts(site)
    with _working_on(site):
        if processes == 1:
            _write_all(map(_write, parts), len(parts))
            return
        with ProcessPoolExecutor(processes, get_context(), _start, (site.recipe(),)) as pool:
            _write_all(pool.map(_write, parts), len(parts))


@contextmanager
def _working_on(site: Site) -> Iterator[None]:
    global _site
    _site = site
    gc.freeze()  # the collector would touch, and so copy, the memory that processes share
    try:
        yield
    finally:
        gc.unfreeze()
        _site = None


def _write_all(written: Iterator[None], total: int) -> None:
    for _ in progress(written, total, "parts of the site"):
        pass


def _start(recipe: dict[str, Any]) -> None:
    """Make the site in a process that did not inherit it."""
    global _site
    if _site is None:
        shown = load_shown(recipe["config"], recipe["results"], recipe["scales"])
        _site = Site(recipe["config"], recipe["results"], shown, recipe["writer"])


def _write(part: Part) -> None:
    assert _site is not None
    for path, content in part.files(_site):
        _site.writer.write_file(path, content)
