"""Pairs are listed for every protocol, and faulty lists are refused with file and line."""

import tarfile
import time
import zipfile

import pandas as pd
import pytest

from whyface.lists.layouts import list_images
from whyface.lists.protocols import KNOWN_LABEL_ERRORS, list_pairs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import PAIRS


def make_images(*image_ids, subjects=None):
    """Make a table of images; the subject is the folder's name unless given."""
    subjects = subjects or [image_id.rpartition("/")[0].rpartition("/")[2] for image_id in image_ids]
    return pd.DataFrame({"image_id": image_ids, "subject_id": subjects})


def lfw_images(**counts):
    return make_images(*(f"{name}/{name}_{n:04d}.jpg" for name, count in counts.items() for n in range(1, count + 1)))


def read_list(tmp_path, protocol, content, images, name="list.txt"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list_pairs(protocol, file, tmp_path, images, "test")


def rows(pairs, *columns):
    return list(pairs[list(columns)].itertuples(index=False, name=None))


# --- lfw ---

LFW = "2\t1\nAnn\t1\t2\nAnn\t1\tBob\t2\nBob\t1\t2\nBob\t1\tAnn\t2\n"


def test_lfw_reads_folds_labels_and_unpadded_numbers(tmp_path):
    pairs = read_list(tmp_path, "lfw", LFW, lfw_images(Ann=2, Bob=2))
    assert {*pairs.columns} == {*PAIRS.schema.names}
    assert rows(pairs, "pair_id", "image_a", "image_b", "subject_a", "subject_b", "is_genuine", "fold") == [
        ("00000", "Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Ann", "Ann", True, 0),
        ("00001", "Ann/Ann_0001.jpg", "Bob/Bob_0002.jpg", "Ann", "Bob", False, 0),
        ("00002", "Bob/Bob_0001.jpg", "Bob/Bob_0002.jpg", "Bob", "Bob", True, 1),
        ("00003", "Bob/Bob_0001.jpg", "Ann/Ann_0002.jpg", "Bob", "Ann", False, 1),
    ]
    write_table(pairs, tmp_path / "pairs.parquet", PAIRS)
    assert read_table(tmp_path / "pairs.parquet", PAIRS)["known_label_error"].tolist() == [""] * 4


def test_lfw_with_one_number_in_the_header_has_no_folds(tmp_path):
    pairs = read_list(tmp_path, "lfw", "1\nAnn\t1\t2\nAnn\t1\tBob\t1\n", lfw_images(Ann=2, Bob=1))
    assert pairs["fold"].isna().all()
    write_table(pairs, tmp_path / "pairs.parquet", PAIRS)


def test_lfw_reads_spaces_windows_line_endings_and_a_byte_order_mark(tmp_path):
    images = lfw_images(Ann=2, Bob=2)
    expected = read_list(tmp_path, "lfw", LFW, images)
    other = b"\xef\xbb\xbf" + LFW.replace("\t", "  ").replace("\n", "\r\n").encode()
    pd.testing.assert_frame_equal(read_list(tmp_path, "lfw", other, images), expected)


def test_lfw_names_may_hold_spaces_quotes_non_ascii_and_html(tmp_path):
    names = ["Zoë d'Arc", '"Q" <b onclick=x>']
    images = make_images(*(f"{name}/{name}_{n:04d}.png" for name in names for n in (1, 2)))
    content = f"1\t1\n{names[0]}\t1\t2\n{names[0]}\t1\t{names[1]}\t2\n"
    assert read_list(tmp_path, "lfw", content, images)["subject_b"].tolist() == names


def test_lfw_finds_images_with_any_padding_and_suffix(tmp_path):
    images = make_images("Ann/Ann_1.png", "Ann/Ann_002.webp", "Bob/Bob_1.jpg")
    pairs = read_list(tmp_path, "lfw", "1 1\nAnn 1 2\nAnn 2 Bob 1\n", images)
    assert pairs["image_b"].tolist() == ["Ann/Ann_002.webp", "Bob/Bob_1.jpg"]


def test_two_lfw_images_with_one_number_are_both_named(tmp_path):
    images = make_images("Ann/Ann_0001.jpg", "Ann/Ann_0001.png")
    with pytest.raises(ValueError, match=r"'Ann/Ann_0001\.jpg' and 'Ann/Ann_0001\.png' are one image"):
        read_list(tmp_path, "lfw", "1 1\nAnn 1 1\nAnn 1 Ann 1\n", images)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r":1: the list holds no pairs"),
        ("\n \n", r":1: the list holds no pairs"),
        ("Ann\t1\t2\n", r":1: header 'Ann"),
        ("0\t1\n", r":1: header '0"),
        ("1\t1\n", r":1: the header says 1 x \(1 genuine \+ 1 impostor\), there are 0 pairs"),
        ("1\t2\nAnn\t1\t2\nAnn\t1\tBob\t1\n", r":1: the header says .* there are 2 pairs"),
        ("1\t1\nAnn\t1\tBob\t1\nAnn\t2\tBob\t1\n", r":2: 0 genuine pairs in this fold, the header says 1"),
        ("1\t1\nAnn\t1\t2\nAnn\t1\tBob\n", r":3: 'Ann\\t1\\tBob', wanted `name number number`"),
        ("1\t1\nAnn\t1\t2\nAnn 1\n", r":3: 'Ann 1', wanted"),
        ("1\t1\nAnn\t1\t2\nAnn\t-1\tBob\t1\n", r":3: .* wanted"),
        ("1\t1\nAnn\t1\t2\n\nAnn\t1\tBbo\t1\n", r":4: image 'Bbo_0001' is not .*nearest is 'Bob/Bob_0001\.jpg'"),
        ("1\t1\nAnn\t1\t2\nAnn\t1\tAnn\t2\n", r":2, .*:3: .* are listed as genuine and as impostor"),
        ("1\t1\nAnn\t1\t2\nAnn\t1\tAnn\t3\n", r":3: impostor pair of one subject, 'Ann'"),
        ("1\t1\nAnn\t1\t2\nAnn\t1\tAnn\t1\n", r":3: image 'Ann/Ann_0001\.jpg' is its own impostor"),
    ],
)
def test_lfw_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"list\.txt" + message):
        read_list(tmp_path, "lfw", content, lfw_images(Ann=3, Bob=1))


