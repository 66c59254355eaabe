"""Rule plot_transfer: table transfer -> its figure, with a caption."""

from pathlib import Path

from whyface.plots.transfer import plot_transfer
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import TRANSFER


def main(snakemake):
    """Plot how well a model's confidence holds on other datasets."""
    logger = logs.setup(snakemake.log[0])
    plot_transfer(read_table(snakemake.input.transfer, TRANSFER), Path(snakemake.output.figure).parent)
    logger.info("%s", snakemake.output.figure)


if __name__ == "__main__":
    main(snakemake)
