"""Rule judge_maps: maps, and the pairs, faces and model behind them -> table fidelity."""

from functools import partial
from pathlib import Path

import numpy as np

from whyface.fidelity.judged_maps import JudgedMaps
from whyface.fidelity.planted_scores import judge_planted
from whyface.fidelity.rows import fidelity_table
from whyface.fidelity.sample_scores import judge_sample
from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_covered
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import CONFIDENCE, FACES, FIDELITY, PAIRS, SCORES, TRUTH


def main(snakemake):
    """Judge the maps against planted differences, where the truth has any, and by covering the faces of a sample."""
    logger = logs.setup(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    tables = (read_table(files.pairs, PAIRS), read_table(files.scores, SCORES), read_table(files.faces, FACES))
    crops = np.load(files.crops, mmap_mode="r", allow_pickle=False)
    judged = JudgedMaps(files.explanations, params.methods, *tables, crops)
    rows = []
    if files.truth and params.alignment == "five-point":
        folder = Path(read_receipt(files.receipt).path).parent
        rows += judge_planted(judged, read_table(files.truth[0], TRUTH), folder)
    weights = read_receipt(files.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    masks = int(read_about(files.explanations)["measured"])
    embed = partial(embed_covered, embedder)
    confidence = read_table(files.confidence, CONFIDENCE)
    rows += judge_sample(judged, embed, masks, params.fill, confidence, params.confidence_method)
    write_table(fidelity_table(rows), snakemake.output.fidelity, FIDELITY, read_about(files.explanations))
    logger.info("%d scores", len(rows))


if __name__ == "__main__":
    main(snakemake)
