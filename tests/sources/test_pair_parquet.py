"""Parquet files of every form read equal; others are refused by file, column or row, and paths in them name no file."""

import io
import struct
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_packs import PAIRS, draw_set

from whyface.sources import pair_parquet
from whyface.sources.pair_parquet import unpack_parquet

IMAGES, LABELS = draw_set()
FIRST, SECOND = IMAGES[::2], IMAGES[1::2]
EVIL = "../../outside.png"
STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def structs(images):
    return pa.array([{"bytes": image, "path": EVIL} for image in images], STRUCT)


def table(first=FIRST, second=SECOND, labels=LABELS, label="label", names=("image1", "image2"), **more):
    columns = [one if isinstance(one, pa.Array) else pa.array(one, pa.binary()) for one in (first, second)]
    return pa.table({**dict(zip(names, columns, strict=True)), label: labels, **more})


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpacked(folder, content, **options):
    pq.write_table(content, folder / "test.parquet", **options)
    unpack_parquet(folder / "test.parquet", folder / "out/files")
    assert [path.name for path in (folder / "out").iterdir()] == ["files"]
    return contents(folder / "out/files")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    files = unpacked(tmp_path_factory.mktemp("plain"), table())
    pairs = pd.read_csv(io.BytesIO(files["pairs.csv"]))
    assert [files[name] for pair in pairs[["image_a", "image_b"]].to_numpy() for name in pair] == IMAGES
    assert pairs["is_genuine"].tolist() == LABELS and pairs["fold"].tolist() == [at // 4 for at in range(PAIRS)]
    return files


@pytest.mark.parametrize(
    "form",
    [
        table(structs(FIRST), structs(SECOND), label="target"),
        table(labels=pa.array(map(int, LABELS), pa.int64()), label="target"),
        table(pa.array(FIRST, pa.large_binary()), structs(SECOND), pa.array(map(int, LABELS), pa.uint8())),
        table(names=("image_1", "image_2"), label="is_same", note=["x"] * PAIRS),
    ],
    ids=["structs", "integers", "mixed", "other-names"],
)
def test_every_form_reads_equal(form, plain, tmp_path):
    assert unpacked(tmp_path, form, row_group_size=7) == plain


@pytest.mark.parametrize("wrap", ["folder", "zip"])
def test_parts_are_read_in_the_order_of_their_paths(wrap, plain, tmp_path):
    (tmp_path / "set/data").mkdir(parents=True)
    for name, rows in (("lfw-00001-of-00002", slice(15, PAIRS)), ("lfw-00000-of-00002", slice(0, 15))):
        part = table(FIRST[rows], SECOND[rows], LABELS[rows])
        pq.write_table(part, tmp_path / f"set/data/{name}.parquet")
    source = tmp_path / "set"
    if wrap == "zip":
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as opened:
            for path in source.rglob("*.parquet"):
                opened.write(path, path.relative_to(tmp_path))
        source = tmp_path / "set.zip"
    unpack_parquet(source, tmp_path / "files")
    assert contents(tmp_path / "files") == plain


def test_several_splits_are_told_apart(tmp_path):
    for name in ("b-test", "a-test"):
        pq.write_table(table(), tmp_path / f"{name}.parquet")
    unpack_parquet(tmp_path, tmp_path / "files")
    pairs = pd.read_csv(tmp_path / "files/pairs.csv")
    assert pairs["split"].tolist() == ["a-test"] * PAIRS + ["b-test"] * PAIRS
    assert pairs["fold"].tolist() == 2 * [at // 4 for at in range(PAIRS)]


WRONG = {
    "two-labels": (table(target=LABELS), r"columns \['image1', 'image2', 'label', 'target'\]; needed: two"),
    "no-label": (table(label="truth"), r"columns \['image1', 'image2', 'truth'\]; needed: .* and one of labels"),
    "four-images": (table(image_a=FIRST, image_b=SECOND), r"'image_a', 'image_b'\]; needed: two columns of images"),
    "one-image": (table(names=("image1", "picture")), r"\['image1', 'picture', 'label'\]; needed: two columns"),
    "twice": (pa.table([pa.array(FIRST)] * 4, ["image1", "image2", "image2", "label"]), "needed: two columns"),
    "text-images": (table(pa.array(["x.jpg"] * PAIRS)), "image1 is of type string; allowed: binary, or a struct"),
    "list-images": (table(pa.array([[1]] * PAIRS)), "image1 is of type list"),
    "dictionary": (table(pa.array(FIRST).dictionary_encode()), "image1 is of type dictionary"),
    "struct-without-bytes": (table(pa.array([{"path": EVIL}] * PAIRS)), "image1 is of type struct"),
    "struct-of-text": (table(pa.array([{"bytes": "x"}] * PAIRS)), "image1 is of type struct"),
    "float-labels": (table(labels=[1.0] * PAIRS), "label is of type double; allowed: bool or int"),
    "text-labels": (table(labels=["same"] * PAIRS), "label is of type string"),
    "null-image": (table([*FIRST[:17], None, *FIRST[18:]]), "row 17, from 0: image1 is null"),
    "null-bytes": (table(structs([*FIRST[:17], None, *FIRST[18:]])), "row 17, from 0: image1 is null"),
    "null-struct": (table(pa.array([None] * PAIRS, STRUCT)), "row 0, from 0: image1 is null"),
    "null-label": (table(labels=[*LABELS[:-1], None]), "row 39, from 0: label is null"),
    "label-two": (table(labels=[*map(int, LABELS[:-1]), 2]), "row 39, from 0: label is 2; allowed: true, false, 1 or"),
    "no-image": (table(second=[*SECOND[:-1], b"#!/bin/sh"]), "row 39, from 0: image2 is not a JPEG, PNG, WebP or BMP"),
    "no-rows": (table([], [], pa.array([], pa.bool_())), "holds no pairs"),
    "by-class": (table(labels=sorted(LABELS)), r"fold 0 \(folds count from 0\) holds only impostor pairs"),
    "many-images-of-nothing": (table([bytes(1 << 20)] * PAIRS, SECOND), "claims 4[0-9]{7} bytes of images, at most"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_sets_are_refused_by_column_or_row(name, tmp_path):
    content, said = WRONG[name]
    options = {"compression": "zstd", "use_dictionary": False}
    with pytest.raises(ValueError, match=said) as caught:
        unpacked(tmp_path, content, **options)
    assert str(caught.value).startswith(f"{tmp_path}/test.parquet: ")
    assert contents(tmp_path).keys() == {"test.parquet"}


def test_rows_are_counted_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pair_parquet, "MAX_PAIRS", PAIRS - 1)
    with pytest.raises(ValueError, match="40 rows, at most 39 are read"):
        unpacked(tmp_path, table())


def test_files_of_other_columns_are_refused(tmp_path):
    pq.write_table(table(), tmp_path / "a.parquet")
    pq.write_table(table(label="target"), tmp_path / "b.parquet")
    with pytest.raises(ValueError, match=r"b.parquet: columns .*'target'.* those of .*a.parquet are .*'label'"):
        unpack_parquet(tmp_path, tmp_path / "files")


def test_a_folder_without_parquet_files_is_refused(tmp_path):
    (tmp_path / "set").mkdir()
    with pytest.raises(ValueError, match=r"set: holds no file \*.parquet"):
        unpack_parquet(tmp_path / "set", tmp_path / "files")


def damaged(content):
    """Damage a file in many places: cuts, a footer that claims 2 GB, and bytes changed in footer and pages."""
    yield from (content[:at] for at in (4, 7, 100, len(content) // 2, len(content) - 9, len(content) - 1))
    yield content[:-8] + struct.pack("<I", 2**31 - 1) + content[-4:]
    footer = len(content) - 8 - struct.unpack("<I", content[-8:-4])[0]
    random = np.random.default_rng(0)
    for position in [*random.integers(footer, len(content) - 8, 20), *random.integers(4, 400, 10)]:
        yield content[:position] + b"\xff" + content[position + 1 :]
        yield content[:position] + b"\x7f\xff\xff\xff\xff\xff\x07" + content[position + 7 :]


def test_damaged_files_are_refused_or_read(tmp_path):
    pq.write_table(table(), tmp_path / "whole.parquet")
    refused = 0
    for number, content in enumerate(damaged((tmp_path / "whole.parquet").read_bytes())):
        (tmp_path / "test.parquet").write_bytes(content)
        try:
            unpack_parquet(tmp_path / "test.parquet", tmp_path / f"files-{number}")
        except ValueError as error:
            assert str(error).startswith(f"{tmp_path}/test.parquet: ")
            refused += 1
    assert refused > 10
