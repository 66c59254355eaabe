"""Clocks that jump, files touched or edited while a run reads them, and results continued on another machine.

The next run sees every change of content, so that no number stays that belongs to other data.
"""

import os
import shutil
import subprocess
import time

import pytest
from breakages import Breakage

from pipeline import NAMES, command, planned, snakemake, write_csv, write_inputs

BREAKAGES = [
    Breakage(
        "a folder's state ignores sizes and dates",
        "workflow/scripts/whyface/reruns.py",
        'return f"{status.st_size}\\0{status.st_mtime_ns}"',
        'return ""',
        "test_what_is_edited_during_a_run_is_made_again_by_the_next",
    ),
    Breakage(
        "a file counts by its date",
        "workflow/scripts/whyface/reruns.py",
        "        return hashlib.sha256(path.read_bytes()).hexdigest()\n    digest",
        "        return str(status.st_mtime_ns)\n    digest",
        "test_a_list_that_is_only_touched_or_dated_wrongly_changes_nothing",
    ),
]
OVERLAY = ("--configfile", "overlay.yaml")
FACES = "results/tables/faces/collection=photos/alignment=none-40px/faces.parquet"
YEAR_S = 365 * 86400


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Give a folder with images, pairs and faces made. Tests must not write there."""
    folder = write_inputs(tmp_path_factory.mktemp("made") / "run")
    run = snakemake(folder, 2, FACES, *OVERLAY)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def copy(made, tmp_path):
    """Give a copy, dates included."""
    return shutil.copytree(made, tmp_path / "copy", symlinks=True)


def rules(folder):
    return {job[0] for job in planned(folder, FACES, *OVERLAY)}


@pytest.mark.slow
def test_what_is_edited_during_a_run_is_made_again_by_the_next(tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    run = subprocess.Popen(
        command(1, FACES, *OVERLAY), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    tables = folder / "results/tables"
    read = [tables / "images/collection=photos/images.parquet", tables / "pairs/dataset=labelled/pairs.parquet"]
    while run.poll() is None and not all(table.exists() for table in read):
        time.sleep(0.01)
    shutil.copy(folder / "photos" / NAMES[5], folder / "photos" / NAMES[4])
    with (folder / "labelled.csv").open("a") as file:
        file.write(f"{NAMES[3]},{NAMES[7]},1,0\n")
    assert run.wait(120) == 0
    assert {"adopt_folder", "list_images", "align_faces", "fetch_pairs", "list_pairs"} <= rules(folder)
    tried("changed meanwhile", 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(0, id="touched", marks=pytest.mark.long),
        pytest.param(YEAR_S, id="future"),
        pytest.param(-30 * YEAR_S, id="past", marks=pytest.mark.long),
    ],
)
def test_a_list_that_is_only_touched_or_dated_wrongly_changes_nothing(copy, seconds, tried):
    os.utime(copy / "labelled.csv", (time.time() + seconds,) * 2)
    assert rules(copy) == set()
    tried("changed meanwhile", 1)


@pytest.mark.slow
def test_an_edit_is_seen_though_its_date_lies_in_the_past(copy, tried):
    write_csv(copy / "labelled.csv", ["image_a", "image_b", "is_genuine", "fold"], [(NAMES[3], NAMES[4], 1, 0)])
    os.utime(copy / "labelled.csv", (10**9, 10**9))
    assert {"fetch_pairs", "list_pairs"} <= rules(copy)
    tried("changed meanwhile", 1)


@pytest.mark.slow
def test_a_copy_continues_and_ends_with_the_same_tables_whether_dates_were_kept_or_not(made, tmp_path, tried):
    kept = shutil.copytree(made, tmp_path / "dates kept", symlinks=True)
    assert rules(kept) == set()
    lost = tmp_path / "dates lost"
    subprocess.run(["cp", "-r", made, lost], check=True)
    run = snakemake(lost, 1, FACES, *OVERLAY)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (lost / FACES).read_bytes() == (made / FACES).read_bytes()
    tried("changed meanwhile", 2)
