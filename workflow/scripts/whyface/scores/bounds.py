"""How far a likelihood ratio can be trusted: no further than the pairs behind it support."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from whyface.scores.calibrators import CALIBRATORS, Calibrator, PaperScore, from_json, to_json

STEP = 0.01  # log10


@dataclass(frozen=True)
class BoundedCalibrator:
    """A fit of a method, within what its pairs support: columns of the confidence table as an object.

    Attributes
    ----------
    calibrator : Calibrator or None
        None if the fit failed: then every likelihood ratio is unknown.
    llr_low, llr_high : float
        Lowest and highest log10 likelihood ratio; NaN: unbounded.
    """

    calibrator: Calibrator | None
    llr_low: float = np.nan
    llr_high: float = np.nan

    @classmethod
    def from_row(cls, row: Any) -> "BoundedCalibrator":
        """Read a row of the confidence table, as `DataFrame.itertuples` gives it."""
        # A failed fit's parameters are null, which pandas gives back as None or as NaN.
        calibrator = from_json(row.method, row.parameters) if isinstance(row.parameters, str) else None
        return cls(calibrator, row.llr_low, row.llr_high)

    def to_row(self) -> dict[str, Any]:
        """Write the columns that `from_row` reads, but for the method."""
        parameters = to_json(self.calibrator) if self.calibrator else None
        return {"parameters": parameters, "llr_low": self.llr_low, "llr_high": self.llr_high}

    def log_odds(self, distances: np.ndarray) -> np.ndarray:
        """Natural log likelihood ratios within the bounds; NaN if the fit failed."""
        if self.calibrator is None:
            return np.full(len(distances), np.nan)
        ratios = self.calibrator.log_odds(distances)
        if np.isnan(self.llr_low) or np.isnan(self.llr_high):
            return ratios
        return np.clip(ratios, self.llr_low * np.log(10), self.llr_high * np.log(10))


def fit_bounded(method: str, distances: np.ndarray, is_genuine: np.ndarray, bins: int) -> BoundedCalibrator:
    """Fit one method, and bound it to the likelihood ratios that its pairs support.

    The paper's score stays unbounded, as it was published.

    Parameters
    ----------
    method : str
        One of `CALIBRATORS`.
    distances : numpy.ndarray
        n, 0 to 2.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    bins : int
        Histogram bins on [0, 2], for the methods that count.
    """
    calibrator = CALIBRATORS[method].fit(distances, is_genuine, bins)
    if calibrator is None or isinstance(calibrator, PaperScore):
        return BoundedCalibrator(calibrator)
    return BoundedCalibrator(calibrator, *supported_range(calibrator.log_odds(distances), is_genuine))


def supported_range(log_odds: np.ndarray, is_genuine: np.ndarray) -> tuple[float, float]:
    """Bound likelihood ratios to what the pairs support (ELUB, Vergeer et al. 2016).

    A ratio is supported while decisions at it, with one more misleading pair in either class, cost no more than
    decisions without any evidence.

    Parameters
    ----------
    log_odds : numpy.ndarray
        n, natural log likelihood ratios of the pairs of the fit.
    is_genuine : numpy.ndarray
        n, bool; both classes.

    Returns
    -------
    tuple of float
        Lowest and highest supported log10 likelihood ratio; 0 lies between them.
    """
    ratios = log_odds / np.log(10)
    genuine, impostor = np.sort(ratios[is_genuine]), np.sort(ratios[~is_genuine])
    low = max(ratios.min(), -np.log10(len(genuine) + 1))
    high = min(ratios.max(), np.log10(len(impostor) + 1))
    first, last = min(0, int(low // STEP)), max(0, int(high // STEP) + 1)
    at = np.linspace(first * STEP, last * STEP, last - first + 1)
    missed = (np.searchsorted(genuine, at, "right") + 1) / (len(genuine) + 1)
    accepted = (len(impostor) - np.searchsorted(impostor, at, "right") + 1) / (len(impostor) + 1)
    costly = missed + 10**at * accepted > np.minimum(1, 10**at)
    lowest = np.max(at[costly & (at <= 0)] + STEP, initial=at[0])
    highest = np.min(at[costly & (at >= 0)] - STEP, initial=at[-1])
    return min(float(lowest), 0.0), max(float(highest), 0.0)
