"""Odd and hostile image files, and photos of up to 108 megapixels, given to the rules that list and crop images.

Every file ends as a row with a status, and no other file suffers; memory is bounded, whatever a photo's size and
however many there are.
"""

import io
import json
import shutil

import numpy as np
import pytest
from breakages import Breakage
from images_of_strangers import known_images, noise, odd_images
from measured import run_all
from PIL import Image

ROW = "odd images and large photos"
READER = "workflow/scripts/whyface/sources/image_files.py"
BREAKAGES = [
    Breakage(
        "damage other than Pillow's own errors ends the run",
        READER,
        "except Exception as error:",
        "except OSError as error:",
        "test_every_odd_file_is_a_row_with_a_status",
    ),
    Breakage(
        "photos are shown as the camera stored them",
        READER,
        "if orientation in _UPRIGHT:",
        "if orientation == 9:",
        "test_the_site_shows_photos_upright_and_in_their_colours",
    ),
    Breakage(
        "large photos are read in batches of any size",
        "workflow/scripts/whyface/faces/alignment.py",
        "BATCH, BATCH_PX = 32, 30_000_000",
        "BATCH, BATCH_PX = 32, 30_000_000_000",
        "test_memory_does_not_grow_with_the_number_of_photos",
    ),
]


def case(folder, inputs=None, **params):
    return {
        "cwd": str(folder),
        "wildcards": {"collection": "c", "alignment": "none"},
        "params": params,
        "input": {"receipt": "receipt.json", **(inputs or {})},
        "output": {name: f"{name}.{suffix}" for name, suffix in OUTPUTS.items()},
        "log": {"log": "log.txt"},
    }


OUTPUTS = {"images": "parquet", "faces": "parquet", "crops": "npy"}


def prepare(folder, files):
    """Write files into a collection's folder, and the receipt that leads there."""
    (folder / "photos").mkdir(parents=True)
    for name, content in files.items():
        (folder / "photos" / name).write_bytes(content)
    receipt = {"path": "photos", "sha256": "", "origin": "local folder photos", "state": ""}
    (folder / "receipt.json").write_text(json.dumps(receipt))


def list_and_align(folder, alignment="none"):
    """Run both rules on a folder, all images in pairs; return the faces by image, and what the rules took."""
    import pandas as pd

    from whyface.tables.parquet import read_table, write_table
    from whyface.tables.schemas import FACES, IMAGES, PAIRS

    listing = run_all("list_images", {"list": case(folder, layout="folders")})["list"]
    assert not listing.error, listing
    images = read_table(folder / "images.parquet", IMAGES)
    ids = list(images["image_id"])
    pairs = pd.DataFrame({"image_a": ids, "image_b": ids[1:] + ids[:1]})
    pairs = pairs.assign(pair_id=[f"{i:05d}" for i in range(len(pairs))], subject_a="", subject_b="")
    pairs = pairs.assign(
        is_genuine=pd.array([None] * len(pairs), "boolean"), fold=pd.array([None] * len(pairs), "Int32")
    )
    pairs = pairs.assign(known_label_error="")
    write_table(pairs, folder / "pairs.parquet", PAIRS, {"dataset": "d"})
    given = {"images": "images.parquet", "pairs": ["pairs.parquet"]}
    how = {"alignment": alignment, "side_px": 32, "margin_px": 0, "device": "cpu", "smallest_face_px": 20}
    aligning = run_all("align_faces", {"align": case(folder, given, **how)})["align"]
    assert not aligning.error, aligning
    return read_table(folder / "faces.parquet", FACES).set_index("image_id"), listing, aligning


def test_every_odd_file_is_a_row_with_a_status(tmp_path, tried):
    files = odd_images()
    prepare(tmp_path, {name: content for name, (content, _) in files.items()})
    faces, listing, aligning = list_and_align(tmp_path)
    assert {*faces.index} == {*files}
    wanted = {name: "ok" if readable else "failed" for name, (_, readable) in files.items()}
    wrong = {
        name: (faces.loc[name, "status"], faces.loc[name, "detail"])
        for name in files
        if faces.loc[name, "status"] != wanted[name]
    }
    assert not wrong
    failed = faces[faces["status"] == "failed"]
    assert all(row.detail.startswith(f"photos/{row.Index}") or row.Index in row.detail for row in failed.itertuples())
    assert not failed["detail"].str.contains(str(tmp_path), regex=False).any()
    crops = np.load(tmp_path / "crops.npy")
    assert len(crops) == len(files)
    assert max(listing.grown_mb, aligning.grown_mb) < 500
    assert max(listing.cpu_s, aligning.cpu_s) < 20
    tried(ROW, len(files))


def test_the_site_shows_photos_upright_and_in_their_colours(tmp_path, tried):
    import pandas as pd

    from whyface.faces.alignment import align_images
    from whyface.site.drawing.images import crop_files, face_file

    side, files = 32, known_images(32)
    prepare(tmp_path, {name: content for name, (content, _) in files.items()})
    images = pd.DataFrame({"image_id": [*files], "path": [*files], "width_px": side, "height_px": side})
    align_images(images, tmp_path / "photos", None, "none", side, 0, tmp_path / "crops.npy")
    shown = dict(crop_files(tmp_path / "crops.npy", "faces", range(len(files)), ()))
    wrong = {}
    for row, (name, (_, quarters)) in enumerate(files.items()):
        with Image.open(io.BytesIO(shown[f"faces/{face_file(row)}"])) as image:
            found = np.asarray(image)[side // 4 :: side // 2, side // 4 :: side // 2].astype(int)
        if np.abs(found - quarters).max() > 16:  # of 255: JPEG and WebP change colours a little
            wrong[name] = found.tolist()
    assert not wrong
    tried(ROW, len(files))


def photos(folder, megapixels, count):
    """Write a photo of so many megapixels under several names."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    noise(size=(64, 48)).resize((height * 4 // 3, height)).save(folder / "photo.jpg", quality=80)
    prepare(folder / "run", {"small.png": odd_images()["one pixel.png"][0]})
    for i in range(count):
        shutil.copyfile(folder / "photo.jpg", folder / "run" / "photos" / f"{i:03d}.jpg")
    return folder / "run"


def grown(folder, megapixels, count, alignment="none"):
    folder.mkdir()
    faces, _, aligning = list_and_align(photos(folder, megapixels, count), alignment)
    return aligning.grown_mb, faces


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_photos(tmp_path, tried):
    few, _ = grown(tmp_path / "few", 12, 3)
    many, _ = grown(tmp_path / "many", 12, 10)
    assert many < few + 100
    tried(ROW, 13)


@pytest.mark.long
@pytest.mark.parametrize(("megapixels", "count"), [(48, 12), (80, 6), (108, 3)])
@pytest.mark.parametrize("alignment", ["none", "five-point"])
def test_memory_is_bounded_whatever_the_size_of_photos(tmp_path, tried, megapixels, count, alignment):
    mb, faces = grown(tmp_path / "photos", megapixels, count, alignment)
    assert mb < 2500
    refused = megapixels * 1e6 > 89_478_485
    assert (faces["status"].drop("small.png") == "failed").all() == refused
    tried(ROW, count)
