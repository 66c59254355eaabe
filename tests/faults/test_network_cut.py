"""A run whose inputs are here needs no network: it completes where there is none, and never tries to reach one.

It writes in its own folder, the temporary folder and the caches of Matplotlib, and nowhere else.
"""

import os
import subprocess

import pytest
from breakages import Breakage

BREAKAGES = [
    Breakage(
        "a job asks the network for something",
        "workflow/scripts/list_pairs.py",
        "    logs.setup(snakemake.log[0])\n",
        "    logs.setup(snakemake.log[0])\n"
        '    import socket\n    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 53))\n',
        "test_the_first_half_of_a_run_reaches_nothing_and_writes_at_home",
    ),
    Breakage(
        "a job writes into the user's home",
        "workflow/scripts/list_pairs.py",
        "    logs.setup(snakemake.log[0])\n",
        '    logs.setup(snakemake.log[0])\n    from pathlib import Path\n    (Path.home() / "pairs").write_text("x")\n',
        "test_the_first_half_of_a_run_reaches_nothing_and_writes_at_home",
    ),
    Breakage(
        "ONNX Runtime keeps notes for its maker",
        "workflow/scripts/whyface/models/__init__.py",
        'os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")',
        "",
        "test_the_first_half_of_a_run_reaches_nothing_and_writes_at_home",
    ),
]

ROW = "network cut: jobs that reach nothing"
# Every process of the run notes what it opens and where it would connect to.
WATCH = """
import os, sys
def note(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        found = f"network {event} {args[1:] if event[7] in 'cs' else args}"
        if isinstance(args[1], (str, bytes)) and event == "socket.connect":
            return  # a socket of this machine, with a path
    elif event == "open" and isinstance(args[0], (str, bytes)) and args[2] & 3 and not args[2] & os.O_DIRECTORY:
        found = f"write {os.path.realpath(os.fsdecode(args[0]))}"
    elif event in ("os.mkdir", "os.rename", "os.symlink", "os.link"):
        found = f"write {os.path.realpath(os.fsdecode(args[0 if event == 'os.mkdir' else 1]))}"
    else:
        return
    handle = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if found not in seen else None
    seen.add(found)
    if handle is not None:
        os.write(handle, (found + "\\n").encode("utf-8", "surrogateescape"))
        os.close(handle)
seen = set()
NOTES = NOTES_AT
seen.add("write " + NOTES)
sys.addaudithook(note)
"""
ALLOWED = ("/dev/null", "/dev/shm/", "/dev/tty", "/proc/", "/sys/", "/dev/kfd")


def run_cut(folder, *targets):
    """Run the small set without a network, in a folder; returns what its processes did."""
    from pipeline import command, write_inputs

    if subprocess.run(["unshare", "--net", "--map-root-user", "true"], capture_output=True).returncode:
        pytest.skip("the kernel allows no network namespace")
    aside, temporary, home = (folder / name for name in ("aside", "temporary", "home"))
    for one in (aside, temporary, home):
        one.mkdir(parents=True)
    notes = aside / "notes.txt"
    (aside / "sitecustomize.py").write_text(WATCH.replace("NOTES_AT", repr(str(notes))))
    write_inputs(folder / "run")
    environment = {**os.environ, "PYTHONPATH": str(aside), "TMPDIR": str(temporary), "HOME": str(home)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    arguments = ["unshare", "--net", "--map-root-user", *command(2, *targets, "--configfile", "overlay.yaml")]
    run = subprocess.run(
        arguments, cwd=folder / "run", env=environment, capture_output=True, text=True, errors="replace", timeout=600
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-3000:]
    return notes.read_text(errors="surrogateescape").splitlines()


def check_cut(folder, notes):
    """Hold a run to the promise; returns how many files it wrote."""
    assert [line for line in notes if line.startswith("network")] == []
    written = [line.removeprefix("write ") for line in notes if line.startswith("write ")]
    home = folder.resolve() / "home"
    caches = tuple(f"{home / name}" for name in (".cache/matplotlib", ".config/matplotlib"))
    mine = (*(f"{folder.resolve() / name}" for name in ("run", "temporary")), *caches)
    above = {str(home), str(home / ".cache"), str(home / ".config")}
    assert [path for path in written if not path.startswith((*mine, *ALLOWED)) and path not in above] == []
    # What code that is not Python writes goes unseen by the notes, but it stands in the home.
    assert [path for path in home.rglob("*") if path.is_file() and not str(path).startswith(caches)] == []
    return len(written)


@pytest.mark.slow
def test_the_first_half_of_a_run_reaches_nothing_and_writes_at_home(tmp_path, tried):
    notes = run_cut(tmp_path, "results/tables/decisions/model=net/dataset=labelled/decisions.parquet")
    assert check_cut(tmp_path, notes) > 10
    tried(ROW, 6)


@pytest.mark.long
def test_a_whole_run_reaches_nothing_and_writes_at_home(tmp_path, tried):
    notes = run_cut(tmp_path)
    assert check_cut(tmp_path, notes) > 100
    assert (tmp_path / "run/results/site/index.html").is_file()
    tried(ROW, 58)
