"""Changes to a valid ONNX model that someone might make on purpose, by name; see `mutilated`."""

from collections.abc import Callable

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

SIDE = 32

Change = Callable[[ModelProto], object]


def _set(attribute: str, *values: int, node: int = 0) -> Change:
    def change(model: ModelProto) -> None:
        attributes = model.graph.node[node].attribute
        for one in [one for one in attributes if one.name == attribute]:
            attributes.remove(one)
        attributes.append(helper.make_attribute(attribute, list(values) if len(values) > 1 else values[0]))

    return change


def _before(op: str, *constants: np.ndarray, **attributes: object) -> Change:
    """Put an operation between the input and the network, or in its place, with further constant inputs."""

    def change(model: ModelProto) -> None:
        names = [f"constant-{i}" for i in range(len(constants))]
        for name, value in zip(names, constants, strict=True):
            model.graph.initializer.append(numpy_helper.from_array(value, name))
        model.graph.node[0].input[0] = "before"
        model.graph.node.insert(0, helper.make_node(op, ["x", *names], ["before"], **attributes))

    return change


def _made(op: str, *constants: np.ndarray, **attributes: object) -> Change:
    """Add what an operation makes of constants alone to the output: its sum, so that shapes fit."""

    def change(model: ModelProto) -> None:
        names = [f"constant-{i}" for i in range(len(constants))]
        for name, value in zip(names, constants, strict=True):
            model.graph.initializer.append(numpy_helper.from_array(value, name))
        model.graph.node[-1].output[0] = "almost"
        model.graph.node.extend(
            [
                helper.make_node(op, names, ["made"], **attributes),
                helper.make_node("Cast", ["made"], ["cast"], to=TensorProto.FLOAT),
                helper.make_node("ReduceSum", ["cast"], ["sum"], keepdims=0),
                helper.make_node("Add", ["almost", "sum"], ["y"]),
            ]
        )

    return change


def _external(location: str, **more: str) -> Change:
    def change(model: ModelProto) -> None:
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **more}.items():
            tensor.external_data.add(key=key, value=value)

    return change


def _input(*dims: int | str, kind: int = TensorProto.FLOAT) -> Change:
    return lambda model: model.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", kind, dims))


def _all(*changes: Change) -> Change:
    return lambda model: [change(model) for change in changes]


def _weights(index: int, *dims: int, data: bytes | None = None) -> Change:
    def change(model: ModelProto) -> None:
        tensor = model.graph.initializer[index]
        tensor.dims[:] = dims
        tensor.raw_data = tensor.raw_data if data is None else data

    return change


def _subgraph(op: str, nest: int = 1, trips: int = 2**62) -> Change:
    """Put an If or Loop around nothing, `nest` deep; the loop goes on until its counter is through."""

    def body(depth: int) -> object:
        out = helper.make_tensor_value_info(f"o{depth}", TensorProto.FLOAT, None)
        if depth == 0:
            nodes = [helper.make_node("Identity", ["x"], ["o0"])]
        else:
            attributes = {"then_branch": body(depth - 1), "else_branch": body(depth - 1)} if depth < 2 else {}
            attributes = attributes or {"then_branch": body(depth - 1), "else_branch": body(0)}
            nodes = [helper.make_node("If", ["yes"], [f"o{depth}"], **attributes)]
        return helper.make_graph(nodes, f"body{depth}", [], [out])

    def change(model: ModelProto) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
        model.graph.initializer.append(numpy_helper.from_array(np.array(trips), "trips"))
        model.graph.node[0].input[0] = "before"
        if op == "If":
            node = helper.make_node("If", ["yes"], ["before"], then_branch=body(nest), else_branch=body(0))
        else:
            kinds = {"turn": TensorProto.INT64, "still": TensorProto.BOOL, "go": TensorProto.BOOL}
            turn, still, go = (helper.make_tensor_value_info(one, kind, ()) for one, kind in kinds.items())
            old, new = (helper.make_tensor_value_info(one, TensorProto.FLOAT, None) for one in ("old", "new"))
            step = helper.make_node("Concat", ["old", "old"], ["new"], axis=0) if op == "growing" else None
            nodes = [helper.make_node("Identity", ["yes"], ["go"]), step or helper.make_node("Relu", ["old"], ["new"])]
            loop = helper.make_graph(nodes, "body", [turn, still, old], [go, new])
            node = helper.make_node("Loop", ["trips", "yes", "x"], ["before"], body=loop)
        model.graph.node.insert(0, node)

    return change


