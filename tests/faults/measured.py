"""Runs an entry script's `main` on many cases, each in a process of its own, and measures what each took.

The modules are loaded once, then a process is forked for each case. So what is measured is the case alone: its
processor time, and how far its memory grew beyond that of the loaded modules.
"""

import gc
import importlib
import json
import logging
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
MOST_CPU_S = 120  # after which a case is ended


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    error: str  # "" if it ended well, else what the user reads
    kind: str  # of the error, by its class; "signal 9" if the process did not end by itself
    cpu_s: float
    grown_mb: float


class Items(dict):
    """A mapping as Snakemake gives it: by name and by place."""

    def __getattr__(self, name):
        if name.startswith("__") or name not in self:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key):
        return [*self.values()][key] if isinstance(key, int) else super().__getitem__(key)


def run_all(script, cases, prepare=""):
    """Run an entry script once for each case.

    Parameters
    ----------
    script : str
        Its name, without `.py`.
    cases : dict of str to dict
        By name: `cwd`, and what Snakemake would give: `input`, `output`, `params`, `wildcards`, `log`.
    prepare : str, optional
        Python to execute before, once.

    Returns
    -------
    dict of str to Outcome
    """
    run = subprocess.run(
        [sys.executable, __file__, script, prepare],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=1800,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr[-4000:]
    return {name: Outcome(**fields) for name, fields in json.loads(run.stdout.splitlines()[-1]).items()}


def _measure(main, case):
    reading, writing = os.pipe()
    gc.collect()
    child = os.fork()
    if not child:
        _run_case(main, case, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(child, 0)
    before, kind, error = [*said.split("\n", 2), "", ""][:3]
    if os.WIFSIGNALED(status):
        kind, error = f"signal {os.WTERMSIG(status)}", "died"
    grown = max(0, used.ru_maxrss * 1024 - int(before)) / 1e6
    return {"kind": kind, "error": error, "cpu_s": used.ru_utime + used.ru_stime, "grown_mb": grown}


def _run_case(main, case, writing):
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    # The child's own, as it begins with fewer pages than its parent: those of mapped files are not there yet.
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    os.write(writing, f"{before}\n".encode())
    said = ""
    try:
        os.chdir(case.pop("cwd"))
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends
        logging.raiseExceptions = True
        main(SimpleNamespace(**{name: Items(part) for name, part in case.items()}))
    except BaseException as error:
        said = f"{type(error).__name__}\n{error}"
    os.write(writing, said.encode("utf-8", "backslashreplace")[:60_000])
    os._exit(0)


def _main(script, prepare):
    main = importlib.import_module(script).main
    exec(prepare, {})
    gc.freeze()
    sys.stdout.write(json.dumps({name: _measure(main, case) for name, case in json.load(sys.stdin).items()}) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
