"""Whether groups of a dataset's own pairs differ in error rates: tables pair_group_rates and pair_group_indices."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.evaluation.group_cells import Cell
from whyface.evaluation.group_differences import LEVEL, Judged, index_rows, rate_rows, with_verdicts
from whyface.evaluation.group_indices import Rates
from whyface.evaluation.groups import as_texts, collect_groups, is_range
from whyface.evaluation.intervals import RULE_OF_THREE
from whyface.evaluation.operating_points import ACCEPTS_ALL
from whyface.evaluation.pair_metrics import FMR_TARGETS
from whyface.evaluation.pair_noise import correlate, design_effect, draw_fair, found_factor
from whyface.evaluation.people import Part, People, mean_part, name_people
from whyface.lists.images_csv import JOIN
from whyface.tables.schemas import PAIR_GROUP_RATES, PAIRS


class Grouped(NamedTuple):
    """Pairs divided into groups.

    Attributes
    ----------
    column : str
        Name of the column.
    values : list of str
        Its values, sorted: of pairs, or of images where no genuine pair is mixed.
    first, second : numpy.ndarray
        Each pair's groups, the lower first; twice the same where values are of pairs; -1 if unknown.
    """

    column: str
    values: list[str]
    first: np.ndarray
    second: np.ndarray

    def rows(self, a: int, b: int, is_class: np.ndarray) -> np.ndarray:
        """Find the pairs of a class between two groups, or within one."""
        return np.flatnonzero((self.first == a) & (self.second == b) & is_class)

    def shares_people(self, known: pd.DataFrame) -> bool:
        """Whether somebody is in pairs within several groups."""
        within = (self.first == self.second) & (self.first >= 0)
        seen = pd.concat([pd.DataFrame({"who": who, "group": self.first})[within] for who in name_people(known)])
        return bool((seen.groupby("who")["group"].nunique() > 1).any())


class Compared(NamedTuple):
    """One rate of a division: all cells, those that are compared, and the factors that would have been found."""

    cells: list[Cell]
    judged: Judged
    factors: dict[int, float]


def compare_pair_groups(
    pairs: pd.DataFrame, scores: pd.DataFrame, images: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the groups of each group column of a dataset, at one threshold for all its pairs.

    Parameters
    ----------
    pairs, scores, images : pandas.DataFrame
        Tables; images of the whole collection.

    Returns
    -------
    tuple of pandas.DataFrame
        Tables pair_group_rates and pair_group_indices.
    """
    own = pairs[PAIRS.schema.names].drop(columns=["is_genuine", "fold"])
    known = own.merge(scores, on="pair_id").dropna(subset=["cosine_distance", "is_genuine"]).reset_index(drop=True)
    columns = collect_groups(pairs, images)[0].set_index(pairs["pair_id"]).loc[known["pair_id"]]
    texts = columns[[name for name in columns if not is_range(columns[name])]]
    genuine, distances = known["is_genuine"].to_numpy(bool), known["cosine_distance"].to_numpy(np.float64)
    thresholds = find_thresholds(distances[~genuine])
    divided = [_divide(texts[name], images, genuine) for name in texts if thresholds]
    divided = [one for one in divided if len(one.values) > 1]
    people, level = People(known), LEVEL / max(2 * len(divided), 1)
    rates: list[tuple] = []
    indices: list[tuple] = []
    for one, (target, threshold) in product(divided, thresholds.items()):
        accepted = distances < threshold
        found = {
            "fmr": _compare([*_cells(one, people, ~genuine, accepted, "fmr")], people, level),
            "fnmr": _compare([*_cells(one, people, genuine, ~accepted, "fnmr")], people, level),
        }
        judged = {rate: part.judged for rate, part in found.items()}
        factors = {rate: part.factors for rate, part in found.items()}
        rates += rate_rows(one, {rate: part.cells for rate, part in found.items()}, target, factors)
        indices += [(one.column, rate, index, target, *rest) for rate, index, *rest in index_rows(judged, factors)]
    shared = {one.column: one.shares_people(known) for one in divided}
    judged_rows = with_verdicts(indices, apart=())
    judged_rows["shares_people"] = judged_rows["column"].map(shared).astype(bool)
    return pd.DataFrame(rates, columns=PAIR_GROUP_RATES.schema.names), judged_rows


def find_thresholds(impostors: np.ndarray) -> dict[float, float]:
    """Find the highest threshold for each false match rate that the impostor pairs of a list support.

    Parameters
    ----------
    impostors : numpy.ndarray
        Their distances.
    """
    ordered, number = np.append(np.sort(impostors), ACCEPTS_ALL), len(impostors)
    supported = [target for target in FMR_TARGETS.values() if target * number >= RULE_OF_THREE * (1 - 1e-9)]
    return {target: float(ordered[int(target * number * (1 + 1e-9))]) for target in supported}


def _divide(texts: pd.Series, images: pd.DataFrame, genuine: np.ndarray) -> Grouped:
    """Divide pairs by the values of both images if these are of people, as genuine pairs show, else by their own."""
    values = sorted(texts.dropna().unique())
    if texts.name in images.columns:
        own = sorted({*as_texts(images[texts.name])} - {None})
        sides = {a + JOIN + b: (at, at + more) for at, a in enumerate(own) for more, b in enumerate(own[at:])}
        both = np.array([sides.get(text, (-1, -1)) for text in texts]).reshape(-1, 2)
        if not (both[:, 0] != both[:, 1])[genuine].any():
            return Grouped(texts.name, own, *both.T)
    codes = pd.Index(values).get_indexer(pd.Index(texts))
    return Grouped(texts.name, values, codes, codes)


def _cells(
    one: Grouped, people: People, is_class: np.ndarray, is_error: np.ndarray, rate: str
) -> Iterator[tuple[Cell, Part]]:
    """Yield every cell of a rate and the influence of its pairs; those between groups only if there are pairs."""
    for a, b in product(range(len(one.values)), repeat=2):
        rows = one.rows(a, b, is_class)
        if a == b or (len(rows) and rate == "fmr"):
            errors = is_error[rows].astype(np.float64)
            part = mean_part(rows, errors)
            value = float(errors.mean()) if len(rows) else np.nan
            other = b if rate == "fmr" else -1
            yield Cell(a, other, value, people.spread([part]), len(rows), int(errors.sum())), part


def _compare(found: list[tuple[Cell, Part]], people: People, level: float) -> Compared:
    """Set the groups with enough people beside fair systems; their spreads say how their rates move together."""
    cells = [cell for cell, _ in found]
    kept = [(c, p) for c, p in found if c.group_b in (-1, c.group_a) and np.isfinite(c.spread.error)]
    own = [cell for cell, _ in kept]
    values, pairs, errors, freedom = (
        np.array([(cell.value, cell.n, cell.spread.error, cell.spread.freedom) for cell in own]).reshape(-1, 4).T
    )
    if len(own) < 2:
        return Compared(cells, Judged(own, Rates(values, pairs, errors), None), {})
    correlation = correlate(people.covariance([part for _, part in kept]), errors)
    rate, design = float(values @ pairs / pairs.sum()), design_effect(values, pairs, errors)
    fair = draw_fair(rate, pairs, design, freedom, correlation, np.random.default_rng(0))
    inverse = None if correlation is None else np.linalg.inv(correlation)
    factors = {cell.group_a: found_factor(fair, place, level) for place, cell in enumerate(own)}
    return Compared(cells, Judged(own, Rates(values, fair.sizes, errors, inverse), fair.rates()), factors)
