"""Rule examine_protocol: pairs of a dataset, its images and files, what leakage counted -> table protocol."""

from pathlib import Path

from whyface.evaluation.finding_words import log_lines
from whyface.evaluation.group_balance import group_balance
from whyface.evaluation.list_support import supported_figures
from whyface.lists.examination import examine_list
from whyface.lists.findings import to_frame
from whyface.lists.named_images import named_images
from whyface.lists.near_duplicates import hash_images
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import IMAGES, LEAKAGE, PAIRS, PROTOCOL


def main(snakemake):
    """Examine the list and log what is wrong with it."""
    logger, given = logs.setup(snakemake.log[0]), snakemake.input
    pairs, images = read_table(given.pairs, PAIRS), read_table(given.images, IMAGES)
    named = named_images(images, [pairs])
    hashes = hash_images(named, Path(read_receipt(given.receipt).path))
    found = [*examine_list(pairs, named, hashes, read_table(given.leakage, LEAKAGE))]
    found += [*supported_figures(pairs), *group_balance(pairs, images)]
    write_table(to_frame(found), snakemake.output.protocol, PROTOCOL, dict(snakemake.wildcards.items()))
    for line in log_lines(snakemake.wildcards["dataset"], [one._asdict() for one in found]):
        logger.warning(line)


if __name__ == "__main__":
    main(snakemake)