def test_a_list_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    with pytest.raises(ValueError, match=r"list\.txt:2: not UTF-8: b'\\xeb'"):
        read_list(tmp_path, "lfw", b"1\t1\nZo\xeb\t1\t2\n", lfw_images(Ann=1))
    with pytest.raises(ValueError, match=r"list\.txt:1: not UTF-8"):
        read_list(tmp_path, "lfw", "1\t1\n".encode("utf-16"), lfw_images(Ann=1))


def test_known_label_errors_are_flagged_and_kept(tmp_path):
    content = "1\t3\nJim_OBrien\t1\t3\nJim_OBrien\t2\t3\nDebra_Messing\t2\t1\n"
    content += "".join(f"Debra_Messing\t{n}\tJim_OBrien\t1\n" for n in (1, 2, 3))
    pairs = read_list(tmp_path, "lfw", content, lfw_images(Jim_OBrien=3, Debra_Messing=3))
    assert pairs["known_label_error"].tolist() == [
        "two different people of one name",
        "",
        "image 2 shows another person",
        "",
        "",
        "",
    ]
    assert pairs["is_genuine"].tolist() == [True] * 3 + [False] * 3


def test_known_label_errors_equal_the_recorded_ones(shared):
    recorded = pd.read_csv(shared.parent / "facts" / "lfw-known-errors.csv")
    assert {
        (f"{row.subject_a}_{row.image_a:04d}", f"{row.subject_b}_{row.image_b:04d}"): row.note
        for row in recorded.itertuples()
    } == KNOWN_LABEL_ERRORS


# --- sllfw ---


def sllfw(*pairs):
    return "".join(f"{a}\n{b}\n" for a, b in pairs)


