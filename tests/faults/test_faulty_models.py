"""Models that are cut, empty, constant, misshapen, without end, or crash their process, beside a good one.

Each ends in an error that names it, its file and a way out; the good one's tables are all made.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from breakages import Breakage

FIRST_LOOK = "workflow/scripts/whyface/models/first_look.py"
BREAKAGES = [
    Breakage(
        "a crash is taken for a success",
        FIRST_LOOK,
        "    if done.returncode < 0:",
        "    if False:",
        "test_faulty_models_are_named_and_the_good_one_is_scored",
    ),
    Breakage(
        "vectors without a direction pass the first look",
        FIRST_LOOK,
        "    if not np.any(np.isfinite(norms) & (norms > NORM_FLOOR)):",
        "    if False:",
        "test_faulty_models_are_named_and_the_good_one_is_scored",
    ),
    Breakage(
        "a loop without end is waited for",
        FIRST_LOOK,
        "LIMIT_S = 120.0",
        "LIMIT_S = 1e6",
        "test_every_faulty_model_is_named_and_the_good_one_ends_with_all_its_tables",
    ),
]

ROW = "models: cut, empty, constant, misshapen, endless, crashing"
FEW = ("cut", "not-a-number", "crashing", "some-faces")
# name -> what the run says
SAID = {
    "text": r"model text: .*text\.onnx is no ONNX model",
    "empty": r"model empty: .*empty\.onnx is no ONNX model",
    "cut": r"model cut: .*cut\.onnx is no ONNX model",
    "not-a-number": r"model not-a-number: .* no direction: is the file whole, and are pixel_mean",
    "infinite": r"model infinite: .* no direction: is the file whole",
    "zero": r"model zero: .* no direction: is the file whole",
    "tiny": r"model tiny: .* no direction: is the file whole",
    "other-size": r"model other-size: .*other-size\.onnx .*48",
    "scalar": r"model scalar: .*scalar\.onnx gives .*set another output",
    "crashing": r"model crashing: .*crashing\.onnx crashes ONNX Runtime \(signal 11\)",
    "endless": r"model endless: .*endless\.onnx takes more than 120 seconds",
    "some-faces": r"model some-faces: .*",
}
CRASH = 'import os, sys\nif "crashing" in sys.orig_argv:\n    os.kill(os.getpid(), 11)\n'


def write_models(folder):
    """Write a file for each faulty model of `SAID`."""
    import onnx
    from onnx import helper

    from networks import write_constant, write_convolutions, write_onnx
    from pipeline import SIDE

    def path(name):
        return folder / f"{name}.onnx"

    good = write_convolutions(path("crashing"), SIDE).read_bytes()
    path("text").write_text("not a model")
    path("empty").write_bytes(b"")
    path("cut").write_bytes(good[: len(good) // 2])
    for name, value in (("not-a-number", np.nan), ("infinite", np.inf), ("zero", 0.0), ("tiny", 1e-40)):
        write_constant(path(name), SIDE, [value] * 16)
    write_convolutions(path("other-size"), 48)
    write_onnx(path("scalar"), [helper.make_node("ReduceMean", ["x"], ["y"], keepdims=0)], {}, SIDE)
    sys.path.append(str(Path(__file__).parents[1] / "models"))
    from hostile import HOSTILE

    looping = onnx.load_from_string(good)
    HOSTILE["loop-endless"](looping)
    path("endless").write_bytes(looping.SerializeToString())
    # A face that is darker than noise has no root.
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("Sub", ["f", "half"], ["s"]),
        helper.make_node("MatMul", ["s", "mix"], ["m"]),
        helper.make_node("Sqrt", ["m"], ["y"]),
    ]
    mix = np.random.default_rng(0).normal(0, 1, (3 * SIDE**2, 2))
    write_onnx(path("some-faces"), nodes, {"half": np.array(0.5), "mix": mix}, SIDE)


def run_with(folder, names, *targets, timeout=900):
    """Run the small set with the good model and these, going on after failures."""
    from pipeline import command, write_inputs

    write_inputs(folder)
    write_models(folder)
    config = yaml.safe_load((folder / "overlay.yaml").read_text(encoding="utf-8"))
    models = config["models"]
    models |= {name: {**models["net"], "weights": {"path": f"{name}.onnx"}} for name in names}
    config["run"]["models"] = list(models)
    (folder / "overlay.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    aside = folder / "aside"
    aside.mkdir()
    (aside / "sitecustomize.py").write_text(CRASH)
    environment = {**os.environ, "PYTHONPATH": str(aside)}
    arguments = command(2, "--configfile", "overlay.yaml", "--keep-going", *targets)
    return subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=timeout
    )


def check_said(folder, run, names):
    """Hold every faulty model's error to `SAID`: in its log and on the screen, with nothing of it left."""
    said = run.stdout + run.stderr
    assert run.returncode == 1, said[-3000:]
    for name in names:
        logs = [path.read_text() for path in (folder / "results/logs").glob(f"*/{name}*") if path.is_file()]
        logs += [path.read_text() for path in (folder / "results/logs").glob(f"*/{name}/*.log")]
        errors = [line for log in logs for line in re.findall(r"^[\d:]{8} ERROR (.*)", log, re.MULTILINE)]
        assert any(re.search(SAID[name], line) for line in errors), (name, errors)
        assert re.search(SAID[name], said), name
        assert not list(folder.glob(f"results/tables/scores/model={name}/**/*.parquet")), name


@pytest.mark.slow
def test_faulty_models_are_named_and_the_good_one_is_scored(tmp_path, tried):
    folder = tmp_path / "run"
    table = "results/tables/decisions/model={}/dataset=labelled/decisions.parquet"
    run = run_with(folder, FEW, *(table.format(name) for name in ("net", *FEW)))
    check_said(folder, run, FEW)
    assert (folder / table.format("net")).is_file()
    tried(ROW, len(FEW))


@pytest.mark.long
def test_every_faulty_model_is_named_and_the_good_one_ends_with_all_its_tables(tmp_path, tried):
    folder = tmp_path / "run"
    run = run_with(folder, SAID)
    check_said(folder, run, SAID)
    alone = run_with(tmp_path / "alone", [])
    assert alone.returncode == 0, alone.stderr[-3000:]
    own = "results/tables/*/model=net/**/*.parquet"
    made, wanted = ({str(path.relative_to(at)) for path in at.glob(own)} for at in (folder, tmp_path / "alone"))
    assert made >= wanted and len(wanted) > 20  # a run of several models also measures what each costs
    tried(ROW, len(SAID))
