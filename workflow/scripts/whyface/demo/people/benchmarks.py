"""Draws whole benchmarks of people who do not exist, in the official layouts, with the truth behind every photo.

A collection's folder has two subfolders. `files` holds what an archive would hold. `truth` holds a mask of the regions
of every photo and, for twins, a mask of what differs.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from whyface.demo.people.official import plan_calfw, plan_cfp, plan_lfw
from whyface.demo.people.plans import Picture, Plan
from whyface.demo.people.render import REGIONS, Rendered, encode, render
from whyface.demo.people.twins import plan_twins
from whyface.tables.logs import progress

PLANNERS: dict[str, Callable[[int, int], Plan]] = {
    "lfw": plan_lfw,
    "cfp": plan_cfp,
    "calfw": plan_calfw,
    "twins": plan_twins,
}
# Larger differences, in levels of 255, are visible; smaller ones are rounding.
VISIBLE_LEVELS = 6


def draw_benchmark(kind: str, folder: Path, folds: int, seed: int) -> pd.DataFrame:
    """Draw a benchmark into a collection's folder.

    Twins come with `landmarks.csv`, which gives each photo the landmarks of its base photo: landmarks of its own would
    move with the exchanged part, and its crop would then differ everywhere.

    Parameters
    ----------
    kind : str
        lfw, cfp, calfw or twins.
    folder : path
        Receives `files` and `truth`.
    folds : int
        Cross-validation folds, at least 1; for twins, two people for each.
    seed : int
        Not negative; another seed gives other people.

    Returns
    -------
    pandas.DataFrame
        The table `truth`. Its masks are 8-bit PNG files of the photo's size. `regions` holds indices into
        `render.REGIONS`; `difference` is 255 where a photo differs from its twin and 0 elsewhere.
    """
    plan = PLANNERS[kind](folds, seed)
    for name, text in plan.lists.items():
        _make_file(folder / "files" / name).write_text(text, encoding="utf-8")
    bases = {picture.twin_of for picture in plan.pictures} - {None}
    drawn: dict[str | None, Rendered] = {}
    rows, landmarks = [], {}
    for picture in progress(plan.pictures, len(plan.pictures), "photos drawn"):
        rendered = render(picture.somebody.person, picture.photo)
        if picture.image_id in bases:
            drawn[picture.image_id] = rendered
        base = drawn.get(picture.twin_of)
        rows.append(_write_picture(picture, rendered, base, folder))
        landmarks[picture.image_id] = (base or rendered).landmarks
    if bases:
        (folder / "files/landmarks.csv").write_text(_list_landmarks(landmarks), encoding="utf-8")
    return pd.DataFrame(rows).astype({"mixed_with": "Int64"})


def mask_difference(base: Rendered, twin: Rendered) -> np.ndarray:
    """Find what differs between two photos of equal circumstances and noise: visible changes, and any object.

    Returns
    -------
    numpy.ndarray
        bool, height x width.
    """
    change = np.abs(base.image.astype(np.int16) - twin.image).max(axis=2)
    return (change > VISIBLE_LEVELS) | (twin.regions == REGIONS.index("object"))


def _write_picture(picture: Picture, rendered: Rendered, base: Rendered | None, folder: Path) -> dict[str, Any]:
    """Write the photo and its masks, and return its row of the table `truth`."""
    _make_file(folder / "files" / picture.path).write_bytes(encode(rendered.image, picture.photo))
    name = f"truth/{Path(picture.image_id).with_suffix('')}"
    regions, difference = f"{name}.png", None if base is None else f"{name}_difference.png"
    Image.fromarray(rendered.regions).save(_make_file(folder / regions))
    if base is not None:
        Image.fromarray(mask_difference(base, rendered).astype(np.uint8) * 255).save(folder / str(difference))
    circumstances = asdict(picture.photo)
    return {
        "image_id": picture.image_id,
        "subject_id": picture.subject_id,
        "person_seed": picture.somebody.seed,
        "mixture": picture.somebody.mixture,
        "mixed_with": picture.somebody.mixed_with,
        "photo_seed": circumstances.pop("seed"),
        **circumstances,
        "landmarks": rendered.landmarks.astype(np.float32).ravel(),
        "regions": regions,
        "twin_of": picture.twin_of,
        "difference": difference,
    }


def _list_landmarks(landmarks: dict[str, np.ndarray]) -> str:
    points = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
    header = ["image_id", *(f"{point}_{axis}" for point in points for axis in "xy")]
    rows = ([image_id, *(f"{value:.3f}" for value in spots.ravel())] for image_id, spots in landmarks.items())
    return "".join(",".join(row) + "\n" for row in [header, *rows])


def _make_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
