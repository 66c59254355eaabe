"""Archives from strangers, made in memory: each with what the refusal must say, or how many files it holds."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import unicodedata
import warnings
import zipfile
import zlib
from functools import partial

COMPRESS = {
    "tar": bytes,
    "tar.gz": partial(gzip.compress, compresslevel=1),
    "tar.bz2": partial(bz2.compress, compresslevel=1),
    "tar.xz": partial(lzma.compress, preset=0),
}
LISTED = r"lists \d+ members; allowed"
OUTSIDE = "would be written outside the folder"
BAD_NAMES = {
    **{"absolute": "{outside}/evil.jpg", "dots": "../evil.jpg", "dots inside": "a/../../../evil.jpg"},
    **{"dots after a slash": "./../evil.jpg", "drive": "C:/evil.jpg", "drive without a slash": "c:evil.jpg"},
    **{"backslashes": "..\\..\\evil.jpg", "share": "\\\\host\\share\\evil.jpg", "device of Windows": "\\\\.\\C:"},
    **{"two slashes": "//host/evil.jpg", "line break": "a\nb.jpg", "escape": "a\x1b[2Jb.jpg", "bell": "a\x07.jpg"},
    **{"delete": "a\x7f.jpg", "long": "d/" * 2000 + "a.jpg", "home": "/root/.ssh/authorized_keys"},
}
KINDS = {
    **{"fifo": tarfile.FIFOTYPE, "character device": tarfile.CHRTYPE, "block device": tarfile.BLKTYPE},
    **{"contiguous of an unknown kind": b"Z", "volume header": b"V", "multi-volume": b"M"},
}
# Symbolic and hard links, as they lie in a tar beside the file a.jpg and the folder d.
TARGETS = {
    **{"absolute": "{outside}/secret.jpg", "dots": "../../../secret.jpg", "folder": "d", "itself": "link.jpg"},
    **{"the folder above": "..", "the root": "/", "nothing": "absent.jpg", "a process": "/proc/self/environ"},
}


def zipped(members, comment=b""):
    """Zip pairs of a name (or ZipInfo) and bytes."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        warnings.simplefilter("ignore")  # of names that stand twice
        for member, content in members:
            opened.writestr(member, content)
        opened.comment = comment
    return stream.getvalue()


