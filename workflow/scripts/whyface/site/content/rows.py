"""Rows of tables as the site's views take them: Python objects, null as None."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from whyface.tables.parquet import read_table
from whyface.tables.schemas import Table


def read_rows(path: Path, table: Table) -> list[dict[Any, Any]]:
    """Rows of a table that a run may lack."""
    return plain(read_table(path, table)).to_dict("records") if path.exists() else []


def read_rows_of_models(path: Path, table: Table, config: Mapping) -> list[dict[Any, Any]]:
    """Rows of a table about all models of the run together; none if it is about others, too."""
    rows = read_rows(path, table)
    named = {row[name] for row in rows for name in ("model", "model_a", "model_b") if name in row}
    return rows if named == {*config["run"]["models"]} else []


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn values into Python objects: null is None, and a fold is an int although nulls made its column float."""
    columns: dict[str, Any] = {}
    for name, column in frame.items():
        values = [None if null else value for value, null in zip(column.tolist(), column.isna(), strict=True)]
        columns[str(name)] = [None if v is None else int(v) for v in values] if name == "fold" else values
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
