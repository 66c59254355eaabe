"""Rules fetch_collection and adopt_folder: obtain a body of images -> receipt.json."""

from pathlib import Path

from whyface.sources.fetch import fetch_file
from whyface.sources.insightface_bin import unpack_bin
from whyface.sources.member import take_member
from whyface.sources.pair_parquet import unpack_parquet
from whyface.sources.receipts import Receipt, write_receipt
from whyface.sources.unpack import unpack
from whyface.tables import logs
from whyface.tables.files import naming_full_disk

# What unpacks layouts whose images are not files of their own.
UNPACK = {"insightface-bin": unpack_bin, "parquet": unpack_parquet}


def main(snakemake):
    """Fetch and unpack; write the receipt last, so that a killed job starts over."""
    logger = logs.setup(snakemake.log[0])
    key = f"collections.{snakemake.wildcards.collection}.source"
    source, downloads = snakemake.params.source, Path("results/downloads")
    with fetch_file(source, downloads, Path("config.lock.json"), key) as fetched:
        path = take_member(fetched, source.get("member"), downloads)
        layout = snakemake.params.layout
        if path.is_file() or layout in UNPACK:
            archive, path = path, Path(snakemake.output.files)
            with naming_full_disk(path):
                logger.info("%d files unpacked from %s", UNPACK.get(layout, unpack)(archive, path), archive)
    receipt = Receipt(str(path), fetched.sha256 or "", fetched.origin, snakemake.params.state)
    write_receipt(receipt, snakemake.output.receipt)
    logger.info("%s from %s", receipt.path, receipt.origin)


if __name__ == "__main__":
    main(snakemake)
