"""Sets that come through the doors of others: each as it is in circulation, in miniature, with its traps."""

import pandas as pd
import pytest
from PIL import Image

from whyface.evaluation.groups import collect_groups
from whyface.lists.all_pairs import make_pairs
from whyface.lists.layouts import list_images
from whyface.lists.protocols import list_pairs


def add_images(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(root / name)


def read(root, layout, protocol, content=None, name="list.txt"):
    images = list_images(root, layout)
    file = None
    if content is not None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
        file = root / name
    return list_pairs(protocol, file, root, images, "set"), images


def rows(pairs):
    return list(pairs[["image_a", "image_b", "is_genuine", "fold"]].itertuples(index=False, name=None))


def test_rfw_has_no_header_and_dots_in_its_names(tmp_path, caplog):
    """RFW: data/African/m.0abc/m.0abc_0001.jpg and txts/African/African_pairs.txt, one dataset for each group."""
    caplog.set_level("INFO")
    people = ("m.0abc", "m.0xyz")
    add_images(tmp_path, *(f"data/African/{who}/{who}_{n:04d}.jpg" for who in people for n in (1, 2)))
    fold = "m.0abc\t1\t2\nm.0xyz\t1\t2\nm.0abc\t1\tm.0xyz\t1\nm.0abc\t2\tm.0xyz\t2\n"
    pairs, _ = read(tmp_path, "lfw", "lfw", fold + fold, "txts/African/African_pairs.txt")
    assert rows(pairs)[:3] == [
        ("m.0abc/m.0abc_0001.jpg", "m.0abc/m.0abc_0002.jpg", True, 0),
        ("m.0xyz/m.0xyz_0001.jpg", "m.0xyz/m.0xyz_0002.jpg", True, 0),
        ("m.0abc/m.0abc_0001.jpg", "m.0xyz/m.0xyz_0001.jpg", False, 0),
    ]
    assert pairs["fold"].tolist() == [0] * 4 + [1] * 4
    assert "African_pairs.txt:1: no header; folds counted: 2, each of 2 + 2 pairs" in caplog.text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("m.0abc\t1\t2\n" * 2, ":1: header 'm.0abc.* or no header and folds of n lines"),
        ("m.0abc\t1\tm.0xyz\t1\nm.0abc\t1\t2\n", ":1: header"),
        ("m.0abc\t1\t2\nm.0abc\t1\tm.0xyz\t1\nm.0abc\t1\t2\n", ":1: header"),
        (
            "m.0abc\t1\t2\nm.0abc\t1\tm.0xyz\t1\nm.0abc\t1\tm.0xyz\t2\nm.0abc\t2\tm.0xyz\t1\n",
            ":3: 0 genuine pairs in this fold, the first has 1",
        ),
    ],
)
def test_lists_without_a_header_must_be_even(tmp_path, lines, message):
    add_images(tmp_path, *(f"{who}/{who}_{n:04d}.jpg" for who in ("m.0abc", "m.0xyz") for n in (1, 2)))
    with pytest.raises(ValueError, match=r"list\.txt" + message):
        read(tmp_path, "lfw", "lfw", lines)


BFW = """,fold,p1,p2,label,id1,id2,att1,att2,vgg16,resnet50,senet50,a1,a2,g1,g2,e1,e2,sphereface
0,1,asian_females/n000009/0010_01.jpg,asian_females/n000009/0043_01.jpg,1,0,0,asian_females,asian_females,0.82,0.70,0.6,AF,AF,F,F,A,A,0.3
1,1,asian_females/n000009/0010_01.jpg,asian_females/n000011/0120_01.jpg,0,0,1,asian_females,asian_females,0.71,0.52,0.5,AF,AF,F,F,A,A,0.3
2,2,white_males/n000020/0001_01.jpg,white_males/n000020/0002_01.jpg,1,2,2,white_males,white_males,0.73,0.52,0.6,WM,WM,M,M,W,W,0.3
3,2,white_males/n000020/0001_01.jpg,white_males/n000031/0001_01.jpg,0,2,3,white_males,white_males,0.73,0.51,0.6,WM,WM,M,M,W,W,0.4
"""


def test_bfw_is_one_table_whose_images_lie_deeper(tmp_path, caplog):
    """BFW: its images lie in bfw-cropped-aligned/, its first column counts, four columns are other models' scores."""
    caplog.set_level("INFO")
    paths = {path for line in BFW.splitlines()[1:] for path in line.split(",")[2:4]}
    add_images(tmp_path, *(f"Users/x/bfw-cropped-aligned/{path}" for path in paths))
    pairs, images = read(tmp_path, "folders", "pairs-csv", BFW, "bfw-datatable.csv")
    assert pairs["image_a"][0] == "Users/x/bfw-cropped-aligned/asian_females/n000009/0010_01.jpg"
    assert pairs["subject_b"].tolist() == ["n000009", "n000011", "n000020", "n000031"]
    assert pairs["is_genuine"].tolist() == [True, False] * 2
    assert pairs["fold"].tolist() == [1, 1, 2, 2]
    for said in (
        "'p1' as image_a",
        "'label' as is_genuine",
        "column '' counts the rows",
        "'Users/x/bfw-cropped-aligned/'",
    ):
        assert said in caplog.text
    groups, _ = collect_groups(pairs, images)
    assert groups["att1"].tolist() == ["asian_females"] * 2 + ["white_males"] * 2
    assert {"a1", "a2", "g1", "g2", "e1", "e2"} <= {*groups}


