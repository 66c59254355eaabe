"""Rule measure_model: a model -> table costs."""

from pathlib import Path

from whyface.demo.trial_faces import draw_trial_faces
from whyface.models.costs import measure_costs
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import write_table
from whyface.tables.schemas import COSTS


def main(snakemake):
    """Time the model on drawn faces, and look up its size."""
    logger = logs.setup(snakemake.log[0])
    model, name = snakemake.params.model, snakemake.wildcards.model
    weights = Path(read_receipt(snakemake.input.weights).path)
    embedder = Embedder(name, model, weights, snakemake.params.device)
    costs = measure_costs(embedder, weights, draw_trial_faces(embedder.input_px))
    logger.info("%s: %.2f ms an image, %d bytes", name, costs["milliseconds"][0], costs["weights_bytes"][0])
    write_table(costs, snakemake.output.costs, COSTS, {"model": name})


if __name__ == "__main__":
    main(snakemake)
