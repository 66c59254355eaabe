"""Broken and hostile ONNX files end in a clear error, or work: no crash, no hang, no gigabytes, and none of their code.

Crashes can only be seen from outside, so the files are opened one after another in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from mutilated import make_corpus
from open_mutilated import ENTRY

import fetch_file
from conftest import REPOSITORY
from whyface.models import first_look
from whyface.models.first_look import look_first
from whyface.tables.orphans import SCHEDULER, this_process

# Ends in no process but one with a time limit.
ENDLESS = "loop-endless"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    files = make_corpus(folder)
    assert len(set(files.values())) >= 280, "the changes change something"
    for name, content in files.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return {name: folder / f"{name}.onnx" for name in files}


CLEAR = ("ValueError", "UndefinedEmbeddingError")  # the latter is a ValueError too


def test_every_fifth_file_is_refused_clearly_or_works(corpus):
    chosen = ["valid", "code-in-node", "doubled-40", "no-output", "input-huge", *list(corpus)[:: len(corpus) // 60]]
    check([corpus[name] for name in dict.fromkeys(chosen)])


@pytest.mark.long
def test_every_file_is_refused_clearly_or_works(corpus):
    check([path for name, path in corpus.items() if name != ENDLESS])


def check(paths: list[Path]) -> None:
    """Open the files in another process; hold every outcome to what the module says."""
    folder = paths[0].parent
    command = [sys.executable, str(REPOSITORY / "tests/models/open_mutilated.py"), *map(str, paths)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=600)
    # ONNX Runtime itself prints some of its errors.
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0 and len(rows) == len(paths), f"{paths[len(rows) % len(paths)]}: {done.stderr[-500:]}"
    assert not (folder / "ran").exists(), "code of a file ran"
    assert rows[0]["outcome"] == "ok" and rows[0]["traced"] is True, "the valid one"
    for row in rows:
        assert row["seconds"] < 30 and row["peak_mb"] < 2048, row
        if row["outcome"] == "refused":
            assert row["error"] in CLEAR and row["message"].startswith("model net: "), row
            assert "\n" not in row["message"], row
    assert 20 < sum(row["outcome"] == "refused" for row in rows) < len(rows)


def test_the_first_look_passes_a_model_that_works(corpus):
    look_first("net", ENTRY, corpus["valid"])


def test_the_first_look_leaves_out_the_demo_model(tmp_path):
    look_first("net", {**ENTRY, "kind": "demo"}, tmp_path / "absent")


def test_the_rule_that_fetches_a_model_looks_at_it_and_leaves_no_receipt(corpus, tmp_path):
    job = SimpleNamespace(
        log=[str(tmp_path / "log")],
        params=SimpleNamespace(source={"path": str(corpus["cycle"])}, key="models.net.weights", model=ENTRY),
        output=SimpleNamespace(receipt=tmp_path / "receipt.json"),
        wildcards=SimpleNamespace(model="net"),
    )
    with pytest.raises(ValueError, match=r"model net: .*cycle\.onnx is no ONNX model.*not acyclic"):
        fetch_file.main(job)
    assert not job.output.receipt.exists()
    job.params.source["path"] = str(corpus["valid"])
    fetch_file.main(job)
    assert job.output.receipt.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text", r"model net: .*text\.onnx is no ONNX model that ONNX Runtime can run: "),
        ("fill-16-gb", r"model net: .*fill-16-gb\.onnx fails on a batch of 2: .*allocate memory"),
        ("loop-growing", r"model net: .*loop-growing\.onnx fails on a batch of 2: .*alloc"),
    ],
)
def test_the_first_look_refuses(corpus, name, message):
    with pytest.raises(ValueError, match=message):
        look_first("net", ENTRY, corpus[name])


def test_the_first_look_ends_a_loop_without_end(corpus):
    with pytest.raises(ValueError, match=r"model net: .*loop-endless\.onnx takes more than 5 seconds for two images"):
        look_first("net", ENTRY, corpus[ENDLESS], limit_s=5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_first_look_ends_with_its_job(corpus):
    code = (
        f"from whyface.models.first_look import look_first; look_first('net', {ENTRY}, Path({str(corpus[ENDLESS])!r}))"
    )
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", f"from pathlib import Path; {code}"],
        env={**os.environ, "PYTHONPATH": path, SCHEDULER: this_process()},
    ) as job:
        children = Path(f"/proc/{job.pid}/task/{job.pid}/children")
        until(lambda: children.read_text().split(), "the look has begun")
        look = Path("/proc", children.read_text().split()[0])
        until(lambda: "onnxruntime" in (look / "maps").read_text(), "it has opened the runtime")
        job.kill()
    until(lambda: not look.exists(), "it has ended")


def until(what, said, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"never: {said}"
        time.sleep(0.05)


def test_a_crash_of_the_runtime_is_an_error_with_a_name(corpus, tmp_path, monkeypatch):
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(first_look.sys, "executable", str(crashing))
    with pytest.raises(ValueError, match=r"model net: .*valid\.onnx crashes ONNX Runtime \(signal 11\)"):
        look_first("net", ENTRY, corpus["valid"])
