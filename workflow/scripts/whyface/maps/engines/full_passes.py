"""Embeds an image under many masks by painting each mask and passing the whole image through the network."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from whyface.maps.masks import MaskSet


class FullPasses:
    """Paints whole images and passes them through the network.

    Parameters
    ----------
    network : callable
        Maps n x 3 x side x side to n x d.
    masks : sequence of MaskSet
        n masks in all.
    batch : int
        Number of images embedded at a time; a batch may hold masks of several sizes, and the clean image.
    device : torch.device
        Device on which images are painted.
    dtype : torch.dtype
        Type of the painted images.
    layout : torch.memory_format
        Memory layout of the painted images.
    """

    def __init__(
        self,
        network: Callable[[torch.Tensor], torch.Tensor],
        masks: Sequence[MaskSet],
        batch: int,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        layout: torch.memory_format = torch.channels_last,
    ):
        self._network = network
        clean = np.zeros_like(masks[0].covered[:1])
        covered = np.concatenate([clean, *(mask_set.covered for mask_set in masks)])[:, None]
        self._covered = torch.from_numpy(covered).to(device).split(batch)
        self._device, self._dtype, self._layout = device, dtype, layout

    def embed(self, shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Embed the clean image, and the image under every mask; see `engine.Engine.embed`."""
        with torch.inference_mode():
            image, filler = (self._lay_out(part) for part in (shown, hidden))
            # Batches follow one another on the device; only the last step waits for it.
            outputs = [self._network(torch.where(covered, filler, image)) for covered in self._covered]
            return torch.cat(outputs).float().cpu().numpy()

    def _lay_out(self, image: np.ndarray) -> torch.Tensor:
        moved = torch.from_numpy(image).to(self._device, self._dtype).permute(2, 0, 1)[None]
        return moved.contiguous(memory_format=self._layout)
