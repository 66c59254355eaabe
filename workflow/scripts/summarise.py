"""Rule summarise: table scores -> tables metrics and curves."""

from whyface import logs
from whyface.curves import trace_curves
from whyface.metrics import summarise_scores
from whyface.schemas import CONFIDENCE, CURVES, FACES, METRICS, PAIRS, SCORES
from whyface.tables import read_about, read_table, write_table


def main(snakemake):
    """Compute every figure of merit and the points of every figure."""
    logger = logs.setup(snakemake.log[0])
    scores = read_table(snakemake.input.scores, SCORES)
    pairs = read_table(snakemake.input.pairs, PAIRS)
    faces = read_table(snakemake.input.faces, FACES)
    used = faces[faces["image_id"].isin(pairs["image_a"]) | faces["image_id"].isin(pairs["image_b"])]
    metrics = summarise_scores(scores, used, snakemake.params.method)
    about = read_about(snakemake.input.scores)
    write_table(metrics, snakemake.output.metrics, METRICS, about)
    curves = trace_curves(scores, read_table(snakemake.input.confidence, CONFIDENCE))
    write_table(curves, snakemake.output.curves, CURVES, about)
    for row in metrics.itertuples():
        logger.info("%s %s %.6g (n = %d)", row.metric, row.method, row.value, row.n)


if __name__ == "__main__":
    main(snakemake)
