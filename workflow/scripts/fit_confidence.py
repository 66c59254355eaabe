"""Rule fit_confidence: table decisions -> tables confidence and scores."""

from whyface import logs
from whyface.confidence import fit_confidence
from whyface.decisions import Reference
from whyface.schemas import CONFIDENCE, DECISIONS, SCORES
from whyface.tables import read_about, read_table, write_table


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
    )
    about = read_about(snakemake.input.decisions)
    write_table(scores, snakemake.output.scores, SCORES, about)
    write_table(confidence, snakemake.output.confidence, CONFIDENCE, about)
    logger.info("%d pairs scored with %d fits", len(scores), len(confidence))


if __name__ == "__main__":
    main(snakemake)
