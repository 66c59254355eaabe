"""Rule score_all: embeddings of a collection -> tables tails and strangers."""

from whyface.evaluation.tails import trace_tails
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import EMBEDDINGS, IMAGES, STRANGERS, TAILS


def main(snakemake):
    """Compare every two images that pairs name; none where pairs alone tell who is who, as in packs."""
    logger = logs.setup(snakemake.log[0])
    embeddings = read_table(snakemake.input.embeddings, EMBEDDINGS)
    images = read_table(snakemake.input.images, IMAGES)
    if how := read_about(snakemake.input.images).get("subjects"):
        logger.warning("no images are compared beyond the list: who is who is %s", how)
        images = images.assign(subject_id="")
    tails, strangers = trace_tails(embeddings, images)
    about = read_about(snakemake.input.embeddings)
    logger.info("low false match rates with a threshold: %d; closest strangers listed: %d", len(tails), len(strangers))
    write_table(tails, snakemake.output.tails, TAILS, about)
    write_table(strangers, snakemake.output.strangers, STRANGERS, about)
    for row in tails.itertuples():
        logger.info("FMR %g: threshold %.4f, FNMR %.4f", row.fmr_target, row.threshold, row.fnmr)


if __name__ == "__main__":
    main(snakemake)
