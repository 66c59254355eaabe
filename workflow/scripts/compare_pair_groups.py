"""Rule compare_pair_groups: tables pairs, scores, images -> tables pair_group_rates and pair_group_indices."""

from whyface.evaluation.pair_groups import compare_pair_groups
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import IMAGES, PAIR_GROUP_INDICES, PAIR_GROUP_RATES, PAIRS, SCORES


def main(snakemake):
    """Compare the groups of every group column of a dataset's own pairs."""
    logger, files = logs.setup(snakemake.log[0]), snakemake.input
    scores = read_table(files.scores, SCORES)
    rates, indices = compare_pair_groups(read_table(files.pairs, PAIRS), scores, read_table(files.images, IMAGES))
    about = read_about(files.scores)
    write_table(rates, snakemake.output.rates, PAIR_GROUP_RATES, about)
    write_table(indices, snakemake.output.indices, PAIR_GROUP_INDICES, about)
    for row in indices[indices["index"] == "wald"].itertuples():
        logger.info("%s of %s at FMR %g: %s", row.rate, row.column, row.fmr_target, row.verdict)
    logger.info("columns of groups: %d", indices["column"].nunique())


if __name__ == "__main__":
    main(snakemake)
