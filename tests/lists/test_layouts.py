"""Images are listed by layout, found at any depth; stray files are left out or refused."""

import hashlib
import logging
import os
import re
import tarfile
import zipfile

import pytest
from PIL import Image

from whyface.lists.layouts import LAYOUTS, list_images
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES


def add_image(root, name, size=(4, 3)):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    return path


def test_lfw_is_found_below_leading_folders(tmp_path):
    add_image(tmp_path, "some/lfw-deepfunneled/Ann_Lee/Ann_Lee_0002.jpg", size=(5, 7))
    path = add_image(tmp_path, "some/lfw-deepfunneled/Al_2_X/Al_2_X_0001.png")
    frame = list_images(tmp_path, "lfw")
    assert list(frame.columns) == IMAGES.schema.names
    assert frame["image_id"].tolist() == ["Al_2_X/Al_2_X_0001.png", "Ann_Lee/Ann_Lee_0002.jpg"]
    assert frame["subject_id"].tolist() == ["Al_2_X", "Ann_Lee"]
    assert frame.loc[1, "path"] == "some/lfw-deepfunneled/Ann_Lee/Ann_Lee_0002.jpg"
    assert frame.loc[1, ["width_px", "height_px"]].tolist() == [5, 7]
    assert frame.loc[0, "sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_cfp_keeps_the_pose_as_a_group(tmp_path):
    add_image(tmp_path, "cfp-dataset/Data/Images/001/profile/01.jpg")
    add_image(tmp_path, "cfp-dataset/Data/Images/001/frontal/01.jpg")
    frame = list_images(tmp_path, "cfp")
    assert frame["image_id"].tolist() == ["001/frontal/01.jpg", "001/profile/01.jpg"]
    assert frame["subject_id"].tolist() == ["001", "001"]
    assert frame["pose"].tolist() == ["frontal", "profile"]


def test_calfw_prefers_the_originals_to_the_aligned_images(tmp_path, caplog):
    add_image(tmp_path, "calfw/aligned images/Ann_Lee_0001.jpg")
    add_image(tmp_path, "calfw/aligned images/Only_Aligned_0001.jpg")
    add_image(tmp_path, "calfw/images&landmarks/images/Ann_Lee_0001.jpg")
    with caplog.at_level(logging.INFO, "whyface"):
        frame = list_images(tmp_path, "calfw")
    assert frame["image_id"].tolist() == ["Ann_Lee_0001.jpg", "Only_Aligned_0001.jpg"]
    assert frame["subject_id"].tolist() == ["Ann_Lee", "Only_Aligned"]
    assert frame.loc[0, "path"] == "calfw/images&landmarks/images/Ann_Lee_0001.jpg"
    assert "calfw/images&landmarks/images': 1" in caplog.text


def test_folders_take_the_subject_from_the_parent(tmp_path):
    for name in ("top.jpg", "Ann/1.jpg", "team/Bob/1.jpg"):
        add_image(tmp_path, name)
    frame = list_images(tmp_path, "folders").set_index("image_id")
    assert frame["subject_id"].to_dict() == {"top.jpg": "", "Ann/1.jpg": "Ann", "team/Bob/1.jpg": "Bob"}


@pytest.mark.parametrize(
    "name", ["with space", "it's", 'say "hi"', "Zoë", "李", "<b onclick=x>", "a&b;c|d$(e)", "line\nbreak", "a\\b"]
)
def test_unusual_names_just_work_and_survive_the_table(tmp_path, name):
    root = tmp_path / "root"
    add_image(root, f"{name}/{name}.png")
    frame = list_images(root, "folders")
    assert frame.loc[0, ["image_id", "subject_id"]].tolist() == [f"{name}/{name}.png", name]
    assert (root / frame.loc[0, "path"]).is_file()
    write_table(frame, tmp_path / "images.parquet", IMAGES)
    assert read_table(tmp_path / "images.parquet", IMAGES).loc[0, "image_id"] == f"{name}/{name}.png"


def test_names_that_are_not_utf8_are_refused_by_name(tmp_path):
    add_image(tmp_path, "a.jpg")
    try:
        os.rename(tmp_path / "a.jpg", os.fsencode(tmp_path) + b"/caf\xe9.jpg")  # noqa: PTH104, Path takes no bytes
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(ValueError, match=r"not UTF-8: 'caf\\udce9\.jpg'"):
        list_images(tmp_path, "folders")


def test_hidden_files_macos_leftovers_and_other_files_are_ignored(tmp_path):
    add_image(tmp_path, "Ann/1.JPG")
    for name in ("__MACOSX/Ann/1.jpg", "Ann/._1.jpg", ".thumbs/1.jpg"):
        add_image(tmp_path, name)
    (tmp_path / "Ann" / "readme.txt").write_text("x")
    assert list_images(tmp_path, "folders")["image_id"].tolist() == ["Ann/1.JPG"]


def test_images_that_do_not_fit_are_counted_with_examples(tmp_path, caplog):
    add_image(tmp_path, "Ann/Ann_0001.jpg")
    add_image(tmp_path, "Ann/Bob_0001.jpg")
    add_image(tmp_path, "logo.png")
    caplog.set_level("INFO")
    assert len(list_images(tmp_path, "lfw")) == 1
    assert "images that do not fit layout 'lfw' (" in caplog.text and ") and are left out: 2, such as" in caplog.text
    assert "images: 1, people named: 1, layout lfw" in caplog.text
    assert "logo.png, Ann/Bob_0001.jpg" in caplog.text


def test_images_in_no_folder_name_nobody(tmp_path, caplog):
    caplog.set_level("INFO")
    add_image(tmp_path, "1.jpg")
    list_images(tmp_path, "folders")
    assert "images: 1, people named: 0, layout folders" in caplog.text


def test_unreadable_images_stay_without_a_size_and_are_reported(tmp_path, caplog):
    add_image(tmp_path, "Ann/1.jpg")
    (tmp_path / "Ann" / "2.jpg").write_text("no image")
    frame = list_images(tmp_path, "folders")
    assert frame["image_id"].tolist() == ["Ann/1.jpg", "Ann/2.jpg"]
    assert frame["width_px"].isna().tolist() == [False, True]
    assert "unreadable images: 1, such as Ann/2.jpg" in caplog.text
    write_table(frame, tmp_path / "images.parquet", IMAGES)
    assert read_table(tmp_path / "images.parquet", IMAGES)["height_px"].isna().sum() == 1


@pytest.mark.parametrize("layout", ["folders", "insightface-bin", "parquet"])
def test_images_of_which_none_can_be_read_stop_with_a_reason(tmp_path, layout):
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / name).write_text("no image")
    said = r"none of the images \(2\) can be read, such as 1\.jpg: not a JPEG, PNG, WEBP, BMP file$"
    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))}: {said}"):
        list_images(tmp_path, layout)


