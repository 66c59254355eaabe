"""MTCNN (Zhang et al. 2016, doi:10.1109/LSP.2016.2603342): three networks, each surer of fewer boxes than the last.

The networks, thresholds and conventions are those of facenet-pytorch's `MTCNN.detect`, and so are the faces found. Its
own code averages one box after another down to a network's input; this one takes all of them from one table of sums.
"""

from collections.abc import Iterator

import numpy as np
import torch
from facenet_pytorch import MTCNN
from torch import Tensor
from torchvision.ops import batched_nms

from whyface.faces.sum_tables import cut, shrink, sum_tables

CELL_PX, CELL_STEP_PX = 12, 2  # the first network looks at cells of this size, at every second pixel
PYRAMID_STEP = 0.709
PROPOSAL_SCORE, REFINED_SCORE, FINAL_SCORE = 0.6, 0.7, 0.7
LEVEL_OVERLAP, OVERLAP = 0.5, 0.7
REFINING_PX, FINAL_PX = 24, 48  # inputs of the second and the third network
# What a network takes at once. More than fits the processor's cache takes up to twice the time.
PIXELS_AT_ONCE, CROPS_AT_ONCE = 200_000, 64


class Cascade:
    """MTCNN on one device."""

    def __init__(self, device: str):
        self._device = device
        # Channels last, max pooling takes a sixth of the time on a CPU.
        mtcnn = MTCNN(device=device).to(memory_format=torch.channels_last).eval()
        self._propose, self._refine, self._finish = mtcnn.pnet, mtcnn.rnet, mtcnn.onet

    @torch.inference_mode()
    def detect(
        self, canvases: np.ndarray, finest_px: int, smallest_px: int
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Find every face in every canvas.

        Parameters
        ----------
        canvases : numpy.ndarray
            uint8, n x height x width x 3, RGB.
        finest_px : int
            The pyramid's finest level is the one at which a face of this size fills a cell.
        smallest_px : int
            Levels that only smaller faces need are left out. At most the canvases' shorter side.

        Returns
        -------
        list of tuple of numpy.ndarray
            For each canvas, the faces' boxes (k x 4: left, top, right, bottom), landmarks (k x 5 x 2) and
            probabilities (k), the most probable face first.
        """
        sums = sum_tables(canvases).to(self._device)
        found = self._find_landmarks(sums, *self._drop_false(sums, *self._find_proposals(sums, finest_px, smallest_px)))
        owners, *parts = (part.cpu().numpy() for part in found)
        keep = _drop_contained(owners, parts[0], parts[-1])
        owners, parts = owners[keep], [part[keep] for part in parts]
        return [tuple(part[owners == i] for part in parts) for i in range(len(canvases))]

    def _find_proposals(self, sums: Tensor, finest_px: int, smallest_px: int) -> tuple[Tensor, Tensor]:
        """Search all levels of the pyramid: canvas (index) and box of each proposal."""
        scales = _scales(min(sums.shape[1:3]) - 1, finest_px, smallest_px)
        owners, boxes, shifts, scores = map(torch.cat, zip(*(self._search(sums, s) for s in scales), strict=True))
        keep = batched_nms(boxes, scores, owners, OVERLAP)
        boxes = boxes[keep]
        return owners[keep], _square(boxes + shifts[keep] * (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2))

    def _search(self, sums: Tensor, scale: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Search one level: canvas, box, shift (shares of the box's sides) and score of each proposal."""
        height, width = (int((extent - 1) * scale + 1) for extent in sums.shape[1:3])
        level = _normalise(shrink(sums, height, width))
        shifts, chances = _in_batches(self._propose, level, max(1, PIXELS_AT_ONCE // (height * width)))
        owners, rows, columns = (chances[:, 1] >= PROPOSAL_SCORE).nonzero(as_tuple=True)
        scores, shifts = chances[owners, 1, rows, columns], shifts[owners, :, rows, columns]
        corner = CELL_STEP_PX * torch.stack([columns, rows], dim=1).to(scores)
        boxes = torch.cat([((corner + 1) / scale).floor(), ((corner + CELL_PX) / scale).floor()], dim=1)
        keep = batched_nms(boxes, scores, owners, LEVEL_OVERLAP)
        return owners[keep], boxes[keep], shifts[keep], scores[keep]

    def _drop_false(self, sums: Tensor, owners: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        owners, boxes, crops = _cut_inside(sums, owners, boxes, REFINING_PX)
        shifts, chances = _in_batches(self._refine, crops, CROPS_AT_ONCE)
        sure = chances[:, 1] > REFINED_SCORE
        owners, boxes, shifts = owners[sure], boxes[sure], shifts[sure]
        keep = batched_nms(boxes, chances[sure, 1], owners, OVERLAP)
        return owners[keep], _square(_shift(boxes[keep], shifts[keep]))

    def _find_landmarks(self, sums: Tensor, owners: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find canvas, box, landmarks and score of each face."""
        owners, boxes, crops = _cut_inside(sums, owners, boxes, FINAL_PX)
        shifts, points, chances = _in_batches(self._finish, crops, CROPS_AT_ONCE)
        sure = chances[:, 1] > FINAL_SCORE
        boxes = boxes[sure]
        # x of five points, then y, as shares of the box
        points = points[sure].view(-1, 2, 5).mT * _sides(boxes)[:, None] + boxes[:, None, :2] - 1
        return owners[sure], _shift(boxes, shifts[sure]), points, chances[sure, 1]


def _scales(shorter_px: int, finest_px: int, smallest_px: int) -> Iterator[float]:
    """Scales of the pyramid's levels; the same ones whatever is left out, so that large faces are found as ever."""
    scale = CELL_PX / finest_px
    side = shorter_px * scale
    while side >= CELL_PX:
        if smallest_px * scale * PYRAMID_STEP < CELL_PX:  # the next level would be too coarse
            yield scale
        scale *= PYRAMID_STEP
        side *= PYRAMID_STEP


def _cut_inside(sums: Tensor, owners: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Make inputs of what boxes hold of their canvases; a box that holds nothing is dropped."""
    corners = boxes.trunc().long()
    low = (corners[:, :2] - 1).clamp(min=0)
    high = corners[:, 2:].minimum(low.new_tensor([sums.shape[2] - 1, sums.shape[1] - 1]))
    inside = (high > low).all(dim=1)
    owners, boxes, corners = owners[inside], boxes[inside], torch.cat([low, high], dim=1)[inside]
    return owners, boxes, _normalise(cut(sums, owners, corners, side))


def _normalise(pixels: Tensor) -> Tensor:
    """Scale pixels as the networks expect them, n x 3 x height x width."""
    return ((pixels - 127.5) * 0.0078125).permute(0, 3, 1, 2)


def _in_batches(network: torch.nn.Module, images: Tensor, at_once: int) -> tuple[Tensor, ...]:
    if len(images) == 0:  # which facenet-pytorch's networks cannot take
        return tuple(part[:0] for part in network(images.new_zeros((1, *images.shape[1:]))))
    return tuple(map(torch.cat, zip(*map(network, images.split(at_once)), strict=True)))


def _sides(boxes: Tensor) -> Tensor:
    """Width and height, both edges included."""
    return boxes[:, 2:] - boxes[:, :2] + 1


def _shift(boxes: Tensor, shifts: Tensor) -> Tensor:
    return boxes + shifts * _sides(boxes).repeat(1, 2)


def _square(boxes: Tensor) -> Tensor:
    """Grow the shorter side around the centre."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.amax(dim=1, keepdim=True)
    low = boxes[:, :2] + sides * 0.5 - longer * 0.5
    return torch.cat([low, low + longer], dim=1)


def _drop_contained(owners: np.ndarray, boxes: np.ndarray, scores: np.ndarray) -> list[int]:
    """Keep those boxes, the best first, of which no better one shares more than 0.7 of the smaller one's area."""
    keep: list[int] = []
    areas = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    # Candidates of large faces often have equal scores. Then NumPy's order decides, as in facenet-pytorch.
    for i in np.argsort(scores)[::-1].tolist():
        better = [k for k in keep if owners[k] == owners[i]]
        low, high = np.maximum(boxes[better, :2], boxes[i, :2]), np.minimum(boxes[better, 2:], boxes[i, 2:])
        shared = np.maximum(high - low + 1, 0).prod(axis=1)
        if (shared <= OVERLAP * np.minimum(areas[better], areas[i])).all():
            keep.append(i)
    return keep
