"""Where a site's numbers come from: programs, config, sources and weights with their hashes, dates, time spent."""

import base64
import binascii
import json
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from whyface.site.content.evaluation import Evaluation
from whyface.site.words.numbers import duration
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
        "config": yaml.safe_dump(_without_places(config), sort_keys=False, allow_unicode=True, width=100),
    }


def commit(folder: Path) -> str:
    """Ask git which commit a folder is at, `-dirty` if it was changed since; empty where git does not know."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def stages(results: Path, names: set[str]) -> list[dict[str, str]]:
    """Sum up the time of each stage, as Snakemake recorded it when each file was last made; empty if it did not.

    Parameters
    ----------
    results : Path
        The run's `results`; Snakemake keeps its records beside it.
    names : set of str
        Models, datasets and so on of the run: files of others do not count.
    """
    # A job that made several files has as many records, with one log.
    jobs = {log: (start, end) for log, start, end in sorted(_jobs(results.parent / ".snakemake/metadata"))}
    found: dict[str, list[float]] = {}
    for log, (start, end) in sorted(jobs.items(), key=lambda job: job[1]):
        if not names.issuperset(_wildcards(log)):
            continue
        found.setdefault(Path(log).with_suffix("").parts[2], []).append(end - start)
    return [
        {"name": name, "jobs": f"{len(times):,}", "time": duration(sum(times)), "longest": duration(max(times))}
        for name, times in found.items()
    ]


def _jobs(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Yield log, start and end of every job that made a file of `results`; a file's record is named after it."""
    for path in folder.rglob("*"):
        try:
            name = base64.b64decode(path.name, validate=True).decode()
            record = json.loads(path.read_text(encoding="utf-8"))
            log, start, end = record["log"][0], record["starttime"], record["endtime"]
        except (OSError, ValueError, binascii.Error, KeyError, IndexError, TypeError):
            continue  # a folder of a long name, or a record of another version of Snakemake
        if name.startswith("results/") and log.startswith("results/logs/") and start is not None and end is not None:
            yield log, float(start), float(end)


def _wildcards(log: str) -> tuple[str, ...]:
    """Names in the path of a log below its rule's: results/logs/RULE/NAME/NAME.log."""
    return Path(log).with_suffix("").parts[3:]


def _names(config: Mapping, evaluations: list[Evaluation]) -> set[str]:
    shards = config["occlusion"]["shards"]
    names = {name for one in evaluations for name in (one.model, one.dataset, one.collection, one.alignment)}
    return names | {f"shard-{shard}-of-{shards}" for shard in range(1, shards + 1)}


def _scores(results: Path, one: Evaluation) -> dict[str, Any]:
    """Say what the scores of an evaluation tell of their origin, and when they were written."""
    path = results / f"tables/scores/model={one.model}/dataset={one.dataset}/scores.parquet"
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    about = {key: value for key, value in sorted(read_about(path).items()) if key != "table"}
    return {"name": one.path, "entries": [*about.items(), ("written", f"{written:%Y-%m-%d %H:%M} UTC")]}


def _sources(config: Mapping, evaluations: list[Evaluation], results: Path) -> Iterator[dict[str, str]]:
    """Yield what was fetched: origin and hash of each collection and of each model's weights, as receipts say."""
    for name in dict.fromkeys(one.collection for one in evaluations):
        yield {"kind": "collection", "name": name, **_receipt(results / f"collections/{name}/receipt.json")}
    for name in config["run"]["models"]:
        yield {"kind": "model", "name": name, **_receipt(results / f"weights/{name}.json")}


def _receipt(path: Path) -> dict[str, str]:
    if not path.exists():
        return {"origin": "", "sha256": ""}
    receipt = read_receipt(path)
    return {"origin": _without_places(receipt.origin), "sha256": receipt.sha256}


def _without_places(value: Any) -> Any:
    """Copy a config's value; of absolute paths only the names: where files lay on the run's machine concerns nobody."""
    if isinstance(value, Mapping):
        return {key: _without_places(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_places(one) for one in value]
    is_place = isinstance(value, str) and (Path(value).is_absolute() or value.startswith(("~", "file:")))
    return Path(value).name if is_place else value


def _versions() -> list[tuple[str, str]]:
    """List the packages of the environment that builds the site."""
    found = [("Python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found
