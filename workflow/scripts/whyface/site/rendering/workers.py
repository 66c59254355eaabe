"""Processes that share the work on a site's parts.

Every process needs all evaluations: a forked one inherits them, any other reads the tables anew. Nothing large is sent.
"""

import gc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import ClassVar

from whyface.site.rendering.parts import Part, site_parts
from whyface.site.rendering.site import Site
from whyface.tables.logs import progress
from whyface.tables.orphans import end_with_parent


class Worker:
    """Builds parts in a process of a pool, which gets its site once, at its start."""

    site: ClassVar[Site]

    @classmethod
    def start(cls, site: Site) -> None:
        """Take the site."""
        end_with_parent()
        cls.site = site

    @classmethod
    def build(cls, part: Part) -> None:
        """Build a part of it."""
        _build(cls.site, part)


def build_parts(site: Site, processes: int) -> None:
    """Build all regions, faces and pairs; several `processes` share the work, a single one is this one."""
    parts = site_parts(site)
    if processes == 1:
        _wait_for(map(partial(_build, site), parts), len(parts))
        return
    gc.freeze()  # the collector would touch, and so copy, the memory that forked processes share
    try:
        with ProcessPoolExecutor(processes, get_context(), Worker.start, (site,)) as pool:
            _wait_for(pool.map(Worker.build, parts), len(parts))
    finally:
        gc.unfreeze()


def _build(site: Site, part: Part) -> None:
    for path, content in part.files(site):
        site.writer.write_file(path, content)


def _wait_for(built: Iterator[None], total: int) -> None:
    for _ in progress(built, total, "parts of the site"):
        pass
