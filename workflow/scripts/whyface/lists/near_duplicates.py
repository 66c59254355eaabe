"""Finds photos that are nearly the same, whatever their size, compression or brightness, by a perceptual hash.

The hash is that of Zauner (2010, "Implementation and benchmarking of perceptual image hash functions"), with 256 bits
in place of 64: the lowest frequencies of the cosine transform of a small grey image, each above or below their median.
The usual 64 bits take some aligned faces of different people for one photo.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy.fft import dctn

from whyface.sources.image_files import read_image

logger = logging.getLogger("whyface")

SMALL_PX, LOW = 64, 16  # side of the small image; frequencies kept in each direction
WORDS = LOW * LOW // 64  # of 64 bits
# At most so many different bits make near-duplicates. Of copies at other sizes, as JPEG of quality 10 or 30, or 30 %
# brighter or darker, 98 to 100 % are within it. Of 1.25 million pairs of LFW's photos none is, and none of 41,000 pairs
# of drawn faces; the nearest have 58 and 44 bits, aligned ones 54 and 42. A crop by 5 % or a mirror image goes unseen.
LIMIT_BITS = 32
UNLIKE = 64 * WORDS + 1
AT_ONCE = 1 << 22  # distances in memory


def hash_images(images: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Hash image files.

    Parameters
    ----------
    images : pandas.DataFrame
        Rows of the table images.
    root : path
        The collection's folder.

    Returns
    -------
    pandas.DataFrame
        `WORDS` columns of uint64, by image_id; without the images that cannot be read.
    """
    found: dict[str, np.ndarray] = {}
    for number, (name, path) in enumerate(zip(images["image_id"], images["path"], strict=True), 1):
        try:
            found[name] = hash_pixels(read_image(Path(root) / path))
        except ValueError:
            logger.warning("%s: unreadable, compared with nothing", name)
        if number % 2000 == 0:
            logger.info("%d of %d images hashed", number, len(images))
    return pd.DataFrame(
        np.array([*found.values()], np.uint64).reshape(-1, WORDS), index=pd.Index([*found], dtype=object)
    )


def hash_pixels(pixels: np.ndarray) -> np.ndarray:
    """Hash an image, uint8, height x width x 3, RGB, to `WORDS` uint64."""
    small = Image.fromarray(pixels).convert("L").resize((SMALL_PX, SMALL_PX), Image.Resampling.BOX)
    low = dctn(np.asarray(small, np.float64), norm="ortho")[:LOW, :LOW].ravel().round(6)
    return np.packbits(low > np.median(low[1:])).view(np.uint64)  # without the mean brightness


def count_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count the bits in which hashes differ; the arrays are broadcast, all but their last axis, the words."""
    bits = np.bitwise_count(a[..., 0] ^ b[..., 0]).astype(np.int16)
    for word in range(1, WORDS):
        bits += np.bitwise_count(a[..., word] ^ b[..., word])
    return bits


def nearest_images(hashes: np.ndarray, contents: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find each image's nearest among those within `LIMIT_BITS`; the same file under two names is not compared.

    Parameters
    ----------
    hashes, contents, people : numpy.ndarray
        n x `WORDS`, n, n: hash, number of the content, number of the person.

    Returns
    -------
    tuple of numpy.ndarray
        n each: place of the nearest image, and of the nearest that shows another person; -1 if there is none.
    """
    rows = max(1, AT_ONCE // max(len(hashes), 1))
    found = np.full((2, len(hashes)), -1)
    for start in range(0, len(hashes), rows):
        own = slice(start, start + rows)
        bits = count_bits(hashes[own, None], hashes)
        bits[contents[own, None] == contents] = UNLIKE
        found[0, own] = _nearest(bits)
        bits[people[own, None] == people] = UNLIKE
        found[1, own] = _nearest(bits)
    return found[0], found[1]


def _nearest(bits: np.ndarray) -> np.ndarray:
    place = bits.argmin(axis=1)
    return np.where(bits[np.arange(len(bits)), place] <= LIMIT_BITS, place, -1)
