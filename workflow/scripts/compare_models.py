"""Rule compare_models: scores of all models -> table comparisons."""

from whyface.evaluation.comparison import compare_models
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import COMPARISONS, PAIRS, SCORES


def main(snakemake):
    """Compare the models two by two on the pairs of one dataset."""
    logger = logs.setup(snakemake.log[0])
    files = zip(snakemake.params.models, snakemake.input.scores, strict=True)
    scores = {model: read_table(path, SCORES) for model, path in files}
    comparisons = compare_models(read_table(snakemake.input.pairs, PAIRS), scores)
    write_table(comparisons, snakemake.output.comparisons, COMPARISONS, dict(snakemake.wildcards.items()))
    for row in comparisons.itertuples():
        logger.info("%s %+.4f over %s, p = %.3g", row.model_a, row.difference, row.model_b, row.p_value)


if __name__ == "__main__":
    main(snakemake)
