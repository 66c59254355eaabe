"""Rule compare_groups: embeddings of a collection and its thresholds -> tables group_rates and group_indices."""

from whyface.evaluation.group_differences import compare_groups
from whyface.evaluation.people_groups import people_columns
from whyface.evaluation.tails import compare_all
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES, GROUP_INDICES, GROUP_RATES, IMAGES, TAILS


def main(snakemake):
    """Compare the groups of every column that divides people; nothing is computed without one."""
    logger = logs.setup(snakemake.log[0])
    inputs, outputs = snakemake.input, snakemake.output
    images, embeddings = read_table(inputs.images, IMAGES), read_table(inputs.embeddings, EMBEDDINGS)
    if read_about(inputs.images).get("subjects"):
        images = images.assign(subject_id="")  # pairs alone tell who is who
    columns, left_out = people_columns(images)
    for name, why in left_out.items():
        logger.info("column %s: %s, no groups of people", name, why)
    collection = compare_all(embeddings, images) if len(columns.columns) else None
    tails = read_table(inputs.tails, TAILS).query("not is_extrapolated")
    thresholds = dict(zip(tails["fmr_target"], tails["threshold"], strict=True))
    tables = compare_groups(collection, embeddings, images, read_table(inputs.faces, FACES), thresholds)
    for frame, path, table in zip(tables, (outputs.rates, outputs.indices), (GROUP_RATES, GROUP_INDICES), strict=True):
        write_table(frame, path, table, read_about(inputs.embeddings))
    logger.info("columns that divide people: %d", len(columns.columns))


if __name__ == "__main__":
    main(snakemake)