def test_sllfw_is_genuine_iff_the_names_are_equal_and_gets_tenths(tmp_path):
    genuine = [(f"Ann/Ann_{n:04d}.jpg", f"Ann/Ann_{n + 1:04d}.jpg") for n in range(1, 21)]
    impostor = [(f"Ann/Ann_{n:04d}.jpg", f"Bob/Bob_{n:04d}.jpg") for n in range(1, 11)]
    pairs = read_list(tmp_path, "sllfw", sllfw(*genuine, *impostor), lfw_images(Ann=21, Bob=10))
    assert pairs["is_genuine"].tolist() == [True] * 20 + [False] * 10
    assert pairs["fold"].tolist() == [n // 2 for n in range(20)] + list(range(10))


def test_sllfw_flags_lfws_known_label_errors(tmp_path):
    genuine = [("Jim_OBrien/Jim_OBrien_0002.jpg", "Jim_OBrien/Jim_OBrien_0001.jpg")] * 10
    impostor = [("Jim_OBrien/Jim_OBrien_0002.jpg", "Bob/Bob_0001.jpg")] * 10
    pairs = read_list(tmp_path, "sllfw", sllfw(*genuine, *impostor), lfw_images(Jim_OBrien=2, Bob=1))
    assert pairs["known_label_error"].tolist() == ["two different people of one name"] * 10 + [""] * 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Ann/Ann_0001.jpg\n", ":1: 'Ann/Ann_0001.jpg' stands alone"),
        ("Ann/Ann_0001.jpg\nAnn_0002.jpg\n", ":1: .* wanted two lines"),
        ("Ann/Ann_0001.jpg\nAnn/../Ann/Ann_0002.jpg\n", ":1: image 'Ann/../Ann/Ann_0002.jpg' is not in the collection"),
        (
            sllfw(("Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg")),
            r":1: fold 0 \(folds count from 0\) holds genuine pairs only",
        ),
    ],
)
def test_sllfw_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"list\.txt" + message):
        read_list(tmp_path, "sllfw", content, lfw_images(Ann=2))


# --- calfw ---


def calfw(*pairs):
    return "".join(f"{a} {token}\n{b} {token}\n" for a, b, token in pairs)


def calfw_images(n):
    names = [f"{name}_{i:04d}.jpg" for name in ("Ann", "Bob") for i in range(1, n + 1)]
    return make_images(*names, subjects=[name[:3] for name in names])


