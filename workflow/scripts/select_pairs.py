"""Rule select_pairs: tables scores and pairs of the collection's datasets -> table selection of one of them."""

from whyface.maps.selection import select_pairs
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import PAIRS, SCORES, SELECTION


def main(snakemake):
    """Choose the pairs that get maps."""
    logger = logs.setup(snakemake.log[0])
    params, dataset = snakemake.params, snakemake.wildcards.dataset
    files = dict(zip(params.select, zip(snakemake.input.scores, snakemake.input.pairs, strict=True), strict=True))
    tables = {
        name: (
            read_table(scores, SCORES, ["pair_id", "decision", "outcome", "confidence"]),
            read_table(pairs, PAIRS, ["pair_id", "image_a", "image_b"]),
        )
        for name, (scores, pairs) in files.items()
    }
    selection = select_pairs(dataset, tables, params.select)
    about = {**read_about(files[dataset][0]), "select": str(params.select[dataset])}
    write_table(selection, snakemake.output.selection, SELECTION, about)
    logger.info("%d of %d pairs: %s", len(selection), len(tables[dataset][0]), logs.tally(selection["reason"]))


if __name__ == "__main__":
    main(snakemake)