def tarred(members, form=tarfile.PAX_FORMAT):
    """Tar pairs of a name (or TarInfo) and bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:", format=form) as opened:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def special(name, kind, target="", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def of_mode(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def counted_zip(count, claims=None, overlapping=b""):
    """Zip so many members cheaply: all of them begin at the first byte, where there is one that holds `overlapping`."""
    body = zlib.compress(overlapping, 9)[2:-4] if overlapping else b""
    facts = (zlib.crc32(overlapping), len(body), len(overlapping), 8, 0)
    method = 8 if overlapping else 0
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, method, 0, 33, *facts) + b"00000000" + body
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, method, 0, 33, *facts, 0, 0, 0, 0, 0)
    index = b"".join([entry + b"%08d" % i for i in range(count)])
    claimed = count if claims is None else claims
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, claimed, claimed, len(index), len(local))
    end64 += struct.pack("<4sLQL", b"PK\6\7", 0, len(local) + len(index), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + index + end64 + end


def counted_tar(count, content=b""):
    """Tar so many members cheaply, all but the digits of their names the same."""
    header = tarfile.TarInfo("00000000.jpg")
    header.size = len(content)
    block = bytearray(header.tobuf(tarfile.USTAR_FORMAT))
    rest = content + bytes(-len(content) % 512)
    nought = sum(block) - sum(block[148:156]) + 8 * 32 - 8 * ord("0")
    start, middle, end = b"", bytes(block[8:148]), bytes(block[156:])
    parts = []
    for i in range(count):
        digits = b"%08d" % i
        parts += [start, digits, middle, b"%06o\0 " % (nought + sum(digits)), end, rest]
    return b"".join(parts) + bytes(1024)


def lying_zip(**fields):
    """Zip one member and change fields of its entry in the index: offset in the entry -> bytes."""
    content = bytearray(zipped([("a.jpg", b"x" * 100)]))
    start = content.index(b"PK\1\2")
    for place, value in fields.items():
        place = start + int(place.removeprefix("at"))
        content[place : place + len(value)] = value
    return bytes(content)


def hostile_names():
    """Name by name, in a zip and in every tar."""
    for what, name in BAD_NAMES.items():
        says = OUTSIDE if "\\" not in name and name.isprintable() and len(name) < 1000 else "in its name|has a name of"
        yield f"name: {what} (zip)", lambda out, name=name: zipped([("a.jpg", b"1"), (fill(name, out), b"2")]), says
        for form in COMPRESS:
            make = partial(_named_tar, name, form)
            yield f"name: {what} ({form})", make, says
    for what, raw in {"null byte": b"a.jpg\0.txt", "not UTF-8": b"a\xff\xfeaa.jpg"}.items():
        whole = zipped([("X" * len(raw), b"1")]).replace(b"X" * len(raw), raw)
        yield f"name: {what} (zip)", lambda _, whole=whole: whole, "in its name|not valid UTF-8"
    latin = tarfile.TarInfo("naïve.jpg").tobuf(tarfile.GNU_FORMAT, "latin-1") + bytes(1024)
    yield "name: not UTF-8 (tar)", lambda _: latin, "in its name|not valid UTF-8"


def _named_tar(name, form, outside):
    return COMPRESS[form](tarred([("a.jpg", b"1"), (fill(name, outside), b"2")]))


def fill(name, outside):
    return name.replace("{outside}", outside)


def hostile_kinds():
    """Links, devices, pipes, and what is no regular file by its mode."""
    for what, kind in KINDS.items():
        for form in ("tar", "tar.gz"):
            bomb = COMPRESS[form](tarred([("a.jpg", b"1"), (special("dev.jpg", kind), b"")]))
            yield f"kind: {what} ({form})", lambda _, bomb=bomb: bomb, "'dev.jpg' is a device|damaged"
    for kind, mode in {
        "link": stat.S_IFLNK,
        "fifo": stat.S_IFIFO,
        "device": stat.S_IFCHR,
        "socket": stat.S_IFSOCK,
    }.items():
        content = zipped([("a.jpg", b"1"), (of_mode("dev.jpg", mode | 0o777), b"/etc/passwd")])
        yield f"kind: {kind} (zip)", lambda _, content=content: content, "'dev.jpg' is a link or a device"
    for what, target in TARGETS.items():
        for name, kind in (("symbolic", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE)):
            yield f"{name} link to: {what}", partial(_linked, kind, target), "'link.jpg' is a link to"
    sparse = special("a.jpg", tarfile.REGTYPE, pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    yield "sparse, with an absurd map", lambda _: tarred([(sparse, b"999999999\n" + b"0\n" * 700)]), "a.jpg|damaged"


def _linked(kind, target, outside):
    link = special("link.jpg", kind, fill(target, outside))
    return tarred([("a.jpg", b"1"), (special("d", tarfile.DIRTYPE), b""), (link, b"")])


def hostile_chains():
    """Links through which something would be written or read elsewhere."""
    through = special("d", tarfile.SYMTYPE, "/tmp")
    yield "written through a link", lambda _: tarred([(through, b""), ("d/evil.jpg", b"2")]), "'d' is a file, and a fol"
    first = [(special(f"l{i}.jpg", tarfile.SYMTYPE, f"l{i + 1}.jpg"), b"") for i in range(40)]
    yield "chain of links", lambda _: tarred([*first, ("l40.jpg", b"1")]), "'l0.jpg' is a link to 'l1.jpg'"
    two = [(special("x.jpg", tarfile.SYMTYPE, "y.jpg"), b""), (special("y.jpg", tarfile.SYMTYPE, "x.jpg"), b"")]
    yield "two links to each other", lambda _: tarred(two), "'x.jpg' is a link to 'y.jpg'"
    over = [("a.jpg", b"1"), (special("b.jpg", tarfile.SYMTYPE, "a.jpg"), b""), ("b.jpg", b"2")]
    yield "link, then a file of its name", lambda _: tarred(over), "'b.jpg' would overwrite 'b.jpg'"
    hard = [("a.jpg", b"1"), (special("a.jpg", tarfile.LNKTYPE, "/etc/hosts"), b"")]
    yield "hard link over a file", lambda _: tarred(hard), "'a.jpg' would overwrite"


def hostile_twins():
    """Two names for one file: (what, members, whether only a file system that ignores case makes them one)."""
    pairs = {
        "the same": ("a/1.jpg", "a/1.jpg", False),
        "the same but for a slash": ("a/1.jpg", "a//1.jpg", False),
        "the same but for a dot": ("a/1.jpg", "./a/./1.jpg", False),
        "case": ("a/One.jpg", "A/oNE.JPG", True),
        "case of another alphabet": ("Ω.jpg", "ω.jpg", True),
        "sharp s": ("straße.jpg", "STRASSE.JPG", True),
        "accents, composed or not": ("é.jpg", unicodedata.normalize("NFD", "É.jpg"), True),
        "kelvin": ("\u212a.jpg", "k.jpg", True),
        "file and folder": ("d", "D/1.jpg", True),
    }
    for what, (one, other, by_case) in pairs.items():
        for form, make in (("zip", zipped), ("tar", tarred)):
            content = make([(one, b"1"), (other, b"2")])
            yield f"two names: {what} ({form})", content, by_case


def bombs():
    """Little that would become much."""
    zeros = bytes(20 << 20)
    ratio = "over 200 times the archive's"
    yield "bomb (zip)", lambda _: zipped([("zeros.bmp", zeros)]), ratio
    for form, compress in COMPRESS.items():
        if form != "tar":
            yield f"bomb ({form})", lambda _, compress=compress: compress(tarred([("zeros.bmp", zeros)])), ratio
            yield f"zeros alone ({form})", lambda _, compress=compress: compress(zeros), "holds no file"
    huge = tarfile.TarInfo("huge.bmp")
    huge.size = 1 << 50
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        lying = huge.tobuf(form) + bytes(1024)
        yield f"claims a pebibyte (tar, form {form})", lambda _, lying=lying: lying, "huge.bmp' brings the total to"
    yield "overlapping members (zip)", lambda _: counted_zip(2_000, overlapping=bytes(1 << 20)), ratio
    yield "overlapping members of 4 GB (zip)", lambda _: lying_zip(at24=b"\xf0\xff\xff\xff"), "brings the total to"
    long = special("a.jpg", tarfile.REGTYPE, pax_headers={"comment": "x" * (3 << 20)})
    yield "header of 3 MB (tar.gz)", lambda _: gzip.compress(tarred([(long, b"")])), "a header claims"
    twice = [
        (special(f"{i}.jpg", tarfile.REGTYPE, pax_headers={"path": "p" * 900_000 + str(i)}), b"") for i in range(9)
    ]
    yield "names of 900,000 characters (tar)", lambda _: tarred(twice), "has a name of 900001 characters"
    yield "compressed a thousand times over (tar.gz)", lambda _: _nested(1000), "damaged"


def _nested(times):
    content = tarred([("a.jpg", b"1")])
    for _ in range(times):
        content = gzip.compress(content, 1)
    return content


def quirks():
    """Name what readers of zips and tars disagree about."""
    plain = zipped([("a.jpg", b"x" * 100)])
    end = plain.index(b"PK\5\6")
    yield "encrypted (zip)", lambda _: lying_zip(at8=b"\1"), "'a.jpg' is encrypted"
    yield "another name in the index (zip)", lambda _: lying_zip(at46=b"b.jpg"), "damaged.*b.jpg"
    yield "unknown method (zip)", lambda _: lying_zip(at10=b"\x63\0"), "damaged"
    yield "wrong checksum (zip)", lambda _: lying_zip(at16=b"\0\0\0\0"), "damaged.*a.jpg"
    yield "larger than stated (zip)", lambda _: lying_zip(at24=b"\1\0\0\0"), "damaged"
    yield "member beyond the end (zip)", lambda _: lying_zip(at42=b"\xff\xff\xff\x0f"), "damaged"
    yield "zip64 without its sizes", lambda _: lying_zip(at20=b"\xff" * 8), "damaged|over 200 times"
    yield "index before the file (zip)", lambda _: plain[: end + 16] + b"\xff\xff\0\0" + plain[end + 20 :], "damaged"
    yield "index of another size (zip)", lambda _: plain[: end + 12] + b"\1\0\0\0" + plain[end + 16 :], "damaged"
    yield "cut (zip)", lambda _: plain[:-30], "damaged"
    yield "end alone, which claims members", lambda _: b"PK\5\6" + bytes(4) + b"\5\0\5\0" + bytes(10), "damaged|no file"
    yield "no member (zip)", lambda _: zipped([]), "holds no file"
    yield "folders alone (zip)", lambda _: zipped([("d/", b"")]), "holds no file"
    whole = tarred([("a.jpg", b"x" * 9000), ("b.jpg", b"y" * 9000)])
    for form, compress in COMPRESS.items():
        content = compress(whole)
        yield f"cut ({form})", lambda _, content=content: content[: len(content) * 6 // 10], "damaged, cut short"
        damaged = bytearray(content)
        damaged[len(damaged) // 2 if form != "tar" else 9728 + 10] ^= 0xFF  # in a tar, headers alone have checksums
        yield f"damaged ({form})", lambda _, damaged=bytes(damaged): damaged, "damaged"
    for what, value in {"negative": -512, "beyond the end": 1 << 33}.items():
        header = tarfile.TarInfo("h")
        header.type, header.size = tarfile.XHDTYPE, value
        content = header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
        yield f"header of a size that is {what} (tar)", lambda _, content=content: content, "a header claims|damaged"
    for what, content in {
        **{"empty": b"", "a page": b"<html>no</html>", "zeros": bytes(4096), "rar": b"Rar!\x1a\7\1\0" + bytes(99)},
        **{
            "7z": b"7z\xbc\xaf\x27\x1c" + bytes(99),
            "xz of nothing": lzma.compress(b""),
            "gz of nothing": gzip.compress(b""),
        },
        **{"old lzma": lzma.compress(whole, lzma.FORMAT_ALONE), "zstd": b"\x28\xb5\x2f\xfd" + bytes(99)},
    }.items():
        yield f"no archive: {what}", lambda _, content=content: content, "not a zip, tar|holds no file"


def crowds(count):
    """So many members, in every form; none of them holds what an image needs."""
    yield f"{count} members (zip)", lambda _: counted_zip(count), LISTED
    yield f"{count} members, 1 claimed (zip)", lambda _: counted_zip(count, claims=1), LISTED
    yield f"{count} overlapping members (zip)", lambda _: counted_zip(count, overlapping=bytes(1000)), LISTED
    for form, compress in COMPRESS.items():
        if form != "tar.bz2":  # takes a minute to make
            yield (
                f"{count} members ({form})",
                lambda _, compress=compress: compress(counted_tar(count)),
                "one of over 5000",
            )
    yield f"{count} members of a byte (tar)", lambda _: counted_tar(count, b"1"), "one of over 5000"


def harmless():
    """Name what looks hostile and is not: (what, content, files)."""
    yield "setuid, setgid and sticky (tar)", tarred([(special("a.jpg", tarfile.REGTYPE, mode=0o7777, uid=0), b"1")]), 1
    yield "setuid (zip)", zipped([(of_mode("a.jpg", stat.S_IFREG | 0o6755), b"1")]), 1
    yield "zip in a zip in a zip", zipped([("a.zip", zipped([("b.zip", zipped([("c.bmp", bytes(99))]))]))]), 1
    yield "zip bomb in a zip", zipped([("bomb.zip", zipped([("zeros", bytes(20 << 20))])), ("a.jpg", b"1")]), 2
    yield "smaller than stated (zip)", lying_zip(at24=b"\xff\0\0\0"), 1
    yield "comment of 65535 bytes (zip)", zipped([("a.jpg", b"1")], b"PK\1\2" * 16383), 1
    yield "bytes before (zip)", b"PK\3\4" + bytes(400) + zipped([("a.jpg", b"1")]), 1
    yield "names of all alphabets", zipped([(f"{letter}.jpg", b"1") for letter in "aé顔ש🙂"]), 5
    yield "a link to a file beside it", tarred([("a.jpg", b"1"), (special("b.jpg", tarfile.SYMTYPE, "a.jpg"), b"")]), 2
    yield (
        "HTML and formulas for names",
        zipped([("<b onclick=x>.jpg", b"1"), ("=1+1.jpg", b"1"), ("\u202egpj", b"1")]),
        3,
    )