def test_calfw_makes_the_folds_of_the_impostors(tmp_path):
    genuine = [(f"Ann_{n:04d}.jpg", f"Ann_{n + 1:04d}.jpg", (n + 1) // 2) for n in range(1, 21)]
    impostor = [(f"Ann_{n:04d}.jpg", f"Bob_{n:04d}.jpg", 0) for n in range(1, 21)]
    pairs = read_list(tmp_path, "calfw", calfw(*genuine, *impostor), calfw_images(21))
    assert pairs["is_genuine"].tolist() == [True] * 20 + [False] * 20
    assert pairs["fold"].tolist() == [n // 2 for n in range(20)] * 2
    assert pairs["subject_b"].tolist() == ["Ann"] * 20 + ["Bob"] * 20


def test_calfw_impostors_get_the_folds_that_the_genuine_pairs_have(tmp_path):
    genuine = [("Ann_0001.jpg", "Ann_0002.jpg", 3), ("Ann_0002.jpg", "Ann_0003.jpg", 7)]
    impostor = [(f"Ann_{n:04d}.jpg", f"Bob_{n:04d}.jpg", 0) for n in (1, 2)]
    assert read_list(tmp_path, "calfw", calfw(*genuine, *impostor), calfw_images(3))["fold"].tolist() == [2, 6, 2, 6]


def test_labels_instead_of_folds_as_in_cplfw_make_tenths_of_both_classes(tmp_path):
    pairs = [
        ("Ann_0001.jpg", f"{name}_{n:04d}.jpg", int(name == "Ann")) for n in range(2, 12) for name in ("Ann", "Bob")
    ]
    listed = read_list(tmp_path, "calfw", calfw(*pairs), calfw_images(11))
    assert listed["is_genuine"].tolist() == [True, False] * 10
    assert listed["fold"].tolist() == [n // 2 for n in range(20)]


def calfw_gaps(tmp_path, ages):
    images = calfw_images(6).assign(age_years=ages)
    genuine = [("Ann_0001.jpg", f"Ann_{n:04d}.jpg", 1) for n in range(2, 7)]
    impostor = [("Ann_0001.jpg", f"Bob_{n:04d}.jpg", 0) for n in range(2, 7)]
    return read_list(tmp_path, "calfw", calfw(*genuine, *impostor), images)


def test_calfw_bands_the_years_between_the_photos(tmp_path):
    pairs = calfw_gaps(tmp_path, [30, 39.9, 20, 1, 61, 70, 99, 30, 40, 0.5, None, 90])
    # 9.9, 10, 29, 31, 40 and 69, 0, 10, 29.5, unknown, 60 years.
    assert pairs["age_gap"].tolist()[:5] == ["0-19", "0-19", "20-39", "20-39", "40+"]
    assert pairs["age_gap"].fillna("unknown").tolist()[5:] == ["0-19", "0-19", "20-39", "unknown", "40+"]
    write_table(pairs, tmp_path / "pairs.parquet", PAIRS)
    assert read_table(tmp_path / "pairs.parquet", PAIRS)["age_gap"].isna().sum() == 1


def test_calfw_without_ages_has_no_gaps_and_ages_in_words_are_refused(tmp_path):
    genuine, impostor = ("Ann_0001.jpg", "Ann_0002.jpg", 1), ("Ann_0001.jpg", "Bob_0002.jpg", 0)
    assert "age_gap" not in read_list(tmp_path, "calfw", calfw(*[genuine] * 10, *[impostor] * 10), calfw_images(2))
    with pytest.raises(ValueError, match=r"age_years must be numbers, found \['young'\]"):
        calfw_gaps(tmp_path, ["young"] * 12)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Ann_0001.jpg 1\n", ":1: 'Ann_0001.jpg 1' stands alone"),
        ("Ann_0001.jpg 1\nAnn_0002.jpg 2\n", ":1: .* wanted two lines `file token`"),
        ("Ann_0001.jpg\nAnn_0002.jpg\n", ":1: .* wanted two lines `file token`"),
        ("Ann_0001.jpg -1\nAnn_0002.jpg -1\n", ":1: .* wanted two lines `file token`"),
        (calfw(("Ann_0001.jpg", "Ann_0002.jpg", 0)), ":1: impostor pair of one subject, 'Ann'"),
        (calfw(("Ann_0001.jpg", "Bob_0002.jpg", 1)), ":1: genuine pair of subjects 'Ann' and 'Bob'"),
        (calfw(("Ann_0001.jpg", "Bob_0002.jpg", 0)), r":1: fold 0 \(folds count from 0\) holds impostor pairs only"),
    ],
)
def test_calfw_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"list\.txt" + message):
        read_list(tmp_path, "calfw", content, calfw_images(3))


@pytest.mark.parametrize("name", ["pairs_CALFW.txt", "pairs_CPLFW.txt"])
def test_calfw_lists_are_found_inside_the_collection(tmp_path, name):
    (tmp_path / "calfw").mkdir()
    pairs = [("Ann_0001.jpg", f"{who}_{n:04d}.jpg", int(who == "Ann")) for n in range(2, 12) for who in ("Ann", "Bob")]
    (tmp_path / "calfw" / name).write_text(calfw(*pairs))
    assert len(list_pairs("calfw", None, tmp_path, calfw_images(11), "test")) == 20


# --- cfp ---


def write_cfp(root, same="1,2\n", diff="1,3\n", profile="1 ../Data/Images/001/profile/01.jpg\n"):
    folder = root / "cfp-dataset" / "Protocol"
    paths = ["001/frontal/01.jpg", "001/frontal/02.jpg", "002/frontal/01.jpg"]
    for split in ("FF/02", "FF/01", "FP/01"):
        (folder / "Split" / split).mkdir(parents=True)
        (folder / "Split" / split / "same.txt").write_text(same)
        (folder / "Split" / split / "diff.txt").write_text(diff)
    (folder / "Pair_list_F.txt").write_text("".join(f"{n} ../Data/Images/{p}\n" for n, p in enumerate(paths, start=1)))
    (folder / "Pair_list_P.txt").write_text(profile)
    return make_images(*paths, "001/profile/01.jpg", "002/profile/01.jpg", subjects=["001", "001", "002", "001", "002"])


def test_cfp_ff_takes_both_images_from_the_frontal_list(tmp_path):
    pairs = list_pairs("cfp-ff", None, tmp_path, write_cfp(tmp_path), "test")
    genuine = ("001/frontal/01.jpg", "001/frontal/02.jpg", True)
    impostor = ("001/frontal/01.jpg", "002/frontal/01.jpg", False)
    columns = ("pair_id", "image_a", "image_b", "is_genuine", "fold")
    assert rows(pairs, *columns) == [
        ("00000", *genuine, 0),
        ("00001", *impostor, 0),
        ("00002", *genuine, 1),
        ("00003", *impostor, 1),
    ]


def test_cfp_fp_takes_the_second_image_from_the_profile_list(tmp_path):
    profile = "1 ../Data/Images/001/profile/01.jpg\n2 ../Data/Images/002/profile/01.jpg\n"
    images = write_cfp(tmp_path, same="2,1\n", diff="1,2\n", profile=profile)
    pairs = list_pairs("cfp-fp", None, tmp_path, images, "test")
    assert rows(pairs, "image_a", "image_b", "is_genuine", "fold") == [
        ("001/frontal/02.jpg", "001/profile/01.jpg", True, 0),
        ("001/frontal/01.jpg", "002/profile/01.jpg", False, 0),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"same": "1,9\n"}, r"FF/01/same\.txt:1: '1,9', wanted `i,j`"),
        ({"same": "1,2\n\n1;2\n"}, r"FF/01/same\.txt:3: '1;2', wanted `i,j`"),
        ({"diff": "1,2\n", "same": "1,3\n"}, r"FF/01/same\.txt:1: genuine pair of subjects '001' and '002'"),
        ({"diff": ""}, r"FF/01/same\.txt:1: fold 0 \(folds count from 0\) holds genuine pairs only"),
        ({"same": "", "diff": ""}, r"Protocol/Split/FF: no pairs"),
    ],
)
def test_cfp_errors_name_file_and_line(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        list_pairs("cfp-ff", None, tmp_path, write_cfp(tmp_path, **changes), "test")


@pytest.mark.parametrize("line", ["x ../Data/Images/001/profile/01.jpg", "1 01.jpg", "1"])
def test_cfp_index_errors_name_file_and_line(tmp_path, line):
    images = write_cfp(tmp_path, profile=f"{line}\n")
    with pytest.raises(ValueError, match=r"Pair_list_P\.txt:1: .* wanted a new index"):
        list_pairs("cfp-fp", None, tmp_path, images, "test")


def test_cfp_looks_paths_up_but_opens_none(tmp_path):
    images = write_cfp(tmp_path, profile="1 ../../../../etc/passwd\n", same="1,1\n", diff="2,1\n")
    with pytest.raises(ValueError, match=r"image '\.\./etc/passwd' is not in the collection"):
        list_pairs("cfp-fp", None, tmp_path, images, "test")


# --- pairs-csv ---

FOLDERS = make_images("Ann/1.jpg", "Ann/2.jpg", "Bob/1.jpg", "Bob/2.jpg", "top.jpg")


def read_csv(tmp_path, content, images=FOLDERS):
    return read_list(tmp_path, "pairs-csv", content, images, "list.csv")


def test_two_columns_are_enough(tmp_path):
    pairs = read_csv(tmp_path, "image_a,image_b\nAnn/1.jpg,Ann/2.jpg\nAnn/1.jpg,top.jpg\n")
    assert pairs["is_genuine"].isna().all()
    assert pairs["fold"].isna().all()
    assert rows(pairs, "subject_a", "subject_b") == [("Ann", "Ann"), ("Ann", "")]
    write_table(pairs, tmp_path / "pairs.parquet", PAIRS)


def test_labels_folds_and_group_columns_are_kept(tmp_path):
    content = (
        "\ufefffold,image_b,lighting,image_a,is_genuine,age gap\r\n"
        '4,Ann/2.jpg,"dim, <b>red</b>",Ann/1.jpg,1,3\r\n'
        "4,Bob/1.jpg,,Ann/1.jpg,0,10\r\n"
        ",Bob/2.jpg,day,Ann/1.jpg,,\r\n"
    )
    pairs = read_csv(tmp_path, content)
    assert rows(pairs, "image_a", "image_b") == [("Ann/1.jpg", f"{b}.jpg") for b in ("Ann/2", "Bob/1", "Bob/2")]
    assert pairs["is_genuine"].tolist() == [True, False, pd.NA]
    assert pairs["fold"].tolist() == [4, 4, pd.NA]
    write_table(pairs, tmp_path / "pairs.parquet", PAIRS)
    again = read_table(tmp_path / "pairs.parquet", PAIRS)
    assert again["lighting"].tolist() == ["dim, <b>red</b>", "", "day"]
    assert again["age gap"].tolist() == ["3", "10", ""]


def test_unusual_names_are_found(tmp_path):
    names = ['Zoë "d\'Arc", <b onclick=x>/1.jpg', "line\nbreak/ 2.jpg"]
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    pairs = read_csv(tmp_path, f"image_a,image_b\n{quoted}\n", make_images(*names))
    assert rows(pairs, "image_a", "image_b") == [tuple(names)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r":1: the list holds no pairs"),
        ("image_a,image_b\n", r":1: the list holds no pairs"),
        ("Ann/1.jpg,Ann/2.jpg\n", r":1: the first line must name the columns image_a and image_b"),
        ("image_a|image_b\nAnn/1.jpg|Ann/2.jpg\n", r":1: the first line must name .*'image_a\|image_b'"),
        ("image_a,image_b,\na,b,c\n", r":1: every column needs a name of its own"),
        ("image_a,image_b,x,x\na,b,c,d\n", r":1: every column needs a name of its own"),
        ("image_a,image_b,subject_a\n", r":1: columns \['subject_a'\] would hide"),
        ("image_a,image_b,dataset,model\n", r":1: columns \['dataset', 'model'\] would hide"),
        ("image_a,image_b\nAnn/1.jpg\n", r":2: 1 field, the header has 2"),
        ("image_a,image_b\n\nAnn/1.jpg,Ann/2.jpg,x\n", r":3: 3 fields, the header has 2"),
        ('image_a,image_b\n"Ann/1.jpg"x,Ann/2.jpg\n', r":2: malformed CSV"),
        ('image_a,image_b\nAnn/1.jpg,Ann/2.jpg\n"Ann/1.jpg,Ann/2.jpg\n', r":3: malformed CSV"),
        (
            "image_a,image_b,is_genuine\nAnn/1.jpg,Ann/2.jpg,yes\n",
            r":2: is_genuine is 'yes', allowed are 1, 0 and empty",
        ),
        ("image_a,image_b,fold\nAnn/1.jpg,Ann/2.jpg,-1\n", r":2: fold is '-1', allowed are whole numbers from 0"),
        ("image_a,image_b,fold\nAnn/1.jpg,Ann/2.jpg,1.0\n", r":2: fold is '1\.0'"),
        ("image_a,image_b\nAnn/1.jpg,Ann/3.jpg\n", r":2: image 'Ann/3\.jpg' is not .*; the nearest is 'Ann/"),
        ("image_a,image_b\n" + "Ann/1.jpg,y\n" * 2, r":2: image 'y' is not .* \(nor are those of another line\)"),
        ("image_a,image_b\nAnn/1.jpg,Ann/2.jpg\nAnn/1.jpg, \n", r":3: image_b is empty$"),
        ("image_a,image_b,is_genuine\n,x,1\n", r":2: image_a is empty$"),
        (
            "image_a,image_b\n" + "x,y\n" * 3,
            r":2: image 'x' is not in the collection \(nor are those of 2 other lines\)",
        ),
        (
            "image_a,image_b,is_genuine\nAnn/1.jpg,Ann/1.jpg,0\n",
            r":2: image 'Ann/1\.jpg' is its own impostor; drop the pair$",
        ),
        (
            "image_a,image_b,is_genuine\nAnn/1.jpg,Ann/2.jpg,1\nAnn/1.jpg,Ann/2.jpg,\nAnn/2.jpg,Ann/1.jpg,0\n",
            r":2, .*:3, .*:4: 'Ann/1\.jpg' and 'Ann/2\.jpg' are listed as genuine and as impostor",
        ),
        (
            "image_a,image_b,is_genuine,fold\nAnn/1.jpg,Ann/2.jpg,1,0\nAnn/1.jpg,Bob/1.jpg,0,0\nBob/1.jpg,Bob/2.jpg,1,1\n",
            r":4: fold 1 holds genuine pairs only, wanted both",
        ),
    ],
)
def test_csv_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"list\.csv" + message):
        read_csv(tmp_path, content)


