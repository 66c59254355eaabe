"""Rule find_flips: shifts of both images' embeddings, and the model to check with -> table flips."""

from functools import partial
from pathlib import Path

import numpy as np

from whyface.evidence.flips import find_flips
from whyface.evidence.patches import list_patches
from whyface.maps.stored_shifts import StoredShifts
from whyface.maps.thinning import embedded_masks
from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_covered
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES, FLIPS, PAIRS, SCORES, SELECTION


def main(snakemake):
    """Find the smallest patch that turns the decision of each selected pair, and check it by a full pass."""
    logger = logs.setup(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    weights = read_receipt(files.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    patches = list_patches(embedded_masks(embedder.input_px, params.masks), params.fill)
    shifts = StoredShifts(files.shifts, len(patches))
    chosen = read_table(files.selection, SELECTION)["pair_id"]
    scores = read_table(files.scores, SCORES, ["pair_id", "cosine_distance", "threshold"], {"pair_id": chosen})
    pairs = read_table(files.pairs, PAIRS, ["pair_id", "image_a", "image_b"]).merge(scores, on="pair_id")
    embeddings = read_table(files.embeddings, EMBEDDINGS).set_index("image_id")["embedding"]
    crops = np.load(files.crops, mmap_mode="r", allow_pickle=False)
    row_of = {image_id: row for row, image_id in enumerate(read_table(files.faces, FACES)["image_id"])}

    def crop(image_id):
        return np.asarray(crops[row_of[image_id]])

    flips = find_flips(pairs, embeddings, shifts, patches, crop, partial(embed_covered, embedder))
    about = {**read_about(files.selection), "patch_px": ", ".join(map(str, params.masks["patch_px"]))}
    write_table(flips, snakemake.output.flips, FLIPS, about)
    logger.info("one patch turns %d of %d decisions", flips["flipped"].sum(), len(flips))


if __name__ == "__main__":
    main(snakemake)
