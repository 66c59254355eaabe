"""What a release, a container and Snakemake's catalogue are made from agrees with the rest of the project."""

import re
import subprocess
import sys
import tomllib

import yaml

from conftest import REPOSITORY

CONTAINERS = ("Containerfile", "containers/whyface.def")


def read(path):
    return (REPOSITORY / path).read_text(encoding="utf-8")


def test_citation_and_changelog_state_the_version():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert re.search(r"^## (\S+?),", read("CHANGELOG.md"), re.MULTILINE)[1] == version


def test_containers_copy_all_that_a_run_needs():
    ignored = read(".containerignore").splitlines()
    definition = read("containers/whyface.def")
    for part in ("Snakefile", "config.yaml", "config", "profiles", "workflow", "site_templates"):
        assert f"!{part}" in ignored or f"!{part}/" in ignored
        assert f"    {part} /project/{part}\n" in definition


def test_containers_name_no_registry_and_use_one_base():
    bases = {re.search(r"BASE=(\S+)", read(path))[1] for path in CONTAINERS}
    assert bases == {"python:3.13-slim-trixie"}
    assert not any("://" in read(path) for path in (*CONTAINERS, "containers/install.sh"))


def install(tmp_path, *arguments):
    """Run install.sh with a uv that only says how it was called, and with which constraints."""
    said = 'for a; do echo "$a"; done; for a; do [ "$last" = --constraints ] && cat "$a"; last=$a; done'
    (tmp_path / "uv").write_text(f"#!/bin/sh\n{said}\n")
    (tmp_path / "uv").chmod(0o755)
    script = REPOSITORY / "containers/install.sh"
    return subprocess.run(
        ["sh", script, *arguments], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True
    )


def test_without_cuda_only_torch_and_torchvision_lose_their_hashes(tmp_path):
    said = install(tmp_path, "cpu", "--compile-bytecode").stdout
    lock = read("requirements.lock")
    torch, torchvision = (re.search(rf"^{name}==\S+", lock, re.MULTILINE)[0] for name in ("torch", "torchvision"))
    assert "\n--torch-backend\ncpu\n" in said and "\n--compile-bytecode\n" in said
    assert f"\n{torch}\n{torchvision}\n" in said
    assert lock.count("\nnumpy==") == said.count("\nnumpy==")
    dropped = set(lock.splitlines()) - set(said.splitlines())
    block = re.search(rf"^{re.escape(torch)}.*?(?=^triton)", lock, re.MULTILINE | re.DOTALL)[0]
    assert dropped and dropped <= set(block.splitlines())


def test_with_cuda_the_lock_holds_as_it_is(tmp_path):
    said = install(tmp_path, "cuda").stdout
    assert "\n--constraints\nrequirements.lock\n" in said and "--torch-backend" not in said


def test_another_variant_is_refused(tmp_path):
    run = install(tmp_path, "rocm")
    assert run.returncode == 2 and "cpu|cuda" in run.stderr and "rocm" in run.stderr


def test_catalogue_offers_what_rules_have():
    offered = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert offered["report"] is False
    assert offered["software-stack-deployment"]["conda"] == ("conda:" in read("Snakefile"))
    assert offered["software-stack-deployment"]["apptainer"] == ("container:" in read("Snakefile"))


def test_another_workflow_can_take_the_rules_as_a_module(tmp_path):
    (tmp_path / "Snakefile").write_text(
        f'configfile: "{REPOSITORY}/config.yaml"\n'
        "module whyface:\n"
        f'    snakefile: "{REPOSITORY}/Snakefile"\n'
        "    config: config\n"
        "use rule * from whyface as whyface_*\n"
    )
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--cores", "1", "whyface_all"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
