"""Where a site's numbers come from: programs, config, hashes of sources and weights, dates, time and memory."""

import csv
import math
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from whyface.site.content.evaluation import Evaluation
from whyface.site.words.numbers import MISSING, duration, size_words
from whyface.sources.origins import public_path, public_url
from whyface.sources.receipts import read_receipt
from whyface.tables.parquet import read_about

PACKAGES = (
    *("numpy", "pandas", "pyarrow", "scipy", "torch", "torchvision", "facenet-pytorch", "onnxruntime"),
    *("opencv-python-headless", "pillow", "matplotlib", "jinja2", "snakemake"),
)


def provenance(config: Mapping, evaluations: list[Evaluation], results: Path, code: Path) -> dict[str, Any]:
    """Describe the origin of a run.

    Parameters
    ----------
    config : mapping
        The run's checked config.
    evaluations : list of Evaluation
        What the site shows.
    results : Path
        The run's `results`.
    code : Path
        A folder of the code that builds the site.
    """
    return {
        "scores": [_scores(results, one) for one in evaluations],
        "sources": list(_sources(config, evaluations, results)),
        "stages": stages(results, _names(config, evaluations)),
        "versions": _versions(),
        "commit": commit(code),
        "config": yaml.safe_dump(_public(config), sort_keys=False, allow_unicode=True, width=100),
    }


def commit(folder: Path) -> str:
    """Ask git for a folder's commit, with `-dirty` if files changed since; empty if git does not know."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def stages(results: Path, names: set[str]) -> list[dict[str, str]]:
    """Sum up time and memory of each stage, in the order in which the stages ran; empty if nothing measured them.

    Parameters
    ----------
    results : Path
        The run's `results`: below `benchmarks/STAGE`, Snakemake puts a file of figures for each job.
    names : set of str
        Models, datasets and so on of the run: jobs of others do not count.
    """
    folder = results / "benchmarks"
    jobs: dict[str, list[tuple[float, float | None]]] = {}
    for path in sorted(folder.rglob("*.tsv"), key=lambda path: path.stat().st_mtime_ns):
        stage, *wildcards = path.relative_to(folder).with_suffix("").parts
        seconds, memory = _measured(path)
        if names.issuperset(wildcards) and seconds is not None:
            jobs.setdefault(stage, []).append((seconds, memory))
    return [_stage(name, *zip(*measured, strict=True)) for name, measured in jobs.items()]


def _stage(name: str, seconds: tuple[float, ...], memory: tuple[float | None, ...]) -> dict[str, str]:
    known = [bytes for bytes in memory if bytes is not None]
    return {
        "name": name,
        "jobs": f"{len(seconds):,}",
        "time": duration(sum(seconds)),
        "longest": duration(max(seconds)),
        "memory": size_words(max(known)) if known else MISSING,
    }


def _measured(path: Path) -> tuple[float | None, float | None]:
    """Read a job's seconds and the most bytes it held; None for what Snakemake could not measure."""
    with path.open(encoding="utf-8", newline="") as file:
        *_, last = {}, *csv.DictReader(file, delimiter="\t")
    memory = _number(last.get("max_rss"))
    return _number(last.get("s")), None if memory is None else memory * 2**20


def _number(text: str | None) -> float | None:
    """Read a number, None for "-", "NA" or nothing."""
    try:
        number = float(text or "nan")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _names(config: Mapping, evaluations: list[Evaluation]) -> set[str]:
    shards = config["occlusion"]["shards"]
    names = {name for one in evaluations for name in (one.model, one.dataset, one.collection, one.alignment)}
    return names | {f"shard-{shard}-of-{shards}" for shard in range(1, shards + 1)}


def _scores(results: Path, one: Evaluation) -> dict[str, Any]:
    """Say what an evaluation's scores tell of their origin, when they were written, and which engine made the maps."""
    path = results / f"tables/scores/model={one.model}/dataset={one.dataset}/scores.parquet"
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    about = {key: value for key, value in sorted(read_about(path).items()) if key != "table"}
    engine = read_about(one.explanations).get("engine") if one.methods else None
    entries = {**about, "written": f"{written:%Y-%m-%d %H:%M} UTC", **({"occlusion engine": engine} if engine else {})}
    return {"name": one.path, "entries": list(entries.items())}


def _sources(config: Mapping, evaluations: list[Evaluation], results: Path) -> Iterator[dict[str, str]]:
    """Yield the origin and hash of each collection and of each model's weights, from their receipts."""
    for name in dict.fromkeys(one.collection for one in evaluations):
        yield {"kind": "collection", "name": name, **_receipt(results / f"collections/{name}/receipt.json")}
    for name in config["run"]["models"]:
        yield {"kind": "model", "name": name, **_receipt(results / f"weights/{name}.json")}


def _receipt(path: Path) -> dict[str, str]:
    if not path.exists():
        return {"origin": "", "sha256": ""}
    receipt = read_receipt(path)
    return {"origin": receipt.origin, "sha256": receipt.sha256}


def _public(value: Any, key: str = "") -> Any:
    """Copy a config's value without what is private: places on this machine, and secrets in URLs."""
    if isinstance(value, Mapping):
        return {name: _public(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_public(one, key) for one in value]
    if not isinstance(value, str):
        return value
    if key == "urls":
        return public_url(value)
    is_place = key == "path" or Path(value).is_absolute() or value.startswith(("~", "file:"))
    return public_path(value) if is_place else value


def _versions() -> list[tuple[str, str]]:
    """List the packages of the environment that builds the site."""
    found = [("Python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found
