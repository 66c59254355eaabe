"""Likelihood ratios that know the image: how much a distance says, given the quality of both images and their groups.

A logistic regression corrects the log odds x that the plain calibrator gives for the distance:

    log odds of genuine = x + sum of (main + slope x) term + sum of alone term

The last sum is what the terms say about the label without the distance; it is fitted first, and left out of the ratio.
It only tells how the list was made: if people of whom there are two photos are photographed better, quality foretells
the label, which is no evidence, and no ratio may win by repeating it. The other weights are drawn to 0, where the plain
ratio stays. How strongly is chosen among people: fitted without a third of them, judged on the pairs of that third.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy  # loads scipy.optimize when it is used, which most jobs never do
from scipy.special import expit

from whyface.scores.bounds import supported_range

LEAST = 30  # pairs of either class that must have a value, or lack one, to count
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # from weak to strong; and none of the terms at all
TAIL = 0.01  # of the numbers at either end is drawn in
MOST_FITTED = 20_000  # pairs of either class
CHUNK = 50_000  # pairs judged at once
THIRDS = 3
EXACT = {"gtol": 1e-8}


class Term(NamedTuple):
    """What of a column is added up: a number, drawn in and scaled; a value of text; or that the value is missing."""

    column: str
    value: str | None = None
    missing: bool = False
    low: float = -np.inf
    high: float = np.inf
    centre: float = 0.0
    scale: float = 1.0

    @property
    def name(self) -> str:
        """Name for a table."""
        return f"{self.column} missing" if self.missing else self.column + (f"={self.value}" if self.value else "")

    def raw(self, columns: pd.DataFrame) -> np.ndarray:
        """Values before they are scaled; NaN where a number is unknown."""
        column = columns[self.column]
        if self.missing:
            return column.isna().to_numpy(np.float64)
        if self.value is not None:
            return (column == self.value).to_numpy(np.float64)
        return np.clip(column.to_numpy(np.float64), self.low, self.high)

    def scaled(self, columns: pd.DataFrame) -> np.ndarray:
        """Values of mean 0 and deviation 1 on the pairs of the fit; 0 where unknown."""
        return np.nan_to_num((self.raw(columns) - self.centre) / self.scale)


@dataclass(frozen=True)
class Conditional:
    """What was fitted.

    Attributes
    ----------
    terms : tuple of Term
        m terms.
    main, slope, alone : numpy.ndarray
        m weights each.
    penalty : float
        How strongly weights are drawn to 0; infinite: they are 0.
    llr_low, llr_high : float
        Lowest and highest log10 likelihood ratio that the pairs of the fit support.
    """

    terms: tuple[Term, ...]
    main: np.ndarray
    slope: np.ndarray
    alone: np.ndarray
    penalty: float
    llr_low: float = -np.inf
    llr_high: float = np.inf

    def log_odds(self, plain: np.ndarray, columns: pd.DataFrame) -> np.ndarray:
        """Natural log likelihood ratios, which never rise with the distance; `plain` are those of the distance."""
        found = [
            self._log_odds(plain[start : start + CHUNK], columns.iloc[start : start + CHUNK])
            for start in range(0, len(plain), CHUNK)
        ]
        return np.clip(np.concatenate([*found, []]), self.llr_low * np.log(10), self.llr_high * np.log(10))

    def list_odds(self, columns: pd.DataFrame) -> np.ndarray:
        """Log odds of genuine that the terms alone give on this list: no evidence, but what any ratio adds to."""
        return arrange(columns, self.terms) @ self.alone

    def _log_odds(self, plain: np.ndarray, columns: pd.DataFrame) -> np.ndarray:
        terms = arrange(columns, self.terms)
        return correct(plain, terms, self.main, self.slope)


def find_terms(columns: pd.DataFrame, is_genuine: np.ndarray) -> tuple[Term, ...]:
    """Choose the terms that these pairs can tell something about.

    Parameters
    ----------
    columns : pandas.DataFrame
        n rows: numbers, or text of few values; null where unknown.
    is_genuine : numpy.ndarray
        n, bool.
    """
    return tuple(
        term._replace(centre=float(np.nanmean(raw)), scale=float(np.nanstd(raw)))
        for term in _candidates(columns, is_genuine)
        if np.nanstd(raw := term.raw(columns)) > 1e-9 * np.nanmax(np.abs(raw))
    )


def _candidates(columns: pd.DataFrame, is_genuine: np.ndarray) -> Iterator[Term]:
    for name, column in columns.items():
        missing = column.isna().to_numpy()
        if _has_enough(missing, is_genuine):
            yield Term(str(name), missing=True)
        if not pd.api.types.is_numeric_dtype(column):
            values = sorted(column.dropna().unique())
            yield from (Term(str(name), one) for one in values if _has_enough((column == one).to_numpy(), is_genuine))
        elif _has_enough(~missing, is_genuine):
            low, high = np.nanquantile(column.to_numpy(np.float64), [TAIL, 1 - TAIL])
            yield Term(str(name), low=float(low), high=float(high))


def _has_enough(rows: np.ndarray, is_genuine: np.ndarray) -> bool:
    return min((rows & is_genuine).sum(), (rows & ~is_genuine).sum()) >= LEAST


def arrange(columns: pd.DataFrame, terms: tuple[Term, ...]) -> np.ndarray:
    """Arrange terms as a matrix, pairs x terms."""
    return np.stack([term.scaled(columns) for term in terms], axis=1) if terms else np.zeros((len(columns), 0))


def fit_weights(terms: np.ndarray, start: np.ndarray, is_genuine: np.ndarray, penalty: float) -> np.ndarray:
    """Fit a logistic regression without intercept, both classes weighing the same, drawn to 0 (ridge).

    Parameters
    ----------
    terms : numpy.ndarray
        n x m.
    start : numpy.ndarray
        n, log odds to which the weighted terms are added.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    penalty : float
        Of the sum of squared weights, beside the mean loss.

    Returns
    -------
    numpy.ndarray
        m weights.
    """
    sign = np.where(is_genuine, 1.0, -1.0)
    share = np.where(is_genuine, 0.5 / is_genuine.sum(), 0.5 / (~is_genuine).sum())

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (start + terms @ weights)
        slope = terms.T @ (-share * sign * expit(-margin)) + 2 * penalty * weights
        return share @ np.logaddexp(0, -margin) + penalty * weights @ weights, slope

    def curvature(weights: np.ndarray) -> np.ndarray:
        p = expit(start + terms @ weights)
        return (terms.T * (share * p * (1 - p))) @ terms + 2 * penalty * np.eye(len(weights))

    none = np.zeros(terms.shape[1])
    return (
        scipy.optimize.minimize(loss, none, jac=True, hess=curvature, method="trust-exact", options=EXACT).x
        if len(none)
        else none
    )


def fit_conditional(
    plain: np.ndarray, columns: pd.DataFrame, is_genuine: np.ndarray, thirds: np.ndarray
) -> Conditional:
    """Fit how quality and groups change what a distance says.

    Parameters
    ----------
    plain : numpy.ndarray
        n, the plain calibrator's natural log likelihood ratios.
    columns : pandas.DataFrame
        n rows, as for `find_terms`.
    is_genuine : numpy.ndarray
        n, bool; both classes.
    thirds : numpy.ndarray
        2 x n, 0 to 2: the third of the people that the person on either side belongs to.
    """
    rows = _some(is_genuine)
    plain, columns, is_genuine, thirds = plain[rows], columns.iloc[rows], is_genuine[rows], thirds[:, rows]
    terms = find_terms(columns, is_genuine)
    matrix = arrange(columns, terms)
    penalty = choose_penalty(plain, matrix, is_genuine, thirds)
    alone = fit_alone(matrix, is_genuine)
    found = Conditional(terms, *_weights(plain, matrix, is_genuine, alone, penalty), alone, penalty)
    low, high = supported_range(found.log_odds(plain, columns), is_genuine)
    return replace(found, llr_low=low, llr_high=high)


def choose_penalty(plain: np.ndarray, terms: np.ndarray, is_genuine: np.ndarray, thirds: np.ndarray) -> float:
    """Choose the penalty that costs the pairs of people left out the least; infinite if the plain ratios cost less.

    Costs are those of ratios on top of what the terms alone say, or ratios that repeat that would win.

    Parameters
    ----------
    plain, is_genuine, thirds
        As for `fit_conditional`.
    terms : numpy.ndarray
        n x m.
    """
    costs = np.zeros(len(PENALTIES) + 1)
    for third in range(THIRDS):
        inside, outside = (thirds == third).all(axis=0), (thirds != third).all(axis=0)
        if any(len(np.unique(is_genuine[rows])) < 2 for rows in (inside, outside)):
            return np.inf
        fitted = plain[outside], terms[outside], is_genuine[outside], fit_alone(terms[outside], is_genuine[outside])
        for at, penalty in enumerate((*PENALTIES, np.inf)):
            ratios = correct(plain[inside], terms[inside], *_weights(*fitted, penalty))
            costs[at] += _cost(ratios + terms[inside] @ fitted[-1], is_genuine[inside])
    return (*PENALTIES, np.inf)[int(np.argmin(costs))]


def correct(plain: np.ndarray, terms: np.ndarray, main: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Correct plain log odds by weighted terms; the factor of the plain ones is never negative."""
    return plain * np.maximum(0, 1 + terms @ slope) + terms @ main


