"""What an ONNX file takes and gives, and how images are fed to it: order of axes, type, constant inputs, output.

`read_form` finds out, with what the config says, or says which of its keys would help.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from whyface.models.forms import LAYOUTS, choose_output, in_one_line, make_grey, write_shape

# Types of images that can be fed, as ONNX Runtime calls them.
TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
# Types of further inputs, whose values are constant.
CONSTANT_TYPES = {**TYPES, "tensor(bool)": "bool", "tensor(int32)": "int32", "tensor(int64)": "int64"}
SILENT = 4  # of ONNX Runtime's levels of logging: fatal errors only
# Largest batch that a graph may demand: what is missing is computed for nothing.
LARGEST_BATCH = 1024


class Constant(NamedTuple):
    """A further input, of one element."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    value: float

    @property
    def array(self) -> np.ndarray:
        """What is fed."""
        return np.full(self.shape, self.value, self.dtype)


class Form(NamedTuple):
    """How to feed a graph.

    Attributes
    ----------
    entry, dtype : str
        Name and type of the input that takes the images.
    is_nhwc : bool
        Whether channels come last.
    size : int or None
        The batch that it takes; None: any.
    constants : tuple of Constant
        Its other inputs.
    output : str
        Name of the output that is the embedding.
    """

    entry: str
    dtype: str
    is_nhwc: bool
    size: int | None
    constants: tuple[Constant, ...]
    output: str

    def feed(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """Turn float32 images, n x 3 x side x side, into what the graph takes."""
        images = batch.transpose(0, 2, 3, 1) if self.is_nhwc else batch
        images = np.rint(images) if self.dtype == "uint8" else images
        return {self.entry: np.ascontiguousarray(images, self.dtype), **{one.name: one.array for one in self.constants}}


def describe(name: str, weights: Path, session: Any) -> str:
    """Say what a graph takes and gives, in one line that starts with the model's name."""
    takes, gives = (_list(entries) for entries in (session.get_inputs(), session.get_outputs()))
    return f"model {name}: {weights} takes {takes} and gives {gives}"


def _list(entries: Sequence[Any]) -> str:
    parts = [f"{in_one_line(one.name)} ({_short(one.type)}, {write_shape(one.shape)})" for one in entries]
    return ", ".join(parts) or "nothing"


def _short(kind: str) -> str:
    return kind.removeprefix("tensor(").removesuffix(")")


def read_form(name: str, model: Mapping[str, Any], weights: Path, session: Any) -> Form:
    """Find out how to feed an open graph, by its shapes, or by a grey image where they do not tell.

    Raises
    ------
    ValueError
        It takes no images of this size, or the config does not say enough; says what it takes and which key helps.
    """
    try:
        entry, constants = _split_inputs(session.get_inputs(), model.get("constants", {}))
        layouts = _fitting_layouts(entry.shape, model)
        form = Form(entry.name, _check_type(entry, model), False, _check_size(entry.shape[0]), constants, "")
        form = _try_layouts(form, layouts, model, session)
        return form._replace(output=_find_output(form, model, session))
    except ValueError as problem:
        raise ValueError(f"{describe(name, weights, session)}; {problem}") from None


def _split_inputs(inputs: Sequence[Any], values: Mapping[str, Any]) -> tuple[Any, tuple[Constant, ...]]:
    """Tell the input for images from the others, whose values the config gives."""
    names = [one.name for one in inputs]
    if unknown := [name for name in values if name not in names]:
        raise ValueError(f"constants: {_name_others(unknown[0], inputs)}")
    images = [one for one in inputs if one.name not in values and len(one.shape) == 4]
    missing = [in_one_line(one.name) for one in inputs if one.name not in values and one is not (images or [None])[0]]
    if not images:
        raise ValueError("none of its inputs takes images: one must be n x 3 x height x width")
    if missing:
        wanted = ", ".join(f"{one}: NUMBER" for one in missing)
        raise ValueError(f"set constants: {{{wanted}}}, as the model's author says for inference")
    return images[0], tuple(_read_constant(one, values[one.name]) for one in inputs if one.name in values)


def _name_others(unknown: str, inputs: Sequence[Any]) -> str:
    """Say which inputs may be constant: those that do not take the images."""
    others = [in_one_line(one.name) for one in inputs if len(one.shape) != 4]
    return f"it has no input {unknown!r}; " + (f"allowed: {', '.join(others)}" if others else "remove it")


def _read_constant(entry: Any, value: float) -> Constant:
    shape = tuple(length if isinstance(length, int) else 1 for length in entry.shape)
    if entry.type not in CONSTANT_TYPES or set(shape) - {1}:
        allowed = ", ".join(map(_short, CONSTANT_TYPES))
        raise ValueError(f"constants.{in_one_line(entry.name)}: must be one element of a type among {allowed}")
    return Constant(entry.name, CONSTANT_TYPES[entry.type], shape, float(value))


def _fitting_layouts(shape: Sequence[Any], model: Mapping[str, Any]) -> list[str]:
    """List the orders of axes in which the shape can be that of square images of the model's size."""
    side, wanted = model["input_px"], model.get("input_layout", "auto")
    fits = [layout for layout in LAYOUTS if _fits(shape, layout, side) and wanted in ("auto", layout)]
    if not fits:
        allowed = " or ".join(text.format(side) for layout, text in LAYOUTS.items() if wanted in ("auto", layout))
        raise ValueError(f"its images must be one of {allowed}{_advise(shape, wanted)}")
    return fits


def _fits(shape: Sequence[Any], layout: str, side: int) -> bool:
    expected = (3, side, side) if layout == "nchw" else (side, side, 3)
    return all(not isinstance(found, int) or found == one for found, one in zip(shape[1:], expected, strict=True))


def _advise(shape: Sequence[Any], wanted: str) -> str:
    """Say which key helps against a shape that does not fit."""
    for layout, axes in {"nchw": shape[1:], "nhwc": [*shape[3:], *shape[1:3]]}.items():
        channels, height, width = axes
        if channels != 3:
            continue
        if wanted not in ("auto", layout):
            return f": set input_layout: {layout}"
        sides = sorted({length for length in (height, width) if isinstance(length, int)})
        if len(sides) == 1:
            return f": set input_px: {sides[0]}"
        return f": crops are square, of input_px x input_px, and no input_px fits {height} x {width}"
    return ": images have three channels, and are square"


def _check_type(entry: Any, model: Mapping[str, Any]) -> str:
    if entry.type not in TYPES:
        raise ValueError(f"images of type {_short(entry.type)} cannot be fed; allowed: {', '.join(map(_short, TYPES))}")
    if TYPES[entry.type] == "uint8" and (model["pixel_mean"], model["pixel_std"]) != (0, 1):
        raise ValueError("it takes pixels as they are: set pixel_mean: 0 and pixel_std: 1")
    return TYPES[entry.type]


def _check_size(size: Any) -> int | None:
    if not isinstance(size, int):
        return None
    if not 1 <= size <= LARGEST_BATCH:
        raise ValueError(f"it takes batches of {size} only; allowed: any, or 1 to {LARGEST_BATCH}")
    return size


def _try_layouts(form: Form, layouts: Sequence[str], model: Mapping[str, Any], session: Any) -> Form:
    """Take the only order of axes that fits; of two, the only one in which the graph runs."""
    forms = [form._replace(is_nhwc=layout == "nhwc") for layout in layouts]
    works = forms if len(forms) == 1 else [one for one in forms if _runs(one, model, session)]
    if len(works) != 1:
        found = "both work" if works else "neither works"
        raise ValueError(f"its axes have no lengths, and of the orders {', '.join(layouts)} {found}: set input_layout")
    return works[0]


def _runs(form: Form, model: Mapping[str, Any], session: Any) -> bool:
    try:
        run_all(session, form, make_grey(form.size or 1, model))
    except Exception:  # ONNX Runtime's own classes share no other base
        return False
    return True


def run_all(session: Any, form: Form, batch: np.ndarray, output: str | None = None) -> list[np.ndarray]:
    """Run a graph for all outputs, or for one; an error is raised, and not printed as well."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = SILENT
    return session.run([output] if output else None, form.feed(batch), options)


def _find_output(form: Form, model: Mapping[str, Any], session: Any) -> str:
    """Choose the output; of several, a grey image tells the shapes."""
    names, images = [one.name for one in session.get_outputs()], form.size or 1
    if len(names) < 2 or model.get("output") is not None:
        return choose_output({one.name: one.shape for one in session.get_outputs()}, images, model.get("output"))
    try:
        found = run_all(session, form, make_grey(images, model))
    except Exception as error:  # ONNX Runtime's own classes share no other base
        raise ValueError(f"it fails on a grey image: {in_one_line(error)}") from None
    return choose_output({name: np.shape(one) for name, one in zip(names, found, strict=True)}, images, None)
