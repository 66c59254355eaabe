"""Breaks a copy of the project in each way that the fault suite names, one at a time; the named test must fail.

    python tests/faults/break_each.py [WORD ...]

With words, only breakages whose file or description holds one of them. The exit status is 1 if a test passed all the
same, or could not even be run.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
COPIED = ("Snakefile", "config.yaml", "config", "profiles", "workflow", "site_templates", "tests", "pyproject.toml")
FAILED = 1  # pytest's exit status if tests ran and some failed; 4 or 5 would mean that none ran


def find_breakages():
    """Return every breakage with the test file that names it."""
    sys.path[:0] = [str(HERE), str(HERE.parent), str(PROJECT / "workflow" / "scripts")]
    found = []
    for path in sorted({*HERE.glob("test_*.py")} - {HERE / "test_breakages.py"}):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [(path, breakage) for breakage in getattr(module, "BREAKAGES", [])]
    return found


def is_noticed(path, breakage, copy):
    """Break the copy, run the test, mend the copy."""
    broken = copy / breakage.path
    text = broken.read_text(encoding="utf-8")
    if text.count(breakage.old) != 1:
        raise ValueError(f"{path.name}: {breakage.old!r} occurs {text.count(breakage.old)} times in {breakage.path}")
    broken.write_text(text.replace(breakage.old, breakage.new), encoding="utf-8")
    test = f"{copy / path.relative_to(PROJECT)}::{breakage.test}"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-x", "-m", "", "-p", "no:cacheprovider", test],
        cwd=copy,
        capture_output=True,
        text=True,
    )
    broken.write_text(text, encoding="utf-8")
    if run.returncode not in (0, FAILED):
        print(run.stdout[-2000:], run.stderr[-2000:])
    return run.returncode == FAILED


def main(words):
    """Print a line for each breakage."""
    breakages = find_breakages()
    chosen = [(p, b) for p, b in breakages if not words or any(word in f"{p.name} {b.what}" for word in words)]
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        copy.mkdir()
        for part in COPIED:
            source = PROJECT / part
            if source.is_dir():
                shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__", ".snakemake"))
            else:
                shutil.copy2(source, copy / part)
        for path, breakage in chosen:
            started = time.monotonic()
            noticed = is_noticed(path, breakage, copy)
            missed += not noticed
            verdict = "noticed" if noticed else "MISSED"
            print(f"{verdict}  {path.stem}: {breakage.what} ({time.monotonic() - started:.0f} s)", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} breakages noticed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
