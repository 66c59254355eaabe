"""Write docs/tables.md from the schemas, so that the two cannot drift; a test compares them."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workflow/scripts"))

from whyface.tables.schemas import TABLES, Table  # noqa: E402

HEAD = """# Tables

WhyFace writes everything it finds to Parquet tables below `results/tables`. They are partitioned by folder, so one line
reads a whole table, with its partitions as columns:

```python
import pandas as pd

scores = pd.read_parquet("results/tables/scores")
```

Files of one table may have different columns: `images` and `pairs` carry the group columns of their collection or
dataset (pose, age gap, ...), and `embeddings` have their model's dimension. Read whole, as above, `images` and `pairs`
have the columns of all, empty where a file has none; a column of numbers in one file and words in another is text. The
file `all-columns.parquet`, which has no rows, sees to that in pandas, pyarrow and R's arrow, which take the columns of
a folder from its first file. Elsewhere, read the partitions and join them by name:

```python
duckdb.sql("FROM read_parquet('results/tables/pairs/*/*.parquet', hive_partitioning = true, union_by_name = true)")
files = sorted(glob.glob("results/tables/pairs/*/*.parquet"))
polars.concat([polars.read_parquet(file, hive_partitioning=True) for file in files], how="diagonal_relaxed")
```

Each file's metadata says which run it came from.

`docs/write_tables.py` writes this page from `workflow/scripts/whyface/tables/schemas.py`.
"""


def render_tables() -> str:
    """Text of docs/tables.md."""
    return HEAD + "".join(map(_render_table, TABLES))


def _render_table(table: Table) -> str:
    lines = ["", f"## {table.name}", "", table.description, ""]
    lines += [f"Partitions: {', '.join(table.partitions)}. Sorted by: {', '.join(table.key)}."]
    lines += ["", "| column | type | unit | meaning |", "|---|---|---|---|"]
    for column in table.schema:
        unit, meaning = (column.metadata[key].decode() for key in (b"unit", b"description"))
        lines.append(f"| {column.name} | {_name_type(column)} | {unit} | {meaning} |")
    if table.group_columns:
        lines.append(f"| any other | string or float64 | | group column: {table.group_columns} |")
    return "\n".join(lines) + "\n"


def _name_type(column) -> str:
    names = {"int32": "whole number", "double": "float64", "bool": "yes or no"}
    name = str(column.type).replace("element: ", "").replace("item: ", "")
    # Columns that may be null are stored as plain lists: `write_table` says why.
    return names.get(name, name.removeprefix("fixed_size_") if column.nullable else name)


if __name__ == "__main__":
    (HERE / "tables.md").write_text(render_tables(), encoding="utf-8")
