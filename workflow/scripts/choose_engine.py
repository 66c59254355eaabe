"""Rule choose_engine: a model -> the fastest engine for it on this machine."""

from pathlib import Path

from whyface.demo.trial_faces import draw_trial_faces
from whyface.maps.engines.choice import choose_engine, write_choice
from whyface.maps.masks import make_masks
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs


def main(snakemake):
    """Try every engine briefly, and write the fastest."""
    logger = logs.setup(snakemake.log[0])
    params = snakemake.params
    weights = read_receipt(snakemake.input.weights)
    embedder = Embedder(snakemake.wildcards.model, params.model, Path(weights.path), params.device)
    masks = make_masks(embedder.input_px, params.masks)
    choice, seconds = choose_engine(embedder, masks, draw_trial_faces(embedder.input_px))
    for one, time in seconds.items():
        logger.info("%s: %.2f s an image", one, time)
    logger.info("taken: %s", choice)
    write_choice(choice, snakemake.output.choice)


if __name__ == "__main__":
    main(snakemake)
