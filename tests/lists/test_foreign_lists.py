"""Pair lists as other people write them: their columns, separators, encodings, Parquet, and ways to write a path."""

import unicodedata

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whyface.lists import list_files
from whyface.lists.protocols import list_pairs

IMAGES = ["ann/1.jpg", "ann/2.jpg", "bob/1.jpg", "bob/2.jpg"]
ROWS = [("ann/1.jpg", "ann/2.jpg", True, 1), ("ann/1.jpg", "bob/1.jpg", False, 1)]
PLAIN = "image_a,image_b,is_genuine,fold\nann/1.jpg,ann/2.jpg,1,1\nann/1.jpg,bob/1.jpg,0,1\n"


def collect(names=IMAGES):
    return pd.DataFrame({"image_id": names, "subject_id": [name.rpartition("/")[0] for name in names]})


def read(tmp_path, content, images=None, name="list.csv"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list_pairs("pairs-csv", file, tmp_path, collect() if images is None else images, "test")


def rows(pairs):
    return list(pairs[["image_a", "image_b", "is_genuine", "fold"]].itertuples(index=False, name=None))


# --- columns ---


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("image1,image2,target,fold", "'image1' as image_a, 'image2' as image_b, 'target' as is_genuine"),
        ("image_a_path,image_b_path,is_same,fold_id", "'image_a_path' as image_a"),
        ("p1,p2,label,fold", "'label' as is_genuine"),
        ("IMG1,IMG2,IsSame,Fold", "'Fold' as fold"),
        ("path 1,path 2,same,fold number", "'path 2' as image_b"),
        ("file1,file2,match,foldid", "'foldid' as fold"),
        ("image_a,image_b,is_same,fold_id", "'is_same' as is_genuine, 'fold_id' as fold"),
    ],
)
def test_columns_by_other_names_are_taken_and_said(tmp_path, caplog, header, said):
    caplog.set_level("INFO")
    assert rows(read(tmp_path, PLAIN.replace("image_a,image_b,is_genuine,fold", header))) == ROWS
    assert said in caplog.text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("image1,path1,image2,same", ":1: 'image1' and 'path1' could each be image_a; name the right one image_a"),
        ("image1,image2,label,same", ":1: 'label' and 'same' could each be is_genuine"),
        ("image_a,path2,label,same", ":1: 'label' and 'same' could each be is_genuine"),
        ("image1,name2,label,fold", ":1: the first line must name the columns image_a and image_b"),
    ],
)
def test_columns_that_could_be_one_are_refused_by_name(tmp_path, header, message):
    with pytest.raises(ValueError, match=r"list\.csv" + message):
        read(tmp_path, header + "\nann/1.jpg,ann/2.jpg,1,1\n")


def test_a_label_beside_our_own_columns_stays_a_group_with_a_warning(tmp_path, caplog):
    pairs = read(tmp_path, "image_a,image_b,label\nann/1.jpg,ann/2.jpg,1\n")
    assert pairs["is_genuine"].isna().all() and pairs["label"].tolist() == ["1"]
    assert "label is kept as a column of groups; if it says who is the same, name it is_genuine" in caplog.text


@pytest.mark.parametrize(("same", "other"), [("True", "False"), ("same", "DIFFERENT"), ("Genuine", "impostor")])
def test_labels_may_be_words(tmp_path, same, other):
    text = f"image1,image2,is_same\nann/1.jpg,ann/2.jpg,{same}\nann/1.jpg,bob/1.jpg,{other}\nann/1.jpg,bob/2.jpg,\n"
    assert read(tmp_path, text)["is_genuine"].tolist() == [True, False, pd.NA]


def test_labels_that_all_disagree_with_the_folders_are_asked_about(tmp_path, caplog):
    """Siamese networks' lists may write 1 for different."""
    read(tmp_path, "image1,image2,label\nann/1.jpg,ann/2.jpg,0\nann/1.jpg,bob/1.jpg,1\n")
    assert (
        "disagree with the subjects' folders: 2, the first" in caplog.text
        and "does 1 stand for the same person?" in caplog.text
    )


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["pair_id", "", "Unnamed: 0", "ID"])
def test_a_column_that_counts_the_rows_is_left_out_and_said(tmp_path, caplog, name, first):
    caplog.set_level("INFO")
    text = f"{name},image1,image2\n{first},ann/1.jpg,ann/2.jpg\n{first + 1},ann/1.jpg,bob/1.jpg\n"
    assert not {name, "listed_pair_id"} & {*read(tmp_path, text).columns} - {"pair_id"}
    assert f"column {name!r} counts the rows and is left out" in caplog.text


