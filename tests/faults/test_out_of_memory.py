"""A job whose memory runs out is tried again where its rule then asks for more.

Whether the system kills it or an allocation fails, the last words name the job and memory as the likely cause.
"""

import os
import signal
import subprocess
import sys
import time

import pytest
from breakages import Breakage
from test_kills import OVERLAY, jobs_of

from pipeline import command, write_inputs

BREAKAGES = [
    Breakage(
        "a job that was killed is not named",
        "workflow/rules/helpers.smk",
        "    errors = ended_jobs(said) + last",
        "    errors = last",
        "test_a_job_that_the_system_killed_is_named_with_the_likely_cause",
    ),
    Breakage(
        "a failed allocation has no name",
        "workflow/scripts/whyface/tables/logs.py",
        "issubclass(kind, MemoryError)",
        "issubclass(kind, KeyError)",
        "test_a_failed_allocation_says_so_in_the_log",
    ),
]


def kill_jobs(folder, rule, target, times):
    """Run to a target, killing jobs of a rule so many times as the kernel would; returns status and what was said."""
    run = subprocess.Popen(
        command(1, target, *OVERLAY), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    killed = set()
    while run.poll() is None and len(killed) < times:
        for process, name in jobs_of(folder).items():
            if name == rule and process not in killed:
                os.kill(process, signal.SIGKILL)
                killed.add(process)
        time.sleep(0.01)
    said = run.communicate(timeout=120)[0]
    assert len(killed) == times
    return run.returncode, said


def test_a_job_that_the_system_killed_is_named_with_the_likely_cause(tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    status, said = kill_jobs(folder, "list_images", "results/tables/images/collection=photos/images.parquet", 1)
    assert status != 0
    words = said.strip().splitlines()[-1]
    assert words.startswith("list_images/photos: ended by SIGKILL, most likely because memory ran out: try ")
    tried("out of memory", 1)


@pytest.mark.slow
def test_a_killed_job_is_tried_again_with_more_memory(tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    target = "results/tables/faces/collection=photos/alignment=none-40px/faces.parquet"
    status, said = kill_jobs(folder, "align_faces", target, 1)
    assert status == 0 and (folder / target).is_file()
    assert "mem_mb=2500" in said and "mem_mb=5000" in said
    tried("out of memory", 1)


def test_a_failed_allocation_says_so_in_the_log(tmp_path, tried):
    from whyface import reruns

    log = tmp_path / "job.log"
    code = (
        f"import sys; sys.path.insert(0, {str(reruns.SCRIPTS)!r}); import resource; from whyface.tables import logs; "
        f"logs.setup({str(log)!r}); resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28)); bytearray(1 << 30)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 1
    assert "ERROR out of memory, try fewer jobs at once" in log.read_text()
    tried("out of memory", 1)


def test_jobs_that_signals_ended_are_found_in_what_snakemake_said():
    from whyface.tables.logs import ended_jobs

    block = (
        "Command 'x' died with <Signals.{}: 9>.\n[Fri Nov 27 06:11:26 2026]\nError in rule {}:\n    message: None\n"
        "    jobid: 6\n    log: results/logs/{} (check log file(s) for error details)\n"
    )
    said = block.format("SIGKILL", "a", "a/x/shard-1-of-2.log") * 2 + block.format("SIGSEGV", "b", "b.log")
    first, second = ended_jobs(said)
    assert first.startswith("a/x/shard-1-of-2: ended by SIGKILL, most likely because memory ran out")
    assert second == "b: ended by SIGSEGV, a fault of a library"
    assert ended_jobs("Error in rule a:\n    log: results/logs/a.log (check)\n") == []
