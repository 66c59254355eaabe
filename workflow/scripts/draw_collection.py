"""Rule draw_collection: a synthetic benchmark -> its images, masks, table truth, receipt.json."""

import json
from pathlib import Path

from whyface.demo.people.benchmarks import draw_benchmark
from whyface.demo.people.render import REGIONS
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables import logs
from whyface.tables.parquet import write_table
from whyface.tables.schemas import TRUTH


def main(snakemake):
    """Draw the images; write the receipt last, so that a killed job starts over."""
    logger = logs.setup(snakemake.log[0])
    folder, source = Path(snakemake.output.receipt).parent, snakemake.params.source
    truth = draw_benchmark(source["synthetic"], folder, source["folds"], source["seed"])
    about = {"collection": snakemake.wildcards.collection, **source, "regions": json.dumps(REGIONS)}
    write_table(truth, snakemake.output.truth, TRUTH, about)
    origin = f"drawn: {source['synthetic']}, {source['folds']} folds, seed {source['seed']}"
    receipt = Receipt(str(folder / "files"), "", origin)
    write_receipt(receipt, snakemake.output.receipt)
    logger.info("%d images of %d people in %s", len(truth), truth["subject_id"].nunique(), receipt.path)


if __name__ == "__main__":
    main(snakemake)
