"""Rule compare_models: scores of all models -> tables comparisons, ranking, fusions."""

from whyface.evaluation.comparison import compare_models
from whyface.evaluation.fusions import fuse_models
from whyface.evaluation.ranking import rank_models
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import COMPARISONS, FUSIONS, PAIRS, RANKING, SCORES


def main(snakemake):
    """Compare, rank and fuse the models on the pairs of one dataset."""
    logger = logs.setup(snakemake.log[0])
    files = zip(snakemake.params.models, snakemake.input.scores, strict=True)
    scores = {model: read_table(path, SCORES) for model, path in files}
    pairs, about = read_table(snakemake.input.pairs, PAIRS), dict(snakemake.wildcards.items())
    comparisons = compare_models(pairs, scores)
    write_table(comparisons, snakemake.output.comparisons, COMPARISONS, about)
    write_table(rank_models(pairs, scores), snakemake.output.ranking, RANKING, about)
    write_table(fuse_models(pairs, scores), snakemake.output.fusions, FUSIONS, about)
    for row in comparisons.itertuples():
        logger.info("%s %+.4f over %s, p = %.3g", row.model_a, row.difference, row.model_b, row.p_value)


if __name__ == "__main__":
    main(snakemake)
