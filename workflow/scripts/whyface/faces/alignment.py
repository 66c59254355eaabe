"""Crops the subject's face to the input of a model."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from whyface.faces.detection import Face, FaceDetector
from whyface.faces.quality import LIGHT, measure_light, measure_pose
from whyface.faces.template import TEMPLATE_112
from whyface.sources.image_files import read_image
from whyface.tables.files import atomic_path, reserve
from whyface.tables.logs import progress

logger = logging.getLogger("whyface")

BATCH, BATCH_PX = 32, 30_000_000  # images at once, and their pixels: photos of telephones come in twos


@dataclass(frozen=True)
class GivenFace:
    """A face that the collection's own landmarks place, 5 x 2 as in `Face`; it has neither box nor probability."""

    landmarks: np.ndarray


def similarity_transform(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Fit the rotation, scale and shift that bring `source` points nearest to `target` points.

    Least squares over w = m z + s, where each point is a complex number. Multiplication by m rotates and scales but
    cannot mirror (Umeyama 1991 without reflection, in the plane).

    Parameters
    ----------
    source, target : numpy.ndarray
        n x 2, x and y.

    Returns
    -------
    numpy.ndarray
        2 x 3, as OpenCV's warpAffine takes it.
    """
    z, w = source @ [1, 1j], target @ [1, 1j]
    centred = z - z.mean()
    m = np.vdot(centred, w - w.mean()) / np.vdot(centred, centred).real
    shift = w.mean() - m * z.mean()
    return np.array([[m.real, -m.imag, shift.real], [m.imag, m.real, shift.imag]])


def crop_five_point(image: np.ndarray, landmarks: np.ndarray, side_px: int) -> np.ndarray:
    """Warp the face so that its landmarks fit the ArcFace template, scaled to `side_px`; black outside the image."""
    matrix = similarity_transform(landmarks, TEMPLATE_112 * side_px / 112)
    return cv2.warpAffine(image, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR)


def crop_box(image: np.ndarray, box: np.ndarray, side_px: int, margin_px: int) -> np.ndarray:
    """Cut the box with a margin (in pixels of the crop), as facenet-pytorch's models were trained."""
    from facenet_pytorch.models.utils.detect_face import extract_face

    crop = extract_face(Image.fromarray(image), box, image_size=side_px, margin=margin_px)
    return crop.permute(1, 2, 0).numpy().astype(np.uint8)


def crop_centre(image: np.ndarray, side_px: int) -> np.ndarray:
    """Cut the largest central square, for images without a detected face."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(image[top : top + side, left : left + side], side_px)


def resize(image: np.ndarray, side_px: int) -> np.ndarray:
    """Scale to `side_px` x `side_px`; an image of that size is returned unchanged."""
    if image.shape[:2] == (side_px, side_px):
        return image
    return np.asarray(Image.fromarray(image).resize((side_px, side_px), Image.Resampling.BILINEAR))


def crop_face(
    image: np.ndarray, face: Face | GivenFace | None, alignment: str, side_px: int, margin_px: int
) -> np.ndarray:
    """Crop to uint8, side_px x side_px x 3, by the model's kind of alignment."""
    if alignment == "none":
        return resize(image, side_px)
    if face is None:
        return crop_centre(image, side_px)
    if alignment == "five-point" or isinstance(face, GivenFace):
        return crop_five_point(image, face.landmarks, side_px)
    return crop_box(image, face.box, side_px, margin_px)


def align_images(
    images: pd.DataFrame,
    root: Path,
    detector: FaceDetector | None,
    alignment: str,
    side_px: int,
    margin_px: int,
    crops_path: Path | str,
    known: Mapping[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """Crop the face of every image.

    Parameters
    ----------
    images : pandas.DataFrame
        Rows of an images table, numbered from 0.
    root : path
        The collection's folder.
    detector : FaceDetector or None
        None if the alignment is `none`, or if the landmarks of all images are known.
    alignment, side_px, margin_px
        As for `crop_face`.
    crops_path : path
        Receives the crops as .npy: uint8, images x side_px x side_px x 3, in order; black where an image failed.
    known : mapping of str to numpy.ndarray, optional
        Landmarks (5 x 2) by image_id, for alignment `five-point`: these images are cropped by them, without detection.

    Returns
    -------
    pandas.DataFrame
        A faces table.
    """
    parts = list(_batches(images))
    rows = []
    with atomic_path(crops_path) as temporary:
        shape = (len(images), side_px, side_px, 3)
        crops = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        reserve(temporary)
        for part in progress(parts, len(parts), f"batches of up to {BATCH} images aligned"):
            pixels, details = _read_images(part, root)
            faces = _find_faces(part["image_id"], pixels, detector, known or {})
            for row, image in pixels.items():
                crops[row] = crop_face(image, faces[row], alignment, side_px, margin_px)
            for row, image_id in part["image_id"].items():
                described = _describe(image_id, details.get(row, ""), faces.get(row), alignment)
                light = measure_light(crops[row]) if row in pixels else dict.fromkeys(LIGHT)
                rows.append({**described, **light})
        crops.flush()
    return pd.DataFrame(rows)


def _batches(images: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Split images into batches that fit in memory, in their order; a larger image is alone."""
    pixels = images[["width_px", "height_px"]].astype(float).prod(axis=1, skipna=False).fillna(0).to_numpy()
    start = 0
    while start < len(images):
        fitting = int((np.cumsum(pixels[start : start + BATCH]) <= BATCH_PX).sum())
        yield images.iloc[start : start + max(1, fitting)]
        start += max(1, fitting)


def _read_images(part: pd.DataFrame, root: Path) -> tuple[dict[int, np.ndarray], dict[int, str]]:
    """Read pixels by row, and why some images are unreadable, with paths as in the table: the reasons are published."""
    pixels, details = {}, {}
    for row, path in part["path"].items():
        try:
            pixels[row] = read_image(root / path)
        except ValueError as error:
            logger.warning("%s", error)
            details[row] = path + str(error).removeprefix(str(root / path))
    return pixels, details


def _find_faces(
    image_ids: pd.Series, pixels: dict[int, np.ndarray], detector: FaceDetector | None, known: Mapping[str, np.ndarray]
) -> dict[int, Face | GivenFace | None]:
    """Take the known landmarks, and search the other images."""
    given = {row: GivenFace(known[image_ids[row]]) for row in pixels if image_ids[row] in known}
    unknown = [row for row in pixels if row not in given]
    found = detector.find_faces([pixels[row] for row in unknown]) if detector and unknown else [None] * len(unknown)
    return {**given, **dict(zip(unknown, found, strict=True))}


def _describe(image_id: str, detail: str, face: Face | GivenFace | None, alignment: str) -> dict[str, object]:
    found = face if isinstance(face, Face) else None
    if detail:
        status = "failed"
    elif isinstance(face, GivenFace):
        status, detail = "ok", "landmarks given"
    elif face or alignment == "none":
        status = "ok"
    else:
        status, detail = "centre-crop", "no face found"
    return {
        "image_id": image_id,
        "status": status,
        "detail": detail,
        "probability": found.probability if found else None,
        "box": found.box if found else None,
        "landmarks": face.landmarks.ravel() if face else None,
        **measure_pose(face.landmarks if face else None),
    }
