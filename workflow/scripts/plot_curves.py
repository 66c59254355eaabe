"""Rule plot_curves: tables curves and deep_det -> figures of a model on a dataset, with captions."""

from pathlib import Path

from whyface.plots.curves import plot_curves
from whyface.plots.deep_det import plot_deep_det
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import CONFIDENCE, CURVES, DEEP_DET


def main(snakemake):
    """Draw every figure that the curves allow."""
    logger = logs.setup(snakemake.log[0])
    threshold = read_table(snakemake.input.confidence, CONFIDENCE)["threshold"].mean()
    folder = Path(snakemake.output.figures)
    curves = read_table(snakemake.input.curves, CURVES)
    plot_curves(curves, threshold, folder, snakemake.params.method)
    plot_deep_det(read_table(snakemake.input.deep_det, DEEP_DET), curves, folder)
    logger.info("%d figures in %s", len(list(folder.glob("*.svg"))), folder)


if __name__ == "__main__":
    main(snakemake)
