"""Mistakes in the config are refused before any job, with key, value and what is allowed."""

import copy

import pandas as pd
import pytest
import yaml

from conftest import REPOSITORY
from whyface.config import alignment_id, chosen_datasets, is_synthetic
from whyface.config_check import check_config
from whyface.maps import explanation
from whyface.site.words import vocabulary

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
    assert config["confidence"] == {"method": "beta", "bins": 2000}
    assert config["explain"] == {"select": "all"}
    assert config["models"]["net"]["channels"] == "rgb"
    assert config["run"]["device"] == "auto"
    assert MINIMAL.get("occlusion") is None, "the caller's config is left alone"


@pytest.mark.parametrize("name", ["config.yaml", "config/benchmarks.yaml"])
def test_shipped_configs_are_valid(name):
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    overlay = yaml.safe_load((REPOSITORY / name).read_text())
    merged = {**config, **{key: {**config.get(key, {}), **value} for key, value in overlay.items()}}
    check_config(merged, SCHEMA, REPOSITORY / "config/catalogue.yaml")


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
        ("occlusion.exactness", "quick", ["occlusion.exactness", "'quick'", "exact, fast"]),
        (
            "occlusion",
            {"variant": "paper", "exactness": "fast"},
            ["occlusion.exactness", "'fast'", "variant corrected"],
        ),
        ("occlusion", {"variant": "paper"}, ["occlusion.fill", "'mixed'", "variant paper", "black"]),
        ("occlusion.agreement", 1, ["occlusion.agreement", "1", "0.999"]),
        ("occlusion.agreement", 0.5, ["occlusion.agreement", "0.5", "0.8"]),
        ("occlusion", {"variant": "paper", "shape": "circle"}, ["occlusion.shape", "'circle'", "square"]),
        ("run.datasets", ["mien"], ["run.datasets", "'mien'", "did you mean mine"]),
        ("run.models", [], ["run.models", "must not be empty"]),
        ("run.device", "tpu", ["run.device", "'tpu'", "auto, cpu, cuda"]),
        ("datasets.mine.collection", "fotos", ["datasets.mine.collection", "'fotos'", "photos"]),
        ("datasets.mine.protocol", "cfp-ff", ["datasets.mine.protocol", "'folders'", "layout cfp"]),
        ("datasets.mine.protocol", "parquet", ["datasets.mine.protocol", "'folders'", "it needs layout parquet"]),
        ("collections.photos.layout", "insightface-bin", ["datasets.mine.protocol", "'insightface-bin'"]),
        ("datasets.mine.reference", "mine", ["datasets.mine.reference", "itself"]),
        ("datasets.mine.pairs", {"path": "no/such.csv"}, ["datasets.mine.pairs.path", "no/such.csv", "not exist"]),
        ("datasets.mine.pairs", {"urls": ["ftp://x/y"]}, ["datasets.mine.pairs", "ftp://x/y"]),
        ("models.net.weights", {"sha256": "abc"}, ["models.net.weights"]),
        ("models.net.box_margin_px", 3, ["models.net.box_margin_px", "alignment box"]),
        ("models.net.pixel_std", 0, ["models.net.pixel_std", "0"]),
        ("models.static", MINIMAL["models"]["net"], ["models.static", "'static'", "not allowed: data, faces, static"]),
        ("models.Net", MINIMAL["models"]["net"], ["Net"]),
        ("models.net\n", MINIMAL["models"]["net"], ["'net\\n'"]),
        ("models.net", {"kind": "onnx", "input_px": 8, "alignment": "none"}, ["models.net.weights", "missing", "onnx"]),
        ("models.net.kind", "torchscript", ["models.net.trusted: missing", "run any code", "true", "use kind onnx"]),
        ("models.net.kind", "torch-export", ["models.net.weights.sha256: missing", "run any code", "the hash"]),
        ("models.net.flip", "both", ["models.net.flip", "'both'", "concatenate"]),
        ("models.net.input_layout", "hwc", ["models.net.input_layout", "'hwc'", "nhwc"]),
        ("models.net.constants", {"phase": "no"}, ["models.net.constants.phase", "'no'"]),
        ("models.net.trusted", "yes", ["models.net.trusted", "'yes'", "true or false"]),
        ("collections.other", {"layout": "lfw"}, ["collections.other.source", "missing", "{synthetic: ...}"]),
        ("collections.photos.layout", "synthetic", ["collections.photos.layout", "'synthetic'", "folders, lfw"]),
        ("collections.photos.smallest_face_px", 12, ["collections.photos.smallest_face_px", "12", "at least 20"]),
        ("collections.photos.smallest_face_px", 0.2, ["collections.photos.smallest_face_px", "0.2", "a whole number"]),
        ("collections.photos.source", {"sha256": "0" * 64}, ["collections.photos.source", "path", "urls", "synthetic"]),
        ("collections.photos.source.folds", 5, ["collections.photos.source.folds", "only beside synthetic"]),
        ("collections.photos.source.synthetic", "twins", ["collections.photos.source.urls", "not beside synthetic"]),
        ("collections.photos.source", {"synthetic": "lwf"}, ["source.synthetic", "'lwf'", "lfw, cfp, calfw, twins"]),
        ("collections.photos.source", {"synthetic": "cfp"}, ["source.synthetic", "'cfp'", "layout cfp, not folders"]),
        ("collections.photos.source", {"synthetic": "twins", "folds": 1}, ["source.folds", "1", "at least 2"]),
        ("collections.photos.source", {"synthetic": "twins", "seed": -1}, ["source.seed", "-1", "at least 0"]),
        ("datasets.other", {"collection": "photos", "protocol": "pairs-csv"}, ["datasets.other.pairs", "missing"]),
        ("datasets.mine.protocol", "all-pairs", ["datasets.mine.pairs", "makes the pairs itself", "pairs-csv"]),
        ("datasets.mine.all_pairs", {"seed": 1}, ["datasets.mine.all_pairs", "only with protocol all-pairs"]),
        ("datasets.mine.all_pairs", {"probes": "a"}, ["all_pairs", "probes is 'a' and gallery None", "both folders"]),
        ("datasets.mine.all_pairs", {"probes": "a", "gallery": "a"}, ["all_pairs", "both 'a'", "name two folders"]),
        ("datasets.mine.all_pairs", {"impostors": "some"}, ["all_pairs.impostors", "equal, all"]),
        ("datasets.mine.all_pairs", {"folds": 1}, ["all_pairs.folds", "1", "at least 2"]),
        ("site.images", True, ["site.images", "True", "aligned, none"]),
        ("explain.select", {"per_outcom": 5}, ["explain.select", "per_outcom"]),
        ("colections", {}, ["colections", "did you mean collections"]),
        ("occlusion.fill", "bleck", ["occlusion.fill", "'bleck'", "did you mean black?"]),
        ("models.net.kind", "ONNX", ["models.net.kind", "did you mean onnx?"]),
        ("run.datasets", "mine", ["run.datasets: 'mine' must be a list (`[one, two]`)"]),
        ("run.datasets", [123], ["run.datasets.0: 123 must be text, not int: add a letter, as in set-123"]),
        ("datasets", {123: MINIMAL["datasets"]["mine"]}, ["datasets: 123 must be text, not int: add a letter"]),
        ("models.net.title", 2024, ['models.net.title: 2024 must be text or empty, not int: put it in quotes, "2024"']),
        ("models.net.weights.path", ["a"], ["models.net.weights.path: ['a'] must be text or empty"]),
        ("datasets", None, ["datasets: None must be a mapping (`key: value`)"]),
        ("datasets", ["mine"], ["datasets: ['mine'] must be a mapping"]),
        ("site.title", {"x": "y" * 500}, ["site.title: {'x': 'yyy", "yyy... must be text"]),
        ("models.Net", MINIMAL["models"]["net"], ["models: 'Net' must be lower-case letters, digits and . _ -"]),
        (
            "models.123",
            MINIMAL["models"]["net"],
            ["models.123: tables would give the name back as a number", "set-123"],
        ),
        ("datasets.0xff", MINIMAL["datasets"]["mine"], ["datasets.0xff: tables would give"]),
        ("models.net.weights.sha256", "AB", ["weights.sha256: 'AB' must be 64 hexadecimal digits in lower case"]),
    ],
)
def test_mistakes_name_key_value_and_what_is_allowed(path, value, parts):
    with pytest.raises(ValueError) as error:
        check_config(changed(path, value), SCHEMA)
    for part in parts:
        assert part in str(error.value)


