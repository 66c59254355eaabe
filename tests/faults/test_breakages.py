"""Every breakage of the fault suite still fits the code: its text is there once, and its test exists."""

import ast

import pytest
from break_each import PROJECT, find_breakages

FOUND = find_breakages()


@pytest.mark.parametrize(("path", "breakage"), FOUND, ids=[f"{path.stem}: {one.what}" for path, one in FOUND])
def test_a_breakage_fits_the_code_and_names_a_test(path, breakage):
    assert (PROJECT / breakage.path).read_text(encoding="utf-8").count(breakage.old) == 1
    assert breakage.old != breakage.new
    names = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    assert breakage.test.partition("[")[0] in names


def test_every_file_of_the_suite_says_how_it_can_be_broken():
    files = {path for path in (PROJECT / "tests" / "faults").glob("test_*.py") if path.stem != "test_breakages"}
    assert files == {path for path, _ in FOUND}
