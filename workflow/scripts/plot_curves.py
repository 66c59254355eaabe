"""Rule plot_curves: table curves -> figures of a model on a dataset, with captions."""

from pathlib import Path

from whyface.plots import plot_curves
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import CONFIDENCE, CURVES


def main(snakemake):
    """Draw every figure that the curves allow."""
    logger = logs.setup(snakemake.log[0])
    threshold = read_table(snakemake.input.confidence, CONFIDENCE)["threshold"].mean()
    folder = Path(snakemake.output.figures)
    plot_curves(read_table(snakemake.input.curves, CURVES), threshold, folder, snakemake.params.method)
    logger.info("%d figures in %s", len(list(folder.glob("*.svg"))), folder)


if __name__ == "__main__":
    main(snakemake)
