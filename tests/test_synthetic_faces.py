"""Drawn people are the same for the same seeds, and the benchmark is one that the official parser reads."""

import hashlib

import numpy as np

from whyface.layouts import list_images
from whyface.protocols import list_pairs
from whyface.synthetic_faces import draw_face, write_benchmark


def test_two_seeds_decide_the_photo():
    photo = draw_face(5, 1)
    assert photo.shape == (200, 200, 3) and photo.dtype == np.uint8
    np.testing.assert_array_equal(photo, draw_face(5, 1))
    assert (photo != draw_face(5, 2)).any() and (photo != draw_face(6, 1)).any()


def test_benchmark_is_read_as_lfw_with_subject_disjoint_folds(tmp_path):
    write_benchmark(tmp_path / "set", people=6, photos=2, folds=2, seed=0)
    images = list_images(tmp_path / "set", "lfw")
    pairs = list_pairs("lfw", None, tmp_path / "set", images, "tiny")
    assert len(images) == 12
    assert pairs.groupby("fold")["is_genuine"].sum().tolist() == [3, 3]
    assert pairs.groupby("fold").size().tolist() == [6, 6]
    people = [set(part["subject_a"]) | set(part["subject_b"]) for _, part in pairs.groupby("fold")]
    assert not people[0] & people[1]


def test_benchmark_is_repeatable(tmp_path):
    def digest(folder):
        write_benchmark(folder, people=4, photos=2, folds=2, seed=3)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [(path.relative_to(folder), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]

    assert digest(tmp_path / "one") == digest(tmp_path / "two")
