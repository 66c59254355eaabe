"""Files that run code when they are opened are opened only if the config vouches for this very file."""

import json
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch

from networks import trust
from whyface.maps.engines.engine import open_engine, trace_model
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder

SIDE = 32
ENTRY = {"kind": "torch-export", "input_px": SIDE, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 128}
CROPS = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)
GRAPH, WEIGHTS = "net/models/model.json", "net/data/weights/model_weights_config.json"


class Network(torch.nn.Module):
    """Some convolution, batch norm, PReLU and dense layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self.norm = torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.BatchNorm2d(8)
        self.slopes, self.dense = torch.nn.PReLU(8), torch.nn.Linear(8 * 16 * 16, 16)

    def forward(self, x):  # noqa: D102
        return self.dense(self.slopes(self.norm(self.convolution(x))).flatten(1))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export as the README says."""
    path = tmp_path_factory.mktemp("exported") / "net.pt2"
    free_batch = ({0: torch.export.Dim.DYNAMIC},)
    program = torch.export.export(Network().eval(), (torch.zeros(2, 3, SIDE, SIDE),), dynamic_shapes=free_batch)
    torch.export.save(program, path)
    return path


def test_exported_equals_the_module_for_any_number_of_images(exported):
    embedder = Embedder("net", {**ENTRY, **trust(exported)}, exported, "cpu")
    for n in (1, 2, 5):
        batch = embedder.scale(CROPS[:n]).transpose(0, 3, 1, 2).copy()
        with torch.no_grad():
            expected = Network().eval()(torch.from_numpy(batch)).numpy()
        np.testing.assert_allclose(embedder.run(batch), expected, atol=1e-6)


def test_exported_is_traced_into_layers_that_the_engines_take(exported):
    embedder = Embedder("net", {**ENTRY, **trust(exported)}, exported, "cpu")
    masks = make_masks(SIDE, {"variant": "corrected", "shape": "square", "patch_px": [8], "stride_px": 8})
    layers = trace_model(embedder)
    image, filler = embedder.scale(CROPS[:2])
    expected = open_engine(embedder, masks, "own", 10, layers).embed(image, filler)
    found = open_engine(embedder, masks, "windows", 7, layers).embed(image, filler)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("entry", [{}, {"trusted": True}, {"weights": {"sha256": "0" * 64}}])
@pytest.mark.parametrize("kind", ["torchscript", "torch-export"])
def test_without_a_word_for_it_the_file_is_not_even_read(tmp_path, kind, entry):
    with pytest.raises(ValueError, match=r"model net: .*absent\.pt can run code; it needs trusted: true and weights\."):
        Embedder("net", {**ENTRY, "kind": kind, **entry}, tmp_path / "absent.pt", "cpu")


def test_a_script_that_writes_a_file_is_refused_and_would_have(tmp_path):
    class Evil(torch.nn.Module):
        def __init__(self, path: str):
            super().__init__()
            self.path = path

        def forward(self, x):
            return x.flatten(1) + torch.from_file(self.path, True, 1)

    torch.jit.script(Evil(str(tmp_path / "ran"))).save(tmp_path / "net.pt")
    check_both(tmp_path, "torchscript", tmp_path / "net.pt")


def _pickled(path: str) -> bytes:
    class Evil:
        def __reduce__(self):
            return (open, (path, "w"))

    return pickle.dumps(Evil())


def _edit(files, name, change):
    content = json.loads(files[name])
    change(content)
    files[name] = json.dumps(content).encode()


def _pickled_weights(files, path):
    def change(content):
        first = next(iter(content["config"].values()))
        first["use_pickle"] = True
        files[f"net/data/weights/{first['path_name']}"] = _pickled(path)

    _edit(files, WEIGHTS, change)


def _legacy_weights(files, path):
    files["net/data/weights/model.pt"] = _pickled(path)


def _example(files, path):
    files["net/data/sample_inputs/model.pt"] = _pickled(path)


def _opaque_constant(files, path):
    entry = next(iter(json.loads(files[WEIGHTS])["config"].values()))
    config = {"config": {"evil": {**entry, "path_name": "opaque_obj_0", "use_pickle": True, "tensor_meta": None}}}
    files["net/data/constants/model_constants_config.json"] = json.dumps(config).encode()
    files["net/data/constants/opaque_obj_0"] = _pickled(path)


def _size(files, path):
    def change(content):
        code = {"expr_str": f"open({path!r}, 'w')", "hint": None}
        content["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][0] = {"as_expr": code}

    _edit(files, GRAPH, change)


def _argument_name(files, path):
    files[GRAPH] = files[GRAPH].replace(b'"x"', json.dumps(f"x=[open({path!r}, 'w')]").encode())


def _file_operation(files, path):
    def change(content):
        graph = content["graph_module"]["graph"]
        inputs = {"filename": {"as_string": path}, "shared": {"as_bool": True}, "size": {"as_int": 8}}
        node = {
            **graph["nodes"][0],
            "target": "torch.ops.aten.from_file.default",
            "inputs": [{"name": name, "arg": value, "kind": 1} for name, value in inputs.items()],
            "outputs": [{"as_tensor": {"name": "evil"}}],
            "name": "evil",
            "metadata": {},
        }
        graph["nodes"].insert(0, node)
        graph["tensor_values"]["evil"] = next(iter(graph["tensor_values"].values()))

    _edit(files, GRAPH, change)


ATTACKS = [
    *(_pickled_weights, _legacy_weights, _example, _opaque_constant),
    *(_size, _argument_name, _file_operation),
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.filterwarnings("ignore")
def test_what_torch_would_run_from_an_exported_file_is_refused(exported, tmp_path, attack):
    with zipfile.ZipFile(exported) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    attack(files, str(tmp_path / "ran"))
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    (tmp_path / "net.pt2").write_bytes(content.getvalue())
    check_both(tmp_path, "torch-export", tmp_path / "net.pt2")


def check_both(folder: Path, kind: str, path: Path) -> None:
    """See that a file is refused before it runs, unless it is trusted; then it runs, or the test would show nothing."""
    entry = {**ENTRY, "kind": kind}
    others = {"trusted": True, "weights": {"sha256": "0" * 64}}
    for vouched, message in (({}, "can run code"), (others, "has sha256 .*; models.net.weights.sha256 says 000")):
        with pytest.raises(ValueError, match=message):
            embed(entry | vouched, path)
        assert not (folder / "ran").exists()
    try:
        embed(entry | trust(path), path)
    except ValueError as error:
        assert "model net: " in str(error)
    assert (folder / "ran").exists()


def embed(entry, path):
    return Embedder("net", entry, path, "cpu").embed(CROPS, ["face"] * len(CROPS))
