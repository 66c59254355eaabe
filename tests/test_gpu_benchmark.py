"""The benchmark for GPUs compares and times every engine, and says so when one is wrong, fails or finds no time."""

import json
import sys

import numpy as np
import pytest
import torch

from conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))

import gpu
from trials import Clock, NotMeasuredError

FLOAT32_ENGINES = ("own", "full", "windows")


@pytest.fixture(autouse=True)
def without_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def demo_alone(monkeypatch):
    """Leave one network, and no detector: they take long to load."""

    def refuse(row):
        raise ModuleNotFoundError("No module named 'torchvision'")

    monkeypatch.setattr(gpu, "NETWORKS", {"demo": gpu.NETWORKS["demo"]})
    monkeypatch.setattr(gpu.Detector, "compare", lambda self, row: refuse(row))


def run(path, *arguments):
    """Run the script; returns its exit status and its rows by network and engine."""
    status = gpu.main(["--small", "--json", str(path), *arguments])
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["card"].startswith("none")
    assert found["torch"] == torch.__version__
    return status, {(row["network"], row["engine"]): row for row in found["rows"]}


def check_network(rows, name):
    """Every engine has a row, and those that a CPU can run are equal and timed."""
    for engine in FLOAT32_ENGINES:
        row = rows[name, engine]
        assert (row["comparison"], row["speed"]) == ("equal", "done"), row
        assert row["difference"] <= row["tolerance"] == 1e-5
        assert row["images_per_second"] > 0 and row["share_of_bare"] > 0
    for engine in ("half", "half windows"):
        assert rows[name, engine]["comparison"] == "not measured: half precision is for CUDA"
    assert rows[name, "bare"]["share_of_bare"] == 1
    assert rows[name, "bare"]["share_of_peak"] > 0


@pytest.mark.long
def test_every_engine_on_every_network_equals_the_cpu(tmp_path):
    status, rows = run(tmp_path / "found.json")
    assert status == 0
    assert list(gpu.NETWORKS) == [
        "IResNet100",
        "IResNet50",
        "InceptionResnetV1",
        "MobileFaceNet",
        "MobileFaceNet, mirrored",
        "demo",
    ]
    for name in gpu.NETWORKS:
        check_network(rows, name)
    assert (rows["MTCNN", "own"]["comparison"], rows["MTCNN", "own"]["speed"]) == ("equal", "done")


def test_what_cannot_be_imported_is_a_row_and_no_failure(demo_alone, tmp_path, capsys):
    status, rows = run(tmp_path / "found.json")
    check_network(rows, "demo")
    assert rows["MTCNN", "own"]["comparison"] == "not measured: No module named 'torchvision'"
    assert status == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[-2:] for line in table if line.startswith("demo") and " windows" in line] == [
        ["equal;", "done"],
        ["for", "CUDA"],
    ]


def test_a_wrong_engine_is_unequal_and_a_broken_one_fails(demo_alone, tmp_path, monkeypatch):
    class Wrong:
        def __init__(self, right):
            self.right = right

        def embed(self, shown, hidden):
            return self.right.embed(shown, hidden) * np.linspace(1, 1.001, 128, dtype=np.float32)

    class Broken:
        def embed(self, shown, hidden):
            raise RuntimeError("CUDA error: out of luck\nand more")

    def open_engine(embedder, masks, name, batch, layers):
        right = original(embedder, masks, name, batch, layers)
        return {"windows": Wrong(right), "full": Broken()}.get(name, right)

    original = gpu.open_engine
    monkeypatch.setattr(gpu, "open_engine", open_engine)
    status, rows = run(tmp_path / "found.json")
    assert status == 1
    assert rows["demo", "windows"]["comparison"] == "unequal"
    assert rows["demo", "windows"]["difference"] > 1e-5
    assert rows["demo", "full"]["comparison"] == "failed: RuntimeError: CUDA error: out of luck"
    assert rows["demo", "own"]["comparison"] == "equal", "the rest goes on"


def test_the_projection_takes_the_fastest_engine_that_equals_the_cpu():
    rows = [
        gpu.Row("demo", "full", "equal", images_per_second=1250.0),
        gpu.Row("demo", "windows", "equal", images_per_second=2500.0),
        gpu.Row("demo", "half", "unequal", images_per_second=9999.0),
        gpu.Row("demo", "bare", images_per_second=9999.0),
    ]
    # 21,851 images, each as it is and under 1,249 masks, two a second.
    assert gpu.project(rows) == {"demo": {"engine": "windows", "hours": pytest.approx(21_851 / 2 / 3600)}}


def test_without_time_nothing_is_measured_and_every_row_says_so(tmp_path):
    status, rows = run(tmp_path / "found.json", "--minutes", "0")
    assert status == 0
    assert len(rows) == 2 + 7 * len(gpu.NETWORKS) + 1
    assert {row["comparison"] or row["speed"] for row in rows.values()} == {"not measured: no time left"}


def test_a_part_is_interrupted_when_the_time_is_up():
    def hold_on():
        while True:
            try:
                while True:
                    pass
            except TimeoutError:
                if caught:
                    raise
                caught.append(1)  # as a library might

    caught = []
    assert Clock(0.001).attempt("part", hold_on) == "not measured: no time left"


def test_a_part_says_what_became_of_it():
    def leave_out():
        raise NotMeasuredError("no card")

    clock = Clock(1)
    assert clock.attempt("part", lambda: None) == "done"
    assert clock.attempt("part", lambda: "equal") == "equal"
    assert clock.attempt("part", leave_out) == "not measured: no card"
    assert clock.attempt("part", lambda: 1 / 0) == "failed: ZeroDivisionError: division by zero"
