"""Rule fit_conditional: tables scores, confidence, faces, embeddings, images -> conditional and conditional_choice."""

from whyface.evaluation.knowing_quality import condition
from whyface.scores.qualities import image_qualities
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import (
    CONDITIONAL,
    CONDITIONAL_CHOICE,
    CONFIDENCE,
    EMBEDDINGS,
    FACES,
    IMAGES,
    PAIRS,
    SCORES,
)


def main(snakemake):
    """Fit likelihood ratios that know the image, and say whether they are used."""
    logger, files = logs.setup(snakemake.log[0]), snakemake.input
    images = read_table(files.images, IMAGES)
    norms = read_table(files.embeddings, EMBEDDINGS, ["image_id", "norm"])
    found, choice = condition(
        pairs=read_table(files.pairs, PAIRS),
        scores=read_table(files.scores, SCORES),
        images=images,
        confidence=read_table(files.confidence, CONFIDENCE),
        qualities=image_qualities(read_table(files.faces, FACES), norms, images),
        method=snakemake.params.method,
        dataset=snakemake.wildcards.dataset,
    )
    about = read_about(files.scores)
    write_table(found, snakemake.output.conditional, CONDITIONAL, about)
    write_table(choice, snakemake.output.choice, CONDITIONAL_CHOICE, about)
    logger.info("%s", choice.iloc[0].drop("weights").to_dict())


if __name__ == "__main__":
    main(snakemake)
