"""Packs that someone might make on purpose, or that are broken, with what must be said of each."""

import lzma
import pickle
import struct
import zlib

import numpy as np
from made_packs import array, array_2, draw_set, pack_2

IMAGES, LABELS = draw_set()
RAN = "ran"  # a file that no pack may make


class _Call:
    def __init__(self, function, *arguments):
        self.called = function, arguments

    def __reduce__(self):
        return self.called


def _pickled(value, protocol=2):
    return pickle.dumps(value, protocol)


def _calls():
    import os
    import subprocess

    touch = f"touch {RAN}"
    system = _Call(os.system, touch)
    evil = r"byte \d+: global 'posix system'"
    yield from ((f"os-system-{n}", _pickled(system, n), evil) for n in range(6))
    yield "os-system-among-images", _pickled(([*IMAGES, system], LABELS)), evil
    yield "os-system-among-labels", _pickled((IMAGES, [*LABELS, system])), evil
    yield "os-system-nested", _pickled(_Call(tuple, [_Call(list, [system])])), r"byte \d+: global '__builtin__ tuple'"
    yield "eval", _pickled(_Call(eval, "1 + 1")), r"byte 2: global '__builtin__ eval'"
    yield "exec", _pickled(_Call(exec, "1"), 4), r"byte \d+: global 'builtins exec'"
    yield "getattr", _pickled(_Call(getattr, "", "upper")), r"byte 2: global '__builtin__ getattr'"
    yield "popen", _pickled(_Call(subprocess.Popen, touch), 4), r"global 'subprocess Popen'"
    yield "fromfile", b"\x80\x02cnumpy\nfromfile\nU\x01x\x85R.", r"byte 2: global 'numpy fromfile'"
    yield "runstring", b"\x80\x02cnumpy.testing._private.utils\nrunstring\n.", r"byte 2: global 'numpy.testing"
    yield "dotted-name", b"\x80\x04\x8c\x05numpy\x8c\x0cndarray.dump\x93.", r"byte 23: global 'numpy ndarray.dump'"
    yield "name-of-numbers", b"\x80\x04K\x01K\x02\x93.", r"byte 6: damaged: a global named by"
    yield "endless-name", b"\x80\x02c" + b"x" * 300_000 + b"\ny\n.", r"byte 2: global 'x{80}'"
    yield "ndarray-called", b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.", r"byte \d+: numpy ndarray is called"
    yield "decode", b"\x80\x02c_codecs\ndecode\n.", r"byte 2: global '_codecs decode'"
    yield "encode-elsewhere", b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00zip\x86R.", "to latin1"
    yield "encode-of-nothing", b"\x80\x02c_codecs\nencode\n)R.", "_codecs encode with 0 values"
    yield "call-of-a-list", b"\x80\x02])R.", r"byte 4: damaged: a value of type list is called"


def _opcodes():
    for name, code in {
        "INST": b"(ios\nsystem\n",
        "OBJ": b"(cnumpy\ndtype\no",
        "NEWOBJ": b"cnumpy\ndtype\n)\x81",
        "NEWOBJ_EX": b"cnumpy\ndtype\n))\x92",
        "EXT1": b"\x82\x01",
        "EXT2": b"\x83\x01\x00",
        "EXT4": b"\x84\x01\x00\x00\x00",
        "PERSID": b"Pname\n",
        "BINPERSID": b"NQ",
        "NEXT_BUFFER": b"\x97",
        "EMPTY_DICT": b"}",
        "EMPTY_SET": b"\x8f",
        "BINFLOAT": b"G" + bytes(8),
        "POP": b"N0",
    }.items():
        yield f"opcode-{name}", b"\x80\x05" + code + b".", rf"byte \d+: opcode {name} .*not allowed"
    yield "state-of-a-list", b"\x80\x02]Nb.", r"byte 4: a value of type list is given a state"
    yield "unknown-opcode", b"\x80\x02\xff.", r"byte 2: .*unknown"


def _lengths():
    """Lengths that lie; the file is small."""
    large = struct.pack("<Q", 10 << 30)
    for name, code in {
        "bytes": b"B\xff\xff\xff\xff",
        "bytes-8": b"\x8e" + large,
        "bytes-8-largest": b"\x8e" + b"\xff" * 8,
        "bytearray": b"\x96" + large,
        "text": b"X\xff\xff\xff\xff",
        "text-8": b"\x8d" + large,
        "string": b"T\xff\xff\xff\x7f",
        "string-negative": b"T\xff\xff\xff\xff",
        "integer": b"\x8b\xff\xff\xff\x7f",
        "integer-negative": b"\x8b\xff\xff\xff\xff",
    }.items():
        yield f"length-of-{name}", b"\x80\x05(]" + code + b"abc.", r"byte 4: "
    yield "long-line", b"\x80\x02S" + b"x" * (5 << 20) + b"\n.", r"byte 2: a line of 5242881 bytes; at most 4194304"
    yield "string-without-quotes", b"\x80\x02S" + b"\xff" * (1 << 20) + b"\n.", r"byte 2: no string quotes around"
    yield "integer-of-many-digits", b"\x80\x02I" + b"9" * 400_000 + b"\n.", r"byte 2: "


