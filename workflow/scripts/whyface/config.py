"""What the config means: its names, and what follows from its values."""

from collections.abc import Mapping
from math import isqrt
from typing import Any

LAYOUTS_OF_PROTOCOL = {
    "lfw": ("lfw",),
    "sllfw": ("lfw",),
    "cfp-ff": ("cfp",),
    "cfp-fp": ("cfp",),
    "calfw": ("calfw",),
    "pairs-csv": ("folders", "lfw", "cfp", "calfw"),
    "all-pairs": ("folders", "lfw", "cfp", "calfw"),
}
# Layouts of files that hold images and pairs; each has a protocol of its own name.
PACKED = ("insightface-bin", "parquet")
LAYOUTS_OF_PROTOCOL |= {name: (name,) for name in PACKED}
# Names of the site's own folders and pages; a model's folder is beside them.
SITE_NAMES = (
    *("data", "faces", "static", "compare", "index.html", "method.html", "data.html", "about.html", "explore.html"),
    *("index.js", "robots.txt", "protocol"),
    *("trust.html", "transfer.html", "transfer.svg", "all"),  # beside a model's datasets; all: the fit over all of them
)


def alignment_id(model: Mapping[str, Any]) -> str:
    """Name the crops that a model needs, for example `five-point-112px`; models with equal names share them."""
    margin = f"-margin-{model['box_margin_px']}px" if model["alignment"] == "box" else ""
    return f"{model['alignment']}-{model['input_px']}px{margin}"


def is_synthetic(collection: Mapping[str, Any]) -> bool:
    """Whether the project itself draws the collection's images, as its source says."""
    return "synthetic" in collection.get("source", {})


def inner_square(patch_px: int, shape: str) -> int:
    """Side of the largest square that a patch covers whole; patches at larger steps leave pixels uncovered."""
    if shape == "square":
        return patch_px
    side = isqrt(patch_px**2 // 2) + 1  # pixel centres at the square's corners lie on the circle, or just within it
    return side - (patch_px - side) % 2  # centred in the patch


def chosen_datasets(config: Mapping[str, Any]) -> list[str]:
    """List the datasets that the run needs: those it names, and those whose confidence they borrow by `reference`."""
    named = config["run"]["datasets"]
    references = [config["datasets"][name]["reference"] for name in named]
    return list(dict.fromkeys([*named, *(name for name in references if name)]))
