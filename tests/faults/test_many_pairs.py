"""A hundred thousand images and a million pairs: the run ends, in the memory its rules state, in few files."""

import csv
import os
import re
import subprocess

import numpy as np
import pytest
import yaml
from breakages import Breakage
from PIL import Image

from conftest import REPOSITORY
from networks import write_convolutions
from pipeline import SIDE, command

BREAKAGES = [
    Breakage(
        "every pair has a page, however many there are",
        "workflow/scripts/whyface/site/rendering/site.py",
        '<= config["site"]["pair_pages"]',
        '< float("inf")',
        "test_a_run_stays_within_stated_memory_and_few_files[10000]",
    ),
]
PHOTOS = 5  # of each person
MOST_PER_IMAGE = 2.5  # files; a common quota is a million files for a user, so nine of ten are left


def write_photos(folder, people, rng):
    """Write photos, which are alike where they show the same person; returns their names, people x photos."""
    names = []
    for person in range(people):
        base = rng.integers(60, 196, (5, 5, 3))
        place = folder / f"{person // 500}" / f"{person}"
        place.mkdir(parents=True)
        for photo in range(PHOTOS):
            pixels = (base + rng.normal(0, 15, base.shape)).clip(0, 255).astype(np.uint8)
            image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            image.save(place / f"{photo}.jpg", quality=80)
            names.append((place / f"{photo}.jpg").relative_to(folder).as_posix())
    return np.array(names).reshape(people, PHOTOS)


def write_pairs(path, names, count, rng):
    """Write a list of different pairs, half of them genuine as far as there are any, with two columns of groups."""
    people = len(names)
    pairs = {}
    for person in rng.permutation(people):
        both = [(a, b) for a in range(PHOTOS) for b in range(a)]
        pairs |= {(names[person, a], names[person, b]): 1 for a, b in both} if len(pairs) < count // 2 else {}
    while len(pairs) < count:
        one, other = rng.choice(people, 2, replace=False)
        pairs[names[one, rng.integers(PHOTOS)], names[other, rng.integers(PHOTOS)]] = 0
    rows = [(*pair, label, place % 10) for place, (pair, label) in enumerate(pairs.items())]
    gaps, light = rng.choice(["0-19", "20-39", "40+"], count), rng.choice(["day", "night"], count)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image_a", "image_b", "is_genuine", "fold", "age_gap", "light"])
        writer.writerows((*row, gap, lit) for row, gap, lit in zip(rows, gaps, light, strict=True))


def write_inputs(folder, images, pairs, page_limit):
    rng = np.random.default_rng(0)
    names = write_photos(folder / "photos", images // PHOTOS, rng)
    write_pairs(folder / "list.csv", names, pairs, rng)
    write_convolutions(folder / "net.onnx", SIDE)
    config = {
        "run": {"datasets": ["many"], "models": ["net"]},
        "collections": {"photos": {"layout": "folders", "source": {"path": "photos"}}},
        "datasets": {"many": {"collection": "photos", "protocol": "pairs-csv", "pairs": {"path": "list.csv"}}},
        "models": {
            "net": {
                **{"kind": "onnx", "weights": {"path": "net.onnx"}, "input_px": SIDE, "alignment": "none"},
                **{"pixel_mean": 0, "pixel_std": 255},
            }
        },
        "occlusion": {"patch_px": [14], "stride_px": 7, "map_px": SIDE},
        "site": {"pair_pages": page_limit},
    }
    (folder / "overlay.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def stated_mb():
    """Memory that each rule asks for, at its first try."""
    text = (REPOSITORY / "Snakefile").read_text(encoding="utf-8")
    rules = (
        re.match(r"(\w+):.*?mem_mb=growing\((\d+)\)", rule, re.S) for rule in re.split(r"^rule ", text, flags=re.M)
    )
    stated = {found[1]: int(found[2]) for found in rules if found}
    return stated | {like: stated[rule] for rule, like in re.findall(r"^use rule (\w+) as (\w+)", text, re.M)}


def taken_mb(results):
    """Memory that the jobs of each rule took, at most."""
    taken = {}
    for path in (results / "benchmarks").rglob("*.tsv"):
        with path.open(encoding="utf-8") as file:
            rule = path.relative_to(results / "benchmarks").parts[0].removesuffix(".tsv")
            most = max(float(row["max_rss"]) for row in csv.DictReader(file, delimiter="\t") if row["max_rss"] != "NA")
        taken[rule] = max(taken.get(rule, 0), most)
    return taken


@pytest.mark.long
@pytest.mark.parametrize("pairs", [10_000, 1_000_000])
def test_a_run_stays_within_stated_memory_and_few_files(pairs, tmp_path, tried):
    images = pairs // 10
    write_inputs(tmp_path, images, pairs, page_limit=min(pairs - 1, 100_000))
    run = subprocess.run(
        command(1, "--configfile", "overlay.yaml"), cwd=tmp_path, capture_output=True, text=True, timeout=4 * 3600
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    files = sum(len(names) for _, _, names in os.walk(tmp_path / "results"))
    stated, taken = stated_mb(), taken_mb(tmp_path / "results")
    assert files < MOST_PER_IMAGE * images + 1000
    assert {rule: mb for rule, mb in taken.items() if mb > stated[rule]} == {}
    tried("pairs in one run", pairs)
