"""The points of the figures' curves, as rows of the curves table."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from whyface.evaluation import metrics
from whyface.evaluation.intervals import share_interval
from whyface.evaluation.pair_metrics import ECE_BINS, PairMetrics
from whyface.evaluation.people import mean_part
from whyface.scores.bounds import BoundedCalibrator
from whyface.scores.densities import Beta, Kde

BAR_WIDTH = 0.02
MOST_POINTS = 400
GRID = np.linspace(0, 2, 201)
PRIORS = np.linspace(-3, 3, 121)  # log10 odds
AT_ONCE = 16  # of them: each takes the room of all pairs


def trace_curves(computed: PairMetrics, confidence: pd.DataFrame, band: pd.DataFrame) -> pd.DataFrame:
    """Trace every curve that the pairs allow.

    Parameters
    ----------
    computed : PairMetrics
        The metrics of one model on one dataset.
    confidence : pandas.DataFrame
        Its confidence table.
    band : pandas.DataFrame
        FNMR by FMR with intervals, from `evaluate_dataset`.

    Returns
    -------
    pandas.DataFrame
        A curves table.
    """
    fits = _fits(confidence)
    curves = {
        "histogram-genuine": _count(computed.distances[computed.genuine]),
        "histogram-impostor": _count(computed.distances[~computed.genuine]),
        **dict(_mean_over_folds(fits)),
        **dict(_densities(computed, fits)),
    }
    if len(computed.distances):
        curves["fold-accuracy"] = _fold_accuracy(computed)
    if computed.has_both:
        curves["det"] = _thin_det(computed.points.fmr, computed.points.fnmr)
        curves["det-band"] = band
        for name, log_odds in computed.log_odds.items():
            curves[f"reliability-{name}"] = _reliability(computed, expit(log_odds))
        if computed.method in computed.log_odds:
            log_odds = computed.log_odds[computed.method]
            curves.update(_tippett(log_odds, computed.genuine))
            curves.update(_cross_entropy(log_odds, computed.genuine))
    parts = [rows.assign(curve=name, point=np.arange(len(rows))) for name, rows in curves.items()]
    wanted = ["curve", "point", "x", "y", "y_low", "y_high", "n"]
    return pd.concat(parts, ignore_index=True).reindex(columns=wanted)


def _points(x: np.ndarray, y: np.ndarray, **others: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"x": np.asarray(x, float), "y": np.asarray(y, float), **others})


def _count(distances: np.ndarray) -> pd.DataFrame:
    bars = round(2 / BAR_WIDTH)
    counts, edges = np.histogram(distances, bins=bars, range=(0, 2))
    return _points(edges[:-1], counts)


def _fits(confidence: pd.DataFrame) -> dict[str, list[BoundedCalibrator]]:
    """List the fits of each method that has any, one for each fold whose fit did not fail."""
    fits: dict[str, list[BoundedCalibrator]] = {}
    for row in confidence.itertuples():
        fit = BoundedCalibrator.from_row(row)
        if fit.calibrator is not None:
            fits.setdefault(str(row.method), []).append(fit)
    return fits


def _mean_over_folds(fits: Mapping[str, list[BoundedCalibrator]]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Trace what each method makes of a distance, averaged over the fits of all folds."""
    for method, folds in fits.items():
        yield f"confidence-{method}", _points(GRID, np.mean([expit(fit.log_odds(GRID)) for fit in folds], axis=0))


