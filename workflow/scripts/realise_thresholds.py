"""Rule realise_thresholds: tables images, embeddings and tails of a model's collections -> table realised."""

from whyface.evaluation.tails import read_collection, realise
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import REALISED, TAILS


def main(snakemake):
    """Use the thresholds of each collection on all of them; a single one is not compared again."""
    logger, files, params = logs.setup(snakemake.log[0]), snakemake.input, snakemake.params
    found, tails = {}, {}
    paths = zip(params.collections, files.images, files.embeddings, files.tails, strict=True)
    for name, images, embeddings, own in paths if len(params.collections) > 1 else ():
        if (collection := read_collection(images, embeddings, params.device)) is not None:
            found[name], tails[name] = collection, read_table(own, TAILS)
    realised = realise(found, tails)
    write_table(realised, snakemake.output.realised, REALISED, dict(snakemake.wildcards.items()))
    logger.info("%d thresholds used on %d collections", len(realised), len(found))


if __name__ == "__main__":
    main(snakemake)
