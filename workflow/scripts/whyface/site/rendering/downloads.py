"""The data page: the run's tables offered for download, described by their own schemas."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from whyface.site.content.evaluation import Evaluation
from whyface.site.rendering.writer import Writer, link_or_copy
from whyface.site.words.numbers import count, size_words
from whyface.tables.all_columns import ALL_COLUMNS, all_columns, partition_files
from whyface.tables.schemas import TABLES, Table

# An embedding is a biometric template: with it one can search for a person and reconstruct the face.
WITHHELD = ("embeddings",)


def offer_tables(evaluations: list[Evaluation], results: Path, writer: Writer) -> list[dict[str, Any]]:
    """Link or copy the run's tables to `data/`, laid out as in `results/tables`, and describe them."""
    chosen = {
        "model": {one.model for one in evaluations},
        "dataset": {one.dataset for one in evaluations},
        "collection": {one.collection for one in evaluations},
        "alignment": {one.alignment for one in evaluations},
    }
    tables, data, described = results / "tables", writer.folder / "data", []
    for table in TABLES:
        if table.name in WITHHELD:
            continue
        files = [_copy(path, tables, data) for path in _files(tables, table, chosen)]
        if files and table.group_columns:
            writer.write_file(f"data/{table.name}/{ALL_COLUMNS}", all_columns(files))
            files.insert(0, data / table.name / ALL_COLUMNS)
        if files:
            described.append(describe(table, data, files))
    return described


def _copy(path: Path, tables: Path, data: Path) -> Path:
    copy = data / path.relative_to(tables)
    copy.parent.mkdir(parents=True, exist_ok=True)
    link_or_copy(path, copy)
    return copy


def describe(table: Table, tables: Path, paths: list[Path]) -> dict[str, Any]:
    """Describe a table by its schema, and its files by what they hold.

    Parameters
    ----------
    table : Table
        Its schema.
    tables : Path
        The folder of all tables.
    paths : list of Path
        The table's files.
    """
    files = [_file(path, tables) for path in paths]
    columns = [_column(column) for column in table.schema]
    groups = {column.name: column for path in paths for column in pq.read_schema(path)}
    more = [_column(groups[name]) for name in groups if name not in table.schema.names]
    return {
        "name": table.name,
        "description": table.description.replace("`", ""),
        "partitions": ", ".join(table.partitions),
        "columns": columns + more,
        "files": files,
        "rows": count(sum(file["n"] for file in files), "row"),
        "size": size_words(sum(path.stat().st_size for path in paths)),
    }


def _file(path: Path, tables: Path) -> dict[str, Any]:
    name, rows = path.relative_to(tables).as_posix(), pq.read_metadata(path).num_rows
    size = size_words(path.stat().st_size)
    return {"href": f"data/{name}", "name": name, "n": rows, "rows": count(rows, "row"), "size": size}


def _column(column: pa.Field) -> dict[str, str]:
    """Name, type, unit and meaning of a column, as its schema says them."""
    about = column.metadata or {}
    return {
        "name": column.name,
        "type": str(column.type).replace("element: ", "").replace("item: ", ""),
        "description": about.get(b"description", b"").decode().replace("`", ""),
        "unit": about.get(b"unit", b"").decode(),
    }


def _files(tables: Path, table: Table, chosen: Mapping[str, set[str]]) -> Iterator[Path]:
    """Files of a table whose partitions all belong to the run."""
    for path in partition_files(tables, table):
        parts = [part.partition("=") for part in path.relative_to(tables).parts[1:-1]]
        if all(value in chosen[name] for name, _, value in parts):
            yield path
