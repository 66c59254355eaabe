"""Rule summarise: table scores -> tables metrics and curves."""

import pandas as pd

from whyface.evaluation.curves import trace_curves
from whyface.evaluation.insightface import insightface_rows
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CONFIDENCE, CURVES, EMBEDDINGS, FACES, IMAGES, METRICS, PAIRS, SCORES


def main(snakemake):
    """Compute every metric, and the curves for the figures."""
    logger = logs.setup(snakemake.log[0])
    confidence = read_table(snakemake.input.confidence, CONFIDENCE)
    pairs = read_table(snakemake.input.pairs, PAIRS)
    metrics, weighted, band = evaluate_dataset(
        pairs=pairs,
        scores=read_table(snakemake.input.scores, SCORES),
        faces=read_table(snakemake.input.faces, FACES),
        images=read_table(snakemake.input.images, IMAGES),
        confidence=confidence,
        method=snakemake.params.method,
    )
    for path in snakemake.input.embeddings:
        metrics = pd.concat([metrics, insightface_rows(pairs, read_table(path, EMBEDDINGS))], ignore_index=True)
    about = read_about(snakemake.input.scores)
    write_table(metrics, snakemake.output.metrics, METRICS, about)
    write_table(trace_curves(weighted, confidence, band), snakemake.output.curves, CURVES, about)
    for row in metrics[metrics["group"] == "all"].itertuples():
        logger.info(
            "%s %s %.6g [%.6g, %.6g] (n = %d)", row.metric, row.method, row.value, row.ci_low, row.ci_high, row.n
        )


if __name__ == "__main__":
    main(snakemake)
