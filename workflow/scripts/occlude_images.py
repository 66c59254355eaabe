"""Rule occlude_images: crops of one shard -> shifts of their embeddings, every image under every mask."""

from pathlib import Path

import numpy as np

from whyface.maps.engines.choice import read_choice
from whyface.maps.occlusion import STORED_AS, Occluder, selected_images, split_shard
from whyface.maps.stored_shifts import write_shard
from whyface.maps.thinning import embedded_masks
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import FACES, PAIRS, SELECTION


def main(snakemake):
    """Occlude this shard's share of the images in the collection's selected pairs, each image once."""
    logger = logs.setup(snakemake.log[0])
    weights = read_receipt(snakemake.input.weights)
    name = snakemake.wildcards.model
    embedder = Embedder(name, snakemake.params.model, Path(weights.path), snakemake.params.device)
    masks = embedded_masks(embedder.input_px, snakemake.params.masks)
    pairs = [read_table(path, PAIRS) for path in snakemake.input.pairs]
    selections = [read_table(path, SELECTION) for path in snakemake.input.selections]
    wanted = selected_images(pairs, selections)
    shard = split_shard(wanted, int(snakemake.wildcards.shard), int(snakemake.wildcards.shards))
    n_masks = sum(len(mask_set.covered) for mask_set in masks)
    choice = read_choice(snakemake.input.engine)
    logger.info("%d of %d images, %d masks each, engine %s", len(shard), len(wanted), n_masks, choice)
    occluder = Occluder(embedder, masks, snakemake.params.fill, choice)
    crops = np.load(snakemake.input.crops, mmap_mode="r", allow_pickle=False)
    row_of = {image_id: row for row, image_id in enumerate(read_table(snakemake.input.faces, FACES)["image_id"])}

    def shifts():
        for image_id in logs.progress(shard, len(shard), "images occluded"):
            yield image_id, *occluder.measure(crops[row_of[image_id]], image_id)

    write_shard(snakemake.output.shifts, shifts(), STORED_AS[snakemake.params.masks["exactness"]])


if __name__ == "__main__":
    main(snakemake)