def test_another_pair_id_is_kept_under_another_name(tmp_path, caplog):
    caplog.set_level("INFO")
    pairs = read(tmp_path, "pair_id,image1,image2\nlfw-7,ann/1.jpg,ann/2.jpg\nlfw-3,ann/1.jpg,bob/1.jpg\n")
    assert pairs["listed_pair_id"].tolist() == ["lfw-7", "lfw-3"]
    assert pairs["pair_id"].tolist() == ["00000", "00001"]
    assert "'pair_id' is kept as listed_pair_id" in caplog.text


@pytest.mark.parametrize("text", [",image1,image2\n5,a,b\n", "image1,,image2\na,5,b\n"])
def test_a_nameless_column_that_does_not_count_is_refused(tmp_path, text):
    with pytest.raises(ValueError, match=r"list\.csv:1: (the first|every) column needs a name"):
        read(tmp_path, text)


# --- forms of the file ---


@pytest.mark.parametrize("separator", ["\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_encodings_and_line_ends_of_spreadsheets(tmp_path, separator, encoding, end):
    text = PLAIN.replace(",", separator).replace("\n", end)
    assert rows(read(tmp_path, text.encode(encoding))) == ROWS


def test_a_comma_in_a_name_does_not_make_a_semicolon_list_one_of_commas(tmp_path):
    images = collect(["x, y/1.jpg", "x, y/2.jpg"])
    assert len(read(tmp_path, "img1;img2\nx, y/1.jpg;x, y/2.jpg\n", images)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"image1,image2\nann/1.jpg,Zo\xeb/1.jpg\n", r":2: not UTF-8: b'\\xeb'"),
        ("image1,image2\nann/1.jpg,ann".encode("utf-16")[:-1], r": neither UTF-8 nor UTF-16"),
        (b"image1,image2\n" + b"x" * (1 << 21), r":2: a line of 1,048,576 characters or more"),
        (b"PK\x03\x04 and so on", r": a zip archive, not a pair list; name the list in it as `member`"),
        (b"PAR1 is not enough", r": damaged, or not a Parquet file"),
    ],
)
def test_damaged_lists_are_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"list\.csv" + message):
        read(tmp_path, content)


def test_a_list_may_not_be_endless(tmp_path, monkeypatch):
    monkeypatch.setattr(list_files, "MOST_ROWS", 1)
    with pytest.raises(ValueError, match=r"list\.csv: more than 1 pairs, which is the most that is read"):
        read(tmp_path, PLAIN)


def test_a_folder_that_holds_the_list_will_do(tmp_path):
    (tmp_path / "lists/deeper").mkdir(parents=True)
    (tmp_path / "lists/deeper/pairs.csv").write_text(PLAIN)
    assert rows(list_pairs("pairs-csv", tmp_path / "lists", tmp_path, collect(), "test")) == ROWS


def write_parquet(tmp_path, table):
    pq.write_table(table, tmp_path / "table.parquet")
    return (tmp_path / "table.parquet").read_bytes()


@pytest.mark.parametrize("as_struct", [False, True])
def test_parquet_lists_are_read_with_paths_as_text_or_in_structs(tmp_path, as_struct):
    sides = {"image1": ["ann/1.jpg", "ann/1.jpg"], "image2": ["ann/2.jpg", "bob/1.jpg"]}
    if as_struct:
        sides = {name: [{"bytes": None, "path": path} for path in paths] for name, paths in sides.items()}
    table = pa.table({**sides, "target": [True, False], "fold": [1.0, 1.0], "score": [0.5, None]})
    pairs = read(tmp_path, write_parquet(tmp_path, table))
    assert rows(pairs) == ROWS
    assert pairs["score"].tolist() == ["0.5", ""]


def test_parquet_errors_name_the_row_or_the_column(tmp_path):
    table = pa.table({"image1": ["ann/1.jpg", "ann/9.jpg"], "image2": ["ann/2.jpg"] * 2})
    with pytest.raises(ValueError, match=r"list\.csv:row 2: image 'ann/9\.jpg' is not"):
        read(tmp_path, write_parquet(tmp_path, table))
    table = pa.table({"image1": [b"x"], "image2": [b"y"]})
    with pytest.raises(ValueError, match=r"column 'image1' is of type binary; .* layout parquet and protocol parquet"):
        read(tmp_path, write_parquet(tmp_path, table))


