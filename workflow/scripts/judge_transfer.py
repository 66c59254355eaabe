"""Rule judge_transfer: scores of all datasets -> table transfer."""

from whyface.evaluation.transfer import ScoredDataset, judge_transfer
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CONFIDENCE, PAIRS, SCORES, TRANSFER


def main(snakemake):
    """Judge every dataset's fits on every dataset."""
    logger = logs.setup(snakemake.log[0])
    inputs = zip(snakemake.input.pairs, snakemake.input.scores, snakemake.input.confidence, strict=True)
    datasets = {}
    for (name, collection), (pairs, scores, confidence) in zip(snakemake.params.datasets.items(), inputs, strict=True):
        who = read_table(pairs, PAIRS)[["pair_id", "image_a", "image_b", "subject_a", "subject_b"]]
        joined = who.merge(read_table(scores, SCORES), on="pair_id", validate="one_to_one")
        datasets[name] = ScoredDataset(collection, joined, read_table(confidence, CONFIDENCE))
    transfer = judge_transfer(datasets, snakemake.params.method, snakemake.params.bins)
    weights = read_about(snakemake.input.scores[0])["weights_sha256"]
    about = {**dict(snakemake.wildcards.items()), "weights_sha256": weights}
    write_table(transfer, snakemake.output.transfer, TRANSFER, about)
    logger.info("%d fits judged on %d datasets", len(transfer), transfer["judged_on"].nunique())


if __name__ == "__main__":
    main(snakemake)
