"""Images of faces and maps, as WebP, and where the files of faces lie."""

import base64
from collections.abc import Container, Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

PER_FOLDER = 1000  # faces


def face_file(row: int) -> str:
    """File of a face below its collection's and alignment's folder; at most 1,000 faces share a folder."""
    return f"{row // PER_FOLDER}/{row}.webp"


def face_script(row: int) -> str:
    """Script that holds a face as text, because scripts of a page opened from disk cannot read its images."""
    return f"js/{row // PER_FOLDER}/{row}.js"


def crop_files(crops: Path, folder: str, rows: Iterable[int], on_pages: Container[int]) -> Iterator[tuple[str, bytes]]:
    """Yield path, below the site's root, and content of every file of some rows of the crops.

    Parameters
    ----------
    crops : Path
        A file of faces, n x side x side x 3, uint8.
    folder : str
        Where faces lie, below the site's root.
    rows : iterable of int
        Which faces.
    on_pages : container of int
        Which of them have scripts, too: those on pages of pairs, which can be saved as a picture.
    """
    pixels = np.load(crops, mmap_mode="r", allow_pickle=False)
    for row in rows:
        image = _webp(pixels[row], quality=85, method=2)
        yield f"{folder}/{face_file(row)}", image
        if row in on_pages:
            yield f"{folder}/{face_script(row)}", _script(row, image)


def _script(row: int, image: bytes) -> bytes:
    """Write a face as text."""
    text = base64.b64encode(image).decode()
    return f'window.whyface.picture.face({row}, "data:image/webp;base64,{text}");\n'.encode()


def map_image(colours: np.ndarray) -> bytes:
    """Encode a coloured map, side x side x 3, uint8; it is smooth, so 200 bytes and the fastest method suffice."""
    return _webp(colours, quality=80, method=0)


def _webp(pixels: np.ndarray, **options: int) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "WEBP", **options)
    return buffer.getvalue()
