"""Rule find_slices: tables pairs, scores, faces, embeddings, images -> tables slices and clusters."""

from whyface.evaluation.clusters import cluster_errors
from whyface.evaluation.conditions import find_conditions
from whyface.evaluation.slices import find_slices
from whyface.scores.qualities import image_qualities
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CLUSTERS, EMBEDDINGS, FACES, IMAGES, PAIRS, SCORES, SLICES


def main(snakemake):
    """Find where a model errs more often than elsewhere, and what its errors have in common."""
    logger, files = logs.setup(snakemake.log[0]), snakemake.input
    images, outcomes = read_table(files.images, IMAGES), read_table(files.scores, SCORES, ["pair_id", "outcome"])
    norms = read_table(files.embeddings, EMBEDDINGS, ["image_id", "norm"])
    pairs = read_table(files.pairs, PAIRS).merge(outcomes, on="pair_id")
    conditions = find_conditions(
        pairs.drop(columns="outcome"), images, image_qualities(read_table(files.faces, FACES), norms, images)
    )
    judged = pairs["outcome"].notna()
    slices = find_slices(pairs[judged], conditions[judged])
    clusters = cluster_errors(pairs[judged], conditions[judged], slices)
    about = read_about(files.scores)
    write_table(slices, snakemake.output.slices, SLICES, about)
    write_table(clusters, snakemake.output.clusters, CLUSTERS, about)
    logger.info("%d slices tested, %d worse", len(slices), slices["adjusted"].le(0.05).sum())


if __name__ == "__main__":
    main(snakemake)
