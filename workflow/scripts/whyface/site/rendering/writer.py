"""Writes the site's files; unchanged ones are linked from the old site and keep their date."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from whyface.tables.files import naming_full_disk

TEMPLATES = Path(__file__).resolve().parents[5] / "site_templates"


@contextmanager
def replacing(destination: Path) -> Iterator[Path]:
    """Yield an empty folder beside `destination` that takes its place on success and vanishes on failure."""
    building = destination.with_name(f".{destination.name}.building")
    old = destination.with_name(f".{destination.name}.old")
    if old.exists() and not destination.exists():  # killed between the two renames below
        old.rename(destination)
    for leftover in (building, old):
        shutil.rmtree(leftover, ignore_errors=True)
    with naming_full_disk(destination):
        try:
            building.mkdir(parents=True)
            yield building
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    if destination.exists():
        destination.rename(old)
    building.rename(destination)
    shutil.rmtree(old, ignore_errors=True)


@dataclass(frozen=True)
class Writer:
    """Renders templates and writes files below a folder.

    Attributes
    ----------
    folder : Path
        Where the site is built.
    old : Path
        An older site, which may be missing. Its files' dates tell hosts and rsync what not to copy again.
    templates : Path
        Folder of the templates.
    common : mapping
        What every template gets.
    """

    folder: Path
    old: Path
    templates: Path
    common: Mapping[str, Any]

    @cached_property
    def environment(self) -> jinja2.Environment:
        """The templates, compiled once."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.templates),
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals.update(self.common)
        return environment

    def render(self, path: str, template: str, **views: Any) -> str:
        """Render `template` as the page at `path`, from the site's root."""
        return self.environment.get_template(template).render(path=path, root="../" * path.count("/"), **views)

    def write(self, path: str, template: str, **views: Any) -> None:
        """Render `template` to the file at `path`, from the site's root."""
        self.write_file(path, self.render(path, template, **views).encode())

    def write_file(self, path: str, content: bytes) -> None:
        """Write a file to `path`, from the site's root."""
        target, kept = self.folder / path, self.old / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if _holds(kept, content):
            link_or_copy(kept, target)
        else:
            target.write_bytes(content)


def link_or_copy(source: Path, target: Path) -> None:
    """Link a file, which takes no space; if the file system cannot, copy it with its date."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