def _densities(
    computed: PairMetrics, fits: Mapping[str, list[BoundedCalibrator]]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Trace the fitted distributions in pairs per bar of the histogram, averaged likewise."""
    counts = {"genuine": computed.genuine.sum(), "impostor": (~computed.genuine).sum()}
    for method, folds in fits.items():
        densities = [fit.calibrator.densities(GRID) for fit in folds if isinstance(fit.calibrator, Kde | Beta)]
        if densities:
            for kind, density in zip(counts, np.mean(densities, axis=0), strict=True):
                yield f"density-{kind}-{method}", _points(GRID, density * counts[kind] * BAR_WIDTH)


def _thin_det(fmr: np.ndarray, fnmr: np.ndarray) -> pd.DataFrame:
    """Lowest FNMR of every FMR, thinned to what a figure can show, both ends kept, low FMR favoured."""
    last = np.append(np.flatnonzero(np.diff(fmr)), len(fmr) - 1)
    fmr, fnmr = fmr[last], fnmr[last]
    places = np.unique(np.geomspace(1, len(last), min(MOST_POINTS, len(last))).round().astype(int)) - 1
    even = np.linspace(0, len(last) - 1, min(MOST_POINTS, len(last))).round().astype(int)
    keep = np.union1d(places, even)
    return _points(fmr[keep], fnmr[keep])


def _fold_accuracy(computed: PairMetrics) -> pd.DataFrame:
    names = [-1 if fold is None else fold for fold in computed.fold_names]
    return _shares(computed, np.array(names), computed.folds, computed.right)


def _reliability(computed: PairMetrics, p: np.ndarray) -> pd.DataFrame:
    bins = metrics.equal_mass_bins(p, ECE_BINS)
    return _shares(computed, np.bincount(bins, p) / np.bincount(bins), bins, computed.genuine)


def _shares(computed: PairMetrics, x: np.ndarray, places: np.ndarray, holds: np.ndarray) -> pd.DataFrame:
    """Trace in which share of the pairs at each place something holds."""
    rows = [np.flatnonzero(places == place) for place in range(len(x))]
    shares = np.array([holds[own].mean() for own in rows])
    spreads = [computed.people.spread([mean_part(own, holds[own])]) for own in rows]
    ends = [share_interval(shares[at], spread) for at, spread in enumerate(spreads)]
    low, high = np.array(ends).T
    return _points(x, shares, y_low=low, y_high=high, n=np.array([len(own) for own in rows]))


def _tippett(log_odds: np.ndarray, genuine: np.ndarray) -> dict[str, pd.DataFrame]:
    """Share of either class with at least each log10 likelihood ratio."""
    found = {}
    for kind, rows in (("genuine", genuine), ("impostor", ~genuine)):
        ratios = np.sort(log_odds[rows] / np.log(10))
        at = np.unique(np.quantile(ratios, np.linspace(0, 1, MOST_POINTS), method="nearest"))
        found[f"tippett-{kind}"] = _points(at, 1 - np.searchsorted(ratios, at) / len(ratios))
    return found


def _cross_entropy(log_odds: np.ndarray, genuine: np.ndarray) -> dict[str, pd.DataFrame]:
    """Bits still missing at each prior: as calibrated, after the best calibration, and without any evidence.

    Ramos and Gonzalez-Rodriguez (2013), eq. 8; at even odds it is Cllr.
    """
    prior = expit(PRIORS * np.log(10))
    distinct, place = np.unique(-log_odds, return_inverse=True)
    tallies = metrics.tally(place, genuine, len(distinct))
    with np.errstate(divide="ignore"):
        p = metrics.best_probabilities(*tallies)
        best = np.log(p) - np.log1p(-p)
    shares = [tally / tally.sum() for tally in tallies]

    def entropy(ratios: np.ndarray) -> np.ndarray:
        bits = []
        for share, sign in zip(shares, (-1, 1), strict=True):
            rows, missing = share > 0, []
            for priors in np.split(PRIORS, range(AT_ONCE, len(PRIORS), AT_ONCE)):
                odds = sign * (ratios[rows] + priors[:, None] * np.log(10))
                missing.append(np.logaddexp(0, odds) @ share[rows] / np.log(2))
            bits.append(np.concatenate(missing))
        return prior * bits[0] + (1 - prior) * bits[1]

    neutral = -(xlogy(prior, prior) + xlogy(1 - prior, 1 - prior)) / np.log(2)
    return {
        "cross-entropy": _points(PRIORS, entropy(-distinct)),
        "cross-entropy-calibrated": _points(PRIORS, entropy(best)),
        "cross-entropy-neutral": _points(PRIORS, neutral),
    }
