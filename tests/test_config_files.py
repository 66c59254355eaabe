"""Files that Snakemake has read as config: what is no config, and keys that stand twice."""

import pytest

from conftest import REPOSITORY
from whyface.config_files import check_files

SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"
SHIPPED = [REPOSITORY / name for name in ("config.yaml", "config/benchmarks.yaml", "config/catalogue.yaml")]


def check(folder, text, name="mine.yaml"):
    (folder / name).write_text(text, encoding="utf-8")
    check_files([folder / name], SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_repeat_no_key(path):
    check_files([path], SCHEMA)


@pytest.mark.parametrize(
    ("text", "line", "key", "before"),
    [
        ("run: {device: cpu}\nsite: {}\nrun: {device: cuda}\n", 3, "run", 1),
        ("models:\n  net:\n    kind: onnx\n    input_px: 112\n    kind: demo\n", 5, "kind", 3),
        ("run: {device: cpu, device: cuda}\n", 1, "device", 1),
        ("collections:\n  a: {source: {urls: [{x: 1,\n x: 2}]}}\n", 3, "x", 2),
    ],
)
def test_a_repeated_key_is_named_with_both_lines(tmp_path, monkeypatch, text, line, key, before):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=rf"  mine\.yaml:{line}: {key} is already on line {before},"):
        check(tmp_path, text)


def test_a_key_of_two_entries_and_an_alias_are_no_repetition(tmp_path):
    check(tmp_path, "models:\n  a: &a {kind: demo}\n  b: {kind: demo}\n  c: *a\nsite: {}\n")


def test_what_holds_itself_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds more than 100,000 values, aliases written out"):
        check(tmp_path, "site: &site {title: &title {here: *title, site: *site}}\n")


def test_a_file_without_any_key_of_a_config_is_called_none(tmp_path):
    with pytest.raises(ValueError, match=r"receipt\.json: is no config: its keys are path, sha256; .* name targets"):
        check(tmp_path, '{"path": "x", "sha256": "y"}', "receipt.json")
    check(tmp_path, "colections: {}\nsite: {}\n")


def test_all_files_are_looked_into(tmp_path):
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("site: {}\nsite: {}\n")
    with pytest.raises(ValueError, match=r"(?s)one\.yaml:2.*two\.yaml:2"):
        check_files([tmp_path / "one.yaml", tmp_path / "two.yaml"], SCHEMA)
