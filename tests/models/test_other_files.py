"""Files that should be a model and are not are called what they are."""

import zipfile

import pytest
import torch

from whyface.models.embedder import Embedder
from whyface.models.other_files import recognise

ENTRY = {"kind": "onnx", "input_px": 32, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
PAGE = b"<!doctype html><title>Sign in</title>"


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return path.read_bytes()


def torch_file(path):
    torch.save({"a": torch.zeros(1)}, path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda path: POINTER, "it is a pointer of Git LFS: fetch the file that it stands for"),
        (lambda path: PAGE, "it is a web page, titled 'Sign in', and not the file"),
        (
            lambda path: zipped(path, "pack/net.onnx", "pack/\nb.txt"),
            "it is a zip archive: set weights.member to the model in it; it holds pack/net.onnx, pack/ b.txt",
        ),
        (lambda path: zipped(path, *map(str, range(8))), "it holds 0, 1, 2, 3, 4 and 3 more"),
        (torch_file, "it is a file of torch: see kind"),
    ],
    ids=["pointer", "page", "zip", "many", "torch"],
)
def test_other_files_are_recognised(tmp_path, make, said):
    path = tmp_path / "net.onnx"
    path.write_bytes(make(path))
    with pytest.raises(ValueError, match="is no ONNX model that ONNX Runtime can run: it is ") as caught:
        Embedder("net", ENTRY, path, "cpu")
    assert said in str(caught.value)


def test_what_is_not_recognised_is_left_to_the_runtime(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07nothing")
    assert recognise(tmp_path / "net.onnx") == ""
