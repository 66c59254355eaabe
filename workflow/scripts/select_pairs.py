"""Rule select_pairs: tables scores and pairs -> table selection."""

from whyface import logs
from whyface.schemas import PAIRS, SCORES, SELECTION
from whyface.selection import select_pairs
from whyface.tables import read_about, read_table, write_table


def main(snakemake):
    """Choose the pairs that get maps."""
    logger = logs.setup(snakemake.log[0])
    scores = read_table(snakemake.input.scores, SCORES)
    pairs = read_table(snakemake.input.pairs, PAIRS)
    selection = select_pairs(scores, pairs, snakemake.params.select)
    about = {**read_about(snakemake.input.scores), "select": str(snakemake.params.select)}
    write_table(selection, snakemake.output.selection, SELECTION, about)
    logger.info("%d of %d pairs: %s", len(selection), len(scores), selection["reason"].value_counts().to_dict())


if __name__ == "__main__":
    main(snakemake)
