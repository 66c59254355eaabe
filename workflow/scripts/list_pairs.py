"""Rule list_pairs: a protocol's pair list -> table pairs."""

import json
from pathlib import Path

from whyface.lists.protocols import list_pairs
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES, PAIRS


def main(snakemake):
    """Read the protocol; every image that it names must be in the collection."""
    logs.setup(snakemake.log[0])
    dataset = snakemake.wildcards.dataset
    root = Path(read_receipt(snakemake.input.receipt).path)
    pair_file = Path(read_receipt(snakemake.input.pairs[0]).path) if snakemake.input.pairs else None
    images = read_table(snakemake.input.images, IMAGES)
    protocol, settings = snakemake.params.protocol, snakemake.params.all_pairs
    pairs = list_pairs(protocol, pair_file, root, images, dataset, settings, snakemake.params.reference)
    about = {"dataset": dataset, "protocol": protocol, "folds": str(pairs["fold"].nunique())}
    if protocol == "all-pairs":
        about["all_pairs"] = json.dumps(settings)
    write_table(pairs, snakemake.output.pairs, PAIRS, about)


if __name__ == "__main__":
    main(snakemake)
