"""One file out of a zip: exactly the one that is named, whole or not at all, and what is refused."""

import stat
import struct
import zipfile

import pytest

from whyface.sources.fetch import Fetched
from whyface.sources.member import extract_member, take_member

NAMES = ("antelopev2/glintr100.onnx", "antelopev2/genderage.onnx", "readme.txt")


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return path


@pytest.fixture
def archive(tmp_path):
    return make_zip(tmp_path / "models.zip", [(name, name.encode() * 9) for name in NAMES])


def test_the_named_file_is_written_and_no_other(archive, tmp_path):
    path = extract_member(archive, NAMES[0], tmp_path / "out")
    assert path.read_bytes() == NAMES[0].encode() * 9
    assert [one for one in (tmp_path / "out").rglob("*") if one.is_file()] == [path]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("glintr100.onnx", "nearest: 'antelopev2/glintr100.onnx'$"),
        ("antelopev2/glint100.onnx", "nearest: 'antelopev2/glintr100.onnx'"),
        ("zzz", "nearest: 'antelopev2/glintr100.onnx', 'antelopev2/genderage.onnx', 'readme.txt'$"),
    ],
)
def test_an_unknown_name_gets_the_nearest(archive, tmp_path, name, nearest):
    with pytest.raises(ValueError, match=f"models.zip: holds no '{name}'; {nearest}"):
        extract_member(archive, name, tmp_path / "out")


def test_a_name_that_leads_outside_is_refused(tmp_path):
    for name in ("../../evil.onnx", "/evil.onnx", "a\\evil.onnx"):
        archive = make_zip(tmp_path / "evil.zip", [(name, b"x")])
        with pytest.raises(ValueError, match=r"evil\.zip: .*nothing was unpacked"):
            extract_member(archive, name, tmp_path / "in" / "out")
    assert [one.name for one in tmp_path.rglob("*")] == ["evil.zip"]


def test_two_files_of_one_name_a_link_and_a_bomb_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = make_zip(tmp_path / "twice.zip", [("a", b"1"), ("a", b"2")])
    info = zipfile.ZipInfo("a")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    link = make_zip(tmp_path / "link.zip", [(info, b"/etc/passwd")])
    bomb = make_zip(tmp_path / "bomb.zip", [("a", bytes(20 << 20))])
    for archive, why in ((twice, "2 times"), (link, "is a link"), (bomb, "over 200 times")):
        with pytest.raises(ValueError, match=why):
            extract_member(archive, "a", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damage_leaves_nothing_and_names_archive_and_member(archive, tmp_path):
    content = bytearray(archive.read_bytes())
    content[len("PK") + 40] ^= 255
    lying = bytearray(archive.read_bytes())
    start = lying.index(b"PK\x01\x02") + 24
    lying[start : start + 4] = struct.pack("<I", 12)
    for damaged in (content, lying, b"<!DOCTYPE html><title>Sign in</title>", archive.read_bytes()[:60]):
        archive.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"models\.zip: (damaged|holds no).*glintr100"):
            extract_member(archive, NAMES[0], tmp_path / "out")
        assert not [one for one in (tmp_path / "out").rglob("*") if one.is_file()]


def test_a_source_without_a_member_is_itself_and_a_folder_has_none(archive, tmp_path):
    fetched = Fetched(archive, "ab" * 32, "local file models.zip")
    assert take_member(fetched, None, tmp_path) == archive
    assert take_member(fetched, "readme.txt", tmp_path) == tmp_path / "members" / ("ab" * 32) / "readme.txt"
    with pytest.raises(ValueError, match="is a folder, and member 'readme'"):
        take_member(Fetched(tmp_path, None, ""), "readme", tmp_path)