YAML_WORDS = "(YAML reads no, off, yes and on as true or false)"
OF_SELECT = "unknown key; allowed: errors, least_sure, per_outcome, seed; did you mean"
OF_DATASET = "unknown key; allowed: all_pairs, collection, pairs, protocol, reference, select, title; did you mean"


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        ("site.images", False, [f"site.images: False is not allowed; allowed: aligned, none {YAML_WORDS}"]),
        ("site.title", False, [f"site.title: False must be text, not true or false: put it in quotes {YAML_WORDS}"]),
        ("run.device", "gpu", ["run.device: 'gpu' is not allowed; allowed: auto, cpu, cuda; did you mean cpu?"]),
        (
            "datasets.mine",
            {"colection": "photos", "protocol": "pairs-csv"},
            [f"datasets.mine.colection: {OF_DATASET} collection?"],
        ),
        (
            "datasets.mine",
            {"colection": "photos"},
            [f"datasets.mine.colection: {OF_DATASET} collection?", "datasets.mine: needs the key(s) protocol"],
        ),
        ("datasets.mine", {}, ["datasets.mine: needs the key(s) collection, protocol"]),
        ("run", {}, ["run: needs the key(s) datasets, models"]),
        (
            "explain.select",
            {"errors": 2, "error": 1, "least_sur": 3},
            [f"explain.select.error: {OF_SELECT} errors?", f"explain.select.least_sur: {OF_SELECT} least_sure?"],
        ),
        ("explain.select", 5, ["explain.select: 5 is not allowed; allowed: all, or a mapping (`key: value`)"]),
        ("explain.select.errors", -1, ["explain.select.errors: -1 must be at least 0"]),
        (
            "explain.select.errors",
            "al",
            ["explain.select.errors: 'al' is not allowed; allowed: all, or a whole number; did you mean all?"],
        ),
        (
            "models.net.weights",
            {"paht": "net.onnx"},
            ["models.net.weights.paht: unknown key; allowed: filename, member, path, sha256, urls; did you mean path?"],
        ),
        ("models.net.weights", {"filename": "x"}, ["models.net.weights: needs path or urls"]),
    ],
)
def test_each_mistake_is_said_once_on_a_line_of_its_own(path, value, lines):
    with pytest.raises(ValueError) as error:
        check_config(changed(path, value), SCHEMA)
    assert str(error.value) == "\n  ".join(["the config cannot run:", *lines])


