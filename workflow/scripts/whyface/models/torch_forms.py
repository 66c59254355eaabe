"""What a torch module of a user's takes and gives, found by trying; and a plain form of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from whyface.models.forms import LAYOUTS, choose_output, in_one_line, make_grey, write_shape


class Plain(torch.nn.Module):
    """A module that takes float32 images, n x 3 x side x side, and gives one tensor.

    Parameters
    ----------
    network : torch.nn.Module
        The module as its file has it.
    layout : str
        nchw or nhwc: the order of axes that it takes.
    dtype : torch.dtype
        The type that it takes.
    size : int or None
        How many images it takes at a time; None: any.
    constants : mapping
        Values of further arguments.
    """

    def __init__(self, network: Any, layout: str, dtype: torch.dtype, size: int | None, constants: Mapping[str, Any]):
        super().__init__()
        self.network, self.size, self.output = network, size, ""
        self._layout, self._dtype, self._constants = layout, dtype, dict(constants)

    def outputs(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return all tensors that the network gives, by name or number."""
        images = images.permute(0, 2, 3, 1) if self._layout == "nhwc" else images
        found = self.network(images.to(self._dtype), **self._constants)
        found = found.items() if isinstance(found, Mapping) else enumerate(_as_tuple(found))
        return {str(name): value for name, value in found if isinstance(value, torch.Tensor)}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embed images."""
        return self.outputs(images)[self.output]

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes pixels as they are."""
        return self._dtype is torch.uint8

    def describe(self, side: int) -> str:
        """Say what it takes: shape and type."""
        shape = LAYOUTS[self._layout].format(side)
        return f"{f'1{shape[1:]}' if self.size else shape} ({str(self._dtype).removeprefix('torch.')})"

    def train(self, mode: bool = True) -> "Plain":
        """Stay in evaluation mode, which the file is in."""
        return self


def _as_tuple(found: Any) -> tuple[Any, ...]:
    return tuple(found) if isinstance(found, tuple | list) else (found,)


def make_plain(name: str, model: Mapping[str, Any], weights: Path, network: Any) -> tuple[Plain, str]:
    """Find out how to feed a module by trying grey images; return it in its plain form, and what it takes and gives.

    Raises
    ------
    ValueError
        It takes no images of this size, or the config does not say enough; says which key helps.
    """
    failures = []
    for plain, images in _candidates(model, network):
        try:
            with torch.inference_mode():
                shapes = {key: tuple(value.shape) for key, value in plain.outputs(images).items()}
        except Exception as error:  # torch's own classes share no other base
            failures.append(in_one_line(error))
            continue
        if any(shape[:1] == (len(images),) for shape in shapes.values()):
            return _choose(name, model, weights, plain, shapes, len(images))
        failures.append(f"it gives {_list(shapes)} for {len(images)} images")
    side = model["input_px"]
    tried = " or ".join(text.format(side) for text in LAYOUTS.values())
    keys = "input_px, input_layout and, for further inputs, constants"
    raise ValueError(f"model {name}: {weights} does not take {tried}: {failures[0][:500]}; see {keys}")


def _candidates(model: Mapping[str, Any], network: Any) -> Iterator[tuple[Plain, torch.Tensor]]:
    """Try any number of images before one, the network's own type before bytes, channels first before last."""
    own = next((one.dtype for one in network.parameters() if one.is_floating_point()), torch.float32)
    constants, wanted = model.get("constants", {}), model.get("input_layout", "auto")
    for size in (None, 1):
        images = torch.from_numpy(make_grey(size or 2, model))
        for dtype in dict.fromkeys([own, torch.float32, torch.uint8]):
            for layout in LAYOUTS if wanted == "auto" else [wanted]:
                yield Plain(network, layout, dtype, size, constants), images


def _choose(
    name: str, model: Mapping[str, Any], weights: Path, plain: Plain, shapes: Mapping[str, Any], images: int
) -> tuple[Plain, str]:
    takes = f"{plain.describe(model['input_px'])} and gives {_list(shapes)} for {images} images"
    said = f"model {name}: {weights} takes {takes}"
    try:
        plain.output = choose_output(shapes, images, model.get("output"))
        if plain.takes_bytes and (model["pixel_mean"], model["pixel_std"]) != (0, 1):
            raise ValueError("it takes pixels as they are: set pixel_mean: 0 and pixel_std: 1")
    except ValueError as problem:
        raise ValueError(f"{said}; {problem}") from None
    return plain, said


def _list(shapes: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} ({write_shape(shape)})" for key, shape in shapes.items()) or "nothing"
