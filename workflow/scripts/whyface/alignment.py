"""Finds the subject's face in an image and crops it to a model's input.

The detector is facenet-pytorch's MTCNN. Its landmarks are poor on images that the face fills (CFP), so images with a
large face, or none found, are searched again within a grey border.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from whyface.files import atomic_path
from whyface.images import read_image
from whyface.logs import progress

logger = logging.getLogger("whyface")

# Where ArcFace-style models expect the five landmarks, x and y, in a crop of 112 x 112.
TEMPLATE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
MID_GREY = 128
SMALLEST_FACE_PX = 20
# A face wider or higher than this share of the image's shorter side makes the image a tight crop.
TIGHT_SHARE = 0.55
BORDER_SHARE = 0.4
# Images are padded to a multiple of this, so that images of many sizes still form batches, and so that what is found
# in one does not depend on the others.
CANVAS_STEP_PX = 64
CENTRE_WEIGHT = 2.0
BATCH = 32


@dataclass(frozen=True)
class Face:
    """A detected face, in pixels of the image.

    Attributes
    ----------
    box : numpy.ndarray
        Left, top, right, bottom.
    landmarks : numpy.ndarray
        5 x 2: left eye, right eye, nose, left and right mouth corner, left and right as seen.
    probability : float
        The detector's, 0 to 1.
    """

    box: np.ndarray
    landmarks: np.ndarray
    probability: float

    def moved(self, offset_px: float) -> "Face":
        """Return the same face in an image whose origin lies `offset_px` further left and up."""
        return Face(self.box + offset_px, self.landmarks + offset_px, self.probability)


class FaceDetector:
    """MTCNN over batches of images of any size."""

    def __init__(self, device: str):
        from facenet_pytorch import MTCNN  # takes ten seconds to load, and alignment none can do without

        self._mtcnn = MTCNN(keep_all=True, min_face_size=SMALLEST_FACE_PX, post_process=False, device=device).eval()

    def find_faces(self, images: Sequence[np.ndarray]) -> list[Face | None]:
        """Find the subject's face in each image.

        Parameters
        ----------
        images : sequence of numpy.ndarray
            uint8, height x width x 3, RGB.

        Returns
        -------
        list of Face or None
            None where no face is found.
        """
        faces = self._find_with_border(images, [0] * len(images))
        again = [i for i, face in enumerate(faces) if face is None or is_tight(face, images[i].shape)]
        borders = [round(BORDER_SHARE * max(images[i].shape[:2])) for i in again]
        for i, face in zip(again, self._find_with_border([images[i] for i in again], borders), strict=True):
            faces[i] = face or faces[i]
        return faces

    def _find_with_border(self, images: Sequence[np.ndarray], borders: Sequence[int]) -> list[Face | None]:
        by_size = defaultdict(list)
        for i, (image, border) in enumerate(zip(images, borders, strict=True)):
            if min(image.shape[:2]) + 2 * border >= SMALLEST_FACE_PX:
                by_size[_canvas_size(image.shape, border)].append(i)
        faces: list[Face | None] = [None] * len(images)
        for size, members in by_size.items():
            canvases = np.stack([_place(images[i], borders[i], size) for i in members])
            for i, candidates in zip(members, self._detect(canvases), strict=True):
                height, width = images[i].shape[:2]
                moved = [face.moved(-borders[i]) for face in candidates]
                faces[i] = choose_face(moved, width, height)
        return faces

    def _detect(self, canvases: np.ndarray) -> list[list[Face]]:
        """Every face in every canvas, n x height x width x 3."""
        try:
            boxes, probabilities, points = self._mtcnn.detect(canvases, landmarks=True)
        except RuntimeError as error:
            # MTCNN trips over some images (a candidate wholly outside the canvas); the others must not suffer.
            if len(canvases) == 1:
                logger.warning("the detector failed on an image, taken as no face found: %s", error)
                return [[]]
            return [faces for canvas in canvases for faces in self._detect(canvas[None])]
        found: list[list[Face]] = []
        for image_boxes, image_probabilities, image_points in zip(boxes, probabilities, points, strict=True):
            if image_boxes is None:
                found.append([])
                continue
            # facenet-pytorch 2.5.3 hands landmarks back as object arrays.
            rows = zip(
                np.asarray(image_boxes, np.float64),
                np.asarray(image_points, np.float64),
                image_probabilities,
                strict=True,
            )
            found.append([Face(box, landmarks, float(probability)) for box, landmarks, probability in rows])
        return found


def is_tight(face: Face, shape: Sequence[int]) -> bool:
    """Whether the face fills an image of this shape (height, width, ...) so far that MTCNN needs a border."""
    left, top, right, bottom = face.box
    return max(right - left, bottom - top) > TIGHT_SHARE * min(shape[0], shape[1])


def choose_face(faces: Sequence[Face], width: int, height: int) -> Face | None:
    """Choose the subject among several faces: large and central, and centred inside the image.

    The subject of verification sets is the central face; the most probable one often is somebody else. Maximises
    box area - 2 x squared distance of the box's centre from the image's, in pixels.
    """

    def lies_inside(face: Face) -> bool:
        left, top, right, bottom = face.box
        return 0 < left + right < 2 * width and 0 < top + bottom < 2 * height

    def central_size(face: Face) -> float:
        left, top, right, bottom = face.box
        off_x, off_y = (left + right - width) / 2, (top + bottom - height) / 2
        return (right - left) * (bottom - top) - CENTRE_WEIGHT * (off_x**2 + off_y**2)

    return max(filter(lies_inside, faces), key=central_size, default=None)


def similarity_transform(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Fit the rotation, scale and shift that take `source` points nearest to `target` points.

    Least squares over w = m z + s, with each point a complex number: a product with m turns and scales and cannot
    mirror (Umeyama 1991 without reflection, in the plane).

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
    """Warp the face so that its landmarks lie on the ArcFace template, scaled to `side_px`; black outside."""
    matrix = similarity_transform(landmarks, TEMPLATE_112 * side_px / 112)
    return cv2.warpAffine(image, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR)


def crop_box(image: np.ndarray, box: np.ndarray, side_px: int, margin_px: int) -> np.ndarray:
    """Cut the box with a margin (in pixels of the crop), as facenet-pytorch's models were trained."""
    from facenet_pytorch.models.utils.detect_face import extract_face

    crop = extract_face(Image.fromarray(image), box, image_size=side_px, margin=margin_px)
    return crop.permute(1, 2, 0).numpy().astype(np.uint8)