@pytest.mark.parametrize("kind", ["torchscript", "torch-export"])
def test_files_that_run_code_need_trust_and_a_hash(kind):
    model = {**MINIMAL["models"]["net"], "kind": kind}
    source = {**model["weights"], "sha256": "0" * 64}
    for vouched in ({"trusted": True}, {"weights": source}, {"trusted": False, "weights": source}):
        with pytest.raises(ValueError, match=r"models\.net\.(trusted|weights\.sha256): missing"):
            check_config(changed("models.net", model | vouched), SCHEMA)
    check_config(changed("models.net", model | {"trusted": True, "weights": source}), SCHEMA)


@pytest.mark.parametrize(
    "name", ["12", "0x1f", "1e5", "nan", "true", "1.5", "null", "2020-01-01", "1_0", "9" * 20, "0b1"]
)
def test_names_that_pass_come_back_from_tables_as_they_are(tmp_path, name):
    folder = tmp_path / f"dataset={name}"
    folder.mkdir()
    pd.DataFrame({"x": [1]}).to_parquet(folder / "x.parquet")
    config = changed("datasets", {name: MINIMAL["datasets"]["mine"]})
    config["run"]["datasets"] = [name]
    if name in ("12", "0x1f", "9" * 20):
        with pytest.raises(ValueError, match="as a number"):
            check_config(config, SCHEMA)
    else:
        assert list(check_config(config, SCHEMA)["datasets"]) == list(pd.read_parquet(tmp_path)["dataset"]) == [name]


def test_a_missing_path_gets_the_nearest_and_home_is_written_out(tmp_path, monkeypatch):
    (tmp_path / "fotos").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    config = check_config(changed("collections.photos.source", {"path": "~/fotos"}), SCHEMA)
    assert config["collections"]["photos"]["source"]["path"] == str(tmp_path / "fotos")
    with pytest.raises(ValueError, match=r"source\.path: '.*/photos' does not exist .*; did you mean fotos\?"):
        check_config(changed("collections.photos.source", {"path": "~/photos"}), SCHEMA)
    with pytest.raises(ValueError, match=r"source\.path: '~nobody-here/x' does not exist"):
        check_config(changed("collections.photos.source", {"path": "~nobody-here/x"}), SCHEMA)


def test_a_trusted_file_is_not_taken_from_a_zip():
    weights = {**MINIMAL["models"]["net"]["weights"], "sha256": "0" * 64, "member": "net.pt"}
    model = {**MINIMAL["models"]["net"], "kind": "torchscript", "trusted": True, "weights": weights}
    with pytest.raises(ValueError, match=r"models\.net\.weights\.member: not for kind torchscript"):
        check_config(changed("models.net", model), SCHEMA)


