"""Rule weigh_regions: the selected pairs, their faces and the model -> table covers."""

from functools import partial
from pathlib import Path

import numpy as np

from whyface.evidence.covered_images import embed_covered_images, embed_directions
from whyface.evidence.covers import weigh_pairs
from whyface.evidence.named_regions import named_regions
from whyface.evidence.placement import place_face
from whyface.evidence.selected_pairs import read_selected_pairs
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_parts
from whyface.tables.schemas import CONFIDENCE, COVERS, EMBEDDINGS, FACES, IMAGES


def main(snakemake):
    """Cover each region of the images of all selected pairs, and weigh what it says for same or different."""
    logger = logs.setup(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    pairs = read_selected_pairs(files)
    sizes = read_table(files.images, IMAGES, ["image_id", "width_px", "height_px"])
    faces = read_table(files.faces, FACES).merge(sizes, on="image_id")
    face_of = {face.image_id: (row, face) for row, face in enumerate(faces.itertuples())}
    crops = np.load(files.crops, mmap_mode="r", allow_pickle=False)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(read_receipt(files.weights).path), params.device)
    placing = (params.alignment, crops.shape[1], params.margin_px)
    covered = embed_covered_images(
        [*pairs["image_a"], *pairs["image_b"]],
        lambda image_id: np.asarray(crops[face_of[image_id][0]]),
        lambda image_id: named_regions(place_face(face_of[image_id][1], *placing), crops.shape[1]),
        partial(embed_directions, embedder),
    )
    clean = read_table(files.embeddings, EMBEDDINGS).set_index("image_id")["embedding"]
    parts = weigh_pairs(pairs, clean, covered, read_table(files.confidence, CONFIDENCE), params.confidence_method)
    write_parts(parts, snakemake.output.covers, COVERS, read_about(files.scores))
    logger.info("%d pairs, %d images", len(pairs), len(covered))


if __name__ == "__main__":
    main(snakemake)
