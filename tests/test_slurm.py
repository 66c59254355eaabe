"""The pipeline as jobs of a Slurm cluster: equal to a local run; a GPU waited for, cancel, resume, more memory."""

import shutil
import signal
import subprocess
import time

import pandas as pd
import pytest

from conftest import REPOSITORY
from pipeline import command, write_inputs
from whyface.tables.parquet import read_about

pytestmark = pytest.mark.slurm
# Each run's trial chooses an engine by its speed; two differ by a step of the half precision that maps are stored in.
OF_ENGINES = {"rtol": 2e-3, "atol": 5e-6}
TIMED = "costs"  # holds how long the model took
CENTRAL = ("explanations", "flips", "metrics")  # with all that they are made of


@pytest.fixture(scope="module", autouse=True)
def cluster():
    if shutil.which("sinfo") is None or subprocess.run(["sinfo"], capture_output=True).returncode:
        pytest.skip("no Slurm cluster is up: .ci/slurm start makes one")


def sbatch(*extra):
    """Return the command of a run by jobs, which are short, so often asked about; this cluster keeps no accounts."""
    profile = ["--workflow-profile", str(REPOSITORY / "profiles" / "slurm"), "--slurm-status-command", "squeue"]
    often = ["--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2"]
    return [*command(2), *profile, *often, *extra]


def queue():
    """State and reason of every job in the queue, by rule."""
    lines = subprocess.run(["squeue", "-h", "-o", "%k|%T|%r"], capture_output=True, text=True, check=True).stdout
    return [line.split("|") for line in lines.splitlines()]


def gpu_jobs():
    """Name the jobs that asked for a GPU."""
    lines = subprocess.run(
        ["squeue", "-h", "-O", "JobID,tres-per-job"], capture_output=True, text=True, check=True
    ).stdout
    return [line.split()[0] for line in lines.splitlines() if "gpu:1" in line]


def wait_for(what, seconds=300):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, queue()
        time.sleep(0.5)
    return found


@pytest.mark.parametrize("tables", [CENTRAL, pytest.param((), marks=pytest.mark.long)], ids=["central", "all"])
def test_the_default_run_as_jobs_equals_the_local_one(tables, tmp_path, tried):
    local = REPOSITORY / "results" / "tables"
    if not (REPOSITORY / "results" / "site" / "index.html").is_file():
        pytest.skip("needs the default run in results/")
    targets = [f"results/tables/{name}/model=demo/dataset=synth-lfw/{name}.parquet" for name in tables]
    submitted = sbatch(*targets, "--config", "run={device: cpu}")
    run = subprocess.run(submitted, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    made = tmp_path / "results" / "tables"
    paths = {path.relative_to(made) for path in made.rglob("*.parquet")}
    assert paths == {path.relative_to(local) for path in local.rglob("*.parquet")} or targets
    assert len(paths) > 10
    for path in sorted(path for path in paths if TIMED not in path.parts):
        here, there = (pd.read_parquet(tables / path, partitioning=None) for tables in (local, made))
        engines = {read_about(tables / path).get("engine") for tables in (local, made)}
        pd.testing.assert_frame_equal(here, there, obj=str(path), **(OF_ENGINES if len(engines) > 1 else {}))
    tried("tables equal after jobs on a cluster", len(paths))
    tried("submissions to a cluster", run.stderr.count("has been submitted") + run.stderr.count("Submitted array job"))


@pytest.mark.long
def test_a_gpu_is_waited_for_with_a_reason_and_a_run_can_be_cancelled_and_resumed_without(tmp_path):
    folder = write_inputs(tmp_path / "run")
    overlay = ["--configfile", "overlay.yaml"]
    with subprocess.Popen(sbatch(*overlay), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            made = folder / "results/tables/pairs"
            wait_for(lambda: any(made.rglob("*.parquet")) and gpu_jobs())
            wait_for(lambda: {state for _, state, _ in queue()} == {"PENDING"})
            reasons = [reason for _, _, reason in queue()]
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(120)
    assert all("DOWN" in reason or "withgpu" in reason for reason in reasons), reasons
    assert run.returncode != 0
    wait_for(lambda: not queue())
    kept = {path: path.stat().st_mtime_ns for path in (folder / "results/tables").rglob("*.parquet")}
    assert kept
    resumed = subprocess.run(
        sbatch(*overlay, "--config", "run={device: cpu}"), cwd=folder, capture_output=True, text=True
    )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert (folder / "results/site/index.html").is_file()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    # The same as on one machine; a local run now finds nothing to do.
    again = subprocess.run(
        [*command(1), *overlay, "--config", "run={device: cpu}"], cwd=folder, capture_output=True, text=True
    )
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_job_without_enough_memory_is_submitted_again_with_more(tmp_path):
    folder = write_inputs(tmp_path / "run")
    target = "results/tables/images/collection=photos/images.parquet"
    hungry = ["--set-resources", "list_images:mem_mb=1000 if attempt > 1 else 20"]
    run = subprocess.run(
        sbatch(target, *hungry, "--configfile", "overlay.yaml"), cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Trying to restart job" in run.stdout + run.stderr
    assert (folder / target).is_file()
