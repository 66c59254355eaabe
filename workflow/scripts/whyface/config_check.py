"""Checks the whole config before any job starts, so that a mistake in it costs no work.

The JSON schema says which keys exist and which values they allow. The `_check_*` functions check what no schema can:
that names exist elsewhere, and that combinations can work.
"""

import copy
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from whyface.catalogue import read_catalogue, take_over
from whyface.config import LAYOUTS_OF_PROTOCOL, PACKED, SITE_NAMES, chosen_datasets, inner_square, is_synthetic
from whyface.mistakes import describe, nearest

# Kinds of model whose files can run code when they are opened.
RUN_CODE = ("torch-export", "torchscript")
# Kinds of model whose files hold weights alone.
KNOWN_NETWORKS = ("facenet-pytorch", "demo")
OBTAINED = ", as {path: ...} or {urls: [...]}"
LAYOUT_OF_SYNTHETIC = {"lfw": "lfw", "cfp": "cfp", "calfw": "calfw", "twins": "folders"}


def check_config(
    config: Mapping[str, Any], schema_path: Path | str, catalogue_path: Path | str | None = None
) -> dict[str, Any]:
    """Check the config, and return it with what it names of the catalogue, and with defaults filled in.

    Parameters
    ----------
    config : mapping
        As merged from config.yaml and its overlays.
    schema_path : path
        The JSON schema, in YAML.
    catalogue_path : path, optional
        Sets and models known by name.

    Raises
    ------
    ValueError
        Names each key that is wrong, its value and what is allowed.
    """
    schema = yaml.safe_load(Path(schema_path).read_text(encoding="utf-8"))
    catalogue = read_catalogue(catalogue_path)
    config = take_over(config, catalogue)
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    problems = list(dict.fromkeys(line for error in errors for line in describe(error)))
    if not problems:
        config = _with_homes(_with_defaults(config, schema))
        problems = [*_check_names(config, catalogue), *(problem for check in _CHECKS for problem in check(config))]
    if problems:
        raise ValueError("the config cannot run:\n  " + "\n  ".join(problems))
    return dict(config)


def _with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """Copy `value` and fill in the schema's defaults for absent keys, including those of the alternative it matches."""
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    choice: Mapping[str, Any] = next(
        (one for one in schema.get("anyOf", ()) if {*one.get("required", ())} <= {*value}), {}
    )
    properties = {**schema.get("properties", {}), **choice.get("properties", {})}
    others = schema.get("additionalProperties")
    filled = {}
    for name, item in value.items():
        filled[name] = _with_defaults(item, properties.get(name, others if isinstance(others, Mapping) else {}))
    for name, rule in properties.items():
        if name not in filled and "default" in rule:
            filled[name] = _with_defaults(rule["default"], rule)
    return filled


def _with_homes(value: Any) -> Any:
    """Copy `value` with `~` written out in every `path`, once for all that read it."""
    if not isinstance(value, Mapping):
        return value
    path = value.get("path")
    home = {"path": os.path.expanduser(path)} if isinstance(path, str) else {}  # noqa: PTH111 - leaves ~nobody alone
    return {name: _with_homes(item) for name, item in value.items()} | home


