"""Rule choose_engine: a model and two faces -> the fastest way to occlude images on this machine."""

from pathlib import Path

import numpy as np

from whyface.maps.engines.choice import choose_engine, write_choice
from whyface.maps.thinning import embedded_masks
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import FACES


def main(snakemake):
    """Try every engine for a moment."""
    logger = logs.setup(snakemake.log[0])
    params = snakemake.params
    weights = read_receipt(snakemake.input.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    crops = np.load(snakemake.input.crops, mmap_mode="r", allow_pickle=False)
    usable = np.flatnonzero(read_table(snakemake.input.faces, FACES)["status"] != "failed")
    if usable.size == 0:
        raise ValueError(f"{snakemake.input.faces}: no image could be read; nothing to try model {embedder.name} on")
    masks = embedded_masks(embedder.input_px, params.masks)
    choice = choose_engine(embedder, masks, crops[[usable[0], usable[-1]]])
    for name, seconds in choice.seconds.items():
        logger.info("engine and batch %s: %.2f s an image", name, seconds)
    logger.info("taken: %s, batches of %d", choice.engine, choice.batch)
    write_choice(choice, snakemake.output.choice)


if __name__ == "__main__":
    main(snakemake)
