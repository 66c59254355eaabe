"""The layers of the demo model's network, in order, for torch, which trains it, and ONNX Runtime, which runs it."""

from typing import NamedTuple

INPUT_PX = 112
DIMENSION = 128
# Channels of the 56, 28, 14 and 7 px maps, and of the map that the embedding is computed from.
STEM, WIDE, MIDDLE, NARROW = 16, 32, 48, 96
LAST_CHANNELS = 32
LAST_PX = 7


class Unit(NamedTuple):
    """Convolution, batch norm and, if `active`, ReLU."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    pad: int = 1
    active: bool = True


class Residual(NamedTuple):
    """Two units with a skip connection, then ReLU."""

    channels: int

    @property
    def units(self) -> tuple[Unit, Unit]:
        """Both units."""
        return Unit(self.channels, self.channels), Unit(self.channels, self.channels, active=False)


LAYERS: tuple[Unit | Residual, ...] = (
    Unit(3, STEM, stride=2),
    Unit(STEM, WIDE, stride=2),
    Unit(WIDE, MIDDLE, stride=2),
    Residual(MIDDLE),
    Unit(MIDDLE, NARROW, stride=2),
    Residual(NARROW),
    Unit(NARROW, LAST_CHANNELS, kernel=1, pad=0, active=False),
    Unit(LAST_CHANNELS, DIMENSION, kernel=LAST_PX, pad=0, active=False),
)