def test_a_pair_of_one_image_with_itself_is_kept_with_a_warning(tmp_path, caplog):
    pairs = read_csv(tmp_path, "image_a,image_b,is_genuine\nAnn/1.jpg,Ann/1.jpg,1\nBob/1.jpg,Bob/1.jpg,\n")
    assert len(pairs) == 2
    assert "pairs of an image with itself, kept though their distance is 0 by construction: 2," in caplog.text
    assert "list.csv:2" in caplog.text
    assert "list.csv:3" in caplog.text


def test_a_duplicate_pair_is_kept_with_a_warning_even_if_swapped(tmp_path, caplog):
    pairs = read_csv(tmp_path, "image_a,image_b\nAnn/1.jpg,Ann/2.jpg\nAnn/2.jpg,Ann/1.jpg\n")
    assert len(pairs) == 2
    assert "pairs that are listed again, and kept: 1: " in caplog.text
    assert "list.csv:3 repeats" in caplog.text


def test_labels_that_disagree_with_folders_are_only_a_warning(tmp_path, caplog):
    content = "image_a,image_b,is_genuine\nAnn/1.jpg,Bob/1.jpg,1\nAnn/1.jpg,Ann/2.jpg,0\nAnn/1.jpg,top.jpg,1\n"
    assert read_csv(tmp_path, content)["is_genuine"].tolist() == [True, False, True]
    assert "labels that disagree with the subjects' folders: 2," in caplog.text
    assert "list.csv:2: genuine pair of subjects 'Ann' and 'Bob'" in caplog.text