def _swap_nodes(model: ModelProto) -> None:
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _rename(place: str) -> Change:
    """Name things so that whoever writes Python with these names runs what they say."""
    code = 'x")\ropen("ran", "w")\rdef g(self, input_1):\npass #'

    def change(model: ModelProto) -> None:
        graph = model.graph
        if place == "node":
            graph.node[0].name = code
        elif place == "op":
            graph.node[0].op_type = code
        elif place == "domain":
            graph.node[0].domain = code
            model.opset_import.append(helper.make_opsetid(code, 1))
        elif place == "input":
            graph.input[0].name = graph.node[0].input[0] = code
        elif place == "weights":
            graph.initializer[0].name = graph.node[0].input[1] = code
        elif place == "result":
            graph.node[0].output[0] = graph.node[1].input[0] = code
        else:
            graph.output[0].name = graph.node[-1].output[0] = code

    return change


def _function(calls: str) -> Change:
    """Add a function of the model's own that calls itself or another, which calls it."""

    def change(model: ModelProto) -> None:
        imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        model.opset_import.append(imports[1])
        for name, called in (("f", calls), ("g", "f")):
            node = helper.make_node(called, ["a"], ["b"], domain="own" if called in "fg" else "")
            model.functions.append(helper.make_function("own", name, ["a"], ["b"], [node], imports))
        model.graph.node[0].input[0] = "before"
        model.graph.node.insert(0, helper.make_node("f", ["x"], ["before"], domain="own"))

    return change


def _doubled(times: int, op: str = "Concat") -> Change:
    """Double the input `times` times: a graph of a few bytes for each factor of two."""

    def change(model: ModelProto) -> None:
        name = "x"
        for i in range(times):
            attributes = {"axis": 3} if op == "Concat" else {}
            model.graph.node.insert(i, helper.make_node(op, [name, name], [f"d{i}"], **attributes))
            name = f"d{i}"
        model.graph.node.insert(times, helper.make_node("ReduceMean", [name], ["mean"], axes=[2, 3], keepdims=1))
        model.graph.node.insert(times + 1, helper.make_node("Add", ["x", "mean"], ["before"]))
        model.graph.node[times + 2].input[0] = "before"

    return change


def _many(count: int) -> Change:
    """Put a chain of operations before the network."""

    def change(model: ModelProto) -> None:
        chain = [helper.make_node("Relu", [f"r{i}" if i else "x"], [f"r{i + 1}"]) for i in range(count)]
        nodes = [*chain, *model.graph.node]
        nodes[count].input[0] = f"r{count}"
        del model.graph.node[:]
        model.graph.node.extend(nodes)

    return change


def _many_dims(model: ModelProto) -> None:
    for _ in range(3000):
        model.graph.input[0].type.tensor_type.shape.dim.add(dim_value=1)


def _cut_weights(model: ModelProto) -> None:
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-3]


def _drop_outputs(model: ModelProto) -> None:
    del model.graph.output[:]


def _graph_attribute(model: ModelProto) -> None:
    model.graph.node[0].attribute[0].type = AttributeProto.GRAPH


def _ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


