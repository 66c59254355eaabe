"""Reads pickles from strangers without running them: only plain values and numpy arrays come out.

A pickle is a program: `pickle.load` runs it, and calls whatever it names. This reader walks the same opcodes with a
stack of its own, calls nothing, and knows only the names by which numpy's arrays and the bytes of Python 3 are written.
All else is refused, with its offset.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from mmap import mmap
from pickletools import genops
from typing import Any

import numpy as np

# 12,000 images as arrays take 400,000. The limit bounds what tiny values can cost: half a second, and 100 bytes a step.
MAX_STEPS = 1_000_000
MAX_LINE_BYTES = (
    4 << 20
)  # an image in the text of protocol 0; errors of pickletools quote lines, at four times their size
_MAX_REASON = 300
_MAX_SHOWN = 80
_MAX_DIMENSIONS = 4
_TRUTHS_AND_INTEGERS = re.compile("b1|[iu][1248]")


@dataclass(eq=False)
class Array:
    """A numpy array; its values are None where the pickle never states them."""

    values: np.ndarray | None = None


@dataclass(eq=False)
class _Dtype:
    code: str
    order: str = "="

    def numpy(self) -> np.dtype:
        return np.dtype(self.order + self.code)


@dataclass(eq=False)
class _Name:
    """A global, as `module name`; never imported."""

    text: str


def read_pickle(stream: mmap | BytesIO) -> Any:
    """Read a pickle of any protocol, by construction without side effects.

    Parameters
    ----------
    stream : mmap or BytesIO
        The pickle, at its start. Reads from these end where the file does, whatever length is claimed.

    Returns
    -------
    object
        Made of None, bool, int, str, bytes, bytearray, list, tuple and `Array`; lists may contain themselves. Strings
        of Python 2 are bytes. Of numpy's types, truth values and integers are read.

    Raises
    ------
    ValueError
        The pickle is damaged or cut short, something follows its end, it takes more than `MAX_STEPS`, or it needs
        anything else. The message begins with the offset: `byte 17: ...`.
    """
    machine, start = _Machine(), 0
    try:
        for steps, (opcode, argument, _) in enumerate(genops(_Stream(stream))):  # type: ignore[arg-type]
            if steps == MAX_STEPS:
                raise ValueError(f"more than {MAX_STEPS} opcodes")
            _step(machine, opcode.name, argument)
            start = stream.tell()
        if stream.read(1):
            raise ValueError("more follows the end of the pickle")
        return machine.result()
    except IndexError:
        raise ValueError(f"byte {start}: damaged: the stack holds less than is taken from it") from None
    except ValueError as error:
        raise ValueError(f"byte {start}: {str(error)[:_MAX_REASON]}") from error


class _Stream:
    """What pickletools reads from, with lines of bounded length."""

    def __init__(self, stream: mmap | BytesIO) -> None:
        self.stream, self.read, self.tell = stream, stream.read, stream.tell

    def readline(self) -> bytes:
        line = self.stream.readline()
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"a line of {len(line)} bytes; at most {MAX_LINE_BYTES} are read")
        return line


class _Machine:
    """The stack of a pickle; `below` holds what lies under each mark."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def push_string(self, text: str) -> None:
        self.push(text.encode("latin-1"))  # bytes, which pickletools decodes

    def mark(self, _: None) -> None:
        self.below.append(self.stack)
        self.stack = []

    def to_mark(self) -> list[Any]:
        above, self.stack = self.stack, self.below.pop()
        return above

    def tuple_of(self, count: int) -> None:
        if count > len(self.stack):
            raise IndexError
        first = len(self.stack) - count
        self.stack[first:] = [tuple(self.stack[first:])]

    def extend(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise ValueError(f"damaged: appends to {_kind(target)}")
        target += values

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise ValueError("damaged: takes from the memo what was never put there")
        self.push(self.memo[index])

    def name(self, text: str) -> None:
        if text not in _CALLS:
            raise ValueError(f"global {text[:_MAX_SHOWN]!r} is not allowed; allowed are numpy arrays and bytes")
        self.push(_Name(text))

    def name_from_stack(self, _: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not (isinstance(module, str) and isinstance(name, str)):
            raise ValueError(f"damaged: a global named by {_kind(module)} and {_kind(name)}")
        self.name(f"{module} {name}")

    def reduce(self, _: None) -> None:
        arguments, name = self.stack.pop(), self.stack.pop()
        if not (isinstance(name, _Name) and isinstance(arguments, tuple)):
            raise ValueError(f"damaged: {_kind(name)} is called with {_kind(arguments)}")
        self.push(_checked(name.text, _CALLS[name.text], arguments))

    def build(self, _: None) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) not in _STATES:
            raise ValueError(f"{_kind(target)} is given a state; allowed for arrays and their types")
        _checked(f"the state of {_kind(target)}", _STATES[type(target)], (target, state))

    def result(self) -> Any:
        if len(self.stack) != 1 or self.below:
            raise ValueError("damaged: not one value is left at the end")
        return self.stack[0]


def _kind(value: Any) -> str:
    # Never the value itself: it may be endless.
    return value.text if isinstance(value, _Name) else f"a value of type {type(value).__name__.strip('_')}"


def _checked(what: str, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return make(*arguments)
    except TypeError:  # of wrong number
        raise ValueError(f"{what} with {len(arguments)} values, not as numpy writes it") from None


def _bytes_of(text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError(f"_codecs encode of {_kind(text)}; allowed is text, to latin1")
    return text.encode("latin-1")


def _dtype(code: Any, *_: Any) -> _Dtype:
    text = code.decode("latin-1") if isinstance(code, bytes) else code
    if not isinstance(text, str) or not _TRUTHS_AND_INTEGERS.fullmatch(text):
        shown = repr(text[:_MAX_SHOWN]) if isinstance(text, str) else _kind(text)
        advice = "; store an array of objects as a list: list(array)" if shown.startswith("'O") else ""
        raise ValueError(f"numpy dtype {shown}; allowed are truth values and integers: b1, u1, i8, ...{advice}")
    return _Dtype(text)


def _set_order(dtype: _Dtype, state: Any) -> None:
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
    text = order.decode("latin-1") if isinstance(order, bytes) else order
    if not isinstance(text, str) or text not in ("<", ">", "|", "="):
        raise ValueError("numpy dtype without a known byte order")
    dtype.order = text


def _empty_array(kind: Any, *_: Any) -> Array:
    if not isinstance(kind, _Name) or kind.text != "numpy ndarray":
        raise ValueError(f"_reconstruct of {_kind(kind)}; allowed is numpy ndarray")
    return Array()


def _fill(array: Array, state: Any) -> None:
    if not isinstance(state, tuple) or len(state) != 5:
        raise ValueError("the state of an array is not as numpy writes it")
    _, shape, dtype, _, content = state
    array.values = _values(content, dtype, shape)


def _array(content: Any, dtype: Any, shape: Any, _: Any) -> Array:
    return Array(_values(content, dtype, shape))


def _scalar(dtype: Any, content: Any) -> bool | int:
    return _values(content, dtype, (1,))[0].item()


def _values(content: Any, dtype: Any, shape: Any) -> np.ndarray:
    """Return an array's values, flat."""
    if not isinstance(dtype, _Dtype) or not isinstance(content, bytes | bytearray) or not isinstance(shape, tuple):
        raise ValueError(f"an array from {_kind(content)}, {_kind(dtype)} and {_kind(shape)}, not as numpy writes it")
    plausible = len(shape) <= _MAX_DIMENSIONS and all(
        isinstance(side, int) and 0 <= side <= len(content) for side in shape
    )
    if not plausible or math.prod(shape) * dtype.numpy().itemsize != len(content):
        raise ValueError(f"an array claims another size than that of its {len(content)} bytes")
    return np.frombuffer(content, dtype.numpy())


def _never(*_: Any) -> None:
    raise ValueError("numpy ndarray is called, which numpy never writes")


# What may be named, and what is made when a pickle calls it. numpy 2 renamed its core.
_CALLS: dict[str, Callable[..., Any]] = {
    "_codecs encode": _bytes_of,
    "numpy dtype": _dtype,
    "numpy ndarray": _never,
    **{f"numpy.{core}.multiarray _reconstruct": _empty_array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.numeric _frombuffer": _array for core in ("core", "_core")},
}
_STATES: dict[type, Callable[..., None]] = {Array: _fill, _Dtype: _set_order}

_PUSHED = (
    *("NONE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
)
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(_PUSHED, _Machine.push),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _Machine.push_string),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": _Machine.mark,
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.to_mark())),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.to_mark()),
    "APPEND": lambda machine, _: machine.extend([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.to_mark()),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    "MEMOIZE": lambda machine, _: machine.put(len(machine.memo)),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_from_stack,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, _: None),
}


def _step(machine: _Machine, opcode: str, argument: Any) -> None:
    if opcode not in _STEPS:
        shown = repr(argument[:_MAX_SHOWN]) if isinstance(argument, str) else ""
        raise ValueError(f"opcode {opcode} {shown}".rstrip() + " is not allowed")
    _STEPS[opcode](machine, argument)
