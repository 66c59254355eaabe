"""Files in the forms that people have give what their plain twin gives, maps too; or say which key to set."""

import hashlib
import logging
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

import fetch_file
from networks import trust, write_convolutions
from whyface.maps.engines.engine import open_engine, trace_model
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder
from whyface.models.first_look import look_first
from whyface.reruns import external_files, source_state
from whyface.sources.receipts import read_receipt

SIDE = 32
ENTRY = {"kind": "onnx", "input_px": SIDE, "channels": "rgb", "pixel_mean": 0, "pixel_std": 1}
CROPS = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
MASKS = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [8, 16], "stride_px": 8})
FLOAT, FLOAT16, UINT8 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8


def value_info(name, dims, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, dims)


def write_twin(path):
    """Save two convolutions, on pixels as they are: the plain twin of all others."""
    proto = onnx.load(write_convolutions(path, SIDE))
    prepend(proto, helper.make_node("Mul", ["images", "scale"], ["x"]))
    proto.graph.initializer.append(numpy_helper.from_array(np.float32(1 / 255), "scale"))
    onnx.save(proto, path)
    return path


def prepend(proto, *nodes, dims=("n", 3, SIDE, SIDE), kind=FLOAT):
    """Put nodes before the graph; the first reads the new input, `images`."""
    proto.graph.input[0].CopyFrom(value_info("images", dims, kind))
    for place, node in enumerate(nodes):
        proto.graph.node.insert(place, node)


def rename_output(proto, name):
    proto.graph.node[-1].output[0] = name


def one_image(proto):
    prepend(proto, dims=(1, 3, SIDE, SIDE))


def one_in_reshape(proto):
    rename_output(proto, "raw")
    proto.graph.initializer.append(numpy_helper.from_array(np.array([1, 16]), "shape"))
    proto.graph.node.append(helper.make_node("Reshape", ["raw", "shape"], ["y"]))


def cast_from(proto, kind):
    proto.graph.node[0].input[0] = "floats"
    prepend(proto, helper.make_node("Cast", ["images"], ["floats"], to=FLOAT), kind=kind)


def channels_last(proto, kind=FLOAT, dims=("n", SIDE, SIDE, 3)):
    if kind != FLOAT:
        cast_from(proto, kind)
    proto.graph.node[0].input[0] = "channels first"
    prepend(
        proto, helper.make_node("Transpose", ["images"], ["channels first"], perm=[0, 3, 1, 2]), dims=dims, kind=kind
    )


def channels_last_within(proto):
    """Take channels last, and begin with something else than a transpose."""
    proto.graph.node[0].input[0] = "channels first"
    nodes = [
        helper.make_node("Add", ["images", "per channel"], ["sum"]),
        helper.make_node("Transpose", ["sum"], ["channels first"], perm=[0, 3, 1, 2]),
    ]
    proto.graph.initializer.append(numpy_helper.from_array(np.zeros(3, np.float32), "per channel"))
    prepend(proto, *nodes, dims=("n", SIDE, SIDE, 3))


def with_norm(proto):
    proto.graph.node.append(helper.make_node("ReduceL2", ["y"], ["norm"], axes=[1]))
    proto.graph.output.insert(0, value_info("norm", None))


def with_map(proto):
    with_norm(proto)
    proto.graph.output.append(value_info("t", None))


def two_vectors(proto):
    proto.graph.output.append(value_info("f", None))


def swapped(proto):
    proto.graph.node[0].input[0] = "swapped"
    proto.graph.initializer.append(numpy_helper.from_array(np.array([2, 1, 0]), "order"))
    prepend(proto, helper.make_node("Gather", ["images", "order"], ["swapped"], axis=1))


def in_training(proto, dims=()):
    rename_output(proto, "raw")
    proto.graph.input.append(value_info("phase_train", dims, TensorProto.BOOL))
    proto.graph.node.append(helper.make_node("Cast", ["phase_train"], ["noise"], to=FLOAT))
    proto.graph.node.append(helper.make_node("Add", ["raw", "noise"], ["y"]))


def unit_axes(proto):
    rename_output(proto, "raw")
    proto.graph.initializer.append(numpy_helper.from_array(np.array([0, 16, 1, 1]), "shape"))
    proto.graph.node.append(helper.make_node("Reshape", ["raw", "shape"], ["y"]))


def opset(version):
    def change(proto):
        proto.opset_import[0].version = version

    return change


def pool(proto, dims, axes):
    """Take the mean of pixels: for images of any size."""
    del proto.graph.node[:]
    prepend(proto, helper.make_node("ReduceMean", ["images"], ["y"], axes=axes, keepdims=0), dims=dims)