# --- all protocols ---


def test_an_unknown_protocol_a_missing_list_and_two_lists_are_named(tmp_path):
    with pytest.raises(ValueError, match="'flw' is unknown, known are lfw"):
        list_pairs("flw", None, tmp_path, FOLDERS, "test")
    with pytest.raises(ValueError, match=r"wanted one pairs\.txt, found none"):
        list_pairs("lfw", None, tmp_path, FOLDERS, "test")
    with pytest.raises(ValueError, match=r"gone\.csv: unreadable pair list: No such file"):
        list_pairs("pairs-csv", tmp_path / "gone.csv", tmp_path, FOLDERS, "test")
    with pytest.raises(ValueError, match="cfp-ff takes no pair file"):
        list_pairs("cfp-ff", tmp_path / "pairs.txt", tmp_path, FOLDERS, "test")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pairs.txt").write_text(LFW)
    with pytest.raises(ValueError, match=r"a/pairs\.txt.*b/pairs\.txt"):
        list_pairs("lfw", None, tmp_path, FOLDERS, "test")


def test_lfw_list_is_found_inside_the_collection(tmp_path):
    (tmp_path / "pairs.txt").write_text(LFW)
    assert len(list_pairs("lfw", None, tmp_path, lfw_images(Ann=2, Bob=2), "test")) == 4


