"""A small set with hostile names and broken images, and the pipeline run on it from outside."""

import csv
import io
import re
import shutil
import subprocess
import sys
from itertools import pairwise

import numpy as np
import yaml
from PIL import Image

from conftest import REPOSITORY
from networks import write_convolutions

SIDE = 40
HOSTILE = ['it\'s "a" space.png', "naïve 顔 \u202efed.png", "<b onclick=x>&amp;.png"]
NAMES = [*HOSTILE, *(f"p{i}.png" for i in range(7))]
BROKEN = ["truncated.jpg", "text.jpg"]
ALONE = "only unlabelled.png"  # in the pair of one dataset only
UNNAMED = [f"a{i} in no pair.png" for i in range(13)]


def write_inputs(folder):
    """Write random images, good and bad, half of them in no pair, two pair lists and a black-box model."""
    images = folder / "photos"
    images.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in [*NAMES, ALONE, *UNNAMED]:
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(images / name)
    jpeg = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(jpeg, "JPEG")
    (images / "truncated.jpg").write_bytes(jpeg.getvalue()[:-200])
    (images / "text.jpg").write_text("not an image")
    labelled = [(a, b, int(rng.random() < 0.5), i % 2) for i, (a, b) in enumerate(pairwise(NAMES))]
    labelled[:4] = [(*pair[:2], i // 2 % 2, i % 2) for i, pair in enumerate(labelled[:4])]
    labelled.append((NAMES[0], "truncated.jpg", 1, 0))
    labelled.append((NAMES[1], "text.jpg", 0, 1))
    write_csv(folder / "labelled.csv", ["image_a", "image_b", "is_genuine", "fold"], labelled)
    write_csv(folder / "unlabelled.csv", ["image_a", "image_b", "camera"], [(NAMES[0], ALONE, "<i>one</i>")])
    write_convolutions(folder / "net.onnx", SIDE)
    config = {
        "run": {"datasets": ["labelled", "unlabelled"], "models": ["net"]},
        "collections": {"photos": {"layout": "folders", "source": {"path": "photos"}, "title": "<script>x</script>"}},
        "datasets": {
            "labelled": {"collection": "photos", "protocol": "pairs-csv", "pairs": {"path": "labelled.csv"}},
            "unlabelled": {
                "collection": "photos",
                "protocol": "pairs-csv",
                "pairs": {"path": "unlabelled.csv"},
                "reference": "labelled",
            },
        },
        "models": {
            "net": {
                "kind": "onnx",
                "weights": {"path": "net.onnx"},
                "input_px": SIDE,
                "pixel_mean": 0,
                "pixel_std": 255,
                "alignment": "none",
            }
        },
        "occlusion": {
            "variant": "paper",
            "fill": "black",
            "patch_px": [7, 14],
            "stride_px": 5,
            "map_px": SIDE,
            "map_dtype": "float32",
            "shards": 2,
        },
        "explain": {"select": "all"},
    }
    (folder / "overlay.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return folder


def write_csv(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def command(cores, *extra, project=REPOSITORY):
    return [sys.executable, "-m", "snakemake", "-s", str(project / "Snakefile"), "--cores", str(cores), *extra]


def snakemake(folder, cores, *extra, project=REPOSITORY):
    return subprocess.run(
        command(cores, *extra, project=project), cwd=folder, capture_output=True, text=True, timeout=600
    )


def copy_project(destination):
    """Copy what a run needs of the project, dates included."""
    for part in ("Snakefile", "config.yaml", "config", "profiles", "workflow", "site_templates"):
        source = REPOSITORY / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".snakemake")
            shutil.copytree(source, destination / part, ignore=ignored)
        else:
            destination.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, destination / part)
    return destination


def planned(folder, *extra, project=REPOSITORY):
    """Jobs of a dry run: rule, and the values of its wildcards."""
    run = snakemake(folder, 2, "--dry-run", *extra, project=project)
    assert run.returncode == 0, run.stdout + run.stderr
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)*)", run.stdout, re.MULTILINE)
    assert jobs or "Nothing to be done" in run.stdout + run.stderr
    return {
        (rule, *re.findall(r"\w+=([^,\s]+)", lines.partition("wildcards: ")[2].split("\n")[0])) for rule, lines in jobs
    }