def names_only(proto):
    prepend(proto, dims=("a", "b", "c", "d"))


def names_only_channels_last(proto):
    channels_last(proto, dims=("a", "b", "c", "d"))


@dataclass
class Case:
    """A change to the plain twin, what the config says of the file, and the engines that take it apart."""

    change: object
    entry: dict = field(default_factory=dict)
    engines: tuple[str, ...] = ("full", "windows")


SERVED = {
    "batch-1": Case(one_image),
    "batch-1-in-reshape-alone": Case(one_in_reshape),
    "nhwc": Case(channels_last),
    "nhwc-said": Case(channels_last, {"input_layout": "nhwc"}),
    "nhwc-within": Case(channels_last_within),
    "float16": Case(lambda proto: cast_from(proto, FLOAT16)),
    "double": Case(lambda proto: cast_from(proto, TensorProto.DOUBLE)),
    "uint8": Case(lambda proto: cast_from(proto, UINT8)),
    "uint8-nhwc": Case(lambda proto: channels_last(proto, UINT8)),
    "two-outputs": Case(with_norm),
    "three-outputs": Case(with_map),
    "output-by-name": Case(two_vectors, {"output": "y"}),
    "output-by-number": Case(two_vectors, {"output": 0}),
    "external": Case(None),
    "opset-11": Case(opset(11)),
    "opset-newest": Case(opset(min(onnx.defs.onnx_opset_version(), 23))),
    "bgr-with-normalisation": Case(swapped, {"channels": "bgr"}),
    "phase-train": Case(in_training, {"constants": {"phase_train": False}}),
    "phase-train-of-one-element": Case(lambda proto: in_training(proto, (1,)), {"constants": {"phase_train": 0}}),
    "unit-axes": Case(unit_axes),
    "axes-without-lengths": Case(names_only),
    "axes-without-lengths-nhwc": Case(names_only_channels_last),
}


def write(folder, name, change):
    path = write_twin(folder / f"{name}.onnx")
    proto = onnx.load(path)
    if change is None:
        onnx.save(proto, path, save_as_external_data=True, location="beside.bin", size_threshold=100)
    else:
        change(proto)
        onnx.save(proto, path)
    return path


def shifts_of(embedder, engine="own", layers=None):
    """Return unit vectors of a face, clean and under masks."""
    return embedder.directions(open_engine(embedder, MASKS, engine, 5, layers).embed(*embedder.scale(CROPS[:2])))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    embedder = Embedder("plain", ENTRY, write_twin(tmp_path_factory.mktemp("plain") / "twin.onnx"), "cpu")
    return embedder.embed(CROPS, list("abc")), shifts_of(embedder)


@pytest.mark.parametrize("name", SERVED)
def test_each_form_gives_the_embeddings_and_shifts_of_its_plain_twin(tmp_path, plain, name):
    case = SERVED[name]
    embedder = Embedder("net", ENTRY | case.entry, write(tmp_path, name, case.change), "cpu")
    np.testing.assert_allclose(embedder.embed(CROPS, list("abc")), plain[0], atol=1e-6)
    np.testing.assert_allclose(shifts_of(embedder), plain[1], atol=1e-6)
    layers = trace_model(embedder)
    for engine in case.engines:
        np.testing.assert_allclose(shifts_of(embedder, engine, layers), plain[1], atol=2e-6)


@pytest.mark.parametrize("kind", [FLOAT, UINT8])
def test_a_transpose_that_undoes_the_layout_leaves_windows_small(tmp_path, kind):
    change = lambda proto: channels_last(proto, kind)  # noqa: E731
    layers = trace_model(Embedder("net", ENTRY, write(tmp_path, "net", change), "cpu"))
    assert [layer.is_local for layer in layers.layers[:4]] == [True] * 4


def test_half_precision_throughout_is_close_and_runs_in_its_own_runtime(tmp_path, plain, caplog):
    def halve(proto):
        for tensor in [one for one in proto.graph.initializer if one.data_type == FLOAT]:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
        prepend(proto, kind=FLOAT16)
        proto.graph.output[0].type.tensor_type.elem_type = FLOAT16

    embedder = Embedder("net", ENTRY, write(tmp_path, "net", halve), "cpu")
    np.testing.assert_allclose(embedder.embed(CROPS, list("abc")), plain[0], atol=2e-3)
    np.testing.assert_allclose(shifts_of(embedder), plain[1], atol=4e-3)


