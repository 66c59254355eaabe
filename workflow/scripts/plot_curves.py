"""Rule plot_curves: table curves -> figures with captions."""

from pathlib import Path

from whyface import logs
from whyface.figures import plot_curves
from whyface.schemas import CONFIDENCE, CURVES
from whyface.tables import read_table


def main(snakemake):
    """Draw the figures of one model on one dataset."""
    logger = logs.setup(snakemake.log[0])
    threshold = read_table(snakemake.input.confidence, CONFIDENCE)["threshold"].mean()
    folder = Path(snakemake.output.histogram).parent
    plot_curves(read_table(snakemake.input.curves, CURVES), threshold, folder)
    logger.info("figures in %s", folder)


if __name__ == "__main__":
    main(snakemake)
