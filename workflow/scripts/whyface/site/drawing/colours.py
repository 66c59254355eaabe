"""Colours of saliency maps: a signed value becomes a place in a scale of two hues with grey between them.

Laid over a face with `mix-blend-mode: color`, a map keeps its hue and saturation and takes the face's lightness. So
the two hues alone must differ: pink and green do for most people; blue and orange also do in the three common colour
deficiencies, which a test computes. All stops are ColorBrewer's: PiYG, and the halves of RdBu and PuOr. PiYG is
matplotlib's without the darkest tenth at either end, which holds less colour and so would look weaker.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Palette:
    """A scale of colours.

    Attributes
    ----------
    name : str
        Its name in switches and addresses.
    title : str
        Its name for readers.
    same, different : str
        The hue of values that speak for "same", and for "different".
    stops : tuple of str
        Nine colours as hexadecimal digits, from the most negative value to the most positive.
    """

    name: str
    title: str
    same: str
    different: str
    stops: tuple[str, ...]

    @property
    def css(self) -> str:
        """The stops as CSS writes a list of colours."""
        return ", ".join(f"#{stop}" for stop in self.stops)


_PIYG = ("c51b7d", "de77ae", "f1b6da", "fde0ef", "f7f7f7", "e6f5d0", "b8e186", "7fbc41", "4d9221")
_ORANGE_BLUE = ("b35806", "e08214", "fdb863", "fee0b6", "f7f7f7", "d1e5f0", "92c5de", "4393c3", "2166ac")
PALETTES = (
    Palette("pink-green", "pink and green", "green", "pink", _PIYG),
    Palette("orange-blue", "colour-blind safe", "blue", "orange", _ORANGE_BLUE),
)


@cache
def lookup(palette: Palette = PALETTES[0]) -> np.ndarray:
    """Colours of the 256 palette places, 256 x 3 uint8: "different", near-white in the middle, "same"."""
    stops = np.array([tuple(bytes.fromhex(colour)) for colour in palette.stops], float)
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), channel) for channel in stops.T]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def palette_places(maps: np.ndarray, scale: float) -> np.ndarray:
    """Map values as palette places 0 (-scale and below) to 255 (+scale and above), uint8."""
    shares = np.clip(np.nan_to_num(maps, posinf=scale, neginf=-scale) / scale, -1, 1)
    return np.rint((shares + 1) * 127.5).astype(np.uint8)
