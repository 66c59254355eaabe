"""What users may call their columns and write into them, through the parsers of pairs.csv and images.csv."""

import re

import pandas as pd
import pytest

from conftest import REPOSITORY
from whyface.lists.column_names import RULE
from whyface.lists.images_csv import add_columns
from whyface.lists.protocols import list_pairs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES, PAIRS, SCORES

IMAGE_IDS = ["a.jpg", "b.jpg", "c.jpg"]
PARTITIONS = {*PAIRS.partitions, *IMAGES.partitions, *SCORES.partitions}
OWN_GROUPS = {"known label error", "faces found"}
RESERVED = sorted({*PAIRS.schema.names, *SCORES.schema.names, *IMAGES.schema.names, *PARTITIONS, *OWN_GROUPS})
NOT_RESERVED = {"pairs.csv": {"image_a", "image_b", "is_genuine", "fold"}, "images.csv": {"image_id"}}


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def read_pairs(tmp_path, name, *values, images=None):
    """List pairs of a pairs.csv whose further column has these values."""
    lines = [f"a.jpg,b.jpg,{quoted(value)}\n" for value in values or ("x",)]
    file = tmp_path / "pairs.csv"
    file.write_text(f"image_a,image_b,{quoted(name)}\n" + "".join(lines), encoding="utf-8", newline="")
    return list_pairs("pairs-csv", file, tmp_path, plain_images() if images is None else images, "test")


def read_images(tmp_path, name, *values):
    """List images of a collection whose images.csv has a further column with these values."""
    lines = [f"{image},{quoted(value)}\n" for image, value in zip(IMAGE_IDS, values or ("x",), strict=False)]
    text = f"image_id,{quoted(name)}\n" + "".join(lines)
    (tmp_path / "images.csv").write_text(text, encoding="utf-8", newline="")
    return add_columns(plain_images(), tmp_path)


def plain_images():
    frame = pd.DataFrame({"image_id": IMAGE_IDS, "subject_id": "", "path": IMAGE_IDS})
    return frame.assign(width_px=1, height_px=1, sha256="")


READERS = {"pairs.csv": read_pairs, "images.csv": read_images}
both_lists = pytest.mark.parametrize("file", READERS)


@both_lists
@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names_are_refused_with_line_and_allowed_set(tmp_path, file, name):
    for written in {name.upper(), name.title(), *({name} - NOT_RESERVED[file])}:
        with pytest.raises(ValueError) as error:
            READERS[file](tmp_path, written)
        said = str(error.value)
        assert f"{file}:1: " in said and repr(written) in said
        if "name of its own" not in said:
            assert "'outcome', 'p_same'" in said, "what is taken"


ODD = (
    "",
    " age",
    "age ",
    "a=b",
    "age, difference",
    "a\nb",
    "a\tb",
    "a\0b",
    "\u202eega",
    "a\u200bb",
    "\ufeffage",
    "a\u00a0b",
)
ODD += ("_age", "__proto__", "-1", "+age", "@age", "(age)", ".age", "a" * 65, "a" * 10_000, "a\u2028b")


@both_lists
@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_names_that_would_break_keys_pages_or_addresses_are_refused_with_the_rule(tmp_path, file, name):
    with pytest.raises(ValueError) as error:
        READERS[file](tmp_path, name)
    said = str(error.value)
    assert f"{file}:1: " in said and len(said) < 600 and "\u202e" not in said and "\0" not in said
    assert "64 characters" in said if name else "name of its own" in said


FREE = ("label", "faces", "found", "all", "x", "n", "kind", "region", "cover", "mask_a", "1", "age (years)", "a.b")
FREE += ("50 % <b>", 'the "yaw"', "größe", "年齢", "a" * 64, "group.x", "constructor", "same#page&2", "a/b")


