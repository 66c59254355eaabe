"""Does a likelihood ratio that knows the image beat one that only knows the distance? Used only if it surely does."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from whyface.evaluation.groups import collect_groups, is_range
from whyface.evaluation.intervals import plain_interval
from whyface.evaluation.metrics import cllr, pair_costs
from whyface.evaluation.people import NOBODY, People, mean_part, name_people
from whyface.scores.conditional import THIRDS, Conditional, fit_conditional
from whyface.scores.confidence import fits_of_pairs
from whyface.scores.decisions import fitting_pairs
from whyface.scores.qualities import pair_qualities

USED, REFUSED, LEFT_OUT = "used", "refused", "left out"
FIGURES = ("cllr", "cllr_plain", "difference", "ci_low", "ci_high", "given_list", "given_list_low", "given_list_high")


def condition(
    pairs: pd.DataFrame,
    scores: pd.DataFrame,
    images: pd.DataFrame,
    confidence: pd.DataFrame,
    qualities: pd.DataFrame,
    method: str,
    dataset: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every pair a likelihood ratio that knows its images, fitted without its fold, and judge them.

    Parameters
    ----------
    pairs, scores, images, confidence : pandas.DataFrame
        Tables.
    qualities : pandas.DataFrame
        From `image_qualities`.
    method : str
        The confidence method behind p_same.
    dataset : str
        The pairs' own dataset: fits on another one are left as they are.

    Returns
    -------
    tuple of pandas.DataFrame
        The tables conditional and conditional_choice.
    """
    pairs = pairs.drop(columns=["is_genuine", "fold"], errors="ignore").merge(
        scores[["pair_id", "is_genuine", "fold", "cosine_distance", "llr"]], on="pair_id"
    )
    columns = describe_pairs(pairs, images, qualities)
    own = confidence[(confidence["method"] == method) & (confidence["fitted_on"] == dataset)]
    thirds, fits = split_people(pairs), []
    log_odds, of_list = np.full((2, len(pairs)), np.nan)
    for rows, plain, fit in _fits(pairs, columns, thirds, own, method):
        log_odds[rows], of_list[rows] = fit.log_odds(plain[rows], columns[rows]), fit.list_odds(columns[rows])
        fits.append(fit)
    found = pd.DataFrame({"pair_id": pairs["pair_id"], "llr": log_odds / np.log(10), "p_same": expit(log_odds)})
    row = {"method": method, **compare(pairs, log_odds, of_list), "weights": _weights(fits)}
    return found, pd.DataFrame([row])


def describe_pairs(pairs: pd.DataFrame, images: pd.DataFrame, qualities: pd.DataFrame) -> pd.DataFrame:
    """List what is known of pairs: each quality of the worse image, the difference, and groups of few values."""
    columns: dict[str, np.ndarray] = {}
    for name, worse, difference in pair_qualities(pairs, qualities):
        columns |= {f"{name}, worse": worse, f"{name}, difference": difference}
    groups, _ = collect_groups(pairs.drop(columns=["cosine_distance", "llr"]), images)
    return pd.DataFrame(columns, pairs.index).join(groups[[name for name in groups if not is_range(groups[name])]])


def split_people(pairs: pd.DataFrame) -> np.ndarray:
    """Put the people of pairs into thirds, at random but always the same; 2 x n."""
    codes, known = pd.factorize(pd.concat(name_people(pairs)), sort=True)
    return np.random.default_rng(0).permutation(len(known))[codes.reshape(2, -1)] % THIRDS


def _fits(
    pairs: pd.DataFrame, columns: pd.DataFrame, thirds: np.ndarray, confidence: pd.DataFrame, method: str
) -> Iterator[tuple[np.ndarray, np.ndarray, Conditional]]:
    """Fit for each fold on the others: the rows that the fit is for, the plain ratios of all pairs, and the fit."""
    may_fit = pairs.index.isin(fitting_pairs(pairs).index)
    distances = pairs["cosine_distance"].to_numpy(np.float64)
    for rows, calibrator in fits_of_pairs(pairs, confidence, method):
        plain = calibrator.log_odds(distances)
        training = may_fit & ~rows & np.isfinite(plain)
        is_genuine = pairs.loc[training, "is_genuine"].to_numpy(bool)
        if is_genuine.any() and not is_genuine.all():
            yield rows, plain, fit_conditional(plain[training], columns[training], is_genuine, thirds[:, training])


def compare(pairs: pd.DataFrame, log_odds: np.ndarray, of_list: np.ndarray) -> dict[str, Any]:
    """Compare the two by Cllr, on the labelled pairs that both know.

    The new one is used if it surely costs less, and still does when each is added to what quality alone says about the
    labels of this list, which a ratio could else repeat.

    Parameters
    ----------
    pairs : pandas.DataFrame
        is_genuine, llr (the plain one, log10), and the columns of `People`.
    log_odds : numpy.ndarray
        Natural log likelihood ratios that know the image; NaN where there is none.
    of_list : numpy.ndarray
        Log odds of genuine that the terms alone give on this list.

    Returns
    -------
    dict
        A row of conditional_choice, but for method and weights.
    """
    known = (pairs["is_genuine"].notna() & pairs["llr"].notna()).to_numpy() & np.isfinite(log_odds)
    judged, genuine = pairs[known], pairs.loc[known, "is_genuine"].to_numpy(bool)
    if not genuine.any() or genuine.all():
        return {**dict.fromkeys(FIGURES), "verdict": LEFT_OUT, "n": int(known.sum()), "people": NOBODY.people}
    people, plain = People(judged), judged["llr"].to_numpy(np.float64) * np.log(10)
    added = of_list[known]
    costs = pair_costs(log_odds[known], genuine), pair_costs(plain, genuine)
    given = pair_costs(log_odds[known] + added, genuine), pair_costs(plain + added, genuine)
    found = *_difference(*costs, genuine, people), *_difference(*given, genuine, people)
    both = cllr(costs[0], genuine), cllr(costs[1], genuine)
    is_used = found[2] < 0 and found[5] < 0
    about = {
        "verdict": USED if is_used else REFUSED,
        "n": int(known.sum()),
        "people": people.count(np.arange(len(judged))),
    }
    return {**dict(zip(FIGURES, (*both, *found), strict=True)), **about}


def _difference(ours: np.ndarray, plain: np.ndarray, genuine: np.ndarray, people: People) -> tuple[float, float, float]:
    """Mean difference of costs, both classes weighing the same, and its 95 % interval."""
    parts = [mean_part(rows, (ours - plain)[rows], 0.5) for rows in (np.flatnonzero(genuine), np.flatnonzero(~genuine))]
    value = cllr(ours, genuine) - cllr(plain, genuine)
    return value, *plain_interval(value, people.spread(parts))


def _weights(fits: list[Conditional]) -> str:
    """Write the weights of each term, main and slope, as a mean over the fits, and the penalties, as JSON."""
    sums: dict[str, np.ndarray] = {}
    for fit in fits:
        for term, *both in zip(fit.terms, fit.main, fit.slope, strict=True):
            sums[term.name] = sums.get(term.name, np.zeros(2)) + both
    means = {name: [float(f"{one:.4g}") for one in both / len(fits)] for name, both in sums.items()}
    return json.dumps({"penalties": [None if np.isinf(fit.penalty) else fit.penalty for fit in fits], "terms": means})