def _arrays():
    whole = array_2(bytes(200))
    shape = b"J" + struct.pack("<i", 200) + b"\x85"
    claims = r"byte \d+: an array claims another size"
    for name, old, new, said in (
        ("huge", shape, b"\x8a\x06\x00\xe4\x0b\x54\x02\x00\x85", claims),
        ("negative", shape, b"J\xff\xff\xff\xff\x85", claims),
        ("overflowing", shape, b"\x8a\xff" + b"\x7f" * 255 + b"\x85", claims),
        ("many-sided", shape, b"(" + b"K\x01" * 100_000 + b"t", claims),
        ("shapeless", shape, b"N", "not as numpy writes it"),
        ("of-objects", b"U\x02u1", b"U\x02O8", r"numpy dtype 'O8'; allowed .*store .* as a list: list\(array\)"),
        ("of-floats", b"U\x02u1", b"U\x02f4", "numpy dtype 'f4'; allowed"),
        ("of-records", b"U\x02u1", b"U\x05u1,u1", "numpy dtype 'u1,u1'; allowed"),
        ("of-a-list", b"U\x02u1", b"]", "numpy dtype a value of type list; allowed"),
        ("of-wide-integers", b"U\x02u1", b"U\x02i8", claims),
        ("of-signed-integers", b"U\x02u1", b"U\x02i1", "item 0, from 0, is a value of type Array; allowed"),
        ("of-odd-order", b"U\x01|", b"U\x01x", "without a known byte order"),
        ("of-another-kind", b"cnumpy\nndarray\n", b"K\x00", "_reconstruct of a value of type int"),
    ):
        changed = whole.replace(old, new, 1)
        yield f"array-{name}", pack_2(IMAGES, LABELS, lambda _, made=changed: made), said
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    yield "array-without-values", pack_2(IMAGES, LABELS, lambda _: empty), "item 0, from 0, is a value of type Array"
    short = empty + b"K\x01\x85b"
    yield (
        "array-state-short",
        pack_2(IMAGES, LABELS, lambda _: short),
        "the state of an array is not as numpy writes it",
    )


def _structures():
    many = 200_000
    yield "lists-in-lists", b"\x80\x02" + b"]" * many + b"a" * (many - 1) + b".", "not a pair of images and labels"
    yield "tuples-in-tuples", b"\x80\x02N" + b"\x85" * many + b".", "not a pair of images and labels"
    yield "marks", b"\x80\x02" + b"(" * many + b".", r"byte \d+: damaged: not one value is left"
    yield "too-many-steps", b"\x80\x02(" + b"N" * 1_100_000 + b"t.", r"byte 1000001: more than 1000000 opcodes"
    doubled = b"]q\x00" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(60))
    yield "memo-bomb", b"\x80\x02(" + doubled + b"h\x3ch\x3c\x86.", r"byte \d+: damaged: not one value"
    yield "memo-bomb-as-parts", b"\x80\x02" + doubled + b"h\x3c\x86.", r"byte \d+: damaged: not one value"
    bomb = b"\x80\x02]q\x00(" + b"".join(b"h\x00h\x00" for _ in range(4)) + b"e](\x88\x88\x88\x88e\x86."
    yield "list-in-itself", bomb, "item 0, from 0, is a value of type list"
    yield "memo-never-put", b"\x80\x02h\x07.", r"byte 2: damaged: takes from the memo"
    yield "memo-of-nothing", b"\x80\x02q\x00.", r"byte 2: damaged: the stack"
    yield "no-mark", b"\x80\x02t.", r"byte 2: damaged: the stack"
    yield "tuple-of-too-few", b"\x80\x02N\x87.", r"byte 3: damaged: the stack"
    yield "append-to-a-number", b"\x80\x02K\x01K\x02a.", r"byte 6: damaged: appends to a value of type int"
    yield "two-values", b"\x80\x02NN.", r"byte \d+: damaged: not one value"