def test_the_rule_is_documented():
    text = " ".join((REPOSITORY / "docs/method.md").read_text(encoding="utf-8").split())
    assert RULE in text and all(f"`{name}`" in text for name in OWN_GROUPS)


@both_lists
@pytest.mark.parametrize("name", FREE)
def test_other_names_are_kept_as_they_are(tmp_path, file, name):
    table = {"pairs.csv": PAIRS, "images.csv": IMAGES}[file]
    write_table(READERS[file](tmp_path, name), tmp_path / "table.parquet", table)
    assert read_table(tmp_path / "table.parquet", table)[name][0] == "x"


@pytest.mark.parametrize("other", ["Pose", "POSE", "ｐｏｓｅ"])
def test_names_that_differ_in_case_or_width_only_are_one_name(tmp_path, other):
    (tmp_path / "images.csv").write_text(f"image_id,pose,{other}\na.jpg,x,y\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"images\.csv:1: every column needs a name of its own.*'pose', "):
        add_columns(plain_images(), tmp_path)
    images = plain_images().assign(pose="frontal")
    with pytest.raises(ValueError, match=r"pairs\.csv:1: .*'(?i:pose|ｐｏｓｅ)'.* images"):
        read_pairs(tmp_path, other, images=images)


def test_a_column_that_a_protocol_adds_must_not_be_one_of_the_images(tmp_path):
    lines = [("Ann_0001.jpg", f"{who}_0002.jpg", int(who == "Ann")) for who in ("Ann", "Bob") for _ in range(10)]
    file = tmp_path / "pairs_CALFW.txt"
    file.write_text("".join(f"{a} {i}\n{b} {i}\n" for i, (a, b, _) in enumerate(lines)))
    file.write_text("".join(f"{a} {label and 1}\n{b} {label and 1}\n" for a, b, label in lines))
    names = ["Ann_0001.jpg", "Ann_0002.jpg", "Bob_0002.jpg"]
    images = pd.DataFrame({"image_id": names, "subject_id": [name[:3] for name in names], "age_years": 30.0})
    assert "age_gap" in list_pairs("calfw", file, tmp_path, images, "test")
    with pytest.raises(ValueError, match=r"pairs_CALFW\.txt.*'age_gap'.* images"):
        list_pairs("calfw", file, tmp_path, images.assign(age_gap="x"), "test")


@both_lists
def test_values_lose_outer_and_repeated_spaces_and_no_other_character(tmp_path, file):
    found = READERS[file](tmp_path, "light", "  day ", "dim\r\n red\t light", "a=b")
    assert found["light"].tolist() == ["day", "dim red light", "a=b"]
    found = READERS[file](tmp_path, "light", "nan", "None", "\u202e<b>")
    assert found["light"].tolist() == ["nan", "None", "\u202e<b>"]


@both_lists
def test_control_characters_in_values_are_refused(tmp_path, file):
    with pytest.raises(ValueError, match=rf"{file}:3: light is 'a\\x00b', .*control"):
        READERS[file](tmp_path, "light", "day", "a\0b")


@pytest.mark.parametrize("value", ["a + b", "a +", "+ b", "+"])
def test_values_of_images_that_read_like_those_of_two_images_are_refused(tmp_path, value):
    with pytest.raises(
        ValueError, match=rf"images\.csv:3: light is '{re.escape(value)}', .* without a '\+' that stands alone"
    ):
        read_images(tmp_path, "light", "day", value)


def test_plus_signs_elsewhere_in_values_are_kept(tmp_path):
    assert read_images(tmp_path, "light", "40+", "a+b", "++").light.tolist() == ["40+", "a+b", "++"]
    assert read_pairs(tmp_path, "light", "a + b").light.tolist() == ["a + b"]


def test_numbers_too_long_to_tell_apart_as_numbers_stay_text(tmp_path):
    names = ["9007199254740992", "9007199254740993", "9" * 400]
    assert read_images(tmp_path, "badge", *names).badge.tolist() == names
