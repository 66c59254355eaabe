"""Rule align_faces: images -> table faces, and their crops as one uint8 array in the table's order."""

from pathlib import Path

from whyface.devices import use_torch
from whyface.faces.alignment import align_images
from whyface.faces.detection import FaceDetector
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import FACES, IMAGES


def main(snakemake):
    """Detect and crop faces, and count failures."""
    logger = logs.setup(snakemake.log[0])
    root = Path(read_receipt(snakemake.input.receipt).path)
    images = read_table(snakemake.input.images, IMAGES)
    detector = None if snakemake.params.alignment == "none" else FaceDetector(use_torch(snakemake.params.device))
    how = (snakemake.params.alignment, snakemake.params.side_px, snakemake.params.margin_px)
    faces = align_images(images, root, detector, *how, snakemake.output.crops)
    write_table(faces, snakemake.output.faces, FACES, dict(snakemake.wildcards.items()))
    logger.info("%d images: %s", len(faces), faces["status"].value_counts().to_dict())


if __name__ == "__main__":
    main(snakemake)
