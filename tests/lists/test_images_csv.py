"""A collection's own images.csv becomes group columns of its images, or is refused with file and line."""

import pandas as pd
import pytest

from whyface.lists.images_csv import add_columns
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES

IMAGE_IDS = ["a.jpg", "b.jpg", "c.jpg"]


def read_columns(tmp_path, content):
    (tmp_path / "images.csv").write_text(content, encoding="utf-8")
    return add_columns(pd.DataFrame({"image_id": IMAGE_IDS, "pose": "frontal"}), tmp_path)


def test_without_a_list_the_images_stay_as_they_are(tmp_path):
    images = pd.DataFrame({"image_id": IMAGE_IDS})
    pd.testing.assert_frame_equal(add_columns(images, tmp_path), images)


@pytest.mark.parametrize("written", ["deeper/set/a.jpg", "a.jpg"])
def test_a_list_in_the_one_folder_that_holds_all_the_rest_is_found(tmp_path, written):
    folder = tmp_path / "deeper/set"
    folder.mkdir(parents=True)
    (tmp_path / "__MACOSX").mkdir()
    (folder / "images.csv").write_text(f"image_id,light\n{written},day\n")
    images = pd.DataFrame({"image_id": ["deeper/set/a.jpg", "deeper/set/b.jpg"]})
    assert add_columns(images, tmp_path)["light"].tolist() == ["day", None]


def test_accents_as_a_mac_writes_them_are_the_same_name(tmp_path):
    (tmp_path / "images.csv").write_text("image_id,light\nZoe\u0308.jpg,day\n", encoding="utf-8")
    assert add_columns(pd.DataFrame({"image_id": ["Zo\u00eb.jpg"]}), tmp_path)["light"].tolist() == ["day"]


def test_columns_follow_the_order_of_images_and_unlisted_images_are_null(tmp_path):
    images = read_columns(tmp_path, "image_id,camera,age_years\nc.jpg,front,41.5\na.jpg,,30\n")
    assert images["image_id"].tolist() == IMAGE_IDS
    assert images["age_years"].isna().tolist() == [False, True, False]
    assert images["age_years"].dropna().tolist() == [30, 41.5]
    assert images["camera"].tolist() == [None, None, "front"]


def test_a_column_of_numbers_is_numbers_and_any_word_makes_it_text(tmp_path):
    content = "image_id,one,two,three\na.jpg,1,1,nan\nb.jpg,-2.5,x,1\n"
    images = read_columns(tmp_path, content)
    assert pd.api.types.is_numeric_dtype(images["one"]) and images["one"][1] == -2.5
    assert images["two"].tolist() == ["1", "x", None]
    assert images["three"].tolist() == ["nan", "1", None]


def test_the_table_takes_the_columns(tmp_path):
    images = read_columns(tmp_path, "image_id,camera,age_years\nc.jpg,Zoë's <b>,41.5\n")
    images = images.assign(subject_id="", path="", width_px=1, height_px=1, sha256="")
    write_table(images, tmp_path / "images.parquet", IMAGES)
    read = read_table(tmp_path / "images.parquet", IMAGES)
    assert read["camera"].fillna("").tolist() == ["", "", "Zoë's <b>"]
    assert read["age_years"].dtype == float and read.loc[2, "age_years"] == 41.5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r":1: the list is empty, wanted a header with the column image_id"),
        (
            "image,age_years\na.jpg,3\n",
            r":1: the first line must name the columns image_id, .*\['image', 'age_years'\]",
        ),
        ("image_id,age,age\n", r":1: every column needs a name of its own"),
        ("image_id,path\na.jpg,x\n", r":1: columns \['path'\] would hide the tables' own"),
        ("image_id,pose\na.jpg,x\n", r":1: columns \['pose'\] would hide the tables' own"),
        ("image_id,collection\na.jpg,x\n", r":1: columns \['collection'\] would hide"),
        ("image_id,age\na.jpg,3\n\nd.jpg,4\n", r":4: image 'd\.jpg' is not in the collection"),
        ("image_id,age\na.jpg,3\na.jpg,3\n", r":3: image 'a\.jpg' is listed again"),
        ("image_id,age\na.jpg\n", r":2: 1 field, the header has 2"),
        ('image_id,age\n"a.jpg,3\n', r":2: malformed CSV"),
    ],
)
def test_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"images\.csv" + message):
        read_columns(tmp_path, content)
