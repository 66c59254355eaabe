"""Rule suspect_labels: tables pairs, images, and of every model scores, confidence, embeddings -> table suspects."""

from whyface.evaluation.label_errors import Verdict, suspect_labels
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CONFIDENCE, EMBEDDINGS, IMAGES, PAIRS, SCORES, SUSPECTS


def main(snakemake):
    """List the pairs whose label all models contradict."""
    logger, files = logs.setup(snakemake.log[0]), snakemake.input
    pairs, images = read_table(files.pairs, PAIRS), read_table(files.images, IMAGES)
    if how := read_about(files.images).get("subjects"):
        logger.warning("no other photos are compared: who is who is %s", how)
        images = images.assign(subject_id="")
    named = pairs[["pair_id", "image_a", "image_b"]]
    models = [
        Verdict(
            named.merge(read_table(scores, SCORES), on="pair_id"),
            read_table(confidence, CONFIDENCE),
            read_table(embeddings, EMBEDDINGS, ["image_id", "embedding"]),
        )
        for scores, confidence, embeddings in zip(files.scores, files.confidence, files.embeddings, strict=True)
    ]
    suspects = suspect_labels(models, pairs, images)
    write_table(suspects, snakemake.output.suspects, SUSPECTS, dict(snakemake.wildcards.items()))
    logger.info(
        "%d labels suspected, %d of them known to be wrong", len(suspects), suspects["known_label_error"].ne("").sum()
    )


if __name__ == "__main__":
    main(snakemake)
