"""Odd and hostile image files, made in memory: by name, the content and what a reader sees in it."""

import io
import struct
import zlib

import numpy as np
from PIL import ExifTags, Image

SIZE = (48, 40)


def noise(mode="RGB", size=SIZE):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, bits=8, colour=2, data=b"", before=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(data, 1)) + chunk(b"IEND", b"")


def sized_jpeg(width, height):
    content = bytearray(saved(noise(), "JPEG"))
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def with_exif(orientation=1, **fields):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    for name, value in fields.items():
        exif[ExifTags.Base[name]] = value
    return exif


def odd_images():
    """Name every file: content, and whether an image can be read from it."""
    jpeg, plain = saved(noise(), "JPEG"), saved(noise(), "PNG")
    webp, bmp = saved(noise(), "WEBP"), saved(noise(), "BMP")
    files = {}
    for kind, content in {"jpg": jpeg, "png": plain, "webp": webp, "bmp": bmp}.items():
        for share in (0.02, 0.2, 0.5, 0.9):
            files[f"cut at {share}.{kind}"] = content[: int(len(content) * share)], False
        files[f"zeros follow.{kind}"] = content + bytes(5000), True
        files[f"zip follows.{kind}"] = content + b"PK\3\4" + bytes(99), True
        files[f"script follows.{kind}"] = content + b"<script>alert(1)</script><?php x ?>", True
        files[f"before it, text.{kind}"] = b"GIF89a;" + content, False
    for mode, kind in {"CMYK": "JPEG", "YCbCr": "JPEG", "L": "JPEG", "P": "PNG", "1": "PNG", "LA": "PNG"}.items():
        files[f"mode {mode}.{kind.lower().replace('jpeg', 'jpg')}"] = saved(noise(mode), kind), True
    grey = Image.fromarray(np.full((40, 48), 30_000, np.uint16))
    files["16 bit grey.png"] = saved(grey, "PNG"), True
    files["16 bit colour.png"] = png(4, 3, 16, 2, (b"\0" + bytes(24)) * 3), True
    files["transparent.png"] = saved(noise("RGBA"), "PNG"), True
    files["transparent palette.png"] = saved(noise("P"), "PNG", transparency=bytes(256)), True
    files["animated.png"] = saved(noise(), "PNG", save_all=True, append_images=[noise("L").convert("RGB")] * 20), True
    files["animated.webp"] = saved(noise(), "WEBP", save_all=True, append_images=[noise("L").convert("RGB")] * 20), True
    files["progressive.jpg"] = saved(noise(), "JPEG", progressive=True), True
    for orientation in (0, 6, 9, 65535):
        files[f"orientation {orientation}.jpg"] = saved(noise(), "JPEG", exif=with_exif(orientation)), True
    files["exif of 60 kB.jpg"] = saved(noise(), "JPEG", exif=with_exif(ImageDescription="x" * 60_000)), True
    looped = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 8, 8)
    files["exif that leads to itself.jpg"] = saved(noise(), "JPEG", exif=looped), True
    many = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 65535) + b"\x12\x01\x03\0\xff\xff\xff\xff\0\0\0\0" * 4000
    files["exif of 65535 entries.jpg"] = saved(noise(), "JPEG", exif=many), True
    files["profile that is none.jpg"] = saved(noise(), "JPEG", icc_profile=b"x" * 60_000), True
    for width, height in ((60_000, 60_000), (65_535, 65_535), (2**31 - 1, 1), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1)):
        files[f"{width} x {height}.png"] = png(width, height), False
    files["zero wide.png"] = png(0, 10), False
    files["one pixel.png"] = png(1, 1, data=b"\0abc"), True
    files["a line.png"] = png(10_000, 1, data=b"\0" + bytes(30_000)), True
    files["65500 x 65500.jpg"] = sized_jpeg(65_500, 65_500), False
    files["more rows than there are.jpg"] = sized_jpeg(48, 4_000), True  # grey below, as viewers show it
    files["0 rows.jpg"] = sized_jpeg(48, 0), False
    files["bmp of a huge size.bmp"] = bmp[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + bmp[26:], False
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 << 20), 9))
    files["text bomb.png"] = png(1, 1, data=b"\0abc", before=text), False
    files["profile bomb.png"] = (
        png(1, 1, data=b"\0abc", before=chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(80 << 20), 9))),
        False,
    )
    files["pixel bomb.png"] = png(2, 2, data=bytes(80 << 20)), True
    files["empty.jpg"] = b"", False
    files["text.png"] = b"not an image\n" * 99, False
    files["page.jpg"] = b"<!DOCTYPE html><script>alert(1)</script>", False
    files["drawing.png"] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", False
    for kind in ("GIF", "TIFF", "PPM", "ICO", "TGA", "PCX"):
        files[f"{kind}.png"] = saved(noise(), kind), False
    files["EPS.jpg"] = saved(noise(), "EPS"), False
    files["a png.jpg"], files["a jpeg.webp"] = (plain, True), (jpeg, True)
    files["<b onclick=x> \u202egnp.png"] = plain, True
    return files


QUARTERS = np.array([[(220, 30, 30), (30, 160, 30)], [(30, 30, 220), (240, 220, 40)]], np.uint8)
GREYS = np.repeat(np.array([[0, 80], [160, 240]], np.uint8)[..., None], 3, axis=2)
STORED = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90"}
STORED |= {7: "TRANSVERSE", 8: "ROTATE_270"}  # by EXIF orientation, how a camera had stored an upright photo


def known_images(side):
    """Name every file: content, and the colours of its quarters as people see it, 2 x 2 x 3."""
    colours, greys = (np.kron(one, np.ones((side // 2, side // 2, 1), np.uint8)) for one in (QUARTERS, GREYS))
    picture, grey = Image.fromarray(colours), Image.fromarray(greys).convert("L")
    deep = b"".join(b"\0" + row.tobytes() for row in colours.astype(">u2") * 257)
    files = {
        "as it is.png": (saved(picture, "PNG"), QUARTERS),
        "progressive.jpg": (saved(picture, "JPEG", progressive=True), QUARTERS),
        "CMYK.jpg": (saved(picture.convert("CMYK"), "JPEG"), QUARTERS),
        "palette.png": (saved(picture.quantize(4), "PNG"), QUARTERS),
        "opaque.webp": (saved(picture.convert("RGBA"), "WEBP"), QUARTERS),
        "16 bit colour.png": (png(side, side, 16, 2, deep), QUARTERS),
        "grey.jpg": (saved(grey, "JPEG"), GREYS),
        "grey and opacity.png": (saved(grey.convert("LA"), "PNG"), GREYS),
        "16 bit grey.png": (saved(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), "PNG"), GREYS),
    }
    for orientation, how in STORED.items():
        lying = picture.transpose(Image.Transpose[how])
        for kind in ("JPEG", "PNG", "WEBP"):
            content = saved(lying, kind, exif=with_exif(orientation))
            files[f"orientation {orientation}.{kind.lower()}"] = content, QUARTERS
    return files
