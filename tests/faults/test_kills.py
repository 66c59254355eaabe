"""Runs killed at random moments, as a whole or the scheduler alone, complete when they are started again.

They end equal to a run that nothing disturbed, and nothing half-written is left.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from breakages import Breakage

from pipeline import command, snakemake, write_inputs

BREAKAGES = [
    Breakage(
        "half-written files of killed jobs stay",
        "workflow/rules/helpers.smk",
        '    remove_leftovers(Path("results"))\n',
        "",
        "test_what_a_killed_job_left_half_written_goes_and_other_hidden_files_stay",
    ),
    Breakage(
        "jobs go on after their run has ended",
        "workflow/scripts/whyface/tables/logs.py",
        "    end_with_parent()\n",
        "",
        "test_a_job_ends_with_its_run",
    ),
    Breakage(
        "a table is written in place",
        "workflow/scripts/whyface/tables/files.py",
        "            yield temporary\n",
        "            yield path\n",
        "test_no_file_is_seen_half_written",
    ),
]
OVERLAY = ("--configfile", "overlay.yaml")
SCORED = [
    f"results/tables/{table}/dataset=unlabelled/{name}.parquet"
    for table, name in (("confidence/model=net", "confidence"), ("protocol", "protocol"))
]
NOT_COMPARED = {"logs", "benchmarks", "costs", "engines"}  # they state times
STATING = {"data.html", "sheet.html", "method.html"}  # times, too, and the engine, which a trial chooses


def contents(folder):
    """Files of the results, but for those that state times."""
    files = (path.relative_to(folder) for path in (folder / "results").rglob("*") if path.is_file())
    return sorted(path for path in files if not NOT_COMPARED & set(path.parts) and path.name not in STATING)


def check_equal(found, expected):
    """Hold a run to another, byte by byte; tables by their values, since they name the engine."""
    assert contents(found) == contents(expected)
    for name in contents(expected):
        if name.suffix == ".parquet":
            one, other = (pd.read_parquet(folder / name, partitioning=None) for folder in (found, expected))
            pd.testing.assert_frame_equal(one, other, obj=str(name))
        else:
            assert (found / name).read_bytes() == (expected / name).read_bytes(), name


def half_written(folder):
    """Find what no finished run may leave."""
    wanted = ("*.part", ".unpacking-*", ".site.*")
    return [path for pattern in wanted for path in (folder / "results").rglob(pattern)]


def jobs_of(folder):
    """Jobs at work in a folder: process and rule."""
    jobs = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        scripts = [word for word in words if word.startswith(f"{folder}/.snakemake/scripts/")]
        if scripts:
            jobs[int(process.name)] = scripts[0].split(".")[-2]
    return jobs


def start(folder, *extra):
    return subprocess.Popen(
        command(2, *extra, *OVERLAY),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def disturb(folder, rng, longest_s, *extra):
    """Start a run and kill it after a random time; returns the rules then at work, or None if it had ended before."""
    run = start(folder, *extra)
    # From when the first job is there: nothing is at stake earlier.
    while run.poll() is None and not jobs_of(folder):
        time.sleep(0.02)
    time.sleep(rng.uniform(0, longest_s))
    running = sorted(set(jobs_of(folder).values()))
    if run.poll() is not None:
        assert run.returncode == 0
        return None
    if rng.random() < 0.5:
        os.killpg(run.pid, signal.SIGKILL)
    else:
        run.kill()
    run.wait()
    # A job that was starting notices only when its imports are done, which takes seconds on a loaded machine.
    wait_for(lambda: not jobs_of(folder), 60)
    return running


def disturb_builds(folder, kills, longest_s, *extra):
    """Disturb as many builds as it takes, and finish each; yields the finished folder and the rules hit."""
    rng, done, build = random.Random(0), 0, 0
    hit = Counter()
    while done < kills:
        place = shutil.copytree(folder / "inputs", folder / f"build-{build}")
        while done < kills and (running := disturb(place, rng, longest_s, *extra)) is not None:
            hit.update(running)
            done += 1
        run = snakemake(place, 2, *extra, *OVERLAY)
        assert run.returncode == 0, run.stdout + run.stderr
        yield place, hit
        build += 1


def check_kills(folder, kills, longest_s, *extra):
    # Copies have the same dates, of which a receipt keeps a digest.
    calm = shutil.copytree(write_inputs(folder / "inputs"), folder / "calm")
    run = snakemake(calm, 2, *extra, *OVERLAY)
    assert run.returncode == 0, run.stdout + run.stderr
    hit = Counter()
    for place, running in disturb_builds(folder, kills, longest_s, *extra):
        hit = running
        check_equal(place, calm)
        assert half_written(place) == []
    return hit, {path.name for path in (calm / "results/logs").iterdir()}


@pytest.mark.long
def test_a_run_that_was_killed_five_times_ends_like_one_that_was_not(tmp_path, tried):
    check_kills(tmp_path, 5, 2.5, *SCORED)
    tried("kills", 5)


@pytest.mark.long
def test_runs_killed_fifty_times_over_all_rules_end_like_one_that_was_not(tmp_path, tried):
    hit, rules = check_kills(tmp_path, 50, 6)
    assert len(hit) >= 15, f"rules at work when killed: {dict(hit)}; never: {sorted(rules - set(hit))}"
    tried("kills", 50)
    tried("kills: rules at work", len(hit))


def test_what_a_killed_job_left_half_written_goes_and_other_hidden_files_stay(tmp_path):
    folder = write_inputs(tmp_path / "run")
    results = folder / "results"
    left = [results / "tables/scores/.scores.parquet.x1.part", results / "collections/a/.unpacking-files-1/files/b.png"]
    kept = [results / "collections/a/files/.b.part", results / "site/.c.part", results / "tables/.hidden"]
    for path in [*left, *kept]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    run = snakemake(folder, 1, "results/pairs/labelled.json", *OVERLAY)
    assert run.returncode == 0, run.stderr
    assert [path.exists() for path in [*left, *kept]] == [False, False, True, True, True]
    assert not left[1].parents[1].exists()


JOB = """
import sys, time
sys.path.insert(0, sys.argv[1])
from whyface.tables import logs
logs.setup(sys.argv[2]).info("at work")
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[2])
from whyface.tables.orphans import SCHEDULER, this_process
os.environ[SCHEDULER] = this_process()
print(subprocess.Popen([sys.executable, "-c", *sys.argv[1:]]).pid, flush=True)
os.read(0, 1)
"""


def test_a_job_ends_with_its_run(tmp_path):
    from whyface import reruns

    log = tmp_path / "job.log"
    run = subprocess.Popen(
        [sys.executable, "-c", PARENT, JOB, str(reruns.SCRIPTS), str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    job = Path("/proc", run.stdout.readline().strip())
    wait_for(lambda: log.is_file() and log.stat().st_size, 10)
    run.kill()
    run.wait()
    try:
        wait_for(lambda: not job.exists() or "\nState:\tZ" in (job / "status").read_text(), 3)
    finally:
        if job.exists():
            os.kill(int(job.name), signal.SIGKILL)
        run.stdin.close()
        run.stdout.close()


def test_a_job_whose_run_ended_before_it_began_does_nothing(monkeypatch):
    from whyface.tables.orphans import SCHEDULER, end_with_parent, this_process

    ended = subprocess.Popen(["true"])
    ended.wait()
    monkeypatch.setattr("ctypes.CDLL", lambda _: type("Kernel", (), {"prctl": staticmethod(lambda *_: 0)}))
    monkeypatch.setenv(SCHEDULER, f"{ended.pid} {this_process().split()[1]}")
    with pytest.raises(SystemExit):
        end_with_parent()
    monkeypatch.setenv(SCHEDULER, f"{ended.pid} pid:[1]")  # another container's number says nothing
    end_with_parent()


def test_no_file_is_seen_half_written(tmp_path):
    from whyface.tables.files import atomic_path

    path = tmp_path / "table"
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
