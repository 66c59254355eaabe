"""Every kind of model gives unit vectors; a bad one raises an error that names the model and the image."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file

from networks import trust, write_black_box, write_constant
from whyface.models.demo_network import build_network, save_network
from whyface.models.embedder import Embedder

CONFIG = {"kind": "onnx", "input_px": 32, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 128}
CROPS = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
LABELS = [f"image-{i}" for i in range(5)]


def embed(path, crops=CROPS, **config):
    return Embedder("net", {**CONFIG, **trust(path), **config}, path, "cpu").embed(crops, LABELS[: len(crops)])


def test_onnx_output_is_the_raw_output_normalised(tmp_path):
    path = write_black_box(tmp_path / "net.onnx", 32)
    batch = ((CROPS.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2)
    raw = onnxruntime.InferenceSession(path).run(None, {"x": batch})[0]
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    np.testing.assert_allclose(embed(path), expected, atol=1e-6)


def test_graphs_with_a_fixed_batch_size_work_for_any_number_of_images(tmp_path):
    dynamic = embed(write_black_box(tmp_path / "n.onnx", 32))
    for size in (1, 2, 4):
        fixed = embed(write_black_box(tmp_path / f"{size}.onnx", 32, batch=size))
        np.testing.assert_allclose(fixed, dynamic, atol=1e-6)


def test_bgr_swaps_the_channels(tmp_path):
    path = write_black_box(tmp_path / "net.onnx", 32)
    np.testing.assert_array_equal(embed(path, channels="bgr"), embed(path, CROPS[..., ::-1]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, np.nan, 2], "model net: output has NaN or infinite values for image image-0"),
        ([1, np.inf, 2], "model net: output has NaN or infinite values for image image-0"),
        ([0, 0, 0], "model net: output is a zero vector for image image-0"),
    ],
)
def test_bad_values_name_model_and_image(tmp_path, values, message):
    with pytest.raises(ValueError, match=message):
        embed(write_constant(tmp_path / "net.onnx", 32, values))


def test_the_first_bad_image_of_a_batch_is_named():
    class Third(torch.nn.Module):
        def forward(self, x):
            return torch.where((x == 1).flatten(1).all(1)[:, None], 0.0, 1.0) * torch.ones(len(x), 4)

    crops = CROPS.copy()
    crops[2] = 255
    path = _scripted()
    network = Embedder("net", {**CONFIG, "kind": "torchscript", **trust(path)}, path, "cpu")
    network.run = lambda batch: Third()((torch.from_numpy(batch) > 0.99).float()).numpy()
    with pytest.raises(ValueError, match="zero vector for image image-2"):
        network.embed(crops, LABELS)


def test_a_wrong_output_shape_is_refused(tmp_path):
    class Spatial(torch.nn.Module):
        def forward(self, x):
            return x

    torch.jit.script(Spatial()).save(tmp_path / "net.pt")
    with pytest.raises(ValueError, match=r"model net: output has shape \(5, 3, 32, 32\).*image-0"):
        embed(tmp_path / "net.pt", kind="torchscript")


def test_a_graph_for_another_input_size_is_refused(tmp_path):
    path = write_black_box(tmp_path / "net.onnx", 32)
    with pytest.raises(ValueError, match="must be one of n x 3 x 48 x 48"):
        embed(path, input_px=48)


@pytest.mark.parametrize("kind", ["onnx", "facenet-pytorch", "torch-export", "torchscript", "demo"])
def test_a_file_that_is_no_model_is_refused_by_name(tmp_path, kind):
    path = tmp_path / "junk.bin"
    path.write_bytes(b"no model at all")
    with pytest.raises(ValueError, match=r"model net: .*junk\.bin"):
        embed(path, kind=kind, input_px=112)


def test_weights_that_would_run_code_are_not_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"conv": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ValueError, match="holds no InceptionResnetV1 weights"):
        embed(tmp_path / "evil.pt", kind="facenet-pytorch")
    assert not (tmp_path / "ran").exists()


def test_torchscript_equals_the_module(tmp_path):
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5, stride=4), torch.nn.Flatten(), torch.nn.Linear(196, 8)).eval()
    torch.jit.script(module).save(tmp_path / "net.pt")
    with torch.no_grad():
        raw = module(torch.from_numpy(((CROPS.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2).copy())).numpy()
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    np.testing.assert_allclose(embed(tmp_path / "net.pt", kind="torchscript"), expected, atol=1e-6)


def test_facenet_weights_load_without_their_classifier(tmp_path):
    from facenet_pytorch import InceptionResnetV1

    network = InceptionResnetV1(pretrained=None, classify=False).eval()
    state = {**network.state_dict(), "logits.weight": torch.zeros(10, 512), "logits.bias": torch.zeros(10)}
    torch.save(state, tmp_path / "weights.pt")
    crops = np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), np.uint8)
    found = embed(tmp_path / "weights.pt", crops, kind="facenet-pytorch", input_px=160)
    with torch.no_grad():
        expected = network(torch.from_numpy((crops.astype(np.float32) - 127.5) / 128).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_cuda_where_there_is_none_is_refused_by_key():
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    path = _scripted()
    with pytest.raises(ValueError, match=r"run\.device: 'cuda'.*auto, cpu"):
        Embedder("net", {**CONFIG, "kind": "torchscript", **trust(path)}, path, "cuda")


def test_demo_equals_the_network_as_it_was_trained(tmp_path):
    network, path = _demo(tmp_path)
    crops = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), np.uint8).repeat(28, axis=1).repeat(28, axis=2)
    with torch.no_grad():
        raw = network(torch.from_numpy((crops.astype(np.float32) - 127.5) / 127.5).permute(0, 3, 1, 2)).numpy()
    assert raw.shape == (5, 128)
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    found = embed(path, crops, kind="demo", input_px=112, pixel_std=127.5)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # The images differ, so their embeddings must differ too: nothing is lost on the way.
    assert np.linalg.norm(found[0] - found[1]) > 0.1


def test_demo_is_written_to_the_same_bytes(tmp_path):
    network, path = _demo(tmp_path)
    save_network(network, tmp_path / "again.safetensors", {"seed": 0, "made": "for a test"})
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_demo_takes_crops_of_its_own_size_only(tmp_path):
    with pytest.raises(ValueError, match="model net: kind demo takes input_px 112, not 32"):
        embed(_demo(tmp_path)[1], kind="demo")


def test_demo_refuses_the_weights_of_another_network(tmp_path):
    save_network(torch.nn.Linear(2, 2), tmp_path / "other.safetensors", {})
    with pytest.raises(ValueError, match=r"model net: .*other\.safetensors holds no weights of the demo network"):
        embed(tmp_path / "other.safetensors", kind="demo", input_px=112)


def test_demo_refuses_weights_of_another_shape(tmp_path):
    save_file({**load_file(_demo(tmp_path)[1]), "0.0.weight": torch.zeros(16, 3, 5, 5)}, tmp_path / "wide.safetensors")
    with pytest.raises(ValueError, match=r"wide\.safetensors holds no weights .*0\.0\.weight has shape"):
        embed(tmp_path / "wide.safetensors", kind="demo", input_px=112)


def test_demo_runs_in_torch_where_cuda_is_asked_for(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    path = _demo(tmp_path)[1]
    with pytest.raises(ValueError, match="torch finds no CUDA device"):
        Embedder("net", {**CONFIG, "kind": "demo", "input_px": 112}, path, "cuda")


def test_torch_is_imported_with_the_model_that_needs_it(tmp_path):
    # Importing torch takes seconds, which jobs that embed with another runtime should not pay.
    entry = {**CONFIG, "kind": "demo", "input_px": 112}
    code = f"""
import sys, numpy, whyface.models.embedder
embedder = whyface.models.embedder.Embedder("net", {entry}, {str(_demo(tmp_path)[1])!r}, "auto")
embedder.embed(numpy.zeros((1, 112, 112, 3)), [""])
sys.exit("torch" in sys.modules)
"""
    path = {"PYTHONPATH": str(Path(__file__).parents[2] / "workflow" / "scripts")}
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ, **path}).returncode == 0


def _demo(tmp_path):
    """Write a network with random weights, and batch norms as training leaves them."""
    torch.manual_seed(0)
    network = build_network()
    for module in network.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.momentum = None  # the mean of all batches
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
    network(torch.randn(16, 3, 112, 112))
    save_network(network.eval(), tmp_path / "demo.safetensors", {"made": "for a test", "seed": 0})
    return network, tmp_path / "demo.safetensors"


def _scripted():
    import tempfile

    path = Path(tempfile.mkdtemp()) / "net.pt"
    torch.jit.script(torch.nn.Flatten()).save(path)
    return path