def test_every_mistake_is_reported_at_once():
    config = changed("occlusion.fill", "red")
    config["site"] = {"images": "all"}
    with pytest.raises(ValueError, match=r"(?s)occlusion\.fill.*site\.images"):
        check_config(config, SCHEMA)


def test_files_of_entries_that_the_run_does_not_choose_cost_nothing():
    config = changed("collections.other", {"layout": "lfw", "source": {"path": "no/such/folder"}})
    check_config(config, SCHEMA)


def test_drawn_collections_get_ten_folds_and_seed_0_and_others_none():
    config = changed("collections.drawn", {"layout": "lfw", "source": {"synthetic": "lfw"}})
    collections = check_config(config, SCHEMA)["collections"]
    assert collections["drawn"]["source"] == {"synthetic": "lfw", "folds": 10, "seed": 0}
    assert collections["photos"] == MINIMAL["collections"]["photos"] | {"smallest_face_px": 20}
    assert is_synthetic(collections["drawn"]) and not is_synthetic(collections["photos"])


def twins(reference):
    config = changed("collections.twins", {"layout": "folders", "source": {"synthetic": "twins"}})
    config["datasets"]["twins"] = {"collection": "twins", "protocol": "pairs-csv", "reference": reference}
    return config


def test_twins_bring_their_pairs_and_need_a_reference():
    check_config(twins("mine"), SCHEMA)
    with pytest.raises(ValueError, match=r"datasets\.twins\.reference: missing; .* no folds"):
        check_config(twins(None), SCHEMA)


def test_the_demo_model_needs_no_weights_and_takes_others(tmp_path):
    model = {"kind": "demo", "input_px": 112, "alignment": "five-point"}
    check_config(changed("models.net", model), SCHEMA)
    with pytest.raises(ValueError, match=r"models\.net\.weights\.path: 'no/such' does not exist"):
        check_config(changed("models.net", {**model, "weights": {"path": "no/such"}}), SCHEMA)


def test_paper_variant_may_step_further_than_its_patch():
    check_config(changed("occlusion", {"variant": "paper", "fill": "black", "stride_px": 9}), SCHEMA)


def test_models_with_equal_crops_share_an_alignment():
    box = {"alignment": "box", "input_px": 160, "box_margin_px": 14}
    assert alignment_id(box) == "box-160px-margin-14px"
    assert alignment_id({"alignment": "none", "input_px": 112, "box_margin_px": 0}) == "none-112px"


def test_references_are_part_of_the_run():
    config = changed("datasets.labelled", {**MINIMAL["datasets"]["mine"], "reference": None})
    config["datasets"]["mine"]["reference"] = "labelled"
    assert chosen_datasets(check_config(config, SCHEMA)) == ["mine", "labelled"]


def test_map_methods_are_the_same_in_the_schema_the_maps_and_the_words():
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    allowed = schema["properties"]["occlusion"]["properties"]["methods"]["items"]["enum"]
    assert sorted(allowed) == sorted(explanation.MAP_METHODS) == sorted(vocabulary.MAP_METHODS)


@pytest.mark.parametrize("form", ["insightface-bin", "parquet"])
def test_sets_of_packed_pairs_need_no_list_and_take_none(form):
    config = changed("collections.photos.layout", form)
    config["datasets"]["mine"]["protocol"] = form
    own = config["datasets"]["mine"].pop("pairs")
    check_config(config, SCHEMA)
    config["datasets"]["mine"]["pairs"] = own
    with pytest.raises(ValueError, match=rf"datasets.mine.pairs: protocol {form} brings its own lists; remove it"):
        check_config(config, SCHEMA)


def test_a_pack_is_a_file(tmp_path):
    config = changed("collections.other", {"layout": "insightface-bin", "source": {"path": str(tmp_path)}})
    with pytest.raises(ValueError, match=r"other.source.path: .* is a folder; layout insightface-bin needs one .bin"):
        check_config(config, SCHEMA)
    config["collections"]["other"]["layout"] = "parquet"
    check_config(config, SCHEMA)


@pytest.mark.parametrize(("key", "value"), [("input_layout", "nhwc"), ("output", 0), ("constants", {"phase": 0})])
def test_a_known_network_is_not_told_how_it_is_fed(key, value):
    model = {**MINIMAL["models"]["net"], "kind": "facenet-pytorch"}
    check_config(changed("models.net", model | {"flip": "sum"}), SCHEMA)
    with pytest.raises(ValueError, match=rf"models\.net\.{key}: .* is not for kind facenet-pytorch"):
        check_config(changed("models.net", model | {key: value}), SCHEMA)
