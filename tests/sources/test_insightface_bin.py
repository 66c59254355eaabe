"""Packs of every form read equal; hostile ones are refused at once, by file, place and reason, and run nothing."""

import json
import lzma
import os
import pickle
import re
import subprocess
import sys

import hostile_packs
import pandas as pd
import pytest
from made_packs import PAIRS, draw, draw_set, forms

from conftest import REPOSITORY
from whyface.sources.insightface_bin import unpack_bin

FORMS, HOSTILE = forms(), hostile_packs.packs()


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpacked(content, folder, name="set.bin"):
    (folder / name).write_bytes(content)
    unpack_bin(folder / name, folder / "files")
    return contents(folder / "files")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return unpacked(pickle.dumps(draw_set(), 3), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_reads_equal(form, plain, tmp_path):
    assert unpacked(FORMS[form], tmp_path) == plain


@pytest.mark.parametrize("preset", [0, 9 | lzma.PRESET_EXTREME])
def test_compressed_packs_read_equal(preset, plain, tmp_path):
    compressed = lzma.compress(FORMS["python-2-strings"], preset=preset)
    assert unpacked(compressed, tmp_path, "any-name") == plain
    assert sorted(path.name for path in tmp_path.iterdir()) == ["any-name", "files"]


def test_pairs_keep_their_order_and_images_are_written_once(plain):
    images, labels = draw_set()
    pairs = pd.read_csv(pd.io.common.StringIO(plain["pairs.csv"].decode()))
    assert [plain[name] for pair in pairs[["image_a", "image_b"]].to_numpy() for name in pair] == images
    assert pairs["is_genuine"].tolist() == [int(label) for label in labels]
    assert pairs["fold"].tolist() == [position // 4 for position in range(PAIRS)]
    assert len(plain) == 1 + len(set(images)) == 1 + PAIRS


def test_pickles_are_never_opened_by_pickle(monkeypatch, tmp_path):
    monkeypatch.setattr(pickle, "Unpickler", None)
    monkeypatch.setattr(pickle, "load", None)
    monkeypatch.setattr(pickle, "loads", None)
    assert unpacked(FORMS["arrays-5"], tmp_path)


def test_images_of_every_kind_get_the_suffix_of_their_content(tmp_path):
    kinds = ["JPEG", "PNG", "WEBP", "BMP"]
    images = [draw(number, kinds[number % 4]) for number in range(2 * PAIRS)]
    names = unpacked(pickle.dumps((images, [True, False] * (PAIRS // 2))), tmp_path)
    suffixes = [name.rsplit(".")[-1] for name in sorted(names) if name != "pairs.csv"]
    assert {one: suffixes.count(one) for one in suffixes} == {"jpg": 20, "png": 20, "webp": 20, "bmp": 20}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Open every hostile pack, in a process of its own with 200 MB to spare."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (content, _) in HOSTILE.items():
        (folder / f"{name}.bin").write_bytes(content)
    command = [sys.executable, str(REPOSITORY / "tests/sources/open_hostile_packs.py")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    files = [f"{name}.bin" for name in HOSTILE]
    done = subprocess.run([*command, *files], env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]
    assert {path.suffix for path in folder.iterdir()} == {".bin"}, "nothing ran, and nothing is left behind"
    return {row["file"].removesuffix(".bin"): row for row in map(json.loads, done.stdout.splitlines())}


def test_there_are_fifty_hostile_packs():
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_packs_are_refused_by_place_and_reason(name, outcomes):
    outcome = outcomes[name]
    assert outcome["error"] == "ValueError", outcome
    assert outcome["message"].startswith(f"{name}.bin: ") and len(outcome["message"]) < 600
    assert re.search(HOSTILE[name][1], outcome["message"]), outcome["message"]
    assert outcome["seconds"] < 2
