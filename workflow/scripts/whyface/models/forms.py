"""What files of every kind have in common: several outputs, of which one is the embedding, and a batch of some size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whyface.models.free_batch import Network

LAYOUTS = {"nchw": "n x 3 x {0} x {0}", "nhwc": "n x {0} x {0} x 3"}
GREY = 127.5
MOST_CHARACTERS = 500  # of a message or a name from elsewhere


def in_one_line(error: Exception | str) -> str:
    """Return a message, or the name of something in a file, in one line of bounded length."""
    line = " ".join(str(error).split())
    return line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + "..."


def make_grey(images: int, model: Mapping[str, Any]) -> np.ndarray:
    """Make grey images, n x 3 x side x side, scaled as the model's config says: what a file is tried on."""
    side = model["input_px"]
    return np.full((images, 3, side, side), (GREY - model["pixel_mean"]) / model["pixel_std"], np.float32)


def without_unit_axes(raw: np.ndarray) -> np.ndarray:
    """Drop axes of length 1 after the second: n x d x 1 x 1 becomes n x d."""
    return raw.reshape(raw.shape[:2]) if raw.ndim > 2 and set(raw.shape[2:]) == {1} else raw


def write_shape(shape: Sequence[Any]) -> str:
    """Write a shape as `n x 3 x 112 x 112`."""
    if len(shape) > 8:
        return f"{len(shape)} axes"
    return in_one_line(" x ".join("?" if length is None else str(length) for length in shape)) or "shape not stated"


def choose_output(shapes: Mapping[str, Sequence[int]], images: int, wanted: str | int | None) -> str:
    """Choose the output that is the embedding.

    Parameters
    ----------
    shapes : mapping
        The shape of each output for a batch, by name, in the file's order.
    images : int
        Size of that batch.
    wanted : str, int or None
        The name or the number that the config gives; None: the only output, or the only one that holds a vector of more
        than one value for each image.

    Raises
    ------
    ValueError
        There is no such output, or more than one; says what to set.
    """
    names = list(shapes)
    listed = ", ".join(f"{in_one_line(name)} ({write_shape(shape)})" for name, shape in shapes.items())
    if wanted is not None:
        numbered = {str(place): name for place, name in enumerate(names)} | {name: name for name in names}
        if str(wanted) not in numbered:
            raise ValueError(f"output: {wanted!r} is none of its outputs; allowed: {listed}")
        return numbered[str(wanted)]
    fits = names if len(names) == 1 else [name for name in names if _is_embedding(shapes[name], images)]
    if len(fits) != 1:
        raise ValueError(f"set output to the name of the embedding among its outputs: {listed or 'it has no output'}")
    return fits[0]


def _is_embedding(shape: Sequence[int], images: int) -> bool:
    return len(shape) >= 2 and shape[0] == images and shape[1] > 1 and set(shape[2:]) <= {1}


def takes_any_number(run: Network, model: Mapping[str, Any]) -> bool:
    """Return whether a network takes two images as well as one; also if it takes neither: `run` will say why."""
    return _rows(run, make_grey(2, model)) == 2 or _rows(run, make_grey(1, model)) != 1


def _rows(run: Network, images: np.ndarray) -> int:
    try:
        return len(run(images))
    except Exception:  # each runtime has classes of its own
        return 0


def run_in_fixed_batches(run: Network, size: int) -> Network:
    """Run any batch through a network that takes exactly `size` images; the last part is padded with its last image."""

    def run_any(batch: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            padding = np.repeat(part[-1:], size - len(part), axis=0)
            parts.append(run(np.concatenate([part, padding]))[: len(part)])
        return np.concatenate(parts)

    return run_any
