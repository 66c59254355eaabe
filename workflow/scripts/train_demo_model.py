"""Rule train_demo_model: synthetic people -> the demo model's weights and model card."""

import shutil
from pathlib import Path

import torch

from whyface.demo.training import Settings, train_demo_model
from whyface.tables import logs

RESOURCES = Path(__file__).parents[1] / "resources"


def main(snakemake):
    """Train, resuming an interrupted run, and copy the result into the project's resources."""
    logs.setup(snakemake.log[0])
    torch.use_deterministic_algorithms(True)
    settings = Settings(**snakemake.params.settings)
    weights, card = Path(snakemake.output.weights), Path(snakemake.output.card)
    train_demo_model(settings, weights.parent, weights, card)
    for made in (weights, card):
        shutil.copy(made, RESOURCES)


if __name__ == "__main__":
    main(snakemake)
