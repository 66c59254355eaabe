"""Rule score_all: tables images and embeddings -> tables tails, strangers and deep_det."""

from whyface.evaluation.tails import read_collection, trace_deep_det, trace_tails
from whyface.tables import logs
from whyface.tables.parquet import read_about, write_table
from whyface.tables.schemas import DEEP_DET, STRANGERS, TAILS


def main(snakemake):
    """Compare every two images that pairs name; none where pairs alone tell who is who, as in packs."""
    logger, files, outputs = logs.setup(snakemake.log[0]), snakemake.input, snakemake.output
    collection = read_collection(files.images, files.embeddings, snakemake.params.device)
    tails, strangers = trace_tails(collection, snakemake.params.extrapolate)
    about = read_about(files.embeddings)
    write_table(tails, outputs.tails, TAILS, about)
    write_table(strangers, outputs.strangers, STRANGERS, about)
    write_table(trace_deep_det(collection), outputs.deep_det, DEEP_DET, about)
    logger.info("low false match rates with a threshold: %d", len(tails))


if __name__ == "__main__":
    main(snakemake)
