"""Learns, from faces measured under all masks, which few masks foretell the others, and how well.

As few masks are measured as keep maps of people who were not learned from in agreement with exact ones.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from whyface.maps.explanation import map_operator, measure_deviations
from whyface.maps.masks import MaskSet
from whyface.maps.prediction import LEAST, RIDGE, Calibration, Prediction

logger = logging.getLogger("whyface")

# Images that are measured under all masks; with twice as many, maps hardly agree better.
IMAGES = 40
# From fewer images, nothing is learned.
FEWEST = 12
FOLDS = 4
# The lowest twentieth of maps may be so many times as far from agreement as the median.
LOWEST = 2.5
# Shares of the masks that are tried, and how finely.
SHARES = (0.05, 0.7)
STEP = 0.01
# The share of held-out maps that agree at least as well as is said. Held-out maps share faces and are few, so their
# tails are too light: of other people's maps, about nineteen of twenty do.
COVERAGE = 0.97


class Face(NamedTuple):
    """An image measured under all masks: its clean unit vector, d, and its shifts, n x d."""

    clean: np.ndarray
    shifts: np.ndarray


class HeldOut(NamedTuple):
    """Faces, and a prediction that was not learned from them."""

    prediction: Prediction
    faces: Sequence[Face]


class Layout(NamedTuple):
    """What maps are made by: the methods, the first of which leads; variant and side as for `map_operator`."""

    masks: Sequence[MaskSet]
    methods: Sequence[str]
    variant: str
    map_px: int


def choose_images(people: Mapping[str, str], number: int = IMAGES) -> list[str]:
    """Choose the images to learn from: up to two of a person, of people spread evenly over all.

    Parameters
    ----------
    people : mapping of str to str
        Person by image_id.
    number : int
        How many to choose; fewer if there are not so many.
    """
    by_person: dict[str, list[str]] = {}
    for image_id in sorted(people):
        by_person.setdefault(people[image_id], []).append(image_id)
    each = sorted(by_person.values(), key=lambda images: -min(len(images), 2))
    twice = sum(len(images) > 1 for images in each)
    if 2 * twice >= number:
        each = [each[i * twice // (number // 2)] for i in range(number // 2)]
    ordered = [images[turn] for turn in range(max(map(len, each), default=0)) for images in each if turn < len(images)]
    return sorted(ordered[:number])


def learn_prediction(
    faces: Mapping[str, Face], people: Mapping[str, str], layout: Layout, agreement: float
) -> Prediction:
    """Learn from faces which masks to measure, and what follows from them.

    Parameters
    ----------
    faces : mapping of str to Face
        By image_id.
    people : mapping of str to str
        Person by image_id.
    layout : Layout
        What maps are made by.
    agreement : float
        Median Spearman correlation with exact maps that is wanted; 1 - LOWEST (1 - agreement) for the lowest twentieth.
    """
    usable = {name: face for name, face in faces.items() if np.isfinite(face.shifts).all() and face.shifts.any()}
    n = sum(len(mask_set.covered) for mask_set in layout.masks)
    everything = Prediction(np.eye(n), np.arange(n), np.inf, {}, tuple(sorted(faces)))
    if len(usable) < FEWEST or len({people[name] for name in usable}) < FOLDS:
        return everything
    trial = _Trial(usable, people, layout)
    number = trial.fewest((agreement, 1 - LOWEST * (1 - agreement)))
    if number is None:
        return everything
    covariance, order = trial.learn(list(usable.values()))
    held_out = trial.hold_out(number)
    bare = Prediction(covariance, np.sort(order[:number]), find_limit(held_out), {}, everything.learned_from)
    return replace(bare, calibrations={method: trial.calibrate(method, bare, held_out) for method in layout.methods})


class _Trial:
    """Predicts the maps of people who were not learned from, fold by fold."""

    def __init__(self, faces: Mapping[str, Face], people: Mapping[str, str], layout: Layout):
        self._layout = layout
        self._operators = {m: map_operator(layout.masks, m, layout.variant, layout.map_px) for m in layout.methods}
        self._grams = {m: operator @ operator.T for m, operator in self._operators.items()}
        self._n = len(self._operators[layout.methods[0]])
        everybody = sorted({people[name] for name in faces})
        fold_of = {name: everybody.index(people[name]) % FOLDS for name in faces}
        self._folds = [
            (
                self.learn([face for name, face in faces.items() if fold_of[name] != fold]),
                [face for name, face in faces.items() if fold_of[name] == fold],
            )
            for fold in range(FOLDS)
        ]

    def learn(self, faces: Sequence[Face]) -> tuple[np.ndarray, np.ndarray]:
        """Learn the covariance, n x n, and the order in which masks are chosen for the maps of all methods."""
        covariance = learn_covariance([face.shifts for face in faces], self._grams[self._layout.methods[0]])
        gram = sum(gram / np.einsum("ij,ij", covariance, gram) for gram in self._grams.values())
        return covariance, choose_masks(covariance, gram, round(SHARES[1] * self._n))

    def fewest(self, goal: tuple[float, float]) -> int | None:
        """Find the fewest masks that reach the goal on the leading method; None if the largest share does not."""
        low, high = (round(share / STEP) for share in SHARES)
        if not self._is_enough(self._number(high), goal):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._is_enough(self._number(middle), goal) else (middle, high)
        return self._number(high)

    def _number(self, steps: int) -> int:
        return max(1, round(steps * STEP * self._n))

    def _is_enough(self, number: int, goal: tuple[float, float]) -> bool:
        leading = self._layout.methods[0]
        agreements = np.concatenate([spearman(*maps) for _, _, maps in self._predict(leading, self.hold_out(number))])
        reached = np.quantile(agreements, [0.5, 0.05])
        logger.info("%d of %d masks: Spearman %.4f, lowest twentieth %.4f", number, self._n, *reached)
        return bool((reached >= goal).all())

    def hold_out(self, number: int) -> list[HeldOut]:
        """Predict from so many masks, fold by fold."""
        return [
            HeldOut(Prediction(covariance, np.sort(order[:number]), np.inf, {}, ()), faces)
            for (covariance, order), faces in self._folds
        ]

    def _predict(self, method: str, held_out: Sequence[HeldOut]) -> Iterator[tuple]:
        """Yield, for each fold, the prediction, the predicted deviations, and maps: exact and predicted ones."""
        for prediction, faces in held_out:
            filled = [Face(face.clean, prediction.fill(face.shifts[prediction.measured])) for face in faces]
            (_, exact), (deviations, predicted) = (self._map_all(method, side) for side in (faces, filled))
            yield prediction, deviations, (exact, predicted)

    def _map_all(self, method: str, faces: Sequence[Face]) -> tuple[np.ndarray, np.ndarray]:
        """Make the maps of every pair of faces: deviations and maps, two for each."""
        counts = [len(mask_set.covered) for mask_set in self._layout.masks]
        deviations = np.concatenate(
            [
                measure_deviations(
                    method, [f.clean + f.shifts for f in pair], [f.clean for f in pair], counts, self._layout.variant
                )
                for pair in combinations(faces, 2)
            ]
        )
        return deviations, deviations @ self._operators[method]

    def calibrate(self, method: str, prediction: Prediction, held_out: Sequence[HeldOut]) -> Calibration:
        """Learn to estimate the agreement of a method's maps."""
        errors, shares = [], []
        for held, deviations, (exact, predicted) in self._predict(method, held_out):
            errors.append(np.log(np.maximum(1 - spearman(exact, predicted), LEAST)))
            shares.append(np.log(held.open_share(self._uncertainty(method, held), deviations, predicted)))
        error, share = np.concatenate(errors), np.concatenate(shares)
        slope = float(np.cov(share, error)[0, 1] / max(share.var(ddof=1), LEAST))
        intercept = float(error.mean() - slope * share.mean())
        margin = float(np.quantile(error - intercept - slope * share, COVERAGE))
        return Calibration(self._uncertainty(method, prediction), intercept, slope, margin)

    def _uncertainty(self, method: str, prediction: Prediction) -> float:
        return float(np.einsum("ij,ij", self._grams[method], prediction.left_open))


