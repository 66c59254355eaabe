"""Rule find_flip_sets: distances under single patches, and the model to check with -> table flip_sets."""

from functools import partial
from pathlib import Path

import numpy as np

from whyface.evidence.cell_effects import Grid
from whyface.evidence.flip_sets import find_flip_sets
from whyface.evidence.patches import list_patches
from whyface.evidence.selected_pairs import read_selected_pairs
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_covered
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES, FLIP_SETS, PATCH_DISTANCES


def main(snakemake):
    """Find a small set of cells that turns the decision of each selected pair; every set is tried by a full pass."""
    logger = logs.setup(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    weights = read_receipt(files.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    grid = Grid(list_patches(make_masks(embedder.input_px, params.masks), params.fill).covered)
    under = read_table(files.distances, PATCH_DISTANCES)
    distances = dict(zip(zip(under["pair_id"], under["side"], strict=True), under["cosine_distance"], strict=True))
    embeddings = read_table(files.embeddings, EMBEDDINGS).set_index("image_id")["embedding"]
    crops = np.load(files.crops, mmap_mode="r", allow_pickle=False)
    row_of = {image_id: row for row, image_id in enumerate(read_table(files.faces, FACES)["image_id"])}

    def crop(image_id):
        return np.asarray(crops[row_of[image_id]])

    sets = find_flip_sets(
        read_selected_pairs(files), embeddings, distances, grid, crop, partial(embed_covered, embedder)
    )
    write_table(sets, snakemake.output.sets, FLIP_SETS, read_about(files.selection))
    logger.info("a set of cells turns %d of %d decisions", sets["turned"].sum(), len(sets))


if __name__ == "__main__":
    main(snakemake)
