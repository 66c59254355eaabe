"""Rule judge_flips: flips and the scores of their pairs -> table flip_metrics."""

from whyface.evidence.flip_metrics import flip_metrics
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import FLIP_METRICS, FLIPS, PAIRS, SCORES


def main(snakemake):
    """Count the decisions that one patch turns, and see how well the flip margin finds errors."""
    logger = logs.setup(snakemake.log[0])
    files = snakemake.input
    pairs, scores, flips = (
        read_table(files.pairs, PAIRS),
        read_table(files.scores, SCORES),
        read_table(files.flips, FLIPS),
    )
    found = flip_metrics(pairs[PAIRS.schema.names], scores, flips)  # group columns may have any name
    write_table(found, snakemake.output.metrics, FLIP_METRICS, read_about(files.flips))
    logger.info("%d metrics", len(found))


if __name__ == "__main__":
    main(snakemake)
