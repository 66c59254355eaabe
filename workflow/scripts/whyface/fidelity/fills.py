"""What shows through a cover of any shape."""

import hashlib
from functools import cache

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from whyface.maps.masks import make_filler

FILLS = ("black", "mean", "blur", "linear", "stranger")
NOISE_SIGMA = 0.01 * 255  # as published with the noisy linear imputation


def cover(
    crop: np.ndarray, covered: np.ndarray, fill: str, label: str = "", stranger: np.ndarray | None = None
) -> np.ndarray:
    """Cover parts of a crop.

    Parameters
    ----------
    crop : numpy.ndarray
        uint8, side x side x 3.
    covered : numpy.ndarray
        bool, ... x side x side: the pixels of each cover.
    fill : str
        black, mean and blur: as the masks of the maps are filled. linear: noisy linear imputation (Rong et al., ROAD,
        ICML 2022): every covered pixel is the weighted mean of its neighbours, plus Gaussian noise of 1 % of the
        range; a cover of the whole crop shows the mean colour. stranger: another person's pixels of the same place.
    label : str
        The image's id; the noise depends on it alone.
    stranger : numpy.ndarray, optional
        uint8, side x side x 3: the other person's crop.

    Returns
    -------
    numpy.ndarray
        uint8, ... x side x side x 3.
    """
    if fill not in FILLS:
        raise ValueError(f"fill {fill!r}; allowed: {', '.join(FILLS)}")
    if fill == "linear":
        return _impute(crop, covered, label)
    filler = stranger if fill == "stranger" else make_filler(crop, fill, label)
    if filler is None:
        raise ValueError("fill 'stranger' needs another person's crop")
    return np.where(covered[..., None], filler, crop)


def _impute(crop: np.ndarray, covered: np.ndarray, label: str) -> np.ndarray:
    side = len(crop)
    pixels = crop.reshape(-1, 3).astype(np.float64)
    seed = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8])
    noise = np.random.default_rng(seed).normal(0, NOISE_SIGMA, pixels.shape)
    imputed = np.tile(crop.reshape(-1, 3), (covered.size // side**2, 1, 1))  # covers x pixels x 3
    for image, hidden in zip(imputed, covered.reshape(len(imputed), -1), strict=True):
        if hidden.any():
            image[hidden] = np.clip(np.rint(_solve(pixels, hidden) + noise[hidden]), 0, 255)
    return imputed.reshape(*covered.shape, 3)


def _solve(pixels: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Colours of the hidden pixels, of which each is the weighted mean of its neighbours; hidden x 3."""
    if hidden.all():
        return np.broadcast_to(pixels.mean(axis=0), pixels.shape)
    rows = _neighbours(round(len(pixels) ** 0.5))[hidden]
    system = sparse.eye_array(rows.shape[0]) - rows[:, hidden]
    # Each row's diagonal is at least the sum of the rest: no pivoting is needed, and an order for symmetric patterns
    # keeps the factors sparse.
    factors = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return factors.solve(rows[:, ~hidden] @ pixels[~hidden])


@cache
def _neighbours(side: int) -> sparse.csr_array:
    """Weights of each pixel's neighbours, side^2 x side^2: direct ones 1/6, diagonal ones 1/12, more at the edges."""
    beside, same = sparse.diags_array([np.ones(side - 1)] * 2, offsets=[-1, 1]), sparse.eye_array(side)
    weights = 2 * (sparse.kron(beside, same) + sparse.kron(same, beside)) + sparse.kron(beside, beside)
    return sparse.csr_array(sparse.diags_array(1 / weights.sum(axis=1)) @ weights)
