"""Reads image files the same way everywhere: as displayed, in 8-bit RGB, or with one clear error."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import ExifTags, Image

# The only decoders that untrusted files reach, and their suffixes. The content decides the format, so a PNG named .jpg
# is read. TIFF and GIF are excluded: they have many codecs and pages, and no face benchmark needs them.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})

# Pillow only warns above its limit, and refuses above twice that; here its limit is final.
MAX_PIXELS = Image.MAX_IMAGE_PIXELS or 89_478_485

# The transposition that makes an image upright, by EXIF orientation; 1 is already upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = frozenset({5, 6, 7, 8})
_MID_GREY = (128, 128, 128, 255)

_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# Each stretch ends with a restart marker, as the decoder may wait for one.
_MORE_DATA = [b"".join(bytes([byte] * 200 + [0xFF, 0xD0 + i]) for i in range(8)) for byte in (0x55, 0xAA)]
_LARGEST_MENDED_BYTES = 64 << 20


def read_image(path: Path | str) -> np.ndarray:
    """Read an image as displayed.

    The EXIF orientation is applied. Grey, palette and CMYK become RGB; 16-bit grey is scaled to 8 bits. Transparent
    images are composited over mid-grey (the colours of transparent pixels are arbitrary). Colour profiles are ignored.
    Of several frames, the first is read. A JPEG may lack its end marker,
    but no data.

    Parameters
    ----------
    path : path
        A JPEG, PNG, WebP or BMP file with any name.

    Returns
    -------
    numpy.ndarray
        uint8, height x width x 3, RGB.

    Raises
    ------
    ValueError
        The file is missing, damaged, truncated, of another format, or larger than `MAX_PIXELS`; the message gives path
        and reason.
    """
    try:
        return _read_pixels(path)
    except ValueError:
        ended = _read_without_end(Path(path))
        if ended is None:
            raise
        return ended


def _read_pixels(file: Path | str | IO[bytes]) -> np.ndarray:
    with _open(file) as image:
        orientation = _read_orientation(image)
        rgb = _to_rgb(image)
        if orientation in _UPRIGHT:
            rgb = rgb.transpose(_UPRIGHT[orientation])
        return np.array(rgb)


def _read_without_end(path: Path) -> np.ndarray | None:
    """Read a JPEG that lacks no more than its end marker, as viewers show it; None for any other file.

    A decoder makes up what is missing and does not say so. But it ignores what follows a complete scan: so more data
    before the end marker changes no pixel.
    """
    if not path.is_file() or path.stat().st_size > _LARGEST_MENDED_BYTES:
        return None
    content = path.read_bytes().rstrip(_JPEG_END[:1])
    if not content.startswith(_JPEG_START) or not _ends_with_details(content):
        return None
    try:
        pixels, *others = (_read_pixels(BytesIO(content + more + _JPEG_END)) for more in (b"", *_MORE_DATA))
    except ValueError:
        return None
    return pixels if all((pixels == other).all() for other in others) else None


def read_size(path: Path | str) -> tuple[int, int] | None:
    """Return width and height in pixels as displayed, from the file's header alone; None if it cannot be read.

    Damage after an intact header goes unnoticed. A PNG without EXIF in its header is read further, because EXIF may
    follow the pixels.
    """
    try:
        with _open(path) as image:
            width, height = image.size
            return (height, width) if _read_orientation(image) in _LYING else (width, height)
    except ValueError:
        return None


def _ends_with_details(jpeg: bytes) -> bool:
    """Whether the last scan gives the last bits: of all components, or of brightness, whose details come last."""
    scan = jpeg[jpeg.rfind(b"\xff\xda") :]
    components = scan[4] if len(scan) > 4 else 0  # after the marker and a length; two bytes each, then what they get
    if len(scan) < 8 + 2 * components:
        return False
    highest, bits = scan[6 + 2 * components : 8 + 2 * components]
    return highest == 63 and bits % 16 == 0 and (components > 1 or scan[5] == 1)


@contextmanager
def _open(path: Path | str | IO[bytes]) -> Iterator[Image.Image]:
    """Open an image of reasonable size; any error until it is closed becomes a ValueError."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels, at most {MAX_PIXELS} are read")
            yield image
    # Pillow's decoders raise nearly anything on damaged files: OSError, SyntaxError, struct.error, EOFError, ...
    except Exception as error:
        raise ValueError(f"{path}: unreadable image: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Say what is wrong without naming a file: the reason is published, and the path may tell too much."""
    if isinstance(error, Image.UnidentifiedImageError):
        return f"not a {', '.join(FORMATS)} file"
    return getattr(error, "strerror", None) or str(error)


def _read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; damaged EXIF counts as none, as in image viewers."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except SyntaxError:
        return 1
    return orientation if orientation in _UPRIGHT else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow's own conversion clips: everything above 255 turns white. 65535 / 257 = 255.
        return Image.fromarray(np.round(np.asarray(image) / 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of kind {image.mode!r}: their range is unknown")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, _MID_GREY), image)
    return image.convert("RGB")
