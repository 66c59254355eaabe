"""Runs in places that laboratories have: read-only, foreign, on another disk, with names that shells dislike.

A run works there, or says at once what it may not do and where.
"""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from breakages import Breakage

from pipeline import command, snakemake, write_inputs

BREAKAGES = [
    Breakage(
        "the folder of a project may have braces, which Snakemake fills in",
        "workflow/rules/helpers.smk",
        'if set("{}") & set(workflow.basedir):',
        'if set("<>") & set(workflow.basedir):',
        "test_a_project_in_a_folder_that_cannot_work_says_so",
    ),
]
TARGET = "results/pairs/labelled.json"
OVERLAY = ("--configfile", "overlay.yaml")
AT_ONCE_S = 60  # generous, for a machine that is busy; a run takes far longer
NAMES = [
    "a b  c",
    'it\'s "quoted" `x` $HOME',
    "naïve 顔 é",
    "-rf",
    "a%20b#c?d&e;f|g",
    "long/" + "/".join(["x" * 49] * 4),
    "y" * 200,
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] * (place not in (1, 6)), id=str(place))
        for place, name in enumerate(NAMES)
    ],
)
def test_a_run_works_in_a_folder_of_any_name(name, tmp_path, tried):
    folder = write_inputs(tmp_path / name)
    run = snakemake(folder, 1, TARGET, *OVERLAY)
    assert run.returncode == 0 and (folder / TARGET).is_file(), run.stdout + run.stderr
    tried("odd places", 1)


def test_a_project_in_a_folder_that_cannot_work_says_so(tmp_path, tried):
    from pipeline import copy_project

    run = snakemake(tmp_path, 1, "--dry-run", project=copy_project(tmp_path / "a{b}"))
    assert run.returncode != 0 and "rename the folder so that it has no { or }" in run.stdout + run.stderr
    tried("odd places", 1)


@pytest.mark.slow
def test_results_may_lie_on_another_file_system(tmp_path, tried):
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system to write to")
    folder, place = write_inputs(tmp_path / "run"), other / f"{tmp_path.parent.name}-{tmp_path.name}"
    place.mkdir()
    try:
        (folder / "results").symlink_to(place)
        run = snakemake(folder, 1, TARGET, *OVERLAY)
        assert run.returncode == 0, run.stdout + run.stderr
        assert (place / "pairs/labelled.json").is_file()
    finally:
        shutil.rmtree(place)
    tried("odd places", 1)


def run_limited(folder, *limits):
    """Run under limits, as a shell would be given them; returns what was said, and the seconds."""
    started = time.monotonic()
    run = subprocess.run([*limits, *command(1, TARGET, *OVERLAY)], cwd=folder, capture_output=True, text=True)
    assert run.returncode != 0
    return run.stdout + run.stderr, time.monotonic() - started


@pytest.mark.slow
def test_read_only_results_are_named_at_once(tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    (folder / "results").mkdir()
    mount = 'mount --bind results results && mount -o remount,bind,ro results && exec "$@"'
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if subprocess.run([*alone, mount, "sh", "true"], cwd=folder, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a folder read-only")
    said, seconds = run_limited(folder, *alone, mount, "sh")
    assert "Read-only file system" in said and "results" in said and seconds < AT_ONCE_S
    tried("odd places", 1)


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["results", "labelled.csv", "."])
def test_a_folder_or_file_without_rights_is_named_at_once(closed, tmp_path, tried):
    setpriv = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    folder = write_inputs(tmp_path / "run")
    (folder / "results").mkdir()
    (folder / closed).chmod({"results": 0o555, ".": 0o555}.get(closed, 0o000))
    if subprocess.run([*setpriv, "true"], capture_output=True).returncode:
        pytest.skip("setpriv cannot take rights away here")
    said, seconds = run_limited(folder, *setpriv)
    (folder / closed).chmod(0o755)
    assert "Permission denied" in said and seconds < AT_ONCE_S
    assert (closed if closed != "." else ".snakemake") in said
    tried("odd places", 1)
