"""Rule fit_confidence: table decisions -> tables confidence and scores."""

from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import Reference
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CONFIDENCE, DECISIONS, SCORES


def main(snakemake):
    """Fit the calibrated and the published confidence for each fold on the others."""
    logger = logs.setup(snakemake.log[0])
    decisions = read_table(snakemake.input.decisions, DECISIONS)
    reference = None
    if snakemake.input.reference:
        reference = Reference(snakemake.params.reference, read_table(snakemake.input.reference[0], DECISIONS))
    scores, confidence = fit_confidence(
        decisions,
        reference,
        dataset=snakemake.wildcards.dataset,
        method=snakemake.params.method,
        bins=snakemake.params.bins,
        model=snakemake.wildcards.model,
    )
    about = read_about(snakemake.input.decisions)
    write_table(scores, snakemake.output.scores, SCORES, about)
    write_table(confidence, snakemake.output.confidence, CONFIDENCE, about)
    logger.info("%d pairs scored with %d fits", len(scores), len(confidence))


if __name__ == "__main__":
    main(snakemake)
