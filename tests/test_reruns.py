"""What a job depends on besides its inputs: the code behind its script, and the user's files behind a source."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from whyface import reruns
from whyface.reruns import code_state, file_state, folder_state, import_closure, source_state

ENTRY_SCRIPTS = sorted(reruns.SCRIPTS.glob("*.py"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Build a small package: the script imports alpha, alpha imports beta within a function; gamma stands alone."""
    folder = tmp_path / "whyface"
    (folder / "room").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "room/__init__.py").write_text('"""A room."""\n')
    (folder / "room/alpha.py").write_text("def act():\n    from whyface.room import beta\n    return beta.VALUE\n")
    (folder / "room/beta.py").write_text('"""Beta."""\n\nVALUE = 1  # one\n')
    (folder / "room/gamma.py").write_text("VALUE = 1\n")
    (tmp_path / "script.py").write_text("import json\n\nfrom whyface.room.alpha import act\n")
    monkeypatch.setattr(reruns, "SCRIPTS", tmp_path)
    return tmp_path


def state(package):
    for known in (reruns.code_state, reruns._read, reruns._files_of):
        known.cache_clear()
    return code_state(package / "script.py")


def test_the_closure_has_what_is_imported_anywhere_and_the_packages_around_it(package):
    names = {path.relative_to(package).as_posix() for path in import_closure(package / "script.py")}
    rooms = {"whyface/__init__.py", "whyface/room/__init__.py"}
    assert names == {"script.py", "whyface/room/alpha.py", "whyface/room/beta.py"} | rooms


@pytest.mark.parametrize(
    ("name", "text", "changes"),
    [
        ("whyface/room/beta.py", "VALUE = 2\n", True),
        ("whyface/room/beta.py", '"""Beta, in other words."""\n\nVALUE = 1  # a single one\n', False),
        ("whyface/room/__init__.py", "from whyface.room.gamma import VALUE\n", True),
        ("whyface/room/gamma.py", "VALUE = 2\n", False),
        ("whyface/room/beta.py", '"""Beta."""\n\n\n# one\nVALUE = (\n    1\n)\n', False),
        ("whyface/room/beta.py", '"""Beta."""\n\nVALUE = 1.0\n', True),
        ("script.py", "from whyface.room.alpha import act\n\nact()\n", True),
    ],
)
def test_a_change_of_what_the_code_does_changes_its_state(package, name, text, changes):
    before = state(package)
    (package / name).write_text(text)
    assert (state(package) != before) == changes


def test_the_state_of_code_does_not_depend_on_where_it_lies(package, tmp_path, monkeypatch):
    before = state(package)
    (tmp_path / "elsewhere").mkdir()
    for part in ("script.py", "whyface"):
        (package / part).rename(tmp_path / "elsewhere" / part)
    monkeypatch.setattr(reruns, "SCRIPTS", tmp_path / "elsewhere")
    assert state(tmp_path / "elsewhere") == before


def test_the_state_of_code_is_the_same_in_every_process(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("def act(x, y):\n    return x in {'a', 'b', 'c', 1.5} and 'act' != y is not act\n")
    digests = set()
    for seed in "012":
        env = {**os.environ, "PYTHONPATH": str(reruns.SCRIPTS), "PYTHONHASHSEED": seed}
        read = "import sys; from pathlib import Path; from whyface.reruns import _read; x = 'act'"
        run = [sys.executable, "-c", f"{read}; print(_read(Path(sys.argv[1])).digest)", str(path)]
        digests.add(subprocess.run(run, capture_output=True, text=True, env=env, check=True).stdout)
    assert len(digests) == 1


# Prints what each script imports of ours. A process is forked for each, after the large libraries, which take longest.
IMPORTS = """
import importlib, json, os, sys
import matplotlib.pyplot, pandas, pyarrow.parquet, scipy.optimize, scipy.stats, torch
assert not any(name.split(".")[0] == "whyface" for name in sys.modules)
for script in sys.argv[1:]:
    sys.stdout.flush()
    child = os.fork()
    if not child:
        importlib.import_module(script)
        ours = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "whyface"]
        print(json.dumps([script, ours]), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, script
"""


@pytest.fixture(scope="module")
def imports():
    """Give the files of ours that each entry script imports, by its name."""
    names = [script.stem for script in ENTRY_SCRIPTS]
    env = {**os.environ, "PYTHONPATH": str(reruns.SCRIPTS)}
    run = subprocess.run([sys.executable, "-c", IMPORTS, *names], capture_output=True, text=True, env=env)
    assert run.returncode == 0, run.stderr
    return dict(map(json.loads, run.stdout.splitlines()))


@pytest.mark.slow
@pytest.mark.parametrize("script", ENTRY_SCRIPTS, ids=lambda path: path.stem)
def test_no_script_imports_what_its_closure_lacks(script, imports):
    assert set() < {Path(line) for line in imports[script.stem]} <= import_closure(script)


def test_lazy_imports_of_model_kinds_are_in_the_closure_of_embed_images():
    names = {path.name for path in import_closure(reruns.SCRIPTS / "embed_images.py")}
    assert {"kinds.py", "demo_network.py", "devices.py"} <= names and "calibrators.py" not in names


@pytest.mark.parametrize("script", ["summarise", "judge_transfer", "compare_models"])
def test_what_has_intervals_depends_on_how_they_are_made(script):
    names = {path.name for path in import_closure(reruns.SCRIPTS / f"{script}.py")}
    assert "people.py" in names


def test_nothing_reads_docstrings_which_the_state_of_code_ignores():
    for path in reruns.SCRIPTS.rglob("*.py"):
        attributes = {node.attr for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Attribute)}
        assert "__doc__" not in attributes, path