# --- how names are written ---


@pytest.mark.parametrize("write", [str, lambda name: unicodedata.normalize("NFD", name)])
def test_accents_as_a_mac_writes_them_are_the_same_name(tmp_path, caplog, write):
    images = collect(["Zoë/1.jpg", "Zoë/2.jpg"])
    pairs = read(tmp_path, write("image_a,image_b\nZoë/1.jpg,Zoë/2.jpg\n"), images)
    assert pairs["image_a"].tolist() == ["Zoë/1.jpg"]
    assert not caplog.records


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (r"ann\1.jpg ann\2.jpg", "with / between folders"),
        ("./ann/1.jpg ./ann/2.jpg", "with / between folders"),
        (r".\ann\1.jpg .\ann\2.jpg", "with / between folders"),
        (r"C:\data\faces\ann\1.jpg C:\data\faces\ann\2.jpg", "without 'C:/data/faces/' in front"),
        ("/home/me/faces/ann/1.jpg /home/me/faces/ann/2.jpg", "without '/home/me/faces/' in front"),
        ("images/ann/1.jpg images/ann/2.jpg", "without 'images/' in front"),
        ("ann/1.JPG ann/2.JPG", "in any case"),
        ("Ann/1.jpg Ann/2.jpg", "in any case"),
        ("ann/1.png ann/2.jpeg", "with any suffix of an image"),
        ("Images/Ann/1 Images/Ann/2", "without 'images/' in front, in any case and with any suffix"),
    ],
)
def test_paths_as_they_lay_elsewhere_are_found_and_said(tmp_path, caplog, names, said):
    a, b = names.split()
    pairs = read(tmp_path, f"image_a,image_b\n{a},{b}\n")
    assert (pairs["image_a"][0], pairs["image_b"][0]) == ("ann/1.jpg", "ann/2.jpg")
    assert said in caplog.text


def test_images_that_lie_one_folder_deeper_than_the_list_says_are_found(tmp_path, caplog):
    images = collect([f"faces-v2/{name}" for name in IMAGES])
    assert read(tmp_path, PLAIN, images)["image_a"][0] == "faces-v2/ann/1.jpg"
    assert "with 'faces-v2/' in front" in caplog.text


@pytest.mark.parametrize(
    ("images", "names", "message"),
    [
        (
            ["x/ann/1.jpg", "x/ann/2.jpg", "y/ann/1.jpg", "y/ann/2.jpg"],
            "ann/1.jpg ann/2.jpg",
            "could be 'x/ann/1.jpg' and",
        ),
        (
            IMAGES,
            "images/ann/1.jpg ann/2.jpg",
            "'images/ann/1.jpg' is not in the collection; the nearest is 'ann/1.jpg'",
        ),
        (IMAGES, "cal/1.jpg cal/2.jpg", "'cal/1.jpg' is not in"),
        (["Ann/1.jpg", "ann/1.jpg", "ann/2.jpg"], "ANN/1.jpg ann/2.jpg", "'ANN/1.jpg' is not in"),
        (["ann/1.png", "ann/1.jpg", "ann/2.jpg"], "ann/1.bmp ann/2.jpg", "'ann/1.bmp' is not in"),
        (["passports/ann/1.jpg", "passports/ann/2.jpg"], "cctv/ann/1.jpg cctv/ann/2.jpg", "'cctv/ann/1.jpg' is not in"),
    ],
)
def test_a_way_that_is_not_certain_for_every_line_is_not_taken(tmp_path, images, names, message):
    with pytest.raises(ValueError, match=r"list\.csv:2: image .*" + message):
        read(tmp_path, "image_a,image_b\n{}\n".format(names.replace(" ", ",")), collect(images))


def test_numbers_at_the_end_of_lfws_names_are_never_taken_for_suffixes(tmp_path):
    images = collect(["J.R./J.R._0001.jpg", "J.R./J.R._0002.jpg"])
    (tmp_path / "list.txt").write_text("1 1\nJ.R. 1 2\nJ.R. 1 J.R. 3\n")
    with pytest.raises(ValueError, match=r":3: image 'J\.R\._0003' is not in the collection"):
        list_pairs("lfw", tmp_path / "list.txt", tmp_path, images, "test")
