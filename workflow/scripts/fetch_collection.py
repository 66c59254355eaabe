"""Rules fetch_collection and adopt_folder: obtain a body of images (archive or folder) -> receipt.json."""

from pathlib import Path

from whyface.sources.fetch import fetch_file
from whyface.sources.receipts import Receipt, write_receipt
from whyface.sources.unpack import unpack
from whyface.tables import logs


def main(snakemake):
    """Fetch and unpack; write the receipt last, so that a killed job starts over."""
    logger = logs.setup(snakemake.log[0])
    key = f"collections.{snakemake.wildcards.collection}.source"
    fetched = fetch_file(snakemake.params.source, Path("results/downloads"), Path("config.lock.json"), key)
    path = fetched.path
    if path.is_file():
        path = Path(snakemake.output.files)
        logger.info("%d files unpacked from %s", unpack(fetched.path, path), fetched.path)
    receipt = Receipt(str(path), fetched.sha256 or "", fetched.origin, snakemake.params.state)
    write_receipt(receipt, snakemake.output.receipt)
    logger.info("%s from %s", receipt.path, receipt.origin)


if __name__ == "__main__":
    main(snakemake)
