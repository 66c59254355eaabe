"""Rule list_images: a collection's folder, and its images.csv if it has one -> table images."""

from pathlib import Path

from whyface.config import PACKED
from whyface.lists.images_csv import add_columns
from whyface.lists.layouts import list_images
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import write_table
from whyface.tables.schemas import IMAGES

JOINED = "joined from genuine pairs: those of one name are one person, but two names may be one too"


def main(snakemake):
    """Read the layout."""
    logs.setup(snakemake.log[0])
    receipt = read_receipt(snakemake.input.receipt)
    root = Path(receipt.path)
    images = add_columns(list_images(root, snakemake.params.layout), root)
    joined = {"subjects": JOINED} if snakemake.params.layout in PACKED else {}
    about = joined | {
        "collection": snakemake.wildcards.collection,
        "source": receipt.origin,
        "source_sha256": receipt.sha256,
    }
    write_table(images, snakemake.output.images, IMAGES, about)


if __name__ == "__main__":
    main(snakemake)