def _check_names(config: Mapping[str, Any], catalogue: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for key, section, name in _named(config):
        if name not in config[section]:
            yield _unknown_name(key, name, section, config[section], catalogue[section])
    for name, dataset in config["datasets"].items():
        reference = dataset["reference"]
        if reference == name:
            yield f"datasets.{name}.reference: {reference!r} is the dataset itself; name another one, or none"
        elif config["datasets"].get(reference, {}).get("reference"):
            yield f"datasets.{name}.reference: {reference!r} borrows from a reference itself; name one that does not"


def _named(config: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each name of an entry that the config uses: where it stands, the section that defines it, the name."""
    for section in ("datasets", "models"):
        yield from ((f"run.{section}", section, name) for name in config["run"][section])
    for name, dataset in config["datasets"].items():
        yield f"datasets.{name}.collection", "collections", dataset["collection"]
        if dataset["reference"] is not None:
            yield f"datasets.{name}.reference", "datasets", dataset["reference"]


def _unknown_name(key: str, name: str, section: str, own: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    places = f"defined: {', '.join(sorted(own)) or 'none'}"
    if known:
        places += f"; in config/catalogue.yaml: {', '.join(sorted(known))}"
    return f"{key}: {name!r} is not defined under {section}; {places}{nearest(name, [*own, *known])}"


def _check_protocols(config: Mapping[str, Any]) -> Iterator[str]:
    for name, dataset in config["datasets"].items():
        layout = config["collections"].get(dataset["collection"], {}).get("layout")
        layouts = LAYOUTS_OF_PROTOCOL[dataset["protocol"]]
        if layout is not None and layout not in layouts:
            yield (
                f"datasets.{name}.protocol: {dataset['protocol']!r} cannot read collection "
                f"{dataset['collection']!r} of layout {layout!r}; it needs layout {' or '.join(layouts)}"
            )


def _check_pair_lists(config: Mapping[str, Any]) -> Iterator[str]:
    for name, dataset in config["datasets"].items():
        key, protocol = f"datasets.{name}", dataset["protocol"]
        if "pairs" in dataset:
            if protocol.startswith("cfp") or protocol in PACKED:
                yield f"{key}.pairs: protocol {protocol} brings its own lists; remove it"
            elif protocol == "all-pairs":
                yield f"{key}.pairs: protocol all-pairs makes the pairs itself; remove it, or use pairs-csv"
        elif protocol == "pairs-csv" and _is_of_twins(config, dataset):
            if dataset["reference"] is None:
                yield f"{key}.reference: missing; pairs of twins have no folds to learn from: name a dataset that has"
        elif protocol in ("pairs-csv", "sllfw"):
            yield f"{key}.pairs: missing; protocol {protocol} needs the file{OBTAINED}"


def _check_all_pairs(config: Mapping[str, Any]) -> Iterator[str]:
    for name, dataset in config["datasets"].items():
        key, given = f"datasets.{name}.all_pairs", dataset.get("all_pairs", {})
        if given and dataset["protocol"] != "all-pairs":
            yield f"{key}: only with protocol all-pairs, not {dataset['protocol']}"
        probes, gallery = given.get("probes"), given.get("gallery")
        if (probes is None) != (gallery is None):
            yield f"{key}: probes is {probes!r} and gallery {gallery!r}; allowed: both folders, or neither"
        elif probes is not None and probes == gallery:
            yield f"{key}: probes and gallery are both {probes!r}; name two folders, or neither"


def _is_of_twins(config: Mapping[str, Any], dataset: Mapping[str, Any]) -> bool:
    """Whether the pair list is drawn with the images. Others cannot be looked for: they may not be downloaded yet."""
    collection = config["collections"].get(dataset["collection"], {})
    return collection.get("source", {}).get("synthetic") == "twins"


def _check_sources(config: Mapping[str, Any]) -> Iterator[str]:
    for name, collection in config["collections"].items():
        key, source = f"collections.{name}.source", collection.get("source")
        if collection["layout"] == "insightface-bin" and Path((source or {}).get("path") or "x.bin").is_dir():
            yield f"{key}.path: {source['path']!r} is a folder; layout insightface-bin needs one .bin file, or its .xz"
        if source is None:
            layout = collection["layout"]
            yield f"{key}: missing; layout {layout} needs it{OBTAINED} or {{synthetic: ...}}"
        elif is_synthetic(collection):
            yield from _check_drawn(key, source, collection["layout"])
        else:
            drawn = [one for one in ("folds", "seed") if one in source]
            if drawn:
                yield f"{key}.{drawn[0]}: only beside synthetic, which says what the project draws"


def _check_drawn(key: str, source: Mapping[str, Any], layout: str) -> Iterator[str]:
    kind = source["synthetic"]
    if layout != LAYOUT_OF_SYNTHETIC[kind]:
        yield f"{key}.synthetic: {kind!r} is drawn in layout {LAYOUT_OF_SYNTHETIC[kind]}, not {layout}"
    obtained = [one for one in ("path", "urls", "sha256", "filename", "member") if one in source]
    if obtained:
        yield f"{key}.{obtained[0]}: not beside synthetic: {kind!r} is drawn, not obtained; remove one of the two"


def _check_paths(config: Mapping[str, Any]) -> Iterator[str]:
    """Require the local files that the run needs; other entries cost nothing."""
    if any(name not in config["datasets"] for name in config["run"]["datasets"]):
        return
    for name in chosen_datasets(config):
        dataset = config["datasets"].get(name, {})
        collection = dataset.get("collection")
        yield from _missing_path(f"datasets.{name}.pairs", dataset.get("pairs"))
        yield from _missing_path(
            f"collections.{collection}.source", config["collections"].get(collection, {}).get("source")
        )
    for name in config["run"]["models"]:
        yield from _missing_path(f"models.{name}.weights", config["models"].get(name, {}).get("weights"))


def _missing_path(key: str, source: Mapping[str, Any] | None) -> Iterator[str]:
    path = (source or {}).get("path")
    if path and not Path(path).exists():
        near = nearest(Path(path).name, [one.name for one in Path(path).parent.glob("*")])
        yield f"{key}.path: {path!r} does not exist (relative paths start at {Path.cwd()}){near}"
    if source is not None and not any(source.get(one) for one in ("path", "urls", "synthetic")):
        yield f"{key}: needs a path or urls"


def _check_site_names(config: Mapping[str, Any]) -> Iterator[str]:
    for section in ("models", "datasets"):
        for name in config[section]:
            if name in SITE_NAMES:
                yield f"{section}.{name}: {name!r} is a name of the site's own; not allowed: {', '.join(SITE_NAMES)}"


def _check_numbers(config: Mapping[str, Any]) -> Iterator[str]:
    """Refuse names that Arrow reads as numbers in the folders of a table: pandas would give them back as such."""
    for section in ("collections", "datasets", "models"):
        for name in config[section]:
            if re.fullmatch(r"[0-9]+|0x[0-9a-f]+", name):
                yield f"{section}.{name}: tables would give the name back as a number; add a letter, as in set-{name}"


def _check_models(config: Mapping[str, Any]) -> Iterator[str]:
    for name, model in config["models"].items():
        key = f"models.{name}"
        if model["kind"] != "demo" and "weights" not in model:
            yield f"{key}.weights: missing; kind {model['kind']} needs the file{OBTAINED}"
        yield from _check_trust(key, model)
        yield from _check_form(key, model)
        if model["alignment"] != "box" and model["box_margin_px"]:
            yield f"{key}.box_margin_px: {model['box_margin_px']} is for alignment box only, not {model['alignment']}"
        if model["box_margin_px"] >= model["input_px"]:
            yield f"{key}.box_margin_px: {model['box_margin_px']} must be below input_px ({model['input_px']})"


_PAPER = ", which is there to reproduce the published maps: use "
# Two settings that cannot go together, and why.
_CLASHES = (
    (("variant", "paper"), ("shape", "circle"), f"{_PAPER}shape square, or variant corrected"),
    (("variant", "paper"), ("exactness", "fast"), f"{_PAPER}exactness exact, or variant corrected"),
    (("variant", "paper"), ("fill", "mixed"), f"{_PAPER}fill black, as published, or mean, blur or noise"),
)


def _check_trust(key: str, model: Mapping[str, Any]) -> Iterator[str]:
    """Require trust in files that can run code when they are opened, and the hash that says which file is trusted."""
    if model["kind"] in RUN_CODE:
        reason = f"a file of kind {model['kind']} can run any code when it is opened"
        if not model["trusted"]:
            yield f"{key}.trusted: missing; {reason}; allowed: true, if you trust its author; or use kind onnx"
        if not model.get("weights", {}).get("sha256"):
            yield f"{key}.weights.sha256: missing; {reason}; needed: the hash of the file that you trust"
        if model.get("weights", {}).get("member"):
            yield f"{key}.weights.member: not for kind {model['kind']}: unpack the file, for its own hash is needed"


def _check_form(key: str, model: Mapping[str, Any]) -> Iterator[str]:
    """Refuse to say how a network is fed that is part of the project or of facenet-pytorch, and known."""
    if model["kind"] in KNOWN_NETWORKS:
        for name in ("input_layout", "output", "constants"):
            if model.get(name) not in (None, "auto", {}):
                yield f"{key}.{name}: {model[name]!r} is not for kind {model['kind']}, whose network is known"


def _check_occlusion(config: Mapping[str, Any]) -> Iterator[str]:
    occlusion = config["occlusion"]
    for (key, value), (other, refused), why in _CLASHES:
        if occlusion[key] == value and occlusion[other] == refused:
            yield f"occlusion.{other}: {refused!r} with {key} {value}{why}"
    patches, shape = occlusion["patch_px"], occlusion["shape"]
    largest = min(inner_square(patch, shape) for patch in patches)
    if occlusion["variant"] == "corrected" and occlusion["stride_px"] > largest:
        yield (
            f"occlusion.stride_px: {occlusion['stride_px']} leaves pixels that no {shape} of occlusion.patch_px "
            f"{patches} covers; it must be at most {largest}"
        )
    for name in config["run"]["models"]:
        side = config["models"].get(name, {}).get("input_px")
        if side is None:
            continue
        large = [patch for patch in occlusion["patch_px"] if patch >= side]
        if large:
            yield f"occlusion.patch_px: {large} must be smaller than models.{name}.input_px ({side})"
        if occlusion["map_px"] > side:
            yield f"occlusion.map_px: {occlusion['map_px']} must be at most models.{name}.input_px ({side})"


_CHECKS = (
    _check_site_names,
    _check_numbers,
    _check_protocols,
    _check_pair_lists,
    _check_all_pairs,
    _check_sources,
    _check_paths,
    _check_models,
    _check_occlusion,
)
