"""The catalogue: what a run takes over from it, what wins over it, and that each of its entries can run."""

from urllib.parse import urlsplit

import pytest
import yaml

from conftest import REPOSITORY
from whyface.catalogue import read_catalogue, take_over
from whyface.config_check import check_config

SCHEMA, PATH = REPOSITORY / "workflow/schemas/config.schema.yaml", REPOSITORY / "config/catalogue.yaml"
CATALOGUE = read_catalogue(PATH)
DEFAULT = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))


def check(**overlay):
    return check_config(overlay, SCHEMA, PATH)


def run(datasets=("lfw",), models=("demo",)):
    return {"datasets": list(datasets), "models": list(models)}


def test_names_alone_are_a_config():
    config = check(run=run(["lfw"], ["facenet-vggface2"]))
    assert {section: list(config[section]) for section in CATALOGUE} == {
        "collections": ["lfw"],
        "datasets": ["lfw"],
        "models": ["facenet-vggface2"],
    }
    assert config["collections"]["lfw"]["source"]["filename"] == "lfw.tgz"


def test_entries_that_nothing_names_appear_nowhere():
    assert take_over(DEFAULT, CATALOGUE) == DEFAULT


def test_a_dataset_brings_its_collection_and_its_reference():
    mine = {"collection": "xqlfw", "protocol": "lfw", "reference": "cfp-ff"}
    config = check(run=run(["mine"], ["sface"]), datasets={"mine": mine})
    assert set(config["datasets"]) == {"mine", "cfp-ff"}
    assert set(config["collections"]) == {"xqlfw", "cfp"}


def test_own_keys_of_an_entry_win_each_as_a_whole(tmp_path):
    (tmp_path / "lfw.tgz").touch()
    source = {"path": str(tmp_path / "lfw.tgz")}
    overlay = {"collections": {"lfw": {"source": source}}, "models": {"buffalo_l": {"alignment": "none"}}}
    config = check(run=run(["lfw"], ["buffalo_l"]), **overlay)
    assert config["collections"]["lfw"]["source"] == source, (
        "the hash of the catalogue's archive is not asked of another"
    )
    assert config["collections"]["lfw"]["title"] == CATALOGUE["collections"]["lfw"]["title"]
    assert config["models"]["buffalo_l"]["alignment"] == "none"
    assert config["models"]["buffalo_l"]["weights"]["member"] == "w600k_r50.onnx"


def test_an_entry_that_says_what_it_is_stands_alone():
    mine = {"collection": "lfw", "protocol": "lfw"}
    config = check(run=run(["lfw"], ["sface"]), datasets={"lfw": mine})
    assert "pairs" not in config["datasets"]["lfw"]


def test_a_changed_entry_that_the_run_does_not_name_is_no_mistake():
    check(run=run(["cfp-ff"], ["sface"]), collections={"lfw": {"source": {"path": "not/there"}}})


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ({"datasets": ["lwf"]}, ["run.datasets: 'lwf'", "in config/catalogue.yaml: calfw,", "did you mean lfw?"]),
        ({"models": ["buffalo-l"]}, ["run.models: 'buffalo-l'", "defined: none", "did you mean buffalo_l?"]),
    ],
)
def test_unknown_names_get_the_nearest_of_config_and_catalogue(names, parts):
    with pytest.raises(ValueError) as error:
        check(run=run(models=["sface"]) | names)
    assert all(part in str(error.value) for part in parts), error.value


@pytest.mark.parametrize(
    "overlay",
    [
        {"run": ["lfw"]},
        {"run": {"datasets": "lfw", "models": [["x"], 3, None]}},
        {"run": run(), "datasets": ["lfw"]},
        {"run": run(), "datasets": {"lfw": "x", 3: None}, "collections": None},
    ],
)
def test_what_is_not_of_the_right_type_is_left_for_the_check(overlay):
    with pytest.raises(ValueError, match="the config cannot run:"):
        check(**overlay)


@pytest.mark.parametrize("name", CATALOGUE["datasets"])
def test_every_set_of_the_catalogue_can_run(name):
    check(run=run([name], ["sface"]))
    entry = CATALOGUE["datasets"][name]
    assert {"title", "citation"} <= set(CATALOGUE["collections"][entry["collection"]]) and entry["title"]


@pytest.mark.parametrize("name", CATALOGUE["models"])
def test_every_model_of_the_catalogue_can_run_and_says_what_may_be_done_with_it(name):
    entry = check(run=run(models=[name]))["models"][name]
    assert {"title", "licence", "homepage", "notice"} <= set(entry)
    assert entry["weights"]["sha256"]
    assert entry["alignment"] == ("box" if entry["input_px"] == 160 else "five-point")


def test_sources_are_secure_or_hashed_or_said_not_to_be():
    """Addresses without a hash are locked at the first download; those of plain http are few and known."""
    sources = [entry["source"] for entry in CATALOGUE["collections"].values()]
    sources += [entry["pairs"] for entry in CATALOGUE["datasets"].values() if "pairs" in entry]
    plain = [url for source in sources if not source.get("sha256") for url in source["urls"] if "http:" in url]
    assert [urlsplit(url).hostname for url in plain] == ["whdeng.cn"]
