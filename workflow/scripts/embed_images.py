"""Rule embed_images: crops -> table embeddings."""

from pathlib import Path

import numpy as np

from whyface.models.embedder import Embedder
from whyface.models.embedding import embed_images
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES


def main(snakemake):
    """Embed every image that could be read; the others keep a row without an embedding."""
    logs.setup(snakemake.log[0])
    weights = read_receipt(snakemake.input.weights)
    name = snakemake.wildcards.model
    embedder = Embedder(name, snakemake.params.model, Path(weights.path), snakemake.params.device)
    crops = np.load(snakemake.input.crops, mmap_mode="r", allow_pickle=False)
    faces = read_table(snakemake.input.faces, FACES)
    embeddings = embed_images(embedder, faces, crops, snakemake.params.with_mirror)
    about = {"model": name, "collection": snakemake.wildcards.collection, "weights_sha256": weights.sha256}
    write_table(embeddings, snakemake.output.embeddings, EMBEDDINGS, about)


if __name__ == "__main__":
    main(snakemake)
