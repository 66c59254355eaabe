"""Finds the subject's face in an image.

The detector is MTCNN. Its landmarks are poor on images that the face fills (CFP). So images with a large face or none
are searched again within a grey border, for large faces only. Large photos are searched at a fraction of their size,
and then around the face that was found.
"""

import copy
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from whyface.devices import THREADS

MID_GREY = 128
FINEST_PX = 20  # smaller faces are never searched for
# A face wider or higher than this share of the image's shorter side makes the image a tight crop.
TIGHT_SHARE = 0.55
# Within a border, faces smaller than this share are not searched for; this halves the time.
BORDERED_SHARE = 0.15
BORDER_SHARE = 0.4
# Images are padded to a multiple of this. So images of many sizes still form batches, and what is found in one image
# does not depend on the others.
CANVAS_STEP_PX = 64
# Images of more pixels are searched at a half, a third, ... of their size: so memory and time stay bounded.
LARGEST_PX = 3_000_000
PIXELS_AT_ONCE = 12_000_000  # of canvases; each takes about 20 bytes
# Around a face that was found so, this share of its longer side is searched on each side.
AROUND_SHARE = 0.75
CENTRE_WEIGHT = 2.0
LARGEST_OVERLAP = 0.2  # intersection over union
# Boxes and landmarks are rounded to this. The network's last bits (3e-5 px) differ between processors; unrounded, they
# would change grey levels in every crop, and decisions near the threshold. The detector's own error is far larger.
STEP_PX = 0.25


@dataclass(frozen=True)
class Face:
    """A detected face, in pixels of the image, rounded to `STEP_PX`.

    Attributes
    ----------
    box : numpy.ndarray
        Left, top, right, bottom.
    landmarks : numpy.ndarray
        5 x 2: left eye, right eye, nose, left and right mouth corner; left and right as seen in the image.
    probability : float
        The detector's, from 0 to 1.
    """

    box: np.ndarray
    landmarks: np.ndarray
    probability: float

    def moved(self, x_px: float, y_px: float) -> "Face":
        """Return the same face in an image whose origin is so far left and up."""
        offset = np.array([x_px, y_px])
        return Face(self.box + np.tile(offset, 2), self.landmarks + offset, self.probability)

    def enlarged(self, factor: int) -> "Face":
        """Return the same face in an image that is so many times as large."""
        return Face(self.box * factor, self.landmarks * factor, self.probability)


