"""Image files of the site: each face once, each pair's maps beside its page."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from whyface.logs import progress
from whyface.site.colours import display_scale, palette_places, write_map
from whyface.site.data import Evaluation, iter_maps

SHARD = 1000


def face_file(row: int) -> str:
    """File of a face below its collection's and alignment's folder; at most 1,000 faces share a shard."""
    return f"{row // SHARD}/{row}.webp"


def write_faces(evaluations: Iterable[Evaluation], results: Path, destination: Path) -> None:
    """Write every face that a pair shows as WebP, once per collection and alignment; unreadable images have none."""
    wanted: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for one in evaluations:
        for side in "ab":
            readable = one.pairs[f"status_{side}"] != "failed"
            wanted[one.collection, one.alignment, one.faces_path] |= set(one.pairs[f"face_{side}"][readable])
    for (collection, alignment, folder), rows in wanted.items():
        crops = np.load(results / "aligned" / collection / alignment / "crops.npy", mmap_mode="r", allow_pickle=False)
        for row in progress(sorted(rows), len(rows), f"faces of {collection}"):
            path = destination / folder / face_file(row)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.ascontiguousarray(crops[row])).save(path, "WEBP", quality=85, method=3)


def write_maps(evaluation: Evaluation, destination: Path) -> dict[str, float]:
    """Write the maps of an evaluation's pairs as PNG; returns the display scale of each method."""
    if not evaluation.methods:
        return {}
    peaks: dict[str, list[float]] = defaultdict(list)
    for keys, maps in iter_maps(evaluation.explanations):
        for key, peak in zip(keys, np.nanmax(np.abs(maps), axis=(1, 2)), strict=True):
            peaks[key["method"]].append(float(peak))
    scales = {method: display_scale(values) for method, values in peaks.items()}
    total = sum(len(values) for values in peaks.values())
    logging.getLogger("whyface").info("%s: display scales %s", evaluation.path, scales)
    known = set(evaluation.pairs.pair_id)
    rows = (
        (key, one) for keys, maps in iter_maps(evaluation.explanations) for key, one in zip(keys, maps, strict=True)
    )
    for key, one in progress(rows, total, f"maps of {evaluation.path}"):
        if key["pair_id"] not in known:
            raise ValueError(f"{evaluation.explanations}: pair {key['pair_id']!r} is not in the table pairs; run again")
        folder = destination / evaluation.pair_path(key["pair_id"])
        folder.mkdir(parents=True, exist_ok=True)
        places = palette_places(one, scales[key["method"]])
        write_map(folder / f"{key['method']}-{key['side']}.png", places)
    return scales