def test_files_that_are_no_images_are_logged_but_for_whyfaces_own_lists(tmp_path, caplog):
    caplog.set_level("INFO")
    add_image(tmp_path, "Ann/1.jpg")
    for name in ("pairs.csv", "images.csv", "landmarks.csv"):
        (tmp_path / name).touch()
    list_images(tmp_path, "folders")
    assert "non-image" not in caplog.text
    for name in ("Ann/pairs.csv", "a.txt", "b.TXT", "LICENSE"):
        (tmp_path / name).touch()
    list_images(tmp_path, "folders")
    assert "non-image files, by suffix: 2 .txt, 1 without a suffix, 1 .csv" in caplog.text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_finding_no_image_names_the_root_the_layout_and_what_it_expects(tmp_path, layout):
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(ValueError) as error:
        list_images(tmp_path, layout)
    for part in (str(tmp_path), repr(layout), LAYOUTS[layout].expected, ".jpeg"):
        assert part in str(error.value)


def test_finding_no_image_tells_which_files_are_there(tmp_path):
    for name in ("Ann/1.HEIC", "Ann/2.heic", "Ann/1.tiff", "readme"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    message = r"layout 'folders', .* \.webp; found: 2 \.heic, 1 without a suffix, 1 \.tiff"
    with pytest.raises(ValueError, match=message):
        list_images(tmp_path, "folders")
    add_image(tmp_path, "Ann/x.jpg")
    with pytest.raises(ValueError, match=r"layout 'lfw', .* found: 1 images, such as Ann/x\.jpg, 2 \.heic"):
        list_images(tmp_path, "lfw")


def test_images_of_kinds_that_are_not_read_are_counted_in_a_warning(tmp_path, caplog):
    add_image(tmp_path, "Ann/1.jpg")
    for name in ("2.heic", "3.HEIC", "4.gif", "readme.txt"):
        (tmp_path / "Ann" / name).write_text("x")
    assert len(list_images(tmp_path, "folders")) == 1
    assert "images of kinds that are not read: 3, by suffix: {'.heic': 2, '.gif': 1}; convert them" in caplog.text


@pytest.mark.parametrize(("layout", "name"), [("folders", "Zoe\u0308/1.jpg"), ("lfw", "Zoe\u0308/Zo\u00eb_0001.jpg")])
def test_names_as_a_mac_writes_them_are_told_in_nfc_and_their_files_found(tmp_path, layout, name):
    add_image(tmp_path, name)
    (row,) = list_images(tmp_path, layout).itertuples()
    assert row.subject_id == "Zo\u00eb" and row.image_id.startswith("Zo\u00eb/")
    assert (tmp_path / row.path).is_file()


def test_two_files_whose_names_differ_in_form_only_are_refused(tmp_path):
    add_image(tmp_path, "Zoe\u0308/1.jpg")
    if (tmp_path / "Zo\u00eb/1.jpg").exists():
        pytest.skip("this file system knows one form only")
    add_image(tmp_path, "Zo\u00eb/1.jpg")
    with pytest.raises(ValueError, match=r"'Zoe\\u0308/1\.jpg' and 'Zo\\xeb/1\.jpg', the same but for how accents"):
        list_images(tmp_path, "folders")


def test_a_missing_root_and_an_unknown_layout_are_named(tmp_path):
    with pytest.raises(ValueError, match="gone: no such folder"):
        list_images(tmp_path / "gone", "folders")
    with pytest.raises(ValueError, match="'lwf' is unknown, known are lfw, cfp"):
        list_images(tmp_path, "lwf")


def test_two_files_with_one_id_are_both_named(tmp_path):
    add_image(tmp_path, "lfw/Ann/Ann_0001.jpg")
    add_image(tmp_path, "lfw_funneled/Ann/Ann_0001.jpg")
    with pytest.raises(ValueError, match=r"lfw/Ann/Ann_0001\.jpg and lfw_funneled/Ann/Ann_0001\.jpg"):
        list_images(tmp_path, "lfw")


def test_links_out_of_root_are_refused(tmp_path):
    secret = add_image(tmp_path, "outside/secret.jpg")
    root = tmp_path / "root"
    add_image(root, "a.jpg")
    (root / "b.jpg").symlink_to(secret)
    with pytest.raises(ValueError, match=r"b\.jpg: a link out of"):
        list_images(root, "folders")
    (root / "b.jpg").unlink()
    (root / "folder").symlink_to(secret.parent)
    with pytest.raises(ValueError, match="folder: a link out of"):
        list_images(root, "folders")


def test_links_inside_root_are_files_and_linked_folders_are_not_walked_twice(tmp_path):
    add_image(tmp_path / "real", "Ann/1.jpg")
    (tmp_path / "real" / "b.jpg").symlink_to("Ann/1.jpg")
    (tmp_path / "real" / "loop").symlink_to(".")
    (tmp_path / "root").symlink_to("real")
    assert list_images(tmp_path / "root", "folders")["image_id"].tolist() == ["Ann/1.jpg", "b.jpg"]


def test_what_is_not_a_file_is_refused(tmp_path):
    for target in ("gone.jpg", "link.jpg"):
        (tmp_path / "link.jpg").symlink_to(target)
        with pytest.raises(ValueError, match=r"link\.jpg: neither a file"):
            list_images(tmp_path, "folders")
        (tmp_path / "link.jpg").unlink()
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match=r"pipe\.jpg: neither a file"):
        list_images(tmp_path, "folders")


def test_two_real_lfw_folds(shared, tmp_path):
    with tarfile.open(shared / "lfw-2folds.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    frame = list_images(tmp_path, "lfw")
    assert len(frame) == 1583
    assert (frame[["width_px", "height_px"]] == 250).all().all()
    assert frame["sha256"].is_unique


def test_real_cfp(shared, tmp_path):
    with zipfile.ZipFile(shared / "cfp-2folds.zip") as archive:
        archive.extractall(tmp_path)
    frame = list_images(tmp_path, "cfp")
    assert len(frame) == 1400
    assert frame["subject_id"].nunique() == 100
    assert frame["pose"].value_counts().to_dict() == {"frontal": 1000, "profile": 400}