def crop_centre(image: np.ndarray, side_px: int) -> np.ndarray:
    """Cut the largest central square: what is left to do where no face is found."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(image[top : top + side, left : left + side], side_px)


def resize(image: np.ndarray, side_px: int) -> np.ndarray:
    """Scale to `side_px` x `side_px`; an image of that size is returned as it is, to the pixel."""
    if image.shape[:2] == (side_px, side_px):
        return image
    return np.asarray(Image.fromarray(image).resize((side_px, side_px), Image.Resampling.BILINEAR))


def crop_face(image: np.ndarray, face: Face | None, alignment: str, side_px: int, margin_px: int) -> np.ndarray:
    """Crop to uint8, side_px x side_px x 3, by the model's kind of alignment."""
    if alignment == "none":
        return resize(image, side_px)
    if face is None:
        return crop_centre(image, side_px)
    if alignment == "five-point":
        return crop_five_point(image, face.landmarks, side_px)
    return crop_box(image, face.box, side_px, margin_px)


def _canvas_size(shape: Sequence[int], border: int) -> tuple[int, int]:
    height, width = (-(-(extent + 2 * border) // CANVAS_STEP_PX) * CANVAS_STEP_PX for extent in shape[:2])
    return height, width


def _place(image: np.ndarray, border: int, size: tuple[int, int]) -> np.ndarray:
    canvas = np.full((*size, 3), MID_GREY, np.uint8)
    canvas[border : border + image.shape[0], border : border + image.shape[1]] = image
    return canvas


def align_images(
    images: pd.DataFrame,
    root: Path,
    detector: FaceDetector | None,
    alignment: str,
    side_px: int,
    margin_px: int,
    crops_path: Path | str,
) -> pd.DataFrame:
    """Crop the face of every image.

    Parameters
    ----------
    images : pandas.DataFrame
        An images table.
    root : path
        The collection's folder.
    detector : FaceDetector or None
        None for alignment `none`.
    alignment, side_px, margin_px
        As for `crop_face`.
    crops_path : path
        Gets the crops: .npy, uint8, images x side_px x side_px x 3, in order; black where an image failed.

    Returns
    -------
    pandas.DataFrame
        A faces table.
    """
    starts = range(0, len(images), BATCH)
    rows = []
    with atomic_path(crops_path) as temporary:
        shape = (len(images), side_px, side_px, 3)
        crops = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        for start in progress(starts, len(starts), f"batches of {BATCH} images aligned"):
            part = images.iloc[start : start + BATCH]
            pixels, details = _read_images(part, root)
            found = detector.find_faces(list(pixels.values())) if detector else [None] * len(pixels)
            faces = dict(zip(pixels, found, strict=True))
            for row, image in pixels.items():
                crops[row] = crop_face(image, faces[row], alignment, side_px, margin_px)
            for row, image_id in part["image_id"].items():
                rows.append(_describe(image_id, details.get(row, ""), faces.get(row), alignment))
        crops.flush()
    return pd.DataFrame(rows)


def _read_images(part: pd.DataFrame, root: Path) -> tuple[dict[int, np.ndarray], dict[int, str]]:
    """Pixels of the readable images by row, and why the others are not."""
    pixels, details = {}, {}
    for row, path in part["path"].items():
        try:
            pixels[row] = read_image(root / path)
        except ValueError as error:
            logger.warning("%s", error)
            details[row] = str(error)
    return pixels, details


def _describe(image_id: str, detail: str, face: Face | None, alignment: str) -> dict[str, object]:
    if detail:
        status = "failed"
    elif face or alignment == "none":
        status = "ok"
    else:
        status, detail = "centre-crop", "no face found"
    return {
        "image_id": image_id,
        "status": status,
        "detail": detail,
        "probability": face.probability if face else None,
        "box": face.box if face else None,
        "landmarks": face.landmarks.ravel() if face else None,
    }
