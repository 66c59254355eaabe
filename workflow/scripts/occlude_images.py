"""Rule occlude_images: crops of one shard -> shifts of their embeddings, every image under every mask."""

from pathlib import Path

import numpy as np

from whyface.devices import take_card
from whyface.maps.engines.choice import read_choice
from whyface.maps.masks import make_masks
from whyface.maps.occlusion import STORED_AS, Occluder, selected_images, split_shard
from whyface.maps.prediction import read_prediction
from whyface.maps.stored_shifts import write_shard
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import FACES, PAIRS, SELECTION


def main(snakemake):
    """Occlude this shard's share of the images in the collection's selected pairs, each image once."""
    logger = logs.setup(snakemake.log[0])
    if snakemake.params.device != "cpu":
        take_card(int(snakemake.wildcards.shard))
    weights = read_receipt(snakemake.input.weights)
    name = snakemake.wildcards.model
    embedder = Embedder(name, snakemake.params.model, Path(weights.path), snakemake.params.device)
    masks = make_masks(embedder.input_px, snakemake.params.masks)
    pairs = [read_table(path, PAIRS) for path in snakemake.input.pairs]
    selections = [read_table(path, SELECTION) for path in snakemake.input.selections]
    prediction = next(map(read_prediction, snakemake.input.prediction), None)
    known = prediction.learned_from if prediction else ()
    wanted = [image_id for image_id in selected_images(pairs, selections) if image_id not in known]
    shard = split_shard(wanted, int(snakemake.wildcards.shard), int(snakemake.wildcards.shards))
    choice = read_choice(snakemake.input.engine)
    logger.info("%d of %d images, engine %s", len(shard), len(wanted), choice)
    occluder = Occluder(embedder, masks, snakemake.params.fill, choice, prediction)
    crops = np.load(snakemake.input.crops, mmap_mode="r", allow_pickle=False)
    row_of = {image_id: row for row, image_id in enumerate(read_table(snakemake.input.faces, FACES)["image_id"])}

    def shifts():
        for image_id in logs.progress(shard, len(shard), "images occluded"):
            yield image_id, *occluder.measure(crops[row_of[image_id]], image_id)

    write_shard(snakemake.output.shifts, shifts(), STORED_AS[snakemake.params.masks["exactness"]])


if __name__ == "__main__":
    main(snakemake)
