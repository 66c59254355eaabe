"""Rule gather_columns: all files of a table -> a file without rows that has the columns of all."""

from pathlib import Path

from whyface.tables import logs
from whyface.tables.all_columns import all_columns, partition_files
from whyface.tables.files import atomic_path
from whyface.tables.schemas import TABLES


def main(snakemake):
    """Files of earlier runs count too: whoever reads the folder reads them."""
    logger = logs.setup(snakemake.log[0])
    table = next(table for table in TABLES if table.name == snakemake.wildcards.table)
    files = partition_files(Path("results/tables"), table)
    with atomic_path(snakemake.output.columns) as temporary:
        temporary.write_bytes(all_columns(files))
    logger.info("table %s: files whose columns it has: %d", table.name, len(files))


if __name__ == "__main__":
    main(snakemake)
