"""Machines that lack what others have: a home, a user's name, a locale, a time zone, shared memory, open files, cores.

A run there gives the tables that it gives elsewhere, or says at once what is missing.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, field

import pandas as pd
import pytest
from breakages import Breakage

from pipeline import command, planned, snakemake, write_inputs

BREAKAGES = [
    Breakage(
        "copies of the scripts go to the user's home",
        "profiles/default/profile.yaml",
        "shared-fs-usage: [persistence,",
        "shared-fs-usage: [source-cache, persistence,",
        "test_the_first_jobs_need_no_home_nor_locale_nor_many_files",
    ),
    Breakage(
        "a user needs a name",
        "workflow/rules/helpers.smk",
        "    os.environ.update(USER=str(os.getuid()))",
        "    pass",
        "test_the_first_jobs_need_no_home_nor_locale_nor_many_files",
    ),
    Breakage(
        "the names of files are read in any encoding",
        "workflow/rules/helpers.smk",
        'if sys.getfilesystemencoding() != "utf-8":',
        "if False:",
        "test_a_machine_whose_names_are_not_utf_8_is_refused_at_once_with_the_remedy",
    ),
]
ROW = "bare machines"
PAIRS = "results/tables/pairs/dataset=labelled/pairs.parquet"
OVERLAY = ("--configfile", "overlay.yaml")
UNSET = {"HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"}
UNSET |= {"LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8", "TZ", "TMPDIR"}
NAMELESS = ["unshare", "--user", "--map-user=12345"]  # as in a container that is told to run as somebody
NAMESPACE = ["unshare", "--mount", "--map-root-user"]
LEAST_OPEN_FILES = 64
# Pages that say when and in what time; and one with a number in full, whose last digits are those of the engine.
TIMED = ("data.html", "sheet.html", "method.html")


@dataclass(frozen=True)
class Machine:
    """What a run finds: of `UNSET`, the environment has only what stands here.

    Parameters
    ----------
    environment : dict of str to str
        Variables.
    mounts : str
        Shell commands, run before in a mount namespace of their own; none is made for "".
    limits : tuple of str
        The start of the run's command line.
    has_name : bool
        Whether the system knows the user; it does in any case where it allows no other user.
    """

    environment: dict[str, str] = field(default_factory=dict)
    mounts: str = ""
    limits: tuple[str, ...] = ()
    has_name: bool = True

    def run(self, folder, cores, *extra, **more):
        """Run the pipeline in a folder, with more variables; the result is that of `subprocess.run`."""
        named = self.has_name or subprocess.run([*NAMELESS, "true"], capture_output=True).returncode
        alone = [*NAMESPACE, "sh", "-c", f'{self.mounts} && exec "$@"', "sh"] if self.mounts else []
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        return subprocess.run(
            [*alone, *self.limits, *([] if named else NAMELESS), *command(cores, *extra, *OVERLAY)],
            **{"cwd": folder, "env": kept | self.environment | more, "capture_output": True},
            **{"text": True, "errors": "replace", "timeout": 600},
        )


FEW_FILES = ("prlimit", f"--nofile={LEAST_OPEN_FILES}:{LEAST_OPEN_FILES}")
ONE_CORE = ("taskset", "--cpu-list", str(min(os.sched_getaffinity(0))))
BARE = Machine(
    {"HOME": "/proc/nothing", "LC_ALL": "POSIX", "TZ": "nonsense", "TMPDIR": "/proc/nothing"},
    limits=(*FEW_FILES, *ONE_CORE),
    has_name=False,
)
MACHINES = {
    "no home, no locale, one core": (Machine({"LC_ALL": "C"}, limits=ONE_CORE), 1),
    "user without a name, home that cannot be": (Machine({"HOME": "/proc/nothing"}, has_name=False), 2),
    "home that is read-only, decimal comma, a day ahead": (
        Machine(
            {"HOME": "/mnt", "LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati"},
            "mount -t tmpfs -o ro tmpfs /mnt",
        ),
        2,
    ),
    "i without its dot, shared memory of 64 kB, few files": (
        Machine(
            {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
            "mount -t tmpfs -o size=64k tmpfs /dev/shm",
            FEW_FILES,
        ),
        2,
    ),
    "temporary folder that is read-only, locale and time zone that are none": (
        Machine(
            {"HOME": "/mnt", "LC_ALL": "nonsense", "TZ": "nonsense", "TMPDIR": "/mnt"},
            "mount -t tmpfs -o ro tmpfs /mnt",
        ),
        2,
    ),
}


def tables(folder):
    """Find every table, but for those that state times."""
    results = folder / "results"
    return sorted(
        path.relative_to(results) for path in results.rglob("tables/**/*.parquet") if path.name != "costs.parquet"
    )


def check_equal(found, expected):
    """Hold a run to another: the same tables, and the same pages but for those that state times; returns how many."""
    assert tables(found) == tables(expected)
    for table in tables(expected):
        # Not the bytes: they name the engine, which a trial chooses.
        one, other = (pd.read_parquet(folder / "results" / table, partitioning=None) for folder in (found, expected))
        pd.testing.assert_frame_equal(one, other, obj=str(table))
    pages = [path for path in (expected / "results").rglob("site/**/*.html") if path.name not in TIMED]
    for page in pages:
        assert (found / page.relative_to(expected)).read_bytes() == page.read_bytes()
    return len(tables(expected)), len(pages)


def inputs(folder):
    """Write the inputs once: a receipt keeps a digest of their dates, so that runs are compared on copies."""
    return write_inputs(folder / "inputs")


@pytest.fixture(scope="session")
def locales(tmp_path_factory):
    """Return a folder with locales that this machine need not have."""
    folder = tmp_path_factory.mktemp("locales")
    for name, encoding in (("de_DE", "UTF-8"), ("tr_TR", "UTF-8"), ("de_DE", "ISO-8859-1")):
        made = ["localedef", "-i", name, "-f", encoding, str(folder / f"{name}.{encoding}")]
        if shutil.which("localedef") is None or subprocess.run(made, capture_output=True).returncode:
            pytest.skip(f"localedef cannot make {name}.{encoding} here")
    return folder


@pytest.mark.slow
def test_the_first_jobs_need_no_home_nor_locale_nor_many_files(tmp_path, tried):
    given = inputs(tmp_path)
    bare, calm = (shutil.copytree(given, tmp_path / name) for name in ("bare", "calm"))
    run = BARE.run(bare, 1, PAIRS)
    assert run.returncode == 0, run.stdout + run.stderr
    run = snakemake(calm, 2, PAIRS, *OVERLAY)
    assert run.returncode == 0, run.stdout + run.stderr
    assert check_equal(bare, calm) == (2, 0)
    tried(ROW, 7)


@pytest.mark.slow
def test_a_machine_whose_names_are_not_utf_8_is_refused_at_once_with_the_remedy(locales, tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    latin = Machine({"LOCPATH": str(locales), "LC_ALL": "de_DE.ISO-8859-1"})
    run = latin.run(folder, 1, PAIRS)
    assert run.returncode != 0 and not (folder / "results").exists()
    assert "file names are read as iso8859-1 here: set PYTHONUTF8=1" in run.stdout + run.stderr
    run = latin.run(folder, 1, PAIRS, "--dry-run", PYTHONUTF8="1")
    assert run.returncode == 0, run.stdout + run.stderr
    tried(ROW, 2)


@pytest.mark.long
def test_too_few_open_files_are_said(tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    run = Machine(limits=("prlimit", "--nofile=12:12")).run(folder, 1, PAIRS)
    assert run.returncode != 0
    assert "Too many open files" in run.stdout + run.stderr
    tried(ROW, 1)


@pytest.mark.long
def test_a_temporary_folder_without_room_is_said_at_once(tmp_path, tried):
    folder = write_inputs(tmp_path / "run")
    run = Machine({"TMPDIR": "/mnt"}, "mount -t tmpfs -o size=64k tmpfs /mnt").run(folder, 1, PAIRS)
    if "unshare" in run.stderr:
        pytest.skip("this system lets nobody mount a small disk")
    assert run.returncode != 0 and not (folder / "results").exists()
    assert "No space left on device" in run.stdout + run.stderr
    tried(ROW, 1)


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Return the folder of inputs, and that of a run that lacked nothing. Tests must not write to either."""
    given = inputs(tmp_path_factory.mktemp("calm"))
    folder = shutil.copytree(given, given.parent / "calm")
    run = snakemake(folder, 2, *OVERLAY)
    assert run.returncode == 0, run.stdout + run.stderr
    return given, folder


@pytest.mark.long
@pytest.mark.parametrize("name", MACHINES)
def test_a_whole_run_gives_the_same_tables(name, calm, locales, tmp_path, tried):
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount anything")
    given, undisturbed = calm
    folder = shutil.copytree(given, tmp_path / "run")
    machine, cores = MACHINES[name]
    run = machine.run(folder, cores, LOCPATH=str(locales))
    assert run.returncode == 0, run.stdout + run.stderr
    n_tables, n_pages = check_equal(folder, undisturbed)
    assert n_tables > 40 and n_pages > 12
    assert planned(folder, *OVERLAY) == set(), "another machine, which lacks nothing, has nothing to add"
    tried(ROW, name.count(",") + 1)