def test_pair_ids_sort_like_the_list(tmp_path):
    images = make_images(*(f"a/{n}.jpg" for n in range(330)))
    lines = [f"a/{a}.jpg,a/{b}.jpg" for a in range(330) for b in range(a)][:26_000]
    start = time.perf_counter()
    pairs = read_csv(tmp_path, "image_a,image_b\n" + "\n".join(lines) + "\n", images)
    assert time.perf_counter() - start < 5, "26,000 pairs take about half a second"
    assert pairs["pair_id"].is_monotonic_increasing
    assert pairs["pair_id"].iloc[-1] == "25999"


def test_two_real_lfw_folds(shared, tmp_path):
    with tarfile.open(shared / "lfw-2folds.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    pairs = list_pairs("lfw", shared / "lfw-2folds-pairs.txt", tmp_path, list_images(tmp_path, "lfw"), "lfw")
    assert len(pairs) == 1200
    assert pairs["is_genuine"].sum() == 600
    assert pairs.groupby("fold")["is_genuine"].agg(["sum", "size"]).to_numpy().tolist() == [[300, 600]] * 2
    assert (pairs["known_label_error"] != "").sum() == 3, "the other four are in later folds"


@pytest.mark.parametrize(("protocol", "pose_b"), [("cfp-ff", "frontal"), ("cfp-fp", "profile")])
def test_real_cfp(shared, tmp_path, protocol, pose_b):
    with zipfile.ZipFile(shared / "cfp-2folds.zip") as archive:
        archive.extractall(tmp_path)
    images = list_images(tmp_path, "cfp")
    pairs = list_pairs(protocol, None, tmp_path, images, protocol)
    assert len(pairs) == 1400
    assert pairs.groupby("fold")["is_genuine"].agg(["sum", "size"]).to_numpy().tolist() == [[350, 700]] * 2
    pose = images.set_index("image_id")["pose"]
    assert (pairs["image_a"].map(pose) == "frontal").all()
    assert (pairs["image_b"].map(pose) == pose_b).all()
    folds = [{*group["subject_a"], *group["subject_b"]} for _, group in pairs.groupby("fold")]
    assert [len(subjects) for subjects in folds] == [50, 50]
    assert not folds[0] & folds[1], "folds share no person"
