"""Writes what rules write to a disk with too little room, then to one with enough; run by test_full_disk.py.

    unshare --mount python tests/faults/on_small_disk.py FOLDER KIND BYTES

Prints, as JSON, the error, what it left, and the files of the second try. The disk vanishes with the process.
"""

import json
import logging
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from PIL import Image

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "workflow/scripts"), str(PROJECT / "tests")]


def write_table(disk, _):
    from whyface.tables.parquet import write_table
    from whyface.tables.schemas import SCORES

    rng = np.random.default_rng(0)
    columns = {}
    for field in SCORES.schema:
        kind = str(field.type)
        numbers = rng.random(40_000)
        columns[field.name] = {"bool": numbers < 0.5, "int32": np.arange(40_000), "int64": np.arange(40_000)}.get(
            kind, numbers if kind in ("float", "double") else [f"{one:.17f}" for one in numbers]
        )
    write_table(pd.DataFrame(columns), disk / "tables/scores.parquet", SCORES)


def unpack_archive(disk, folder):
    import fetch_collection

    archive = folder / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in range(40):
            file.writestr(f"p{name}/a.bin", np.random.default_rng(name).bytes(50_000))
    fetch_collection.main(
        SimpleNamespace(
            log=[str(folder / "log")],
            wildcards=SimpleNamespace(collection="photos"),
            params=SimpleNamespace(source={"path": str(archive)}, layout="folders", state=""),
            output=SimpleNamespace(files=str(disk / "files"), receipt=str(disk / "receipt.json")),
        )
    )


def crop_images(disk, folder):
    from whyface.faces.alignment import align_images

    Image.new("RGB", (600, 600), "red").save(folder / "a.png")
    images = pd.DataFrame({"image_id": ["a.png"], "path": ["a.png"], "width_px": [600], "height_px": [600]})
    align_images(images, folder, None, "none", 600, 0, disk / "crops.npy")


def write_shards(disk, _):
    import pyarrow as pa

    from whyface.tables.files import atomic_path

    schema = pa.schema([("shift", pa.list_(pa.float32(), 1000))])
    with atomic_path(disk / "shard-1-of-1.arrow") as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
        for _ in range(10):
            values = pa.array(np.random.default_rng(0).random(100_000, np.float32))
            writer.write_batch(pa.record_batch([pa.FixedSizeListArray.from_arrays(values, 1000)], schema=schema))


def write_array(disk, _):
    from whyface.tables.files import atomic_path

    with atomic_path(disk / "prediction.npz") as temporary, temporary.open("wb") as file:
        np.save(file, np.random.default_rng(0).random(300_000))


def write_site(disk, _):
    from whyface.site.rendering.writer import Writer, replacing

    with replacing(disk / "site") as building:
        writer = Writer(building, disk / "site", building, {})
        for page in range(40):
            writer.write_file(f"p/{page}.html", np.random.default_rng(page).bytes(50_000))


KINDS = {
    "table": write_table,
    "archive": unpack_archive,
    "crops": crop_images,
    "shards": write_shards,
    "array": write_array,
    "site": write_site,
}


def main(folder, kind, size):
    """Try twice."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
    logging.disable()
    report = {"error": ""}
    try:
        KINDS[kind](disk, folder)
    except Exception as error:
        report["error"] = f"{type(error).__name__}: {error}"
    report["left"] = [path.as_posix() for path in disk.rglob("*") if path.is_file()]
    subprocess.run(["mount", "-o", "remount,size=64M", disk], check=True)
    KINDS[kind](disk, folder)
    report["made"] = [path.relative_to(disk).as_posix() for path in disk.rglob("*") if path.is_file()]
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