class FaceDetector:
    """Runs MTCNN on batches of images of any size.

    Parameters
    ----------
    device : str
        `cpu` or `cuda`.
    smallest_face_px : int, optional
        Smaller faces are not searched for, which saves time where none are wanted; some are found all the same, down to
        about half of this size. Large ones are found as ever, most of them to the same quarter of a pixel.
    """

    def __init__(self, device: str, smallest_face_px: int = FINEST_PX):
        import torch

        from whyface.faces.cascade import Cascade  # takes ten seconds to load, and alignment none does not need it

        torch.set_num_threads(THREADS)
        self._cascade = Cascade(device)
        self._smallest_px = smallest_face_px

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
        faces: list[Face | None] = [None] * len(images)
        small = [i for i, image in enumerate(images) if shrink_factor(image.shape) == 1]
        for i, face in zip(small, self._find_all([images[i] for i in small]), strict=True):
            faces[i] = face
        for i in {*range(len(images))} - {*small}:
            face = self._find_shrunk(images[i])
            faces[i] = face and self._find_around(images[i], face)
        return faces

    def _find_around(self, image: np.ndarray, face: Face) -> Face:
        """Find at full size, unless it fills the photo, what was found in a shrunk one."""
        left, top, right, bottom = _around(face, image.shape)
        found = self._find_shrunk(image[top:bottom, left:right])
        return found.moved(left, top) if found else face

    def _find_shrunk(self, image: np.ndarray) -> Face | None:
        factor = shrink_factor(image.shape)
        finer = copy.copy(self)
        finer._smallest_px = max(FINEST_PX, self._smallest_px // factor)
        (found,) = finer._find_all([_shrink(image, factor)])
        return found.enlarged(factor) if found else None

    def _find_all(self, images: Sequence[np.ndarray]) -> list[Face | None]:
        faces = self._find_with_border(images, [0] * len(images), 0)
        again = [i for i, face in enumerate(faces) if face is None or is_tight(face, images[i].shape)]
        borders = [round(BORDER_SHARE * max(images[i].shape[:2])) for i in again]
        bordered = self._find_with_border([images[i] for i in again], borders, BORDERED_SHARE)
        for i, face in zip(again, bordered, strict=True):
            faces[i] = face or faces[i]
        return faces

    def _find_with_border(
        self, images: Sequence[np.ndarray], borders: Sequence[int], smallest_share: float
    ) -> list[Face | None]:
        by_size = defaultdict(list)
        for i, (image, border) in enumerate(zip(images, borders, strict=True)):
            if min(image.shape[:2]) + 2 * border >= self._smallest_px:
                finest = max(FINEST_PX, round(smallest_share * min(image.shape[:2])))
                by_size[*_canvas_size(image.shape, border), finest].append(i)
        faces: list[Face | None] = [None] * len(images)
        for (height, width, finest), members in _split(by_size):
            canvases = np.stack([_place(images[i], borders[i], (height, width)) for i in members])
            for i, found in zip(members, self._cascade.detect(canvases, finest, self._smallest_px), strict=True):
                candidates = [_read_face(*parts).moved(-borders[i], -borders[i]) for parts in zip(*found, strict=True)]
                faces[i] = choose_face(candidates, width=images[i].shape[1], height=images[i].shape[0])
        return faces


def shrink_factor(shape: Sequence[int]) -> int:
    """Tell to what fraction an image of this shape (height, width, ...) is searched: 1, or 2 for a half, ..."""
    return math.ceil(math.sqrt(shape[0] * shape[1] / LARGEST_PX))


def is_tight(face: Face, shape: Sequence[int]) -> bool:
    """Whether the face fills so much of an image of this shape (height, width, ...) that MTCNN needs a border."""
    left, top, right, bottom = face.box
    return max(right - left, bottom - top) > TIGHT_SHARE * min(shape[0], shape[1])


def choose_face(faces: Sequence[Face], width: int, height: int) -> Face | None:
    """Choose the subject among several faces: a large, central one whose centre is inside the image.

    The subject of verification sets is the central face; the most probable one is often somebody else. So the choice
    maximises box area - 2 x squared distance of the box's centre from the image's, in pixels. Two people side by side
    often give a third face, made of half of each. So of faces that overlap, only the most probable can be chosen.
    """
    faces = _drop_overlapping(faces)

    def lies_inside(face: Face) -> bool:
        left, top, right, bottom = face.box
        return 0 < left + right < 2 * width and 0 < top + bottom < 2 * height

    def central_size(face: Face) -> float:
        left, top, right, bottom = face.box
        off_x, off_y = (left + right - width) / 2, (top + bottom - height) / 2
        return (right - left) * (bottom - top) - CENTRE_WEIGHT * (off_x**2 + off_y**2)

    return max(filter(lies_inside, faces), key=central_size, default=None)


def _split(by_size: Mapping[tuple[int, int, int], list[int]]) -> Iterator[tuple[tuple[int, int, int], list[int]]]:
    """Split images of one canvas size into batches that fit in memory."""
    for (height, width, finest), members in by_size.items():
        most = max(1, PIXELS_AT_ONCE // (height * width))
        for start in range(0, len(members), most):
            yield (height, width, finest), members[start : start + most]


def _shrink(image: np.ndarray, factor: int) -> np.ndarray:
    if factor == 1:
        return image
    size = (max(1, image.shape[1] // factor), max(1, image.shape[0] // factor))
    return cv2.resize(image[: size[1] * factor, : size[0] * factor], size, interpolation=cv2.INTER_AREA)


def _around(face: Face, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a face with what is around it, within an image of this shape."""
    left, top, right, bottom = face.box.astype(int).tolist()
    margin = round(AROUND_SHARE * max(right - left, bottom - top))
    return max(0, left - margin), max(0, top - margin), min(shape[1], right + margin), min(shape[0], bottom + margin)


def _read_face(box: np.ndarray, landmarks: np.ndarray, probability: float) -> Face:
    return Face(_round(box), _round(landmarks), float(probability))


def _round(coordinates: np.ndarray) -> np.ndarray:
    return np.round(coordinates.astype(np.float64) / STEP_PX) * STEP_PX


def _canvas_size(shape: Sequence[int], border: int) -> tuple[int, int]:
    height, width = (-(-(extent + 2 * border) // CANVAS_STEP_PX) * CANVAS_STEP_PX for extent in shape[:2])
    return height, width


def _place(image: np.ndarray, border: int, size: tuple[int, int]) -> np.ndarray:
    canvas = np.full((*size, 3), MID_GREY, np.uint8)
    canvas[border : border + image.shape[0], border : border + image.shape[1]] = image
    return canvas


def _drop_overlapping(faces: Sequence[Face]) -> list[Face]:
    """Of faces that overlap, keep the most probable."""
    if len(faces) < 2:
        return list(faces)
    import torch
    from torchvision.ops import nms

    boxes = torch.as_tensor(np.stack([face.box for face in faces]), dtype=torch.float64)
    probabilities = torch.tensor([face.probability for face in faces], dtype=torch.float64)
    return [faces[i] for i in nms(boxes, probabilities, LARGEST_OVERLAP).tolist()]
