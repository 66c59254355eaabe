"""Rule score_pairs: embeddings of both images -> table decisions."""

from whyface.scores.decisions import Reference, measure_pairs, score_pairs
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import DECISIONS, EMBEDDINGS, PAIRS


def main(snakemake):
    """Compute distances, then decide each fold with a threshold fitted on the others."""
    logger = logs.setup(snakemake.log[0])
    pairs = read_table(snakemake.input.pairs, PAIRS, ["pair_id", "image_a", "image_b", "is_genuine", "fold"])
    embeddings = read_table(snakemake.input.embeddings, EMBEDDINGS, ["image_id", "embedding"])
    reference = None
    if snakemake.input.reference:
        reference = Reference(snakemake.params.reference, read_table(snakemake.input.reference[0], DECISIONS))
    measured = measure_pairs(pairs, embeddings)
    params = snakemake.params
    decisions = score_pairs(measured, reference, snakemake.wildcards.dataset, params.bins, params.method)
    weights = read_about(snakemake.input.embeddings)["weights_sha256"]
    about = {**dict(snakemake.wildcards.items()), "weights_sha256": weights}
    write_table(decisions, snakemake.output.decisions, DECISIONS, about)
    outcomes = decisions["outcome"].fillna("no outcome")
    logger.info("%d pairs: %s", len(decisions), logs.tally(outcomes))


if __name__ == "__main__":
    main(snakemake)
