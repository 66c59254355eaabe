"""Packs as their writers make them: drawn images, pickles of every protocol, and opcodes of Python 2 put by hand."""

import io
import pickle
import struct

import numpy as np
from PIL import Image

PAIRS = 40  # four a fold, two of each class


def draw(seed, kind="PNG"):
    """Encode an image of 8 x 8 random pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(file := io.BytesIO(), kind)
    return file.getvalue()


def draw_set():
    """Return encoded images, two a pair, and labels: 20 people, and impostor pairs with images of genuine ones."""
    images, labels = [], []
    for number in range(PAIRS // 2):
        a, b, other = draw(number), draw(1000 + number, "JPEG"), draw((number + 1) % (PAIRS // 2))
        images += [a, b, a, other]
        labels += [True, False]
    return images, labels


def array(content, shape=(-1,)):
    return np.frombuffer(content, np.uint8).copy().reshape(shape)


def numpy_1(pack):
    """Write the names that numpy had before its second version, in text (to protocol 3) and with lengths (from 4)."""
    for module in (b"multiarray", b"numeric"):
        new, old = b"numpy._core." + module, b"numpy.core." + module
        pack = pack.replace(bytes([0x8C, len(new)]) + new, bytes([0x8C, len(old)]) + old).replace(new, old)
    return pack


def string_2(content):
    """Put a `str` of Python 2: SHORT_BINSTRING or BINSTRING."""
    short = b"U" + bytes([len(content) % 256])
    return (short if len(content) < 256 else b"T" + struct.pack("<i", len(content))) + content


def array_2(content):
    """Put a uint8 array as numpy wrote it under Python 2."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01J" + struct.pack("<i", len(content)) + b"\x85"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89" + string_2(content) + b"tb"
    )


def list_2(items):
    return b"](" + b"".join(items) + b"e"


def pack_2(images, labels, put=string_2):
    """Put a pack as Python 2 wrote it, with protocol 2."""
    truths = list_2([b"\x88" if label else b"\x89" for label in labels])
    return b"\x80\x02" + list_2(map(put, images)) + truths + b"\x86."


def forms():
    """Return packs of the same set in every form, by name."""
    images, labels = draw_set()
    arrays, columns = [array(one) for one in images], [array(one, (-1, 1)) for one in images]
    truths = [np.bool_(label) for label in labels]
    made = {"python-2-strings": pack_2(images, labels), "python-2-arrays": pack_2(images, labels, array_2)}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for name, parts in {
            "bytes": (images, labels),
            "tuples": (tuple(images), tuple(map(int, labels))),
            "arrays": (arrays, truths),
            "columns": (columns, np.array(labels)),
            "integers": (images, np.array(labels).astype(">i8")),
            "views": ([one[::-1][::-1] for one in arrays], [np.int64(label) for label in labels]),
        }.items():
            made[f"{name}-{protocol}"] = pickle.dumps(parts, protocol)
        if protocol == 5:
            made["bytearrays-5"] = pickle.dumps([list(map(bytearray, images)), labels], protocol)
        made[f"arrays-of-numpy-1-{protocol}"] = numpy_1(made[f"arrays-{protocol}"])
    return made