def _counts():
    yield "labels-too-few", _pickled((IMAGES, LABELS[1:])), "80 images and 39 labels"
    yield "labels-too-many", _pickled((IMAGES, [*LABELS, True])), "80 images and 41 labels"
    yield "images-odd", _pickled((IMAGES[1:], LABELS)), "79 images and 40 labels"
    yield "swapped", _pickled((LABELS, IMAGES)), "images and labels seem swapped"
    arrays = [array(one) for one in IMAGES]
    yield "swapped-arrays", _pickled((np.array(LABELS), arrays)), "images and labels seem swapped"
    yield "labels-none", _pickled(([], [])), "holds no pairs"
    yield "label-two", _pickled((IMAGES, [2, *LABELS[1:]])), "label 0, from 0, is not True"
    yield "label-text", _pickled((IMAGES, [*LABELS[:-1], "same"])), "label 39, from 0, is not True"
    yield "label-missing", _pickled((IMAGES, [*LABELS[:-1], None])), "label 39, from 0, is not True"
    yield "labels-as-bytes", _pickled((IMAGES, bytes(LABELS)), 3), "its labels are a value of type bytes"
    yield "labels-square", _pickled((IMAGES, np.array([LABELS, LABELS])), 3), "80 images and 80 labels"
    yield (
        "images-as-one-array",
        _pickled((np.zeros((80, 3), np.uint8), LABELS), 3),
        "its images are a value of type Array",
    )
    yield "one-part", _pickled((IMAGES,)), "not a pair of images and labels"
    yield "three-parts", _pickled((IMAGES, LABELS, None)), "not a pair of images and labels"
    yield "by-class", _pickled((IMAGES, sorted(LABELS))), r"fold 0 \(folds count from 0\) holds only impostor pairs"
    yield "one-class", _pickled((IMAGES, [True] * 40)), r"fold 0 \(folds count from 0\) holds only genuine pairs"
    yield "nine-pairs", _pickled((IMAGES[:18], LABELS[:9])), "has too few pairs"


def _contents():
    said = "item 5, from 0, is not a JPEG, PNG, WebP or BMP file"
    for name, content in {"script": b"#!/bin/sh\n", "gif": b"GIF89a...", "empty": b"", "pixels": bytes(192)}.items():
        yield f"item-{name}", _pickled(([*IMAGES[:5], content, *IMAGES[6:]], LABELS), 3), said
    pixels = array(bytes(192), (8, 8, 3))
    yield "item-decoded", _pickled(([*IMAGES[:5], pixels, *IMAGES[6:]], LABELS)), said
    yield (
        "item-text",
        _pickled(([*IMAGES[:5], "face.jpg", *IMAGES[6:]], LABELS)),
        "item 5, from 0, is a value of type str",
    )
    yield "item-list", _pickled(([*IMAGES[:5], [1], *IMAGES[6:]], LABELS)), "item 5, from 0, is a value of type list"
    yield "sign-in-page", b"<!DOCTYPE html><html>Please sign in</html>", "no pack, at byte 0: .*; it is a web page$"
    yield (
        "zip",
        b"PK\x03\x04" + bytes(200),
        "no pack, at byte 0: .*; it is a zip archive: name .*`member`, or unpack it",
    )
    yield "parquet", b"PAR1" + bytes(200), "no pack, at byte 0: .*; it is a Parquet file"
    yield "git-lfs", b"version https://git-lfs.github.com/spec/v1\n", "no pack, at byte 0: .*; it is a pointer of Git"
    yield "text", b"image_a,image_b,is_genuine\n", "no pack, at byte 0: it does not begin as a pickle does$"
    yield "nothing", b"", "the file is empty"


def _cuts():
    whole = _pickled((IMAGES, LABELS))
    for at in (1, 2, 3, 40, len(whole) // 2, len(whole) - 60, len(whole) - 1):
        yield f"cut-at-{at}", whole[:at], r"byte \d+: "
    yield "without-stop", pack_2(IMAGES, LABELS)[:-1], r"byte \d+: pickle exhausted before seeing STOP"
    yield "with-more", whole + b"\x00", r"byte \d+: more follows the end of the pickle"
    yield "twice", whole + whole, r"byte \d+: more follows the end of the pickle"


def _compressed():
    whole = lzma.compress(pack_2(IMAGES, LABELS))
    yield "xz-bomb", lzma.compress(bytes(40 << 20)), "decompresses to more than"
    yield "xz-cut", whole[: len(whole) // 2], r"byte \d+: the compressed file is cut short"
    yield "xz-damaged", whole[:300] + b"\x00\x01\x02\x03" + whole[304:], r"byte \d+: damaged xz"
    yield "xz-with-more", whole + b"more", "more follows the end of the compressed file"
    yield "xz-of-nothing", lzma.compress(b""), "the decompressed file is empty"
    yield "xz-of-xz", lzma.compress(whole), "no pack, at byte 0: "
    # The block's header: 12 bytes, the fifth of which is the size of the dictionary; 40 is 4 GiB.
    header = bytearray(whole[12:24])
    header[4] = 40
    header[8:] = struct.pack("<I", zlib.crc32(header[:8]))
    yield "xz-dictionary", whole[:12] + header + whole[24:], "damaged xz: Memory usage limit"


def packs():
    """Return each pack's content and a pattern of its error, by name."""
    makers = (_calls, _opcodes, _lengths, _arrays, _structures, _counts, _contents, _cuts, _compressed)
    return {name: (content, said) for make in makers for name, content, said in make()}
