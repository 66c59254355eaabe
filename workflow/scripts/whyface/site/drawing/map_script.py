"""The maps of a pair, packed as text that the scripts of its page unpack.

A map becomes whole numbers from -127 to 127, in units of its own peak / 127. Maps are smooth, so differences from one
row and column to the next pack into a third of the space: differences are kept, modulo 256, compressed.
"""

import base64
import json
import zlib
from collections.abc import Mapping

import numpy as np

from whyface.faces.regions import Regions
from whyface.site.content.maps import map_peaks

STEPS = 127


def maps_script(
    values: np.ndarray, scales: Mapping[str, float], regions: Regions, ban_scale: float | None = None
) -> str:
    """Write the maps of a pair as a classic script.

    Parameters
    ----------
    values : numpy.ndarray
        methods x 2 x side x side.
    scales : mapping of str to float
        Display scales by method, in order.
    regions : Regions
        Which region each pixel lies in; it goes after the maps.
    ban_scale : float or None
        Display scale in units of evidence; None if unknown.
    """
    peaks = map_peaks(values)
    steps = STEPS / np.where(peaks > 0, peaks, 1)
    whole = np.rint(values * steps[..., None, None]).astype(np.int8)
    packed = {
        "side": values.shape[-1],
        "scales": {method: _short(scale) for method, scale in scales.items()},
        "evidence": None if ban_scale is None else _short(ban_scale),
        "regions": list(regions.by_name),
        "peaks": [[_short(peak) for peak in pair] for pair in peaks],
        "values": _pack(np.concatenate([whole.reshape(-1, *regions.places.shape), regions.places[None]])),
    }
    return f"window.whyface.maps.receive({json.dumps(packed, separators=(',', ':'))});\n"


def _pack(layers: np.ndarray) -> str:
    """Pack layers of int8, n x side x side: base64 of the compressed differences along rows, then columns."""
    along_rows = np.diff(layers.view(np.uint8), axis=2, prepend=np.uint8(0))
    differences = np.diff(along_rows, axis=1, prepend=np.uint8(0))
    return base64.b64encode(zlib.compress(differences.tobytes(), 1)).decode()


def _short(value: float) -> float:
    return float(f"{value:.6g}")
