"""Rule embed_images: crops -> table embeddings."""

from pathlib import Path

import numpy as np
import pandas as pd

from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import EMBEDDINGS, FACES

BATCH = 64


def main(snakemake):
    """Embed every image that could be read; the others keep a row without an embedding."""
    logs.setup(snakemake.log[0])
    weights = read_receipt(snakemake.input.weights)
    name = snakemake.wildcards.model
    embedder = Embedder(name, snakemake.params.model, Path(weights.path), snakemake.params.device)
    crops = np.load(snakemake.input.crops, mmap_mode="r", allow_pickle=False)
    faces = read_table(snakemake.input.faces, FACES)
    rows = np.flatnonzero(faces["status"] != "failed")
    if not len(rows):
        raise ValueError(f"collection {snakemake.wildcards.collection}: none of its {len(faces)} images can be read")
    labels = faces["image_id"].tolist()
    embeddings = pd.Series([None] * len(faces), dtype=object)
    starts = range(0, len(rows), BATCH)
    for start in logs.progress(starts, len(starts), f"batches of {BATCH} images embedded"):
        part = rows[start : start + BATCH]
        for row, embedding in zip(part, embedder.embed(crops[part], [labels[i] for i in part]), strict=True):
            embeddings[row] = embedding
    about = {"model": name, "collection": snakemake.wildcards.collection, "weights_sha256": weights.sha256}
    frame = pd.DataFrame({"image_id": labels, "embedding": embeddings})
    write_table(frame, snakemake.output.embeddings, EMBEDDINGS, about)


if __name__ == "__main__":
    main(snakemake)
