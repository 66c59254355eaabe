"""The docs say what the code says."""

import pathlib
import re
import runpy
import textwrap
import tomllib

import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config
from write_env import PROJECT, read_pins, render_env

import fabricate
from conftest import REPOSITORY
from whyface.config_check import check_config
from whyface.config_files import check_files
from whyface.tables.schemas import TABLES

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SCHEMA_PATH = REPOSITORY / "workflow/schemas/config.schema.yaml"
SCHEMA = yaml.safe_load(SCHEMA_PATH.read_text())


def test_tables_page_is_the_schemas():
    written = runpy.run_path(str(REPOSITORY / "docs/write_tables.py"))["render_tables"]()
    assert (REPOSITORY / "docs/tables.md").read_text(encoding="utf-8") == written
    for table in TABLES:
        assert all(f"| {column.name} |" in written for column in table.schema)


def config_keys(schema, path=()):
    for name, rule in schema.get("properties", {}).items():
        yield (*path, name)
        yield from config_keys(rule, (*path, name))
        if isinstance(rule.get("additionalProperties"), dict):
            yield from config_keys(rule["additionalProperties"], (*path, name))


@pytest.mark.parametrize("key", sorted({".".join(path) for path in config_keys(SCHEMA)}))
def test_every_config_key_is_explained_in_config_yaml(key):
    text = (REPOSITORY / "config.yaml").read_text(encoding="utf-8")
    assert re.search(rf"\b{key.split('.')[-1]}\b", text)


def test_default_config_states_every_scientific_key():
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    for section in ("confidence", "occlusion", "explain", "site"):
        assert set(config[section]) == set(SCHEMA["properties"][section]["properties"])


def test_conda_environment_equals_the_lock():
    assert (PROJECT / "workflow/envs/whyface.yaml").read_text(encoding="utf-8") == render_env()
    assert dict(read_pins((PROJECT / "requirements.lock").read_text()))["torch"] in render_env()


def test_lock_has_every_dependency_with_hashes_and_names_no_host():
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for entry in wanted:
        name = re.split(r"[=<>~!\[ ]", entry)[0]
        assert re.search(rf"^{name}==.*\\\n    --hash=sha256:", lock, re.MULTILINE), name
    assert "://" not in lock


def test_versions_agree():
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"version: {version}\n" in (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", *(f"docs/{p}.md" for p in ("method", "publishing", "scaling", "synthetic"))],
)
def test_links_between_documents_resolve(page):
    path = REPOSITORY / page
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_readme_has_the_two_commands_and_the_makefile_its_targets():
    assert "uv run snakemake --cores 8" in README and "uv run pytest" in README
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in ("help", "run", "test", "check", "bench", "clean"):
        assert f"\n{target}:" in makefile


def test_readme_example_finds_the_false_matches(tmp_path, monkeypatch, capsys):
    fabricate.results(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    names = {}
    exec(example, names)
    scores = pd.read_parquet("results/tables/scores")
    assert len(names["false_matches"]) == (scores["outcome"] == "false-match").sum() > 0
    assert "cosine_distance" in capsys.readouterr().out


def overlays():
    """Every overlay in the documents: a block of YAML that says what to run."""
    for page in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(r"^( *)```yaml\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE):
            if re.search(r"^ *run:", block[2], re.MULTILINE):
                line = text[: block.start()].count("\n") + 1
                yield pytest.param(textwrap.dedent(block[2]), id=f"{page.name}:{line}")


@pytest.mark.parametrize("text", list(overlays()))
def test_every_overlay_in_the_documents_can_run(tmp_path, monkeypatch, text):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    check_files([tmp_path / "mine.yaml"], SCHEMA_PATH)
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    update_config(config, yaml.safe_load(text))
    monkeypatch.setattr(pathlib.Path, "exists", lambda _: True)  # the reader's files
    check_config(config, SCHEMA_PATH, REPOSITORY / "config/catalogue.yaml")


def test_readme_overlay_is_a_valid_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    overlay = yaml.safe_load(re.search(r"```yaml\n(.*?)```", README, re.DOTALL)[1])
    with pytest.raises(ValueError, match=r"collections\.people\.source\.path: 'people' does not exist"):
        check_config(overlay, SCHEMA_PATH, REPOSITORY / "config/catalogue.yaml")
    (tmp_path / "people").mkdir()
    check_config(overlay, SCHEMA_PATH, REPOSITORY / "config/catalogue.yaml")
