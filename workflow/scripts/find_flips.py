"""Rule find_flips: shifts of images' embeddings, and the model to check with -> flips, patches, patch_distances."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from whyface.evidence.flips import find_flips
from whyface.evidence.patches import list_patches
from whyface.evidence.selected_pairs import read_selected_pairs
from whyface.maps.masks import make_masks
from whyface.maps.prediction import read_prediction
from whyface.maps.stored_shifts import StoredShifts
from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_covered
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_parts, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES, FLIPS, PATCH_DISTANCES, PATCHES


def main(snakemake):
    """Measure selected pairs under each patch; find the smallest that turns a decision, checked by a full pass."""
    logger = logs.setup(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    weights = read_receipt(files.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    prediction = next(map(read_prediction, files.prediction), None)
    measured = prediction.measured if prediction else None
    patches = list_patches(make_masks(embedder.input_px, params.masks), params.fill, measured)
    shifts = StoredShifts(files.shifts, prediction)
    embeddings = read_table(files.embeddings, EMBEDDINGS).set_index("image_id")["embedding"]
    crops = np.load(files.crops, mmap_mode="r", allow_pickle=False)
    row_of = {image_id: row for row, image_id in enumerate(read_table(files.faces, FACES)["image_id"])}

    def crop(image_id):
        return np.asarray(crops[row_of[image_id]])

    parts = find_flips(read_selected_pairs(files), embeddings, shifts, patches, crop, partial(embed_covered, embedder))
    about = {**read_about(files.selection), "patch_px": ", ".join(map(str, params.masks["patch_px"]))}
    found = []
    write_table(patches.table(), snakemake.output.patches, PATCHES, about)
    write_parts(keep_flips(parts, found), snakemake.output.distances, PATCH_DISTANCES, about)
    flips = pd.concat(found, ignore_index=True)
    write_table(flips, snakemake.output.flips, FLIPS, about)
    logger.info("one patch turns %d of %d decisions", flips["flipped"].sum(), len(flips))


def keep_flips(parts, found):
    """Keep the flips, a row for each pair, and hand on the distances, which are too many to keep."""
    for flips, distances in parts:
        found.append(flips)
        yield distances


if __name__ == "__main__":
    main(snakemake)
