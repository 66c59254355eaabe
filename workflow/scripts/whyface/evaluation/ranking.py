"""Models ranked on one dataset, by several metrics: each model's value, and the ranks that it can have.

A model's best rank is one after all that are better by more than chance, its worst one before all that are worse
(Mogstad, Romano, Shaikh and Wilhelm 2024). All differences of a metric are judged together, on the pairs that every
model decided.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from whyface.evaluation import metrics
from whyface.evaluation.comparison import p_value, some_error
from whyface.evaluation.estimates import UNKNOWN, class_mean, difference, fold_accuracy
from whyface.evaluation.intervals import RULE_OF_THREE, widen
from whyface.evaluation.metrics_table import interval
from whyface.evaluation.operating_points import Estimate, OperatingPoints
from whyface.evaluation.pair_metrics import FMR_TARGETS, Figure, Key
from whyface.evaluation.people import People
from whyface.evaluation.simultaneous import joint_level, step_down
from whyface.scores.decisions import SAME

COLUMNS = ["metric", "model", "value", "ci_low", "ci_high", "rank_low", "rank_high", "n", "left_out", "people"]
Measure = Callable[[pd.DataFrame], Estimate]


def rank_models(pairs: pd.DataFrame, scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rank the models on the labelled pairs that all of them decided.

    Parameters
    ----------
    pairs : pandas.DataFrame
        A pairs table.
    scores : mapping of str to pandas.DataFrame
        Scores tables of the same dataset, by model.

    Returns
    -------
    pandas.DataFrame
        A ranking table.
    """
    shared, decided, left_out = shared_pairs(pairs, scores)
    people = People(shared)
    rows = []
    for metric, measure in MEASURES.items():
        found = {model: measure(table) for model, table in decided.items()}
        ranked = _rank({model: one for model, one in found.items() if np.isfinite(one.value)}, metric, people)
        for model in found:
            value, ends, ranks, known = ranked.get(model, (np.nan, (np.nan,) * 2, (None,) * 2, 0))
            rows.append((metric, model, value, *ends, *ranks, len(shared), left_out, known))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"rank_low": "Int32", "rank_high": "Int32"})


def shared_pairs(
    pairs: pd.DataFrame, scores: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], int]:
    """Find the labelled pairs that all models decided: them, their scores by model, and how many others there are."""
    aligned = {model: table.set_index("pair_id").loc[pairs["pair_id"]] for model, table in scores.items()}
    labelled = pairs["is_genuine"].notna().to_numpy()
    decided = labelled & np.all([table["decision"].notna() for table in aligned.values()], axis=0)
    kept = {model: table[decided].reset_index(drop=True) for model, table in aligned.items()}
    return pairs[decided].reset_index(drop=True), kept, int(labelled.sum() - decided.sum())


def _rank(found: Mapping[str, Estimate], metric: str, people: People) -> dict[str, tuple]:
    """Give each model its value, its interval beside the others', its lowest and highest rank, and its people."""
    if not found:
        return {}
    level = joint_level(np.stack([people.effects(one.parts) for one in found.values()]))
    better = _better(found, metric, people)
    ranked = {}
    for model, one in found.items():
        spread = people.spread(one.parts)
        ends = interval(Figure(Key(metric), one.value, 0, widen(spread, level)))
        above = sum(worse == model for _, worse in better)
        below = sum(other == model for other, _ in better)
        ranked[model] = one.value, ends, (1 + above, len(found) - below), spread.people
    return ranked


def _better(found: Mapping[str, Estimate], metric: str, people: People) -> list[tuple[str, str]]:
    """List the better and the worse of every two models that differ by more than chance."""
    both = list(combinations(found, 2))
    if not both:
        return []
    apart = [difference(found[a], found[b]) for a, b in both]
    chances = np.array([p_value(one.value, some_error(people.spread(one.parts))) for one in apart])
    told = step_down(chances, np.stack([people.effects(one.parts) for one in apart]))
    first = [(one.value > 0) == (metric == "accuracy") for one in apart]
    return [(a, b) if best else (b, a) for (a, b), best, sure in zip(both, first, told, strict=True) if sure]


def _accuracy(scores: pd.DataFrame) -> Estimate:
    if scores.empty:
        return UNKNOWN
    folds, _ = pd.factorize(scores["fold"].astype("Int64").fillna(-1))
    return fold_accuracy((scores["decision"] == SAME).to_numpy() == _genuine(scores), folds)


def _equal_error(scores: pd.DataFrame) -> Estimate:
    points = _points(scores)
    return points.equal_error()[0] if points else UNKNOWN


def _fnmr_at(fmr: float, scores: pd.DataFrame) -> Estimate:
    impostors = int((~_genuine(scores)).sum())
    supported = impostors and fmr >= RULE_OF_THREE / impostors * (1 - 1e-9)
    points = _points(scores) if supported else None
    return points.fnmr_at(fmr) if points else UNKNOWN


def _cllr(scores: pd.DataFrame) -> Estimate:
    log_odds, genuine = scores["llr"].to_numpy(np.float64) * np.log(10), _genuine(scores)
    return class_mean(metrics.pair_costs(log_odds, genuine), genuine)


def _points(scores: pd.DataFrame) -> OperatingPoints | None:
    genuine = _genuine(scores)
    both = genuine.any() and not genuine.all()
    return OperatingPoints(scores["cosine_distance"].to_numpy(np.float64), genuine) if both else None


def _genuine(scores: pd.DataFrame) -> np.ndarray:
    return scores["is_genuine"].to_numpy(bool)


MEASURES: dict[str, Measure] = {
    "accuracy": _accuracy,
    "eer": _equal_error,
    **{f"fnmr_at_fmr_{name}": partial(_fnmr_at, FMR_TARGETS[name]) for name in ("1e-2", "1e-3")},
    "cllr": _cllr,
}
