"""What the project is made of is listed with its hashes: bundled files, and every pinned package."""

import hashlib
import json
import re
import shutil
import subprocess

import pytest
from write_env import read_pins

from conftest import REPOSITORY

RESOURCES = REPOSITORY / "workflow" / "resources"


def test_every_bundled_file_has_the_hash_that_is_listed():
    listed = dict(line.split("  ")[::-1] for line in (RESOURCES / "SHA256SUMS").read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in RESOURCES.iterdir()}
    del found["SHA256SUMS"]
    assert found == listed


@pytest.mark.slow
def test_the_list_of_packages_has_every_pin_with_its_hashes(tmp_path):
    if not (shutil.which("uv") and shutil.which("make")):
        pytest.skip("uv or make is absent")
    for name in ("pyproject.toml", "requirements.lock", "Makefile", "README.md"):
        shutil.copy(REPOSITORY / name, tmp_path)
    subprocess.run(["make", "sbom"], cwd=tmp_path, check=True, capture_output=True)
    listed = {}
    for one in json.loads((tmp_path / "results/sbom.json").read_text())["components"]:
        hashes = [h["content"] for f in one.get("externalReferences", []) for h in f.get("hashes", [])]
        listed.setdefault((one["name"], one["version"]), set()).update(hashes)
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    pins = dict(read_pins(lock))
    assert len(pins) > 100
    for name, version in pins.items():
        pin = f"\n{lock}".partition(f"\n{name}=={version} ")[2].partition("\n    # via")[0]
        known = set(re.findall(r"--hash=sha256:(\w+)", pin))
        # uv leaves out wheels for other versions of Python.
        assert listed[name, version] and listed[name, version] <= known, name
