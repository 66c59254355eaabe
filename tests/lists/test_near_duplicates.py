"""The perceptual hash: copies are near, other photos far; and the rule that hashes files and writes the table."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import examine_protocol
from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import render
from whyface.lists.leakage import ListedDataset, find_leakage
from whyface.lists.near_duplicates import LIMIT_BITS, WORDS, count_bits, hash_images, hash_pixels, nearest_images
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES, LEAKAGE, PAIRS, PROTOCOL


@pytest.fixture(scope="module")
def faces():
    """Draw two photos each of four people."""
    return [render(draw_person(seed), draw_photo(seed, photo)).image for seed in range(4) for photo in range(2)]


def as_jpeg(image, quality):
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality)
    return Image.open(packed).convert("RGB")


COPIES = {
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
    "twice the size": lambda image: image.resize((image.width * 2, image.height * 2)),
    "JPEG of quality 30": lambda image: as_jpeg(image, 30),
    "20 % darker": lambda image: image.point(lambda value: int(0.8 * value)),
    "15 % brighter": lambda image: image.point(lambda value: min(255, int(1.15 * value))),
    "grey": lambda image: image.convert("L").convert("RGB"),
}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_near_and_other_photos_far(faces, copy):
    own = np.stack([hash_pixels(face) for face in faces])
    copies = np.stack([hash_pixels(np.asarray(COPIES[copy](Image.fromarray(face)))) for face in faces])
    bits = count_bits(own[:, None], copies)
    assert np.diag(bits).max() <= LIMIT_BITS
    assert bits[~np.eye(len(faces), dtype=bool)].min() > LIMIT_BITS


def test_bits_are_those_that_differ():
    a = np.array([0, 1, 2**63, 2**64 - 1], np.uint64)
    b = np.array([0, 0, 2**63 + 6, 0], np.uint64)
    assert len(a) == WORDS and count_bits(a, b) == 0 + 1 + 2 + 64


def test_the_nearest_are_those_of_a_slow_search(monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr("whyface.lists.near_duplicates.AT_ONCE", 200)  # several blocks
    hashes = rng.integers(0, 4, (60, WORDS)).astype(np.uint64) * rng.integers(0, 2**62, WORDS).astype(np.uint64)
    contents, people = rng.integers(0, 50, 60), rng.integers(0, 9, 60)
    nearest = nearest_images(hashes, contents, people)
    for place, found in enumerate(zip(*nearest, strict=True)):
        bits = [sum(int(a ^ b).bit_count() for a, b in zip(hashes[place], other, strict=True)) for other in hashes]
        for other, is_allowed in zip(found, (contents != contents[place], people != people[place]), strict=True):
            near = [b for b, c, ok in zip(bits, contents, is_allowed, strict=True) if ok and c != contents[place]]
            near = [one for one in near if one <= LIMIT_BITS]
            assert (other >= 0) == bool(near) and (other < 0 or bits[other] == min(near))
    assert (nearest[0] >= 0).sum() > (nearest[1] >= 0).sum() > 0


def test_nothing_is_near_in_an_empty_list(tmp_path):
    hashes = hash_images(pd.DataFrame({"image_id": [], "path": []}), tmp_path)
    assert hashes.shape == (0, WORDS)
    found = nearest_images(hashes.to_numpy(), np.array([], int), np.array([], int))
    assert len(found[0]) == len(found[1]) == 0


def test_the_rule_finds_copies_and_damage_in_files(faces, tmp_path):
    names = ["a/1.png", "a/2.png", "b/1.png", "b/2.jpg", "c/cut.png"]
    for name, face in zip(names, faces, strict=False):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face).save(path)
    Image.fromarray(faces[0]).save(tmp_path / "photos/b/2.jpg", quality=60)
    cut = tmp_path / "photos/c/cut.png"
    cut.write_bytes(cut.read_bytes()[:3000])
    images = pd.DataFrame({"image_id": names, "subject_id": [name[0] for name in names], "path": names})
    images = images.assign(width_px=240, height_px=240, sha256=names)
    pairs = pd.DataFrame(
        [("a/1.png", "a/2.png", True), ("b/2.jpg", "a/1.png", False), ("b/1.png", "c/cut.png", False)],
        columns=["image_a", "image_b", "is_genuine"],
    ).assign(pair_id=["0", "1", "2"], fold=0, known_label_error="")
    pairs = pairs.assign(subject_a=pairs["image_a"].str[0], subject_b=pairs["image_b"].str[0])
    leakage, _ = find_leakage(ListedDataset("own", "photos", pairs, images), None)
    given = dict(zip((PAIRS, IMAGES, LEAKAGE), (pairs, images, leakage), strict=True))
    paths = {table.name: tmp_path / f"{table.name}.parquet" for table in given}
    for table, frame in given.items():
        write_table(frame, paths[table.name], table)
    write_receipt(Receipt(str(tmp_path / "photos"), "", ""), tmp_path / "receipt.json")
    job = SimpleNamespace(
        input=SimpleNamespace(**paths, receipt=tmp_path / "receipt.json"),
        output=SimpleNamespace(protocol=tmp_path / "protocol.parquet"),
        log=[tmp_path / "log"],
        wildcards={"dataset": "own"},
    )
    examine_protocol.main(job)
    found = read_table(tmp_path / "protocol.parquet", PROTOCOL).set_index("check")
    assert found.loc["unreadable_images", ["value", "detail"]].tolist() == [1, "c/cut.png"]
    assert found.loc["impostors_of_near_duplicates", ["value", "detail"]].tolist() == [1, "1: b/2.jpg, a/1.png"]
    assert found.loc["near_duplicates_of_two_people", "detail"].startswith("a/1.png ~ b/2.jpg (")
    assert str(tmp_path) not in found["detail"].str.cat()
