"""Rule judge_quality: tables scores, faces, embeddings, images -> tables discards and discard_areas."""

from whyface.evaluation.discards import judge_qualities
from whyface.scores.qualities import image_qualities
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import DISCARD_AREAS, DISCARDS, EMBEDDINGS, FACES, IMAGES, PAIRS, SCORES


def main(snakemake):
    """Trace how error rates fall as the pairs of the worst images are discarded."""
    logger, files = logs.setup(snakemake.log[0]), snakemake.input
    pairs, scores = read_table(files.pairs, PAIRS), read_table(files.scores, SCORES)
    norms = read_table(files.embeddings, EMBEDDINGS, ["image_id", "norm"])
    qualities = image_qualities(read_table(files.faces, FACES), norms, read_table(files.images, IMAGES))
    joined = pairs[["pair_id", "image_a", "image_b", "subject_a", "subject_b"]].merge(scores, on="pair_id")
    curves, areas = judge_qualities(joined, qualities)
    about = read_about(files.scores)
    write_table(curves, snakemake.output.discards, DISCARDS, about)
    write_table(areas, snakemake.output.areas, DISCARD_AREAS, about)
    for row in areas.itertuples():
        logger.info("%s by %s: %.4g [%.4g, %.4g]", row.error, row.quality, row.area, row.ci_low, row.ci_high)
    logger.info("%d points of %d curves", len(curves), len(areas))


if __name__ == "__main__":
    main(snakemake)
