"""Rule learn_prediction: some of a collection's faces under all masks -> which masks foretell the others.

Runs only with `occlusion.exactness: fast`.
"""

from pathlib import Path

import numpy as np

from whyface.maps.engines.choice import read_choice
from whyface.maps.learning import Face, Layout, choose_images, learn_prediction
from whyface.maps.masks import make_masks
from whyface.maps.occlusion import STORED_AS, Occluder, people_of, selected_images
from whyface.maps.prediction import write_prediction
from whyface.maps.stored_shifts import write_shard
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table
from whyface.tables.schemas import EMBEDDINGS, FACES, PAIRS, SELECTION


def main(snakemake):
    """Measure some images under all masks, learn from them, and keep their shifts."""
    logger = logs.setup(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    weights = read_receipt(files.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    masks = make_masks(embedder.input_px, params.masks)
    pairs = [read_table(path, PAIRS) for path in files.pairs]
    wanted = selected_images(pairs, [read_table(path, SELECTION) for path in files.selections])
    people = people_of(pairs, wanted)
    embeddings = read_table(files.embeddings, EMBEDDINGS).set_index("image_id")["embedding"]
    occluder = Occluder(embedder, masks, params.fill, read_choice(files.engine))
    crops = np.load(files.crops, mmap_mode="r", allow_pickle=False)
    row_of = {image_id: row for row, image_id in enumerate(read_table(files.faces, FACES)["image_id"])}
    chosen = choose_images(people)
    faces = {}

    def shifts():
        for image_id in logs.progress(chosen, len(chosen), "images occluded"):
            engine, measured = occluder.measure(crops[row_of[image_id]], image_id)
            faces[image_id] = Face(np.asarray(embeddings[image_id], np.float64), measured.astype(np.float64))
            yield image_id, engine, measured

    write_shard(snakemake.output.shifts, shifts(), STORED_AS["fast"])
    layout = Layout(masks, params.methods, params.masks["variant"], params.map_px)
    prediction = learn_prediction(faces, people, layout, params.agreement)
    write_prediction(prediction, snakemake.output.prediction)
    logger.info("%d of %d masks foretell the others", len(prediction.measured), len(prediction.covariance))


if __name__ == "__main__":
    main(snakemake)
