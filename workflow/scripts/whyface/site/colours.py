"""Colours of saliency maps: a signed value becomes a place in the pink-to-green scale PiYG.

The nine colours are ColorBrewer's PiYG, which is matplotlib's without the darkest tenth at either end: laid over a
face with `mix-blend-mode: color`, those ends would look weaker than the values before them, for they hold less colour.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

PIYG = ("c51b7d", "de77ae", "f1b6da", "fde0ef", "f7f7f7", "e6f5d0", "b8e186", "7fbc41", "4d9221")


def lookup() -> np.ndarray:
    """Colours of the 256 palette places, 256 x 3 uint8: pink, near-white in the middle, green."""
    stops = np.array([tuple(bytes.fromhex(colour)) for colour in PIYG], float)
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), channel) for channel in stops.T]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


_PALETTE = lookup().tobytes()


def display_scale(peaks: Iterable[float]) -> float:
    """Value that gets full colour: the 99th percentile of the maps' largest absolute values, 1 if all are 0."""
    known = np.asarray([peak for peak in peaks if peak > 0], float)
    return float(np.percentile(known, 99)) if known.size else 1.0


def palette_places(maps: np.ndarray, scale: float) -> np.ndarray:
    """Map values as palette places 0 (-scale and below) to 255 (+scale and above), uint8."""
    shares = np.clip(np.nan_to_num(maps, posinf=scale, neginf=-scale) / scale, -1, 1)
    return np.rint((shares + 1) * 127.5).astype(np.uint8)


def write_map(path: Path, places: np.ndarray) -> None:
    """Write palette places, height x width uint8, as a PNG in PiYG colours."""
    image = Image.frombytes("P", places.shape[::-1], places.tobytes())
    image.putpalette(_PALETTE)
    image.save(path, "PNG", compress_level=6)
