"""Rule train_demo_model: people drawn for the purpose -> the demo model's weights and model card."""

import shutil
from pathlib import Path

import torch

from whyface.demo.training import Settings, train_demo_model
from whyface.tables import logs


def main(snakemake):
    """Train, from where an earlier run was broken off, and put the outcome where the project keeps it."""
    logs.setup(snakemake.log[0])
    torch.use_deterministic_algorithms(True)
    settings = Settings(**snakemake.params.settings)
    folder, weights, card = snakemake.params.folder, snakemake.output.weights, snakemake.output.card
    train_demo_model(settings, Path(folder), Path(weights), Path(card))
    for made in (weights, card):
        shutil.copy(made, snakemake.params.resources)


if __name__ == "__main__":
    main(snakemake)
