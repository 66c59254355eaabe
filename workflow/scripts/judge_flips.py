"""Rule judge_flips: flips, and the scores and groups of their pairs -> table flip_metrics."""

from whyface.evaluation.groups import faces_found, metric_groups
from whyface.evidence.flip_metrics import flip_metrics
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import FACES, FLIP_METRICS, FLIPS, IMAGES, PAIRS, SCORES


def main(snakemake):
    """Count the decisions that one patch turns, and see how well the flip margin finds errors."""
    logger = logs.setup(snakemake.log[0])
    files = snakemake.input
    pairs, scores, flips = (
        read_table(files.pairs, PAIRS),
        read_table(files.scores, SCORES),
        read_table(files.flips, FLIPS),
    )
    in_both = faces_found(pairs, read_table(files.faces, FACES))
    groups = metric_groups(pairs, read_table(files.images, IMAGES), in_both)
    found = flip_metrics(pairs, scores, flips, groups)
    write_table(found, snakemake.output.metrics, FLIP_METRICS, read_about(files.flips))
    logger.info("%d metrics", len(found))


if __name__ == "__main__":
    main(snakemake)