def find_limit(held_out: Sequence[HeldOut]) -> float:
    """Find the largest share of a face's shifts that was not foreseen."""
    return max(
        prediction.unforeseen(face.shifts[prediction.measured]) for prediction, faces in held_out for face in faces
    )


def learn_covariance(shifts: Sequence[np.ndarray], gram: np.ndarray) -> np.ndarray:
    """Average the covariance of masks over faces, which count alike.

    Parameters
    ----------
    shifts : sequence of numpy.ndarray
        n x d each, of all masks.
    gram : numpy.ndarray
        n x n: the squared size of a map with deviations t is t @ gram @ t. It says how large a face's shifts are.

    Returns
    -------
    numpy.ndarray
        n x n, mean variance 1.
    """
    covariance = sum(one @ one.T / np.einsum("nd,nd", gram @ one, one) for one in shifts)
    return covariance / (np.trace(covariance) / len(covariance))


def choose_masks(covariance: np.ndarray, gram: np.ndarray, number: int) -> np.ndarray:
    """Choose masks one by one, each the one that leaves least of the maps open.

    With P the covariance of what is left open, mask j leaves (P gram P)_jj / P_jj less of it. Only the diagonals of P
    and P gram P are kept up to date; their columns are computed when needed (a pivoted Cholesky factorisation).

    Parameters
    ----------
    covariance, gram : numpy.ndarray
        n x n; see `learn_covariance`.
    number : int
        How many to choose.

    Returns
    -------
    numpy.ndarray
        int, `number`: in the order of choice.
    """
    whole = covariance @ gram @ covariance
    variance, gain = np.diag(covariance).copy(), np.diag(whole).copy()
    columns, spread = np.zeros((2, number, len(covariance)))
    sizes, chosen = np.zeros(number), np.zeros(number, int)
    for step in range(number):
        worth = gain / (variance + RIDGE)
        worth[chosen[:step]] = -np.inf
        j = chosen[step] = int(worth.argmax())
        p, q, s = columns[:step], spread[:step], sizes[:step]
        scale = variance[j] + RIDGE
        column = covariance[j] - p[:, j] @ p
        both = whole[j] - p[:, j] @ q - q[:, j] @ p + (s * p[:, j]) @ p
        columns[step], spread[step], sizes[step] = column / scale**0.5, both / scale**0.5, both[j] / scale
        variance -= columns[step] ** 2
        gain -= (2 * spread[step] - sizes[step] * columns[step]) * columns[step]
    return chosen


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rank correlation of each row of a with the same row of b; NaN where a row is constant."""
    ranks = [rankdata(side, axis=1) for side in (a, b)]
    centred = [side - side.mean(axis=1, keepdims=True) for side in ranks]
    with np.errstate(invalid="ignore"):
        x, y = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in centred)
    return np.einsum("kp,kp->k", x, y)
