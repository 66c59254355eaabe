"""Rule fetch_pairs: obtain a pair list that is a file of its own -> receipt."""

from pathlib import Path

from whyface.sources.fetch import fetch_file
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables import logs


def main(snakemake):
    """Fetch and verify."""
    logger = logs.setup(snakemake.log[0])
    key = f"datasets.{snakemake.wildcards.dataset}.pairs"
    fetched = fetch_file(snakemake.params.source, Path("results/downloads"), Path("config.lock.json"), key)
    receipt = Receipt(str(fetched.path), fetched.sha256 or "", fetched.origin)
    write_receipt(receipt, snakemake.output.receipt)
    logger.info("%s from %s, sha256 %s", receipt.path, receipt.origin, receipt.sha256)


if __name__ == "__main__":
    main(snakemake)
