"""Finds the subject's face in an image.

The detector is MTCNN. Its landmarks are poor on images that the face fills (CFP). So images with a large face or none
are searched again within a grey border, for large faces only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

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

    def moved(self, offset_px: float) -> "Face":
        """Return the same face in an image whose origin is `offset_px` further left and up."""
        return Face(self.box + offset_px, self.landmarks + offset_px, self.probability)


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
        for (height, width, finest), members in by_size.items():
            canvases = np.stack([_place(images[i], borders[i], (height, width)) for i in members])
            for i, found in zip(members, self._cascade.detect(canvases, finest, self._smallest_px), strict=True):
                candidates = [_read_face(*parts).moved(-borders[i]) for parts in zip(*found, strict=True)]
                faces[i] = choose_face(candidates, width=images[i].shape[1], height=images[i].shape[0])
        return faces


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
