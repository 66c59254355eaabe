"""The rooms of the site: imports go down only."""

import ast

import pytest

from conftest import REPOSITORY

SITE = REPOSITORY / "workflow/scripts/whyface/site"
ROOMS = ("words", "content", "drawing", "views", "build")  # from the ground up


def imported(room: str) -> set[str]:
    """Name the site's rooms that the modules of a room import."""
    nodes = [node for path in (SITE / room).glob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    modules = [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[2] for name in modules if name.startswith("whyface.site.")}


def test_every_module_is_in_a_room():
    assert sorted(path.name for path in SITE.glob("*.py")) == ["__init__.py"]
    assert sorted(path.name for path in SITE.iterdir() if (path / "__init__.py").exists()) == sorted(ROOMS)


@pytest.mark.parametrize("floor", range(len(ROOMS)))
def test_imports_go_down_only(floor):
    assert imported(ROOMS[floor]) <= set(ROOMS[: floor + 1])
