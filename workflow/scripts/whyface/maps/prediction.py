"""Predicts the shifts of masks that were not measured from those that were, and says how well.

What a mask does to an embedding resembles what its neighbours do, and how much so hardly depends on the face: on every
face, the shifts of all masks have nearly the same covariance, up to their size, in every dimension of the embedding.
`learning` takes it from faces measured under all masks. Of the other faces only a few masks are measured; the rest
follows by the best linear prediction (kriging, or Gaussian process regression; Rasmussen and Williams 2006, equations
2.25 and 2.26).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from whyface.tables.files import atomic_path

# Added to the variance of measured shifts, as a share of the mean variance: not everything is linear, nor alike.
RIDGE = 3e-3
# Smallest share of a map's variance taken as its error, so that its logarithm exists.
LEAST = 1e-9


class Calibration(NamedTuple):
    """What estimates the agreement of a method's maps with exact ones.

    Attributes
    ----------
    uncertainty : float
        Variance of a map, summed over its pixels, that the measured masks leave open; deviations of variance 1.
    intercept, slope : float
        log(1 - Spearman correlation) = intercept + slope * log(share of a map's variance that is open).
    margin : float
        What the correlation's logarithm exceeds in one of twenty maps of people who were not learned from.
    """

    uncertainty: float
    intercept: float
    slope: float
    margin: float


@dataclass(frozen=True)
class Prediction:
    """The measured masks of n, and how the shifts of the others follow.

    Attributes
    ----------
    covariance : numpy.ndarray
        float64, n x n: of the shifts of all masks; mean variance 1.
    measured : numpy.ndarray
        int, m, ascending: the masks that are measured.
    limit : float
        An image of which `unforeseen` exceeds this is measured under all masks.
    calibrations : mapping of str to Calibration
        By map method; empty if all masks are measured.
    learned_from : tuple of str
        Ids of the images that were measured under all masks.
    """

    covariance: np.ndarray
    measured: np.ndarray
    limit: float
    calibrations: Mapping[str, Calibration]
    learned_from: tuple[str, ...]

    @cached_property
    def _precision(self) -> np.ndarray:
        """Inverse of the measured shifts' covariance, m x m."""
        among = self.covariance[np.ix_(self.measured, self.measured)]
        return np.linalg.inv(among + RIDGE * np.eye(len(among)))

    @cached_property
    def _weights(self) -> np.ndarray:
        """The matrix that turns measured shifts into predicted ones, n x m; measured ones stay."""
        weights = self.covariance[:, self.measured] @ self._precision
        weights[self.measured] = np.eye(len(self.measured))
        return weights

    @cached_property
    def left_open(self) -> np.ndarray:
        """Covariance of what is left open, n x n; zero for measured masks."""
        rest = np.eye(len(self.covariance))
        rest[:, self.measured] -= self._weights
        return rest @ self.covariance @ rest.T

    @property
    def is_exact(self) -> bool:
        """Whether all masks are measured."""
        return len(self.measured) == len(self.covariance)

    def fill(self, shifts: np.ndarray) -> np.ndarray:
        """Extend shifts of the measured masks, m x d, to all masks, n x d; those of all masks stay as they are.

        If a measured mask has no shift (NaN), the others become 0: nothing can be predicted, and no map is made.
        """
        if len(shifts) == len(self.covariance):
            return shifts
        shifts = shifts.astype(np.float64)
        if np.isfinite(shifts).all():
            return self._weights @ shifts
        filled = np.zeros((len(self.covariance), shifts.shape[1]))
        filled[self.measured] = shifts
        return filled

    def unforeseen(self, shifts: np.ndarray) -> float:
        """Share of the measured shifts, m x d, that the other measured ones do not foretell; NaN without a direction.

        Each is left out in turn (Rasmussen and Williams 2006, equation 5.12).
        """
        left_out = self._precision @ shifts / np.diag(self._precision)[:, None]
        return float((left_out**2).sum() / max((shifts**2).sum(), LEAST))

    def open_share(self, uncertainty: float, deviations: np.ndarray, maps: np.ndarray) -> np.ndarray:
        """Share of each map's variance that the measured masks leave open.

        How large deviations are beyond what the covariance says is told by leaving out each measured one in turn.

        Parameters
        ----------
        uncertainty : float
            See `Calibration`.
        deviations : numpy.ndarray
            k x n, of all masks.
        maps : numpy.ndarray
            k x pixels.
        """
        left_out = deviations[:, self.measured] @ self._precision / np.sqrt(np.diag(self._precision))
        centred = maps - maps.mean(axis=1, keepdims=True)
        variance = np.maximum((centred**2).sum(axis=1), LEAST**2)
        return np.maximum((left_out**2).mean(axis=1) * uncertainty / variance, LEAST)

    def agreement(self, method: str, deviations: np.ndarray, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the Spearman correlation of a method's maps with exact ones.

        Parameters
        ----------
        method : str
            Of the maps.
        deviations, maps
            As for `open_share`.

        Returns
        -------
        tuple of numpy.ndarray
            k each: the estimate, and what the correlation reaches in nineteen of twenty maps.
        """
        uncertainty, intercept, slope, margin = self.calibrations[method]
        error = intercept + slope * np.log(self.open_share(uncertainty, deviations, maps))
        return 1 - np.exp(np.minimum(error, 0)), 1 - np.exp(np.minimum(error + margin, 0))


def write_prediction(prediction: Prediction, path: Path | str) -> None:
    """Write a prediction as .npz."""
    arrays = {name: getattr(prediction, name) for name in ("covariance", "measured", "limit")}
    arrays["learned_from"] = np.array(prediction.learned_from, np.str_)
    arrays["methods"] = np.array(list(prediction.calibrations), np.str_)
    arrays["calibrations"] = np.array(list(prediction.calibrations.values()), np.float64)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_prediction(path: Path | str) -> Prediction:
    """Read what `write_prediction` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        rows = zip(arrays["methods"].tolist(), arrays["calibrations"].tolist(), strict=True)
        return Prediction(
            arrays["covariance"],
            arrays["measured"],
            float(arrays["limit"]),
            {method: Calibration(*values) for method, values in rows},
            tuple(arrays["learned_from"].tolist()),
        )
