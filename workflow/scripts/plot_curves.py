"""Rule plot_curves: tables curves and transfer -> figures with captions."""

from pathlib import Path

from whyface.plots import plot_curves, plot_transfer
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import CONFIDENCE, CURVES, TRANSFER


def main(snakemake):
    """Draw the figures of one model."""
    logger = logs.setup(snakemake.log[0])
    inputs = zip(snakemake.input.curves, snakemake.input.confidence, snakemake.output.histograms, strict=True)
    for curves, confidence, histogram in inputs:
        threshold = read_table(confidence, CONFIDENCE)["threshold"].mean()
        folder = Path(histogram).parent
        plot_curves(read_table(curves, CURVES), threshold, folder, snakemake.params.method)
        logger.info("figures in %s", folder)
    plot_transfer(read_table(snakemake.input.transfer, TRANSFER), Path(snakemake.output.transfer).parent)


if __name__ == "__main__":
    main(snakemake)