def write(path, content, date_ns=10**18):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(date_ns, date_ns))


def test_a_file_counts_by_its_content_whatever_its_date(tmp_path):
    write(tmp_path / "net.onnx", b"one")
    before = file_state(tmp_path / "net.onnx")
    write(tmp_path / "net.onnx", b"one", date_ns=10**17)
    assert file_state(tmp_path / "net.onnx") == before
    write(tmp_path / "net.onnx", b"two", date_ns=10**17)
    assert file_state(tmp_path / "net.onnx") != before


def test_a_large_file_counts_by_size_and_date_an_older_one_too(tmp_path, monkeypatch):
    monkeypatch.setattr(reruns, "LARGEST_READ_BYTES", 2)
    write(tmp_path / "net.onnx", b"one")
    before = file_state(tmp_path / "net.onnx")
    write(tmp_path / "net.onnx", b"two", date_ns=10**17)
    assert file_state(tmp_path / "net.onnx") != before


def test_other_weights_in_a_large_file_count_whatever_its_size_and_date(tmp_path, monkeypatch):
    monkeypatch.setattr(reruns, "LARGEST_READ_BYTES", 2)
    write(tmp_path / "net.onnx", b"one")
    before = file_state(tmp_path / "net.onnx")
    assert file_state(tmp_path / "net.onnx") == before
    write(tmp_path / "net.onnx", b"two")
    assert file_state(tmp_path / "net.onnx") != before


CHANGES = {
    "a photo replaced": lambda photos: write(photos / "ann/1.jpg", b"new", 10**18 + 1),
    "a photo replaced by an older one": lambda photos: write(photos / "ann/1.jpg", b"new", 10**17),
    "a photo of another size and the same date": lambda photos: write(photos / "ann/1.jpg", b"longer"),
    "a photo added to a folder": lambda photos: write(photos / "ann/2.jpg", b"two"),
    "a photo renamed": lambda photos: (photos / "ann/1.jpg").rename(photos / "ann/3.jpg"),
    "a photo removed": lambda photos: (photos / "bob/1.jpg").unlink(),
    "the list changed": lambda photos: write(photos / "images.csv", b"image_id,pose\n", 10**18 + 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_folder_changes_with_its_files(tmp_path, change):
    photos = tmp_path / "photos"
    for name in ("ann/1.jpg", "bob/1.jpg", "images.csv"):
        write(photos / name, b"one")
    before = folder_state(photos)
    assert folder_state(photos) == before == source_state({"path": str(photos)})
    change(photos)
    assert folder_state(photos) != before


def test_a_folder_that_was_moved_or_holds_hidden_files_is_the_same(tmp_path):
    write(tmp_path / "photos/ann/1.jpg", b"one")
    before = folder_state(tmp_path / "photos")
    (tmp_path / "photos").rename(tmp_path / "pictures")
    write(tmp_path / "pictures/.DS_Store", b"macOS")
    (tmp_path / "pictures/dangling.jpg").symlink_to("nowhere")
    with_link = folder_state(tmp_path / "pictures")
    (tmp_path / "pictures/dangling.jpg").unlink()
    assert folder_state(tmp_path / "pictures") == before != with_link


def test_sources_that_are_downloaded_or_drawn_have_no_state():
    assert source_state({"urls": ["https://example.org/a.zip"]}) == source_state({"synthetic": "lfw"}) == ""
