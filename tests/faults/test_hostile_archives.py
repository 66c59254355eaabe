"""Archives that want to write elsewhere, to fill the disk or to take all memory, given to the rule that unpacks.

Each is refused by its name and the member's, within 2 s of processor time and 200 MB, and nothing of it is left: not in
the results, not in the run's folder, not outside.
"""

import re
from itertools import chain

import archives_of_strangers as strangers
import pytest
from breakages import Breakage
from measured import run_all

# Two seconds on a quiet machine (1.7 s measured); on a loaded one the same work takes longer.
MOST_CPU_S, MOST_MB = 8.0, 200
ROW = "hostile archives"
UNPACK = "workflow/scripts/whyface/sources/unpack.py"
LOG = "results/logs/fetch_collection/c.log"
KEPT = (LOG, "results", "results/logs", "results/logs/fetch_collection", "results/collections", "results/collections/c")
IGNORES_CASE = "from whyface.sources import unpack; unpack._ignores_case = lambda folder: True"
"""Stands for a file system on which two cases of a name are one file: none can be mounted on every machine."""
BREAKAGES = [
    Breakage(
        "members may climb out of the folder",
        UNPACK,
        'or ".." in name.split("/")',
        "",
        "test_an_archive_is_refused_by_name_and_leaves_nothing",
    ),
    Breakage(
        "links are not looked at",
        UNPACK,
        "if target is None or (link.islnk() and target > link.offset):",
        "if False:",
        "test_an_archive_is_refused_by_name_and_leaves_nothing",
    ),
    Breakage(
        "folders of an unpacking that failed stay",
        UNPACK,
        "with tempfile.TemporaryDirectory(prefix=",
        "with tempfile.TemporaryDirectory(delete=False, prefix=",
        "test_an_archive_is_refused_by_name_and_leaves_nothing",
    ),
    Breakage(
        "the index of a zip is not looked at before it is read",
        UNPACK,
        "if (members := index.count(_ZIP_ENTRY)) > self.max_members:",
        "if (members := index.count(_ZIP_ENTRY)) < 0:",
        "test_a_crowd_of_members_is_refused",
    ),
    Breakage(
        "crowds of empty files are unpacked",
        UNPACK,
        "if self.members > FEW_MEMBERS and self.bytes < LEAST_MEAN_BYTES * self.members:",
        "if False:",
        "test_a_crowd_of_members_is_refused",
    ),
    Breakage(
        "two names of one file are two files everywhere",
        UNPACK,
        'return unicodedata.normalize("NFC", path).casefold() if self.ignores_case else path',
        "return path",
        "test_names_that_a_file_system_takes_for_one_are_refused_there_and_kept_elsewhere",
    ),
]


def case_of(folder, archive):
    """Make a run's folder in which an archive, lying outside it, is to be unpacked."""
    folder.mkdir(parents=True)
    return {
        "cwd": str(folder),
        "wildcards": {"collection": "c"},
        "params": {"source": {"path": str(archive)}, "layout": "folders", "state": ""},
        "output": {"receipt": "results/collections/c/receipt.json", "files": "results/collections/c/files"},
        "log": {"log": LOG},
    }


def unpack_all(tmp_path, archives, prepare=""):
    """Unpack archives by name; return the outcome of each and the folder that it was unpacked in."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"secret")
    folders, cases, paths = {}, {}, {}
    for i, (name, make) in enumerate(archives.items()):
        paths[name] = tmp_path / f"stranger-{i:03d}"
        paths[name].write_bytes(make(str(outside)))
        folders[name] = tmp_path / "runs" / f"{i:03d}"
        cases[name] = case_of(folders[name], paths[name])
    outcomes = run_all("fetch_collection", cases, prepare)
    assert list(outside.iterdir()) == [outside / "secret.jpg"], "something was written outside"
    assert (outside / "secret.jpg").read_bytes() == b"secret"
    assert {*tmp_path.iterdir()} == {outside, tmp_path / "runs", *paths.values()}
    assert {*(tmp_path / "runs").iterdir()} == {*folders.values()}
    return outcomes, folders, paths


def left_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def check_refused(tmp_path, wanted):
    """Unpack archives, given by name with what the refusal must say; each must be refused as promised."""
    made = {name: make for name, make, _ in wanted}
    assert len(made) == len(wanted), "two cases have one name"
    outcomes, folders, paths = unpack_all(tmp_path, made)
    failures = []
    for name, _, says in wanted:
        got = outcomes[name]
        folder = folders[name]
        named = str(paths[name]) in got.error and re.search(says, got.error)
        left = left_in(folder) != [LOG] or {*folder.rglob("*")} - {folder / one for one in KEPT}
        if got.kind not in ("ValueError", "RefusedError") or not named or left:
            failures.append(f"{name}: {got.kind} {got.error[:200]!r}, left: {left_in(folder)[:5]}")
        if got.cpu_s > MOST_CPU_S or got.grown_mb > MOST_MB:
            failures.append(f"{name}: took {got.cpu_s:.1f} s and {got.grown_mb:.0f} MB")
    assert not failures, "\n".join(failures)


def test_an_archive_is_refused_by_name_and_leaves_nothing(tmp_path, tried):
    kinds = (strangers.hostile_names(), strangers.hostile_kinds(), strangers.hostile_chains(), strangers.quirks())
    wanted = [*chain(*kinds), *strangers.bombs()]
    check_refused(tmp_path, wanted)
    tried(ROW, len(wanted))


@pytest.mark.parametrize(
    "count", [pytest.param(60_000, marks=pytest.mark.slow), pytest.param(1_000_000, marks=pytest.mark.long)]
)
def test_a_crowd_of_members_is_refused(tmp_path, tried, count):
    wanted = [*strangers.crowds(count)]
    check_refused(tmp_path, wanted)
    tried(ROW, len(wanted))


@pytest.mark.parametrize("ignores_case", [False, True])
def test_names_that_a_file_system_takes_for_one_are_refused_there_and_kept_elsewhere(tmp_path, tried, ignores_case):
    twins = {name: (content, by_case) for name, content, by_case in strangers.hostile_twins()}
    made = {name: lambda _, content=content: content for name, (content, _) in twins.items()}
    outcomes, folders, _ = unpack_all(tmp_path, made, IGNORES_CASE if ignores_case else "")
    for name, (_, by_case) in twins.items():
        if by_case and not ignores_case:
            assert not outcomes[name].error, name
            assert len(left_in(folders[name] / "results/collections/c/files")) == 2, name
        else:
            assert re.search("would overwrite|is a file, and a folder", outcomes[name].error), (name, outcomes[name])
            assert left_in(folders[name]) == [LOG], name
    tried(ROW, len(twins))


def test_what_looks_hostile_and_is_not_is_unpacked_as_plain_files(tmp_path, tried):
    archives = {name: (content, files) for name, content, files in strangers.harmless()}
    made = {name: lambda _, content=content: content for name, (content, _) in archives.items()}
    outcomes, folders, _ = unpack_all(tmp_path, made)
    for name, (_, files) in archives.items():
        assert not outcomes[name].error, (name, outcomes[name])
        found = [path for path in (folders[name] / "results/collections/c/files").rglob("*") if not path.is_dir()]
        assert len(found) == files, name
        assert all(path.is_symlink() or path.stat().st_mode & 0o7777 == 0o644 for path in found), name
        assert outcomes[name].cpu_s < MOST_CPU_S, name
        assert outcomes[name].grown_mb < MOST_MB, name
    tried(ROW, len(archives))
