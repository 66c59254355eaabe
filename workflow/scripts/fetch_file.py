"""Rules fetch_pairs and fetch_weights: obtain a single file (a pair list or a model's weights) -> receipt."""

import shutil
from pathlib import Path

from pooch import file_hash

from whyface.models.first_look import look_first
from whyface.reruns import external_files
from whyface.sources.fetch import fetch_file
from whyface.sources.member import take_member
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables import logs

DOWNLOADS, LOCK = Path("results/downloads"), Path("config.lock.json")
RESOURCES = Path(__file__).parents[1] / "resources"


def main(snakemake):
    """Fetch, verify, try a model; copy a bundled file, so that results do not depend on where the project lies."""
    logger = logs.setup(snakemake.log[0])
    source, key = snakemake.params.source, snakemake.params.key
    if bundled := source.get("bundled"):
        DOWNLOADS.mkdir(parents=True, exist_ok=True)
        source = {"path": shutil.copyfile(RESOURCES / bundled, DOWNLOADS / bundled)}
    with fetch_file(source, DOWNLOADS, LOCK, key) as fetched:
        path = take_member(fetched, source.get("member"), DOWNLOADS)
        if model := getattr(snakemake.params, "model", None):
            look_first(snakemake.wildcards.model, model, path)
    beside = external_files(path) if path.is_file() else []
    state = ", ".join(f"{one.name} {file_hash(one)}" for one in beside if one.is_file())
    receipt = Receipt(str(path), fetched.sha256 or "", bundled or fetched.origin, state)
    write_receipt(receipt, snakemake.output.receipt)
    digest = f", sha256 {receipt.sha256}" if receipt.sha256 else ""
    logger.info("%s from %s%s", receipt.path, receipt.origin, digest)


if __name__ == "__main__":
    main(snakemake)