TAKES = r"model net: .*net\.onnx takes .* and gives .*; "
REFUSED = {
    "two-vectors": (two_vectors, {}, r"set output to the name .*: y \(1 x 16\), f \(1 x 512\)"),
    "no-such-output": (with_norm, {"output": "z"}, r"output: 'z' is none of its outputs; allowed: norm .*, y "),
    "uint8-scaled": (lambda p: cast_from(p, UINT8), {"pixel_std": 255}, "set pixel_mean: 0 and pixel_std: 1"),
    "integers": (lambda p: cast_from(p, TensorProto.INT32), {}, "type int32 cannot be fed; allowed: float, float16, "),
    "112-x-96": (lambda p: pool(p, ("n", 3, 112, 96), [2, 3]), {}, "no input_px fits 112 x 96"),
    "other-size": (None, {"input_px": 48}, r"must be one of n x 3 x 48 x 48 .*: set input_px: 32"),
    "said-otherwise": (channels_last, {"input_layout": "nchw"}, "set input_layout: nhwc"),
    "grey": (lambda p: prepend(p, dims=("n", 1, SIDE, SIDE)), {}, "images have three channels"),
    "phase-train": (in_training, {}, r"set constants: \{phase_train: NUMBER\}"),
    "no-such-input": (in_training, {"constants": {"phase": 0}}, r"no input 'phase'; allowed: phase_train"),
    "long-constant": (
        lambda p: in_training(p, (16,)),
        {"constants": {"phase_train": 0}},
        "constants.phase_train: must be one element",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_served_says_what_the_file_takes_and_which_key_helps(tmp_path, name):
    change, entry, message = REFUSED[name]
    path = write(tmp_path, "net", change)
    with pytest.raises(ValueError, match=TAKES + ".*" + message):
        Embedder("net", ENTRY | entry, path, "cpu")


def test_axes_without_lengths_that_fit_both_ways_are_asked_for(tmp_path):
    path = write(tmp_path, "net", lambda proto: pool(proto, tuple("abcd"), [2]))
    with pytest.raises(ValueError, match="of the orders nchw, nhwc both work: set input_layout"):
        Embedder("net", ENTRY, path, "cpu")


def test_weights_that_are_not_beside_the_file_are_named(tmp_path):
    path = write(tmp_path, "net", None)
    (tmp_path / "beside.bin").unlink()
    with pytest.raises(ValueError, match=r"keeps weights in beside\.bin, .*set weights: \{path: FOLDER/net\.onnx\}"):
        look_first("net", ENTRY, path)


def test_weights_beside_the_file_count_when_they_change(tmp_path):
    def fetch():
        job = SimpleNamespace(
            log=[str(tmp_path / "log")],
            params=SimpleNamespace(source={"path": str(path)}, key="models.net.weights"),
            output=SimpleNamespace(receipt=tmp_path / "receipt.json"),
        )
        fetch_file.main(job)
        return read_receipt(tmp_path / "receipt.json")

    path = write(tmp_path, "net", None)
    beside = tmp_path / "beside.bin"
    assert external_files(path) == [beside]
    state, receipt = source_state({"path": str(path)}), fetch()
    beside.write_bytes(beside.read_bytes()[::-1])
    assert source_state({"path": str(path)}) != state
    again = fetch()
    assert again.sha256 == receipt.sha256 and again.state != receipt.state
    assert again.state == f"beside.bin {hashlib.sha256(beside.read_bytes()).hexdigest()}"


def test_only_files_below_the_models_folder_count_as_beside_it(tmp_path):
    names = [b"/etc/passwd", b"../up.bin", b"sub/in.bin", b"a.bin", b"nul\0.bin"]
    content = b"".join(b"\x0a\x08location\x12" + bytes([len(name)]) + name for name in names)
    (tmp_path / "net.onnx").write_bytes(content + b"\x0a\x08location\x12\x7fshort")
    (tmp_path / "net.pt").write_bytes(content)
    found = [path.relative_to(tmp_path).as_posix() for path in external_files(tmp_path / "net.onnx")]
    assert found == ["a.bin", "nul.bin", "short", "sub/in.bin"]
    assert external_files(tmp_path / "net.pt") == []


def test_the_first_look_logs_what_the_file_takes_and_gives(tmp_path, caplog):
    caplog.set_level(logging.INFO, "whyface")
    look_first("net", ENTRY, write(tmp_path, "net", with_norm))
    assert "takes images (float, n x 3 x 32 x 32) and gives norm (float, " in caplog.text
    assert "two images of noise give 16 values each" in caplog.text


def append(proto, op, value):
    """Put a node with a constant after the graph."""
    rename_output(proto, "raw")
    proto.graph.initializer.append(numpy_helper.from_array(np.array(value), "value"))
    proto.graph.node.append(helper.make_node(op, ["raw", "value"], ["y"]))


@pytest.mark.parametrize(
    "op, value, said",
    [
        ("Mul", np.float32(0), "gives vectors of length 0 and 0 for two images of noise"),
        ("Mul", np.float32("nan"), "gives vectors of length nan and nan for two images of noise"),
        ("Reshape", np.array([-1, 4, 2, 2]), "gives 2 x 4 x 2 x 2 for two images, and an embedding is 2 x d"),
    ],
    ids=["zero", "nan", "map"],
)
def test_the_first_look_refuses_what_is_no_embedding(tmp_path, op, value, said):
    with pytest.raises(ValueError, match=rf"model net: .*net\.onnx {said}"):
        look_first("net", ENTRY, write(tmp_path, "net", lambda proto: append(proto, op, value)))


class Dense(torch.nn.Module):
    """A dense layer on pixels, whose outputs come in some form."""

    def __init__(self, form: str):
        super().__init__()
        torch.manual_seed(0)
        self.form, self.dense = form, torch.nn.Linear(3 * SIDE * SIDE, 8)

    def forward(self, x):  # noqa: D102
        if self.form == "nhwc":
            x = x.permute(0, 3, 1, 2)[:, :3]
        if self.form == "one":
            return self.dense(x.reshape(1, 3 * SIDE * SIDE))
        found = self.dense(x.flatten(1) if self.form == "half" else x.flatten(1) / 255)
        outputs = {
            "dict": {"embedding": found, "norm": found.norm(dim=1, keepdim=True)},
            "tuple": (found, found[:, :1]),
        }
        return outputs.get(self.form, found)


def export(form, path):
    network = Dense(form).eval()
    size = 1 if form == "one" else 2
    shapes = None if form == "one" else ({0: torch.export.Dim.DYNAMIC},)
    example = torch.zeros(size, SIDE, SIDE, 3) if form == "nhwc" else torch.zeros(size, 3, SIDE, SIDE)
    torch.export.save(torch.export.export(network, (example,), dynamic_shapes=shapes), path)
    return network


@pytest.mark.parametrize("form", ["dict", "tuple", "one", "plain"])
def test_exported_programs_may_give_several_outputs_or_take_one_image(tmp_path, form):
    path = tmp_path / "net.pt2"
    network = export(form, path)
    network.form = "plain"
    embedder = Embedder("net", ENTRY | {"kind": "torch-export"} | trust(path), path, "cpu")
    with torch.no_grad():
        images = torch.from_numpy(CROPS.transpose(0, 3, 1, 2).astype(np.float32))
        expected = network(images / 255 if form == "one" else images).numpy()
    found = embedder.run(embedder.to_batch(CROPS))
    if form == "one":
        expected = network.dense(images.flatten(1)).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3 if form == "one" else 1e-5)


def test_an_exported_program_of_two_vectors_asks_for_the_output(tmp_path):
    class Two(torch.nn.Module):
        def forward(self, x):
            return {"a": x.flatten(1), "b": x.mean(dim=(2, 3))}

    path = tmp_path / "net.pt2"
    example = (torch.zeros(2, 3, SIDE, SIDE),)
    torch.export.save(torch.export.export(Two(), example, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)), path)
    entry = ENTRY | {"kind": "torch-export"} | trust(path)
    with pytest.raises(
        ValueError, match=r"model net: .*takes n x 3 x 32 x 32 .*set output to .*a \(2 x 3072\), b \(2 x 3\)"
    ):
        Embedder("net", entry, path, "cpu")
    assert Embedder("net", entry | {"output": "b"}, path, "cpu").embed(CROPS, list("abc")).shape == (3, 3)


@pytest.mark.filterwarnings("ignore")
def test_half_precision_torchscript_is_fed_half_precision(tmp_path):
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 5, stride=4), torch.nn.Flatten(), torch.nn.Linear(196, 8)
    ).eval()
    torch.jit.script(network.half()).save(tmp_path / "net.pt")
    entry = ENTRY | {"kind": "torchscript", "pixel_std": 255} | trust(tmp_path / "net.pt")
    found = Embedder("net", entry, tmp_path / "net.pt", "cpu").embed(CROPS, list("abc"))
    with torch.no_grad():
        raw = network.float()(torch.from_numpy(CROPS.transpose(0, 3, 1, 2).astype(np.float32) / 255)).numpy()
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=5e-3)


def test_a_module_that_takes_other_images_names_the_keys(tmp_path):
    path = tmp_path / "net.pt2"
    export("plain", path)
    entry = ENTRY | {"kind": "torch-export", "input_px": 48} | trust(path)
    with pytest.raises(ValueError, match=r"model net: .*does not take n x 3 x 48 x 48 .*see input_px, input_layout"):
        look_first("net", entry, path)
