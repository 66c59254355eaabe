"""The data page: the run's tables offered for download, described by their own schemas."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whyface.schemas import TABLES, Table
from whyface.site.data import Evaluation
from whyface.tables import read_about

# An embedding is a biometric template: it can be searched with, and a face can be reconstructed from it.
WITHHELD = ("embeddings",)


def offer_tables(evaluations: list[Evaluation], results: Path, destination: Path) -> list[dict[str, Any]]:
    """Put the run's tables below `data/`, laid out as in `results/tables`, and describe them."""
    chosen = {
        "model": {one.model for one in evaluations},
        "dataset": {one.dataset for one in evaluations},
        "collection": {one.collection for one in evaluations},
        "alignment": {one.alignment for one in evaluations},
    }
    described = []
    for table in TABLES:
        if table.name in WITHHELD:
            continue
        files = []
        for path in _files(results / "tables", table, chosen):
            relative = path.relative_to(results / "tables").as_posix()
            _offer(path, destination / "data" / relative)
            files.append({"href": f"data/{relative}", "name": relative, "size": size_words(path.stat().st_size)})
        if files:
            described.append({**describe(table), "files": files})
    return described


def describe(table: Table) -> dict[str, Any]:
    """Name, meaning, partitions and columns of a table, from its schema."""
    columns = [
        {
            "name": column.name,
            "type": str(column.type).replace("element: ", "").replace("item: ", ""),
            "description": column.metadata[b"description"].decode(),
            "unit": column.metadata[b"unit"].decode(),
        }
        for column in table.schema
    ]
    return {
        "name": table.name,
        "description": table.description,
        "partitions": ", ".join(table.partitions),
        "columns": columns,
    }


def provenance(evaluations: list[Evaluation], results: Path) -> list[dict[str, Any]]:
    """Read what the scores of each evaluation say about their origin."""
    return [{"name": one.path, "entries": sorted(read_about(_scores(results, one)).items())} for one in evaluations]


def size_words(size: int) -> str:
    """Write a file's size."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"


def _scores(results: Path, one: Evaluation) -> Path:
    return results / f"tables/scores/model={one.model}/dataset={one.dataset}/scores.parquet"


def _files(tables: Path, table: Table, chosen: Mapping[str, set[str]]) -> Iterator[Path]:
    """Files of a table whose partitions all belong to the run."""
    pattern = "/".join([table.name, *(f"{name}=*" for name in table.partitions), f"{table.name}.parquet"])
    for path in sorted(tables.glob(pattern)):
        parts = [part.partition("=") for part in path.relative_to(tables).parts[1:-1]]
        if all(value in chosen[name] for name, _, value in parts):
            yield path


def _offer(path: Path, copy: Path) -> None:
    """Link the file, which costs no space; where the file system cannot, copy it."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)
