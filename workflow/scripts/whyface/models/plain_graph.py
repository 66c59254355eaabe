"""Rewrites an ONNX graph into the plain form that the engines take apart: float32, n x 3 x side x side, one output."""

from typing import TYPE_CHECKING

from whyface.models.onnx_forms import Form

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

TO_CHANNELS_FIRST, TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
# Operations that do not mind in which order axes are.
ANY_ORDER = ("Cast", "Identity")


def make_plain(proto: "ModelProto", form: Form) -> None:
    """Rewrite a graph, in place; one that is plain stays as it is."""
    graph = proto.graph
    _fix_constants(graph, form)
    if len(graph.output) > 1:
        kept = [one for one in graph.output if one.name == form.output]
        del graph.output[:]
        graph.output.extend(kept)
    if form.is_nhwc or form.dtype != "float32":
        _convert_images(graph, form)


def _fix_constants(graph: "GraphProto", form: Form) -> None:
    from onnx import numpy_helper

    for constant in form.constants:
        graph.initializer.append(numpy_helper.from_array(constant.array, constant.name))
        graph.input.remove(next(one for one in graph.input if one.name == constant.name))


def _convert_images(graph: "GraphProto", form: Form) -> None:
    """Let the graph take plain images, and convert them into what it took before."""
    from onnx import TensorProto, helper

    entry = next(one for one in graph.input if one.name == form.entry)
    length = entry.type.tensor_type.shape.dim[2]
    side = length.dim_value or length.dim_param or "side"
    kind = entry.type.tensor_type.elem_type
    graph.input.remove(entry)
    name = f"plain {form.entry}"
    graph.input.insert(0, helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3, side, side]))
    del graph.value_info[:]  # shapes of results, which may differ now; nobody needs them
    is_turned = form.is_nhwc and not _drop_transpose(graph, form.entry)
    turned = "cast images" if is_turned else form.entry
    graph.node.insert(0, helper.make_node("Cast", [name], [turned], to=kind))
    if is_turned:
        graph.node.insert(1, helper.make_node("Transpose", [turned], [form.entry], perm=TO_CHANNELS_LAST))


def _drop_transpose(graph: "GraphProto", name: str) -> bool:
    """Take out the transpose to channels-first with which a graph begins, possibly after casts, if there is one."""
    while True:
        readers = [node for node in graph.node if name in node.input]
        if len(readers) != 1:
            return False
        if _is_to_channels_first(readers[0]):
            _bypass(graph, readers[0])
            return True
        if readers[0].op_type not in ANY_ORDER:
            return False
        name = readers[0].output[0]


def _is_to_channels_first(node: "NodeProto") -> bool:
    return node.op_type == "Transpose" and [list(one.ints) for one in node.attribute] == [TO_CHANNELS_FIRST]


def _bypass(graph: "GraphProto", gone: "NodeProto") -> None:
    """Take out a node; who read its result reads its input."""
    before, after = gone.input[0], gone.output[0]
    graph.node.remove(gone)
    for node in graph.node:
        node.input[:] = [before if name == after else name for name in node.input]
