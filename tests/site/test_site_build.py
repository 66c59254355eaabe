"""Building the site: whole or not at all, unchanged files kept, alike from any number of processes."""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import fabricate
from conftest import REPOSITORY
from html_pages import Page, pages
from whyface.site import render_site
from whyface.site.content.evaluation import Evaluation
from whyface.site.drawing.images import crop_files, face_file, face_script
from whyface.site.rendering import parts, workers
from whyface.site.rendering import render as building
from whyface.site.words import numbers
from whyface.tables import parquet as tables
from whyface.tables import schemas

TEMPLATES = REPOSITORY / "site_templates"


@pytest.fixture
def run(few, tmp_path):
    """Give a small run that a test may change."""
    return shutil.copytree(few, tmp_path / "results")


def render(run: Path, processes: int = 1, **settings) -> Path:
    config = fabricate.config()
    config["site"].update(settings)
    render_site(config, run, run.parent / "site", processes=processes)
    return run.parent / "site"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def dates(folder: Path) -> dict[str, int]:
    found = {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*")}
    return {path: date for path, date in found.items() if (folder / path).is_file()}


def test_a_second_build_keeps_every_file_and_its_date(run):
    before = dates(render(run))
    (run.parent / "site/index.html").unlink()  # so does Snakemake before it runs the rule again
    after = dates(render(run))
    assert {path for path in after if before.get(path) != after[path]} == {"index.html"}
    assert before.keys() == after.keys()


def test_a_changed_pair_changes_its_pages_and_lists_only(run):
    before = dates(render(run))
    path = run / "tables/scores/model=demo/dataset=synth/scores.parquet"
    about, scores = tables.read_about(path), tables.read_table(path, schemas.SCORES)
    row = scores.index[scores.pair_id == "000006"][0]
    scores.loc[row, ["paper_score", "confidence"]] -= 0.001
    about.pop("table")
    tables.write_table(scores, path, schemas.SCORES, about)
    after = dates(render(run))
    changed = {path for path in after if before.get(path) != after[path]}
    pages_of_pairs = {path for path in changed if "/p/" in path}
    # The page of the same pair for the other model quotes this one's verdict.
    assert pages_of_pairs == {f"{model}/synth/p/000/000006/index.html" for model in ("demo", "mobile")}
    lists = {"index.html", "explore.html", "method.html", "data.html", "index.js"}
    rest = {path for path in changed - pages_of_pairs if not path.startswith(("demo/synth/", "data/scores/"))}
    assert rest <= lists | {"compare/synth/index.html"}
    assert "demo/synth/pairs-0.js" in changed and not any(path.startswith("faces/") for path in changed)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_write_what_one_does(run, start, monkeypatch):
    alone = contents(render(run))
    shutil.rmtree(run.parent / "site")
    monkeypatch.setattr(workers, "get_context", lambda: get_context(start))
    monkeypatch.setattr(parts, "AT_ONCE", 5)
    assert contents(render(run, processes=2)) == alone


def test_a_failure_in_a_process_leaves_the_old_site(run):
    before = contents(render(run))
    crops = next(run.glob("aligned/synth/*/crops.npy"))
    np.save(crops, np.load(crops)[:3])
    with pytest.raises(IndexError):
        render(run, processes=2)
    assert contents(run.parent / "site") == before
    assert sorted(path.name for path in run.parent.iterdir()) == ["results", "site"]


@pytest.mark.parametrize("step", ["build_parts", "_write_data"])
def test_a_failed_build_leaves_the_old_site_and_no_rubbish(run, monkeypatch, step):
    destination = run.parent / "site"
    destination.mkdir()
    (destination / "index.html").write_text("old")
    monkeypatch.setattr(building, step, lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        render(run)
    assert sorted(path.name for path in run.parent.iterdir()) == ["results", "site"]
    assert contents(destination) == {"index.html": b"old"}


def test_a_build_killed_between_its_renames_loses_nothing(run, monkeypatch):
    (run.parent / ".site.old").mkdir()
    (run.parent / ".site.old/index.html").write_text("old")
    monkeypatch.setattr(building, "load_shown", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        render(run)
    assert contents(run.parent / "site") == {"index.html": b"old"}


def test_a_new_site_replaces_the_old_one(run):
    (run.parent / "site").mkdir()
    (run.parent / "site/stale.html").write_text("old")
    assert not (render(run) / "stale.html").exists()
    assert sorted(path.name for path in run.parent.iterdir()) == ["results", "site"]


@pytest.mark.parametrize("name", ["data", "compare", "transfer.html", "../up", "A"])
def test_names_that_cannot_be_folders_are_refused(few, tmp_path, name):
    config = fabricate.config()
    config["models"][name] = config["models"]["demo"]
    config["run"]["models"] = [name]
    with pytest.raises(ValueError, match="cannot name a folder"):
        render_site(config, few, tmp_path / "site", TEMPLATES)


def test_no_folder_holds_2000_entries():
    pairs = 26_000
    evaluation = SimpleNamespace(path="model/dataset")
    files = [f"{Evaluation.pair_path(evaluation, f'{row:06d}')}/index.html" for row in range(pairs)]
    files += [f"faces/{name(row)}" for row in range(pairs) for name in (face_file, face_script)]
    entries = defaultdict(set)
    for folder in {PurePosixPath(file).parent for file in files}:
        entries[folder.parent].add(folder.name)
    for file in files:
        entries[PurePosixPath(file).parent].add(file.rpartition("/")[2])
    for folder in list(entries):
        for parent in folder.parents:
            entries[parent].add(folder.relative_to(parent).parts[0])
    assert len(entries) > pairs and max(map(len, entries.values())) < 2000


def test_images_none_publishes_no_face(run):
    shown, hidden = (contents(render(run, images=images)) for images in ("aligned", "none"))
    faces = [path for path in shown if path.startswith("faces/")]
    pixels = [np.load(crops) for crops in run.glob("aligned/*/*/crops.npy")]
    assert len(faces) == 2 * sum(crops.any(axis=(1, 2, 3)).sum() for crops in pixels)  # unreadable ones are black
    assert not any(path.startswith("faces/") for path in hidden)
    # What is left are maps and drawings: no file that held a face, no text that holds an image.
    images = {path for path in hidden if path.endswith((".webp", ".png", ".jpg"))}
    assert images == {path for path in shown if path.endswith((".webp", ".png", ".jpg")) and not _holds_face(path)}
    assert "demo/synth/p/000/000000/a.webp" in images
    for path, content in hidden.items():
        assert b"data:image/webp" not in content and b"data:image/jpeg" not in content, path
    page = Page(run.parent / "site/demo/synth/p/000/000000/index.html")
    assert {attrs["class"] for tag, attrs in page.tags if tag == "img"} == {"map"}


def _holds_face(path: str) -> bool:
    return path.startswith("faces/") or path.endswith("/regions/face.webp")


def test_faces_are_their_crops(run):
    crops = next(run.glob("aligned/synth/*/crops.npy"))
    written = dict(crop_files(crops, "faces/x", [0, 7], {7}))
    assert sorted(written) == ["faces/x/0/0.webp", "faces/x/0/7.webp", "faces/x/js/0/7.js"]
    (run.parent / "7.webp").write_bytes(written["faces/x/0/7.webp"])
    found = np.asarray(Image.open(run.parent / "7.webp").convert("RGB"), float)
    assert np.abs(found - np.load(crops)[7]).mean() < 5


@pytest.mark.parametrize("index", [False, True])
def test_robots_and_pages_agree_on_being_indexed(run, index):
    site = render(run, index=index)
    for page in pages(site):
        robots = [attrs["content"] for tag, attrs in Page(page).tags if attrs.get("name") == "robots"]
        assert robots == ([] if index else ["noindex"])
    rules = (site / "robots.txt").read_text(encoding="utf-8")
    # Pages that crawlers may not read could not tell them not to index: only other files are closed.
    assert ("Disallow: /*.webp$" in rules) != index and "Disallow: /\n" not in rules


@pytest.mark.parametrize("base_url", ["https://example.org/whyface", "https://example.org/whyface/", None])
def test_pages_name_their_permanent_address_if_they_have_one(run, base_url):
    site = render(run, base_url=base_url)
    for page in pages(site):
        found = [attrs["href"] for tag, attrs in Page(page).tags if attrs.get("rel") == "canonical"]
        assert found == ([f"https://example.org/whyface/{page.relative_to(site).as_posix()}"] if base_url else [])


def test_the_site_states_its_size(run):
    site = render(run)
    other = [path for path in site.rglob("*") if path.is_file() and path != site / "data.html"]
    text = Page(site / "data.html").text
    assert f"{len(other):,} files" in text
    assert numbers.size_words(sum(path.stat().st_size for path in other)) in text


def test_tables_are_offered_as_they_are(built, results):
    for path in (results / "tables").rglob("*.parquet"):
        assert (built / "data" / path.relative_to(results / "tables")).read_bytes() == path.read_bytes()
    assert len(pd.read_parquet(built / "data/scores")) == 4 * 60


def test_the_site_imports_no_model_library():
    heavy = {"torch", "cv2", "sklearn", "scipy.stats", "onnxruntime"}
    script = f"import sys, whyface.site; print(sorted({heavy} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow/scripts")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_templates_and_scripts_stay_small():
    for path in TEMPLATES.rglob("*.html"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 60, path
    for path in TEMPLATES.rglob("*.js"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 100, path
