"""Mistakes in the config are refused before any job, with key, value and what is allowed."""

import copy

import pytest
import yaml

from conftest import REPOSITORY
from whyface.config import alignment_id, check_config, chosen_datasets

SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"
MINIMAL = {
    "run": {"datasets": ["mine"], "models": ["net"]},
    "collections": {"photos": {"layout": "folders", "source": {"urls": ["https://example.org/photos.zip"]}}},
    "datasets": {
        "mine": {"collection": "photos", "protocol": "pairs-csv", "pairs": {"urls": ["https://example.org/p.csv"]}}
    },
    "models": {
        "net": {
            "kind": "onnx",
            "weights": {"urls": ["https://example.org/net.onnx"]},
            "input_px": 112,
            "alignment": "none",
        }
    },
}


def changed(path, value):
    config = copy.deepcopy(MINIMAL)
    *folders, last = path.split(".")
    entry = config
    for name in folders:
        entry = entry.setdefault(name, {})
    entry[last] = value
    return config


def test_minimal_config_gets_every_default():
    config = check_config(MINIMAL, SCHEMA)
    assert config["occlusion"]["patch_px"] == [7, 14, 28]
    assert config["confidence"] == {"method": "logistic", "bins": 2000}
    assert config["explain"] == {"select": "all"}
    assert config["models"]["net"]["channels"] == "rgb"
    assert config["run"]["device"] == "auto"
    assert MINIMAL.get("occlusion") is None, "the caller's config is left alone"


@pytest.mark.parametrize("name", ["config.yaml", "config/benchmarks.yaml"])
def test_shipped_configs_are_valid(name):
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    overlay = yaml.safe_load((REPOSITORY / name).read_text())
    merged = {**config, **{key: {**config.get(key, {}), **value} for key, value in overlay.items()}}
    check_config(merged, SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        ("occlusion.strid_px", 5, ["occlusion.strid_px", "unknown key", "did you mean stride_px"]),
        ("occlusion.fill", "red", ["occlusion.fill", "'red'", "black, mean, blur, noise"]),
        ("occlusion.map_px", 0, ["occlusion.map_px", "0", "at least 4"]),
        ("occlusion.map_px", 200, ["occlusion.map_px", "200", "models.net.input_px (112)"]),
        ("occlusion.patch_px", [7, 112], ["occlusion.patch_px", "[112]", "models.net.input_px (112)"]),
        ("occlusion.patch_px", [], ["occlusion.patch_px", "must not be empty"]),
        ("occlusion.stride_px", 9, ["occlusion.stride_px", "9", "[7, 14, 28]"]),
        ("occlusion", {"variant": "paper", "shape": "circle"}, ["occlusion.shape", "'circle'", "square"]),
        ("run.datasets", ["mien"], ["run.datasets", "'mien'", "did you mean mine"]),
        ("run.models", [], ["run.models", "must not be empty"]),
        ("run.device", "tpu", ["run.device", "'tpu'", "auto, cpu, cuda"]),
        ("datasets.mine.collection", "fotos", ["datasets.mine.collection", "'fotos'", "photos"]),
        ("datasets.mine.protocol", "cfp-ff", ["datasets.mine.protocol", "'folders'", "layout cfp"]),
        ("datasets.mine.reference", "mine", ["datasets.mine.reference", "itself"]),
        ("datasets.mine.pairs", {"path": "no/such.csv"}, ["datasets.mine.pairs.path", "no/such.csv", "not exist"]),
        ("datasets.mine.pairs", {"urls": ["ftp://x/y"]}, ["datasets.mine.pairs", "ftp://x/y"]),
        ("models.net.weights", {"sha256": "abc"}, ["models.net.weights"]),
        ("models.net.kind", "demo", ["models.net.weights", "demo"]),
        ("models.net.box_margin_px", 3, ["models.net.box_margin_px", "alignment box"]),
        ("models.net.pixel_std", 0, ["models.net.pixel_std", "0"]),
        ("models.static", MINIMAL["models"]["net"], ["models.static", "'static'", "not allowed: data, faces, static"]),
        ("models.Net", MINIMAL["models"]["net"], ["Net"]),
        ("collections.photos.people", 4, ["collections.photos.people", "synthetic"]),
        ("collections.drawn", {"layout": "synthetic"}, ["collections.drawn", "people, photos, folds, seed"]),
        ("site.images", True, ["site.images", "True", "aligned, none"]),
        ("explain.select", {"per_outcom": 5}, ["explain.select", "per_outcom"]),
        ("colections", {}, ["colections", "did you mean collections"]),
    ],
)
def test_mistakes_name_key_value_and_what_is_allowed(path, value, parts):
    with pytest.raises(ValueError) as error:
        check_config(changed(path, value), SCHEMA)
    for part in parts:
        assert part in str(error.value)


def test_every_mistake_is_reported_at_once():
    config = changed("occlusion.fill", "red")
    config["site"] = {"images": "all"}
    with pytest.raises(ValueError, match=r"(?s)occlusion\.fill.*site\.images"):
        check_config(config, SCHEMA)


def test_files_of_entries_that_the_run_does_not_choose_cost_nothing():
    config = changed("collections.other", {"layout": "lfw", "source": {"path": "no/such/folder"}})
    check_config(config, SCHEMA)


def test_paper_variant_may_step_further_than_its_patch():
    check_config(changed("occlusion", {"variant": "paper", "stride_px": 9}), SCHEMA)


def test_models_with_equal_crops_share_an_alignment():
    box = {"alignment": "box", "input_px": 160, "box_margin_px": 14}
    assert alignment_id(box) == "box-160px-margin-14px"
    assert alignment_id({"alignment": "none", "input_px": 112, "box_margin_px": 0}) == "none-112px"


def test_references_are_part_of_the_run():
    config = changed("datasets.labelled", {**MINIMAL["datasets"]["mine"], "reference": None})
    config["datasets"]["mine"]["reference"] = "labelled"
    assert chosen_datasets(check_config(config, SCHEMA)) == ["mine", "labelled"]
