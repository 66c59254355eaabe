"""Rule align_faces: images that pairs name, landmarks.csv -> table faces, and crops as a uint8 array in its order."""

from pathlib import Path

from whyface.devices import use_torch
from whyface.faces.alignment import align_images
from whyface.faces.detection import FaceDetector
from whyface.faces.landmarks_csv import read_landmarks
from whyface.lists.named_images import named_images
from whyface.sources.receipts import read_receipt
from whyface.tables import logs
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import FACES, IMAGES, PAIRS


def main(snakemake):
    """Detect the faces whose landmarks are not given, crop all, and count failures."""
    logger = logs.setup(snakemake.log[0])
    root = Path(read_receipt(snakemake.input.receipt).path)
    images = read_table(snakemake.input.images, IMAGES)
    named = named_images(images, [read_table(path, PAIRS) for path in snakemake.input.pairs])
    alignment = snakemake.params.alignment
    # Boxes are not given, so alignment box detects every face.
    known = read_landmarks(root, {*images["image_id"]}) if alignment == "five-point" else {}
    # The detector takes seconds to load.
    is_needed = alignment != "none" and not {*named["image_id"]} <= known.keys()
    params = snakemake.params
    detector = FaceDetector(use_torch(params.device), params.smallest_face_px) if is_needed else None
    how = (alignment, params.side_px, params.margin_px)
    faces = align_images(named, root, detector, *how, snakemake.output.crops, known)
    write_table(faces, snakemake.output.faces, FACES, dict(snakemake.wildcards.items()))
    logger.info("%d of %d images: %s", len(faces), len(images), logs.tally(faces["status"]))


if __name__ == "__main__":
    main(snakemake)
