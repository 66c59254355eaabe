"""Makes broken and hostile ONNX files out of a small valid one, each from a name and a seed."""

import random
from collections.abc import Iterator
from pathlib import Path

from hostile import HOSTILE, Change
from onnx import ModelProto

from networks import write_convolutions

SIDE = 32
OPS = (
    "Conv",
    "MaxPool",
    "Gemm",
    "Reshape",
    "Softmax",
    "LSTM",
    "Resize",
    "Gather",
    "TopK",
    "Einsum",
    "Upsample",
    "Relu",
)
EXTREMES = (-(2**63), -(2**31), -1, 0, 1, 7, 2**31 - 1, 2**31, 2**40, 2**63 - 1)


def make_corpus(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file by name; `folder` is for scratch."""
    path = write_convolutions(folder / "valid.onnx", SIDE)
    valid = path.read_bytes()
    corpus = {"valid": valid, **dict(_damaged(valid)), **_no_models(valid)}
    for name, change in _changes():
        model = ModelProto.FromString(valid)
        change(model)
        corpus[name] = model.SerializeToString()
    return corpus


def _damaged(valid: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut the file, or overwrite bytes of it: nodes are described in the first kilobyte, weights fill the rest."""
    rng = random.Random(0)
    for length in (1, 2, 10, 50, *rng.sample(range(60, 900), 12), *rng.sample(range(900, len(valid)), 12)):
        yield f"cut-{length}", valid[:length]
    for seed in range(60):
        rng = random.Random(seed)
        damaged = bytearray(valid)
        for _ in range(1 + seed % 8):
            damaged[rng.randrange(900) if seed % 4 else rng.randrange(len(valid))] = rng.randrange(256)
        yield f"flip-{seed}", bytes(damaged)


def _no_models(valid: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "zip": b"PK\x03\x04" + bytes(200),
        "text": b"image_a,image_b,is_genuine\n" * 50,
        "html": b"<!DOCTYPE html><title>404 Not Found</title>",
        "zeros": bytes(5000),
        "noise": random.Random(0).randbytes(5000),
        "twice": valid + valid,
        "length-2-gib": b"\x3a\xff\xff\xff\xff\x07" + valid[:100],
        "if-300-deep": _field(7, _nested(300)),
        "if-30000-deep": _field(7, _nested(30_000)),
    }


def _nested(depth: int) -> bytes:
    """Return a graph with a node with an attribute with a graph, and so on; deeper than the library would write."""
    graph = b""
    for _ in range(depth):
        graph = _field(1, _field(5, _field(6, graph)))
    return graph


def _field(number: int, content: bytes) -> bytes:
    size, left = b"", len(content)
    while left > 127:
        size, left = size + bytes([left & 127 | 128]), left >> 7
    return bytes([number << 3 | 2]) + size + bytes([left]) + content


def _changes() -> Iterator[tuple[str, Change]]:
    yield from HOSTILE.items()
    for seed in range(90):
        yield f"field-{seed}", lambda model, seed=seed: _change_fields(model, random.Random(seed))


def _change_fields(model: ModelProto, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        rng.choice([_any_attribute, _any_name, _any_op, _any_dims, _any_type, _any_opset, _drop_any])(model, rng)


def _any_attribute(model: ModelProto, rng: random.Random) -> None:
    node = rng.choice([node for node in model.graph.node if node.attribute] or [model.graph.node.add()])
    if node.attribute:
        attribute = rng.choice(node.attribute)
        if attribute.ints:
            attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(EXTREMES)
        attribute.i = rng.choice(EXTREMES)


def _any_name(model: ModelProto, rng: random.Random) -> None:
    names = ["", "x", "y", "nowhere", *(name for node in model.graph.node for name in node.output)]
    node = rng.choice(model.graph.node)
    side = node.input if rng.random() < 0.6 else node.output
    if side:
        side[rng.randrange(len(side))] = rng.choice(names)


def _any_op(model: ModelProto, rng: random.Random) -> None:
    rng.choice(model.graph.node).op_type = rng.choice(OPS)


def _any_dims(model: ModelProto, rng: random.Random) -> None:
    if model.graph.initializer:
        dims = rng.choice(model.graph.initializer).dims
        dims[rng.randrange(len(dims))] = rng.choice(EXTREMES)


def _any_type(model: ModelProto, rng: random.Random) -> None:
    if model.graph.initializer:
        rng.choice(model.graph.initializer).data_type = rng.randrange(25)


def _any_opset(model: ModelProto, rng: random.Random) -> None:
    model.opset_import[0].version = rng.choice([0, 1, 6, 9, 11, 13, 99, 2**31])


def _drop_any(model: ModelProto, rng: random.Random) -> None:
    rows = rng.choice([model.graph.node, model.graph.initializer, model.graph.output, model.graph.input])
    if len(rows):
        del rows[rng.randrange(len(rows))]