_HUGE = _ints(2**20, 2**12)
HOSTILE: dict[str, Change] = {
    "cycle": lambda model: model.graph.node[0].input.__setitem__(0, "t"),
    "self-loop": lambda model: model.graph.node[1].input.__setitem__(0, "p"),
    "reversed": _swap_nodes,
    "missing-weights": lambda model: model.graph.initializer.pop(),
    "all-weights-missing": lambda model: model.graph.ClearField("initializer"),
    "same-name-twice": lambda model: model.graph.node[2].output.__setitem__(0, "c"),
    "same-weights-twice": lambda model: model.graph.initializer.append(model.graph.initializer[0]),
    "same-node-name-twice": lambda model: [setattr(node, "name", "same") for node in model.graph.node],
    "no-nodes": lambda model: model.graph.ClearField("node"),
    "no-graph": lambda model: model.ClearField("graph"),
    "no-opset": lambda model: model.ClearField("opset_import"),
    "no-output": _drop_outputs,
    "output-from-nowhere": lambda model: setattr(model.graph.output[0], "name", "nowhere"),
    "output-is-input": lambda model: setattr(model.graph.output[0], "name", "x"),
    "ir-version-999": lambda model: setattr(model, "ir_version", 999),
    "ir-version-0": lambda model: setattr(model, "ir_version", 0),
    "unknown-op": lambda model: setattr(model.graph.node[0], "op_type", "Foo"),
    "unknown-domain": lambda model: setattr(model.graph.node[0], "domain", "com.nowhere"),
    "graph-attribute-without-graph": _graph_attribute,
    "kernel-0": _set("kernel_shape", 0, 0),
    "kernel-huge": _set("kernel_shape", 2**31, 2**31),
    "strides-0": _set("strides", 0, 0),
    "strides-negative": _set("strides", -1, -1),
    "strides-huge": _set("strides", 2**40, 2**40),
    "strides-one": _set("strides", 2),
    "pads-huge": _set("pads", *[2**31] * 4),
    "pads-large": _set("pads", *[20_000] * 4),
    "pads-negative": _set("pads", *[-20] * 4),
    "pads-too-many": _set("pads", *[1] * 50),
    "group-0": _set("group", 0),
    "group-negative": _set("group", -3),
    "group-3": _set("group", 3),
    "group-huge": _set("group", 2**62),
    "dilations-huge": _set("dilations", 2**31, 2**31),
    "dilations-0": _set("dilations", 0, 0),
    "flatten-axis-99": _set("axis", 99, node=4),
    "flatten-axis-least": _set("axis", -(2**63), node=4),
    "weights-dims-huge": _weights(0, 2**31, 2**31, 3, 3),
    "weights-dims-overflow": _weights(0, 2**32, 2**32, 1, 1),
    "weights-dims-empty-huge": _weights(0, 2**40, 0, 3, 3, data=b""),
    "weights-dims-negative": _weights(0, -6, 3, 3, 3),
    "weights-dims-two-negative": _weights(0, -6, -3, 3, 3),
    "weights-dims-other": _weights(0, 3, 6, 3, 3),
    "weights-scalar": _weights(0, data=bytes(4)),
    "weights-cut": _cut_weights,
    "weights-empty": _weights(0, 6, 3, 3, 3, data=b""),
    "weights-of-strings": lambda model: setattr(model.graph.initializer[0], "data_type", TensorProto.STRING),
    "weights-of-no-type": lambda model: setattr(model.graph.initializer[0], "data_type", 0),
    "weights-of-type-99": lambda model: setattr(model.graph.initializer[0], "data_type", 99),
    "weights-of-float16": lambda model: setattr(model.graph.initializer[0], "data_type", TensorProto.FLOAT16),
    "weights-nan": _weights(0, 6, 3, 3, 3, data=np.full(162, np.nan, np.float32).tobytes()),
    "input-huge": _input(2**31, 3, SIDE, SIDE),
    "input-negative": _input(-1, 3, SIDE, SIDE),
    "input-batch-0": _input(0, 3, SIDE, SIDE),
    "input-batch-large": _input(10**6, 3, SIDE, SIDE),
    "input-3000-axes": _many_dims,
    "input-of-int64": _input("n", 3, SIDE, SIDE, kind=TensorProto.INT64),
    "input-of-strings": _input("n", 3, SIDE, SIDE, kind=TensorProto.STRING),
    "input-one-axis": _input("n"),
    "input-all-named": _input("n", "n", "n", "n"),
    "external-up": _external("../../../../../../../../etc/passwd"),
    "external-absolute": _external("/etc/passwd"),
    "external-absent": _external("weights.bin"),
    "external-empty-name": _external(""),
    "external-folder": _external("."),
    "external-device": _external("/dev/zero", length=str(2**40)),
    "external-offset-huge": _external("valid.onnx", offset=str(2**62), length="648"),
    "external-offset-negative": _external("valid.onnx", offset="-5", length="648"),
    "external-offset-text": _external("valid.onnx", offset="many"),
    "external-memory": _external("*/_ORT_MEM_ADDR_/*", offset="4096", length="648"),
    **{
        f"code-in-{place}": _rename(place) for place in ("node", "op", "domain", "input", "weights", "result", "output")
    },
    "if": _subgraph("If"),
    "if-20-deep": _subgraph("If", nest=20),
    "loop-3": _subgraph("Loop", trips=3),
    "loop-endless": _subgraph("Loop"),
    "loop-growing": _subgraph("growing"),
    "function": _function("Relu"),
    "function-calls-itself": _function("f"),
    "functions-call-each-other": _function("g"),
    "fill-16-gb": _made("ConstantOfShape", _HUGE),
    "fill-overflow": _made("ConstantOfShape", _ints(2**32, 2**32)),
    "fill-negative": _made("ConstantOfShape", _ints(-5)),
    "fill-infinite-shape": _made("ConstantOfShape", _ints(2**62)),
    "expand-16-gb": _made("Expand", np.zeros(1, np.float32), _HUGE),
    "tile-16-gb": _made("Tile", np.zeros((1, 1), np.float32), _HUGE),
    "range-endless": _made("Range", _ints(0)[0], _ints(2**62)[0], _ints(1)[0]),
    "range-step-0": _made("Range", _ints(0)[0], _ints(5)[0], _ints(0)[0]),
    "eye-of-constant": _made("EyeLike", np.zeros((4, 4), np.float32)),
    "random-16-gb": _made("RandomNormal", shape=[2**20, 2**12]),
    "outer-product": _made("MatMul", np.zeros((65_000, 1), np.float32), np.zeros((1, 65_000), np.float32)),
    "pad-huge": _before("Pad", _ints(0, 0, 0, 0, 0, 0, 2**20, 2**12)),
    "resize-huge": _before("Resize", np.zeros(0, np.float32), np.array([1, 1, 4096, 4096], np.float32)),
    "resize-nan": _before("Resize", np.zeros(0, np.float32), np.array([1, 1, np.nan, np.inf], np.float32)),
    "reshape-huge": _before("Reshape", _ints(2**31, 2**31, 1, 1)),
    "reshape-two-unknown": _before("Reshape", _ints(-1, -1, 3, 3)),
    "gather-outside": _before("Gather", _ints(10**9), axis=1),
    "transpose-twice-0": _before("Transpose", perm=[0, 0, 1, 2]),
    "slice-step-0": _before("Slice", _ints(0), _ints(5), _ints(2), _ints(0)),
    "squeeze-axis-99": _before("Squeeze", _ints(99)),
    "top-k-huge": _before("TopK", _ints(2**40)),
    "einsum-nonsense": _before("Einsum", equation="ij,jk->...zz"),
    "split-to-nothing": _before("Split", _ints(0, 0)),
    "cast-to-nothing": _before("Cast", to=999),
    "doubled-40": _doubled(40),
    "added-60": _doubled(60, "Add"),
    "chain-20000": _many(20_000),
}
# The same, and the batch is fixed, so that it is freed.
HOSTILE |= {
    f"{name}-of-one": _all(_input(1, 3, SIDE, SIDE), HOSTILE[name])
    for name in (
        *(
            "code-in-node",
            "code-in-weights",
            "code-in-result",
            "external-up",
            "external-memory",
            "external-offset-huge",
        ),
        *(
            "reshape-huge",
            "reshape-two-unknown",
            "fill-16-gb",
            "loop-growing",
            "if-20-deep",
            "functions-call-each-other",
        ),
        *("same-weights-twice", "weights-dims-huge", "weights-of-type-99", "weights-nan", "chain-20000", "no-opset"),
    )
}
HOSTILE["input-batch-1024"] = _input(1024, 3, SIDE, SIDE)
