"""Rule find_leakage: pairs of a dataset and of its reference -> tables leakage and leaking_pairs."""

from whyface.lists.leakage import ListedDataset, find_leakage
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES, LEAKAGE, LEAKING_PAIRS, PAIRS


def main(snakemake):
    """Compare the folds with each other, and the dataset with its reference."""
    logs.setup(snakemake.log[0])
    inputs = zip(snakemake.input.pairs, snakemake.input.images, strict=True)
    named = zip(snakemake.params.collections.items(), inputs, strict=True)
    own, *others = (
        ListedDataset(name, collection, read_table(pairs, PAIRS), read_table(images, IMAGES))
        for (name, collection), (pairs, images) in named
    )
    leakage, leaking_pairs = find_leakage(own, others[0] if others else None)
    about = {"dataset": own.name}
    write_table(leakage, snakemake.output.leakage, LEAKAGE, about)
    write_table(leaking_pairs, snakemake.output.leaking_pairs, LEAKING_PAIRS, about)


if __name__ == "__main__":
    main(snakemake)