def fit_alone(terms: np.ndarray, is_genuine: np.ndarray) -> np.ndarray:
    """Fit what the terms say about the label without the distance."""
    return fit_weights(terms, np.zeros(len(terms)), is_genuine, PENALTIES[0])


def _weights(
    plain: np.ndarray, terms: np.ndarray, is_genuine: np.ndarray, alone: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit main and slope; a slope is penalised as if x had a deviation of 1."""
    size = terms.shape[1]
    if np.isinf(penalty) or not size:
        return np.zeros(size), np.zeros(size)
    scale = max(float(plain.std()), 1e-9)
    doubled = np.hstack([terms, terms * (plain / scale)[:, None]])
    both = fit_weights(doubled, plain + terms @ alone, is_genuine, penalty)
    return both[:size], both[size:] / scale


def _cost(log_odds: np.ndarray, is_genuine: np.ndarray) -> float:
    costs = np.logaddexp(0, np.where(is_genuine, -log_odds, log_odds))
    return float(costs[is_genuine].mean() + costs[~is_genuine].mean())


def _some(is_genuine: np.ndarray) -> np.ndarray:
    """Choose at most `MOST_FITTED` pairs of either class, evenly over the list."""
    classes = [np.flatnonzero(is_genuine == kind) for kind in (True, False)]
    kept = [rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_FITTED)).astype(int)] for rows in classes]
    return np.sort(np.concatenate(kept))
