"""A small data set whose maps and distances are known: faces of 4 x 4 cells, and a model that adds up dark cells."""

import numpy as np
import pandas as pd

from whyface.fidelity.cells import cell_places
from whyface.fidelity.judged_maps import JudgedMaps
from whyface.tables.parquet import write_table
from whyface.tables.schemas import EXPLANATIONS

SIDE = 32
PLACES = cell_places(SIDE)
MARK = 0  # the cell that is black in every face a and white in every face b
ANGLES = np.concatenate([[1.0], np.random.default_rng(0).permutation(np.linspace(-0.07, 0.08, 15))])
# The right map of either face under black: covering the mark, which is black, does nothing to face a.
KNOWN = {"a": np.where(PLACES == MARK, 0, ANGLES[PLACES]), "b": -ANGLES[PLACES]}


def embed(crops):
    """Turn a unit vector by the angle of each cell, as far as the cell is dark."""
    share = ANGLES[PLACES] / np.bincount(PLACES.ravel())[PLACES]
    angle = ((1 - crops.mean(axis=3) / 255) * share).sum(axis=(1, 2))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ignore(crops):
    """Embed every crop alike."""
    return np.tile([1.0, 0.0], (len(crops), 1))


class Counting:
    """Counts what a model is given."""

    def __init__(self, model):
        self.model, self.passes = model, 0

    def __call__(self, crops):
        """Pass them on."""
        self.passes += len(crops)
        return self.model(crops)


def listed_pairs(n, genuine=0.5, people=None):
    """List pairs of different images; of that share, both show the same person."""
    is_genuine = np.arange(n) < genuine * n
    first = np.arange(n) % (people or n)
    frame = pd.DataFrame({"pair_id": [f"{i:03d}" for i in range(n)], "image_a": [f"a{i}.png" for i in range(n)]})
    frame["image_b"] = [f"b{i}.png" for i in range(n)]
    frame["subject_a"] = [f"p{i}" for i in first]
    frame["subject_b"] = np.where(is_genuine, frame["subject_a"], [f"q{i}" for i in first])
    return frame.assign(is_genuine=pd.Series(is_genuine, dtype=object), fold=0, known_label_error="")


def scored(pairs):
    return pairs[["pair_id"]].assign(cosine_distance=1 - np.cos(1.0), threshold=0.4)


def written_maps(path, pairs, maps, map_px=SIDE):
    """Write maps, by method and side, the same for every pair unless there is one for each; returns the file."""
    rows = []
    for (method, side), values in maps.items():
        each = np.broadcast_to(values, (len(pairs), map_px, map_px)).reshape(len(pairs), map_px**2).astype(np.float32)
        rows += [(pair_id, side, method, "corrected", one) for pair_id, one in zip(pairs["pair_id"], each, strict=True)]
    frame = pd.DataFrame(rows, columns=["pair_id", "side", "method", "variant", "map"])
    frame = frame.assign(status="ok", detail="", agreement=1.0, agreement_low=1.0)
    write_table(frame, path, EXPLANATIONS, {"map_px": map_px})
    return path


def judged_maps(folder, pairs, maps=None, mapped=None, **changes):
    """Judge the known maps of pairs whose faces a are marked; only of the first ones if `mapped` says how many."""
    maps = maps or {("right", side): KNOWN[side] for side in "ab"}
    images = sorted({*pairs["image_a"], *pairs["image_b"]})
    crops = np.full((len(images), SIDE, SIDE, 3), 255, np.uint8)
    crops[[name.startswith("a") for name in images]] *= (PLACES != MARK)[:, :, None].astype(np.uint8)
    faces = pd.DataFrame({"image_id": images, "status": "ok"})
    methods = list(dict.fromkeys(method for method, _ in maps))
    about = {"pairs": pairs, "scores": scored(pairs), "faces": faces, "crops": crops, **changes}
    path = written_maps(folder / "explanations.parquet", pairs.head(len(pairs) if mapped is None else mapped), maps)
    return JudgedMaps(path, methods, **about)