def test_scores_of_other_models_make_no_groups(tmp_path):
    """In the real table they have thousands of values; more than a few break nothing down."""
    add_images(tmp_path, *(f"a/{n}.jpg" for n in range(31)))
    lines = "".join(f"a/0.jpg,a/{n}.jpg,0.{n:03d}\n" for n in range(1, 31))
    pairs, images = read(tmp_path, "folders", "pairs-csv", "p1,p2,vgg16\n" + lines)
    groups, left_out = collect_groups(pairs, images)
    assert "vgg16" not in groups and left_out["vgg16"] == "30 values"


def test_talfw_replaces_images_of_lfw_and_keeps_its_list(tmp_path):
    """TALFW: attacked copies in LFW's folders, compared by LFW's own pairs.txt; here as .png one folder deeper."""
    add_images(tmp_path, *(f"TALFW/{who}/{who}_{n:04d}.png" for who in ("Ann_Lee", "Bob") for n in (1, 2)))
    pairs, _ = read(tmp_path, "lfw", "lfw", "1\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBob\t2\n")
    assert rows(pairs)[1] == ("Ann_Lee/Ann_Lee_0001.png", "Bob/Bob_0002.png", False, 0)


def test_xqlfw_is_lfw_with_pairs_of_its_own(tmp_path):
    """XQLFW: xqlfw_aligned_112/Name/Name_0001.jpg, and a list in LFW's form that is not called pairs.txt."""
    add_images(tmp_path, *(f"lfw_aligned_112/{who}/{who}_{n:04d}.jpg" for who in ("Ann", "Bob") for n in (1, 2)))
    (tmp_path / "xqlfw_pairs.txt").write_text("1\t1\nAnn\t1\t2\nAnn\t1\tBob\t2\n")
    images = list_images(tmp_path, "lfw")
    with pytest.raises(
        ValueError, match=r"wanted one pairs\.txt, found none; there are xqlfw_pairs\.txt: name the list"
    ):
        list_pairs("lfw", None, tmp_path, images, "xqlfw")
    assert len(list_pairs("lfw", tmp_path / "xqlfw_pairs.txt", tmp_path, images, "xqlfw")) == 2


def test_cplfw_writes_labels_and_unpadded_names(tmp_path):
    """CPLFW: images/Name_1.jpg, and labels where CALFW has folds."""
    add_images(tmp_path, *(f"cplfw/images/{who}_{n}.jpg" for who in ("Ann", "Bob") for n in range(1, 12)))
    lines = [("Ann_1.jpg", f"{who}_{n}.jpg", int(who == "Ann")) for who in ("Ann", "Bob") for n in range(2, 12)]
    content = "".join(f"{a} {label}\n{b} {label}\n" for a, b, label in lines)
    pairs, _ = read(tmp_path, "calfw", "calfw", content, "pairs_CPLFW.txt")
    assert pairs["fold"].tolist() == [*range(10)] * 2
    assert pairs["is_genuine"].sum() == 10


def test_agedb_has_no_folders_of_people_and_needs_a_list(tmp_path):
    """AgeDB: 0_MariaCallas_35_f.jpg in one folder; the person is in the file's name, so only a list can say who."""
    add_images(tmp_path, "AgeDB/0_Ann_35_f.jpg", "AgeDB/1_Ann_70_f.jpg", "AgeDB/2_Bob_20_m.jpg")
    content = "path1,path2,same,age_gap_years\n0_Ann_35_f.jpg,1_Ann_70_f.jpg,1,35\n0_Ann_35_f.jpg,2_Bob_20_m.jpg,0,15\n"
    pairs, images = read(tmp_path, "folders", "pairs-csv", content, "pairs.csv")
    assert pairs["image_b"].tolist() == ["AgeDB/1_Ann_70_f.jpg", "AgeDB/2_Bob_20_m.jpg"]
    with pytest.raises(ValueError, match="1 people, 1 of them with two images"):
        make_pairs(images)


def test_sllfw_writes_paths_below_lfws_folder(tmp_path):
    names = [f"Ann/Ann_{n:04d}.jpg" for n in range(1, 12)] + ["Bob/Bob_0001.jpg"]
    add_images(tmp_path, *(f"lfw/{name}" for name in names))
    lines = [(names[0], other) for other in names[1:11]] + [(name, names[11]) for name in names[:10]]
    pairs, _ = read(tmp_path, "lfw", "sllfw", "".join(f"{a}\n{b}\n" for a, b in lines), "pair_SLLFW.txt")
    assert pairs["is_genuine"].tolist() == [True] * 10 + [False] * 10
    assert pairs["fold"].tolist() == [*range(10)] * 2


def test_images_of_a_kind_that_is_not_read_are_said_where_a_list_names_them(tmp_path):
    add_images(tmp_path, "ann/1.jpg")
    (tmp_path / "ann/2.heic").write_text("x")
    with pytest.raises(
        ValueError, match=r"'ann/2\.heic' is not in the collection; .*; \.heic files are not read, allowed"
    ):
        read(tmp_path, "folders", "pairs-csv", "image_a,image_b\nann/1.jpg,ann/2.heic\n")


def test_one_column_in_two_lists_is_refused_by_both_names(tmp_path):
    images = pd.DataFrame({"image_id": ["a.jpg", "b.jpg"], "subject_id": "", "light": ["day", "dim"]})
    (tmp_path / "list.csv").write_text("image_a,image_b,light\na.jpg,b.jpg,day\n")
    with pytest.raises(
        ValueError, match=r"list\.csv:1: columns \['light'\] .* of the images too .*images\.csv.* rename"
    ):
        list_pairs("pairs-csv", tmp_path / "list.csv", tmp_path, images, "set")
