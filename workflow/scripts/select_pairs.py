"""Rule select_pairs: tables scores and pairs of all datasets -> table selection of each."""

from whyface.maps.selection import Scored, select_pairs
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import PAIRS, SCORES, SELECTION


def main(snakemake):
    """Choose the pairs that get maps."""
    logger = logs.setup(snakemake.log[0])
    files = zip(snakemake.input.scores, snakemake.input.pairs, strict=True)
    datasets = {
        name: Scored(collection, read_table(scores, SCORES), read_table(pairs, PAIRS))
        for (name, collection), (scores, pairs) in zip(snakemake.params.datasets.items(), files, strict=True)
    }
    selections = select_pairs(datasets, snakemake.params.select)
    for (name, selection), scores, path in zip(
        selections.items(), snakemake.input.scores, snakemake.output.selections, strict=True
    ):
        about = {**read_about(scores), "select": str(snakemake.params.select)}
        write_table(selection, path, SELECTION, about)
        reasons = selection["reason"].value_counts().to_dict()
        logger.info("%s: %d of %d pairs: %s", name, len(selection), len(datasets[name].scores), reasons)


if __name__ == "__main__":
    main(snakemake)
