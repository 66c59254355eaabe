"""Unpacking: what is refused, what is kept, and that a failure leaves nothing behind."""

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile

import pytest

from whyface.sources import unpack as unpack_module
from whyface.sources.unpack import unpack

TAR_MODES = {"plain.tar": "w:", "gz.tar": "w:gz", "bz2.tar": "w:bz2", "xz.tar": "w:xz"}


def make_zip(path, members):
    """Write a zip of (name or ZipInfo, bytes) pairs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for member, content in members:
            opened.writestr(member, content)
    return path


def make_tar(path, members, mode="w:"):
    """Write a tar of (name or TarInfo, bytes) pairs."""
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as opened:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    return path


def tar_info(name, kind=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def assert_refused(archive, match, **limits):
    """Check that the archive is refused by name, and that neither destination nor temporary folder is left."""
    folder = archive.parent / "out"
    with pytest.raises(ValueError, match=match) as caught:
        unpack(archive, folder / "images", **limits)
    assert str(archive) in str(caught.value)
    assert not folder.exists() or not list(folder.iterdir())


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


FILES = {"lfw/Ann/Ann_0001.jpg": b"ann", "lfw/Bo/Bo_0001.jpg": b"bo" * 40_000, "readme.txt": b""}


def test_zip_is_unpacked_whatever_its_name(tmp_path):
    archive = make_zip(tmp_path / "no-suffix", FILES.items())
    assert unpack(archive, tmp_path / "deep" / "images") == 3
    assert contents(tmp_path / "deep" / "images") == FILES


@pytest.mark.parametrize("name", TAR_MODES)
def test_tar_is_told_apart_by_content(tmp_path, name):
    archive = make_tar(tmp_path / "misnamed.zip", FILES.items(), TAR_MODES[name])
    assert unpack(archive, tmp_path / "images") == 3
    assert contents(tmp_path / "images") == FILES


def test_leading_dots_and_repeated_folders_are_no_conflict(tmp_path):
    folders = [(tar_info(name, tarfile.DIRTYPE), b"") for name in ("./", "./a", "a/")]
    archive = make_tar(tmp_path / "x.tar", [*folders, ("./a/1.jpg", b"1"), ("a/./2.jpg", b"2"), ("./.hidden", b"3")])
    assert unpack(archive, tmp_path / "images") == 3
    assert set(contents(tmp_path / "images")) == {"a/1.jpg", "a/2.jpg", ".hidden"}


def test_hidden_and_plain_names_are_two_files(tmp_path):
    archive = make_tar(tmp_path / "x.tar", [(".a", b"1"), ("a", b"2")])
    assert unpack(archive, tmp_path / "images") == 2


def test_modes_are_ours_and_never_the_archives(tmp_path):
    folder = tar_info("d", tarfile.DIRTYPE, mode=0o700)
    file = tar_info("d/run", mode=0o6777)
    archive = make_tar(tmp_path / "x.tar", [(folder, b""), (file, b"x"), (tar_info("e/f", mode=0), b"y")])
    previous = os.umask(0o077)
    try:
        unpack(archive, tmp_path / "images")
    finally:
        os.umask(previous)
    modes = {name: stat.S_IMODE((tmp_path / "images" / name).stat().st_mode) for name in (".", "d", "d/run", "e/f")}
    assert modes == {".": 0o755, "d": 0o755, "d/run": 0o644, "e/f": 0o644}


def test_full_destination_is_kept(tmp_path):
    archive = make_zip(tmp_path / "x.zip", FILES.items())
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not an empty folder"):
        unpack(archive, tmp_path / "images")
    assert contents(tmp_path / "images") == {"mine.txt": b"mine"}


def test_empty_destination_is_taken(tmp_path):
    (tmp_path / "images").mkdir()
    assert unpack(make_zip(tmp_path / "x.zip", FILES.items()), tmp_path / "images") == 3


HOSTILE_NAMES = ["/etc/evil", "../evil", "a/../../evil", "C:/evil", "c:evil", "..\\evil", "a\\b", "new\nline"]


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_name_that_leads_elsewhere_is_refused(tmp_path, make, name):
    archive = make(tmp_path / "x", [("fine.jpg", b"1"), (name, b"2")])
    assert_refused(archive, "member .*(outside the folder|in its name)")


def test_nothing_is_written_before_the_last_member_of_a_zip_is_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "extract", lambda *_: pytest.fail("written too early"))
    assert_refused(make_zip(tmp_path / "x.zip", [("fine.jpg", b"1"), ("../evil", b"2")]), "evil")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (tar_info("../evil"), "outside the folder"),
        (tar_info("fine.jpg"), "overwrite"),
        (tar_info("fine.jpg/evil"), "is a file, and"),
        (tar_info("evil", tarfile.FIFOTYPE), "is a device"),
        (tar_info("evil", tarfile.SYMTYPE, linkname="/etc"), "is a link"),
        (tar_info("evil", tarfile.LNKTYPE, linkname="later.jpg"), "is a link"),
    ],
)
def test_member_of_a_tar_is_checked_before_it_is_written(tmp_path, monkeypatch, bad, why):
    written = []
    extract_one = tarfile.TarFile._extract_one
    monkeypatch.setattr(
        tarfile.TarFile, "_extract_one", lambda *a, **k: (written.append(a[1].name), extract_one(*a, **k))
    )
    members = [("fine.jpg", b"1"), (bad, b""), ("later.jpg", b"2")]
    assert_refused(make_tar(tmp_path / "x.tgz", members, "w:gz"), why)
    assert written == ["fine.jpg", "later.jpg"][: 2 if bad.linkname else 1]


@pytest.mark.parametrize(("mode", "kind"), [("w:gz", gzip.GzipFile), ("w:bz2", bz2.BZ2File), ("w:xz", lzma.LZMAFile)])
def test_compressed_tar_is_decompressed_once(tmp_path, monkeypatch, mode, kind):
    link = tar_info("hard.jpg", tarfile.LNKTYPE, linkname="3.jpg")
    files = [(f"{i}.jpg", os.urandom(size)) for i, size in enumerate((3000, 512, 0, 300_000, 100))]
    archive = make_tar(tmp_path / "x", [*files, (link, b"")], mode)
    opened, read = [], kind.read
    monkeypatch.setattr(kind, "read", lambda *a: (opened.append(a[0].tell()), read(*a))[1])
    assert unpack(archive, tmp_path / "images") == 6
    assert opened == sorted(opened)
    assert contents(tmp_path / "images") == {**dict(files), "hard.jpg": dict(files)["3.jpg"]}


def test_name_cut_by_a_null_byte_is_refused(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("evil.jpg_.txt", b"1")])
    archive.write_bytes(archive.read_bytes().replace(b"evil.jpg_.txt", b"evil.jpg\0.txt"))
    assert_refused(archive, "evil.jpg.x00.txt.* in its name")


def test_very_long_name_is_refused(tmp_path):
    assert_refused(make_tar(tmp_path / "x.tar", [("a/" * 600 + "b", b"1")]), "1201 characters; allowed: 1000")


def test_zip_name_that_is_not_utf8_is_refused(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("na_e.jpg", b"1")])
    archive.write_bytes(archive.read_bytes().replace(b"na_e.jpg", b"na\xefe.jpg"))
    assert_refused(archive, r"na\\xefe.jpg.* not valid UTF-8")


def test_tar_name_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w:", format=tarfile.GNU_FORMAT, encoding="latin-1") as opened:
        opened.addfile(tarfile.TarInfo("naïe.jpg"))
    assert_refused(path, "na.*e.jpg.* UTF-8")


def test_utf8_name_without_the_zip_flag_is_read_as_utf8(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("na__e.jpg", b"1")])
    archive.write_bytes(archive.read_bytes().replace(b"na__e.jpg", "naïe.jpg".encode()))
    unpack(archive, tmp_path / "images")
    assert contents(tmp_path / "images") == {"naïe.jpg": b"1"}


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a/1.jpg", "a//1.jpg", "./a/1.jpg"])
def test_repeated_member_is_refused(tmp_path, make, second):
    assert_refused(make(tmp_path / "x", [("a/1.jpg", b"1"), (second, b"2")]), "overwrite 'a/1.jpg'")


@pytest.mark.parametrize("names", [("a", "a/1.jpg"), ("a/1.jpg", "a")])
def test_file_that_is_also_a_folder_is_refused(tmp_path, names):
    assert_refused(make_tar(tmp_path / "x.tar", [(name, b"1") for name in names]), "'a' is a file, and a folder")


@pytest.mark.parametrize("name", [".", "./.", "a/.."])
def test_file_that_is_the_folder_itself_is_refused(tmp_path, name):
    assert_refused(make_tar(tmp_path / "x.tar", [(name, b"1")]), "overwrite 'the folder itself'|outside")


def test_tarfiles_own_filter_stands_behind_our_checks(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack_module.Inventory, "_check_name", lambda *_: None)
    assert_refused(make_tar(tmp_path / "x.tar", [("../evil", b"1")]), "outside the destination")


def test_names_that_differ_in_case_are_refused_only_where_one_would_overwrite_the_other(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "x.zip", [("a/B.jpg", b"1"), ("A/b.JPG", b"2")])
    unpack(archive, tmp_path / "two")
    assert len(contents(tmp_path / "two")) == 2
    monkeypatch.setattr(unpack_module, "_ignores_case", lambda _: True)
    assert_refused(archive, "'A/b.JPG' would overwrite 'a/B.jpg'")


def test_link_in_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert_refused(make_zip(tmp_path / "x.zip", [("a.jpg", b"1"), (link, b"a.jpg")]), "'link' is a link")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../a.jpg", "../../x", "d", ".", "absent", "d/again"])
def test_tar_link_to_anything_but_a_file_of_the_archive_is_refused(tmp_path, kind, target):
    members = [("d/a.jpg", b"1"), (tar_info("again", tarfile.SYMTYPE, linkname="d/a.jpg"), b"")]
    archive = make_tar(tmp_path / "x.tar", [*members, (tar_info("link", kind, linkname=target), b"")])
    assert_refused(archive, "'link' is a link to")


def test_tar_writes_nothing_through_a_link(tmp_path):
    link = tar_info("d", tarfile.SYMTYPE, linkname="a.jpg")
    assert_refused(make_tar(tmp_path / "x.tar", [("a.jpg", b"1"), (link, b""), ("d/evil", b"2")]), "'d' is a file, and")


def test_tar_links_inside_are_kept(tmp_path):
    symbolic = tar_info("d/soft.jpg", tarfile.SYMTYPE, linkname="../a.jpg")
    hard = tar_info("d/hard.jpg", tarfile.LNKTYPE, linkname="a.jpg")
    archive = make_tar(tmp_path / "x.tar", [("a.jpg", b"1"), (symbolic, b""), (hard, b"")])
    assert unpack(archive, tmp_path / "images") == 3
    assert contents(tmp_path / "images") == {"a.jpg": b"1", "d/soft.jpg": b"1", "d/hard.jpg": b"1"}


def test_symbolic_link_may_come_before_its_file(tmp_path):
    link = tar_info("a-link.jpg", tarfile.SYMTYPE, linkname="b.jpg")
    assert unpack(make_tar(tmp_path / "x.tar", [(link, b""), ("b.jpg", b"1")]), tmp_path / "images") == 2
    assert contents(tmp_path / "images") == {"a-link.jpg": b"1", "b.jpg": b"1"}


def test_file_system_without_hard_links_gets_copies(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    hard = tar_info("hard.jpg", tarfile.LNKTYPE, linkname="big.jpg")
    archive = make_tar(tmp_path / "x.tgz", [("big.jpg", bytes(3 << 20)), (hard, b"")], "w:gz")
    assert unpack(archive, tmp_path / "images") == 2
    assert (tmp_path / "images" / "hard.jpg").read_bytes() == bytes(3 << 20)


def test_hard_link_to_a_later_file_is_refused(tmp_path):
    hard = tar_info("hard.jpg", tarfile.LNKTYPE, linkname="later.jpg")
    assert_refused(
        make_tar(tmp_path / "x.tar", [(hard, b""), ("later.jpg", b"1")]), "'hard.jpg' is a link to 'later.jpg'"
    )


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.GNUTYPE_SPARSE, b"Z"])
def test_device_in_tar_is_refused(tmp_path, kind):
    archive = make_tar(tmp_path / "x.tar", [("a.jpg", b"1"), (tar_info("dev", kind), b"")])
    assert_refused(archive, "'dev' is a device|damaged")


def test_device_in_zip_is_refused(tmp_path):
    device = zipfile.ZipInfo("dev")
    device.external_attr = (stat.S_IFCHR | 0o666) << 16
    assert_refused(make_zip(tmp_path / "x.zip", [(device, b"")]), "'dev' is a link or a device")


def test_encrypted_member_is_refused(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("secret.jpg", b"1")])
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the encryption flag in the index
    archive.write_bytes(content)
    assert_refused(archive, "'secret.jpg' is encrypted")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_limits_on_bytes_and_members_hold(tmp_path, make):
    archive = make(tmp_path / "x", [("a", b"12345"), ("b", b"12345")])
    assert_refused(archive, "'b' brings the total to 10 bytes; allowed: 9", max_bytes=9)
    assert_refused(archive, "'b' is one too many; allowed: 1", max_members=1)
    assert unpack(archive, tmp_path / "images", max_bytes=10, max_members=2) == 2


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_folders_that_a_name_implies_count_as_members(tmp_path, make):
    archive = make(tmp_path / "x", [("a/b/c/1.jpg", b"1")])
    assert_refused(archive, "'a/b/c/1.jpg' is one too many; allowed: 3", max_members=3)
    assert unpack(archive, tmp_path / "images", max_members=4) == 1


@pytest.mark.parametrize("make", [make_zip, lambda path, members: make_tar(path, members, "w:gz")])
def test_bomb_is_refused_and_small_repetitive_text_is_not(tmp_path, make):
    assert_refused(make(tmp_path / "x", [("zeros", bytes(17 << 20))]), "over 200 times the archive's")
    assert unpack(make(tmp_path / "y", [("zeros", bytes(1 << 20))]), tmp_path / "images") == 1


def test_lying_tar_size_is_seen_before_it_is_skipped(tmp_path):
    info = tar_info("huge", size=1 << 40)
    archive = tmp_path / "x.tar"
    archive.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert_refused(archive, "'huge' brings the total to 1099511627776 bytes")


# Newer releases of Python (3.13.5 does) let tarfile itself refuse a negative number in the second header.
READ_AS_DAMAGE = "no valid header at byte 1024"


@pytest.mark.parametrize("size", [-512, 1 << 33])
def test_tar_header_of_absurd_length_is_not_read(tmp_path, size):
    assert_refused(tar_with_size(tmp_path, tarfile.XHDTYPE, size), f"a header claims {size} bytes|{READ_AS_DAMAGE}")


def test_size_that_a_second_header_hides_is_not_skipped(tmp_path):
    hidden = tar_info("a.jpg", pax_headers={"GNU.sparse.realsize": "1"})
    archive = make_tar(tmp_path / "x.tgz", [(hidden, bytes(2 << 20)), ("b.jpg", b"1")], "w:gz")
    assert_refused(archive, "a header claims 2097150 bytes")


def test_endless_headers_are_not_read(tmp_path):
    members = [(tar_info(f"{i}.jpg", pax_headers={"comment": "x" * 900_000}), b"") for i in range(3)]
    assert unpack(make_tar(tmp_path / "x.tar", members), tmp_path / "images") == 3
    sparse = tar_info("a.jpg", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    archive = make_tar(tmp_path / "y.tgz", [(sparse, b"999999999\n" + b"0\n" * (1 << 20))], "w:gz")
    assert_refused(archive, "a header claims 512 bytes")


@pytest.mark.parametrize(
    "headers", [{"GNU.sparse.size": "many"}, {"GNU.sparse.size": "9" * 5000}, {"mtime": "nan"}, {"mtime": "1e300"}]
)
def test_nonsense_in_a_tar_header_is_damage(tmp_path, headers):
    assert_refused(make_tar(tmp_path / "x.tar", [(tar_info("a.jpg", pax_headers=headers), b"1")]), "damaged")


def test_headers_of_headers_are_damage(tmp_path):
    archive = make_tar(tmp_path / "x.tar", [("a.jpg", b"1")])
    archive.write_bytes(tar_info("x", tarfile.XHDTYPE).tobuf() * 1500 + archive.read_bytes())
    assert_refused(archive, "damaged")


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_negative_tar_size_is_refused(tmp_path, kind):
    assert_refused(tar_with_size(tmp_path, kind, -512), f"'odd' claims a size of -512 bytes|{READ_AS_DAMAGE}")


def tar_with_size(tmp_path, kind, size):
    """Write a tar whose second header states `size`, in the binary form that tarfile itself refuses to write."""
    header = bytearray(tar_info("odd", kind).tobuf(tarfile.GNU_FORMAT))
    header[124:136] = (b"\xff" if size < 0 else b"\x80") + size.to_bytes(11, "big", signed=True)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    fine = make_tar(tmp_path / "fine.tar", [("a.jpg", b"1")]).read_bytes()[:1024]
    (tmp_path / "x.tar").write_bytes(fine + header + bytes(1024))
    return tmp_path / "x.tar"


def test_zip_member_larger_than_it_claims_is_refused(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("a.jpg", b"1" * 5000)])
    content = archive.read_bytes().replace(struct.pack("<I", 5000), struct.pack("<I", 10))
    archive.write_bytes(content)
    assert_refused(archive, "damaged")


@pytest.mark.parametrize("mode", TAR_MODES.values())
@pytest.mark.parametrize("part", [0.02, 0.3, 0.8])
def test_tar_cut_short_is_refused(tmp_path, mode, part):
    archive = make_tar(tmp_path / "x", [(f"{i}.jpg", os.urandom(3000)) for i in range(20)], mode)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * part)])
    assert_refused(archive, "cut short")


def test_tar_cut_between_members_is_refused(tmp_path):
    archive = make_tar(tmp_path / "x.tar", [("a.jpg", bytes(512)), ("b.jpg", bytes(512))])
    archive.write_bytes(archive.read_bytes()[:1024])
    assert_refused(archive, "cut short")


def test_tar_with_a_broken_header_in_the_middle_is_refused(tmp_path):
    archive = make_tar(tmp_path / "x.tar", [("a.jpg", bytes(512)), ("b.jpg", bytes(512))])
    content = bytearray(archive.read_bytes())
    content[1024] ^= 1
    archive.write_bytes(content)
    assert_refused(archive, "no valid header at byte 1024")


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_compressed_tar_with_a_wrong_checksum_is_refused(tmp_path, mode):
    archive = make_tar(tmp_path / "x", [("a.jpg", os.urandom(5000))], mode)
    content = bytearray(archive.read_bytes())
    content[2000] ^= 1
    archive.write_bytes(content)
    assert_refused(archive, "damaged")


def test_zip_member_without_a_name_is_refused(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [(zipfile.ZipInfo(""), b"1")])
    assert_refused(archive, "damaged|overwrite")  # Python 3.11 cannot read such an archive


def test_zip_index_that_points_before_the_file_is_damage(tmp_path):
    content = bytearray(make_zip(tmp_path / "x.zip", [("a.jpg", b"1")]).read_bytes())
    end = content.index(b"PK\x05\x06")
    content[end + 16 : end + 20] = struct.pack("<I", 10_000)
    (tmp_path / "x.zip").write_bytes(content)
    assert_refused(tmp_path / "x.zip", "damaged")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_name_that_the_disk_cannot_hold_is_refused(tmp_path, make):
    assert_refused(make(tmp_path / "x", [("a" * 300, b"1")]), "File name too long")


@pytest.mark.parametrize("part", [0.3, 0.99])
def test_zip_cut_short_is_refused(tmp_path, part):
    archive = make_zip(tmp_path / "x.zip", [("a.jpg", os.urandom(5000))])
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * part)])
    assert_refused(archive, "cut short")


def test_failure_while_writing_leaves_nothing(tmp_path):
    archive = make_zip(tmp_path / "x.zip", [("a.jpg", os.urandom(5000)), ("b.jpg", os.urandom(5000))])
    content = bytearray(archive.read_bytes())
    content[7000] ^= 1  # inside b.jpg: its checksum fails once a.jpg is written
    archive.write_bytes(content)
    assert_refused(archive, "damaged.*b.jpg")


@pytest.mark.parametrize("content", [b"", b"<html>sorry</html>", b"\x1f\x8b", b"PK\x03\x04", bytes(2000)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    archive = tmp_path / "x.zip"
    archive.write_bytes(content)
    assert_refused(archive, "not a zip, tar, tar.gz, tar.bz2 or tar.xz|holds no file")


def test_archive_without_files_is_refused(tmp_path):
    assert_refused(make_zip(tmp_path / "x.zip", []), "holds no file")
    assert_refused(make_tar(tmp_path / "x.tar", [(tar_info("d", tarfile.DIRTYPE), b"")]), "holds no file")
