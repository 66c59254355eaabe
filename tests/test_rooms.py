"""The rooms of the package: what stands where, and imports that go down only."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from conftest import REPOSITORY

PACKAGE = REPOSITORY / "workflow/scripts/whyface"
# From the ground up.
ROOMS = {
    PACKAGE: (
        *("catalogue", "mistakes", "config", "config_check", "config_files", "devices", "reruns", "run_lock"),
        *("tables", "sources", "lists", "faces", "models", "scores", "maps", "evaluation", "fidelity", "evidence"),
        *("plots", "demo", "site"),
    ),
    PACKAGE / "site": ("words", "content", "drawing", "views", "rendering"),
}


def imports_of(path):
    """Dotted names of the package's modules that a module imports, wherever the import stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.startswith("whyface.")}


def name_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def modules():
    return [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]


@pytest.mark.parametrize("floor", ROOMS, ids=lambda path: path.name)
def test_every_module_stands_in_a_room(floor):
    found = {path.stem for path in floor.glob("*.py")} | {path.parent.name for path in floor.glob("*/__init__.py")}
    assert found - {"__init__"} == set(ROOMS[floor])


@pytest.mark.parametrize("floor", ROOMS, ids=lambda path: path.name)
def test_imports_go_down_only(floor):
    order, prefix = ROOMS[floor], name_of(floor) + "."
    for path in modules():
        if not path.is_relative_to(floor):
            continue
        own = order.index(name_of(path).removeprefix(prefix).split(".")[0])
        rooms = {name.removeprefix(prefix).split(".")[0] for name in imports_of(path) if name.startswith(prefix)}
        assert not {room for room in rooms & set(order) if order.index(room) > own}, path


def test_no_modules_import_each_other_in_a_circle():
    known = {name_of(path) for path in modules()}
    graph = {name_of(path): imports_of(path) & known for path in modules()}
    assert sum(map(len, graph.values())) > 200
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(
    ("heavy", "scripts"),
    [
        ("torch", ("embed_images", "explain_pairs", "find_flips", "find_flip_sets", "judge_maps", "weigh_regions")),
        ("scipy.optimize", ("find_flips", "judge_maps", "weigh_regions", "plot_curves", "render_site")),
    ],
)
def test_jobs_load_what_takes_long_only_if_they_use_it(heavy, scripts):
    code = f"import sys, {', '.join(scripts)}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent).returncode == 0
