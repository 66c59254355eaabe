"""Whether groups of people have other error rates than chance gives them: the tables group_rates and group_indices."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from whyface.evaluation.group_cells import Cell, by_two, fmr_cells, fnmr_cells
from whyface.evaluation.group_indices import HIGH_IS_FAIR, OF_BOTH, OF_ONE, TESTED, Rates, compute_index, index_interval
from whyface.evaluation.group_noise import Impostors, alike, found_factors, p_value, shuffled_fmr, shuffled_fnmr
from whyface.evaluation.group_shifts import fta_cells, genuine_shifts, impostor_shifts
from whyface.evaluation.groups import looked_for_faces
from whyface.evaluation.intervals import plain_interval, share_interval
from whyface.evaluation.people_groups import Grouping, groupings, people_columns
from whyface.evaluation.tails import Collection
from whyface.tables.schemas import GROUP_INDICES, GROUP_RATES

LEVEL = 0.05  # share of fair systems in which a difference is found all the same
DIFFERENCE, NOISE, TOO_FEW, TOO_MANY = "difference", "within noise", "too few people", "too many pairs"


class Division(Protocol):
    """A column that divides people or pairs."""

    @property
    def column(self) -> str:
        """Its name."""

    @property
    def values(self) -> list[str]:
        """Names of the groups."""


class Judged(NamedTuple):
    """One rate of groups that have enough people.

    Attributes
    ----------
    cells : list of Cell
        One for each such group.
    rates : Rates
        As they are.
    fair : Rates or None
        Those of shuffled labels, shuffles x groups; None if more pairs would be needed than are kept.
    """

    cells: list[Cell]
    rates: Rates
    fair: Rates | None

    def of(self, groups: Sequence[int]) -> "Judged":
        """Keep some of the groups."""
        kept = [place for place, cell in enumerate(self.cells) if cell.group_a in groups]
        rates = Rates(*(one[kept] for one in self.rates[:3]))
        return Judged([self.cells[place] for place in kept], rates, _columns(self.fair, kept))

    @property
    def groups(self) -> set[int]:
        """Places of the groups."""
        return {cell.group_a for cell in self.cells}


def _columns(rates: Rates | None, kept: list[int]) -> Rates | None:
    return rates and Rates(*(one[..., kept] for one in rates[:3]))


def compare_groups(
    collection: Collection | None,
    embeddings: pd.DataFrame,
    images: pd.DataFrame,
    faces: pd.DataFrame,
    thresholds: Mapping[float, float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the groups of each column that divides people.

    Parameters
    ----------
    collection : Collection or None
        Every two images, compared; None if there are none.
    embeddings, images, faces : pandas.DataFrame
        The collection's tables.
    thresholds : mapping of float to float
        The threshold for each false match rate.

    Returns
    -------
    tuple of pandas.DataFrame
        The tables group_rates and group_indices.
    """
    rates: list[tuple] = []
    indices: list[tuple] = []
    found = [] if collection is None else [*groupings(images, collection.embedded["subject_id"], collection.people)]
    for grouping in found:
        assert collection is not None
        rates += _rows_without_threshold(collection, grouping, embeddings, images, faces)
        for target, threshold in thresholds.items():
            cells = _cells(collection, grouping, threshold)
            judged = _judge(collection, grouping, threshold, cells) if cells else {}
            factors = {name: _factors(one, LEVEL / len(found)) for name, one in judged.items()}
            rates += rate_rows(grouping, cells, target, factors)
            indices += [
                (grouping.column, rate, index, target, *rest) for rate, index, *rest in index_rows(judged, factors)
            ]
    return pd.DataFrame(rates, columns=GROUP_RATES.schema.names), with_verdicts(indices)


def _cells(collection: Collection, grouping: Grouping, threshold: float) -> dict[str, list[Cell]]:
    """Find both rates at a threshold; none if more pairs are accepted than are kept."""
    found, limit = collection.found, np.float32(threshold)
    matches, number = int(np.searchsorted(found.distances, limit)), len(grouping.values)
    if matches == len(found.distances) < found.impostor.sum():
        return {}
    people = collection.people
    counted = by_two(people[found.a[:matches]], people[found.b[:matches]], len(grouping.groups))
    shown, distances = found.of_people
    return {
        "fmr": [*fmr_cells(np.bincount(people), grouping.groups, number, counted)],
        "fnmr": [*fnmr_cells(shown, distances >= limit, grouping.groups, number)],
    }


def _judge(
    collection: Collection, grouping: Grouping, threshold: float, cells: Mapping[str, list[Cell]]
) -> dict[str, Judged]:
    """Set each rate beside those of fair systems."""
    found, people, rng = collection.found, collection.people, np.random.default_rng(0)
    groups, number, images = grouping.groups, len(grouping.values), np.bincount(people)
    within = [cell for cell in cells["fmr"] if cell.group_a == cell.group_b and np.isfinite(cell.spread.error)]
    rate = sum(cell.errors for cell in within) / max(sum(cell.n for cell in within), 1)
    all_kept = len(found.distances) == found.impostor.sum()
    matches = alike(Impostors(people[found.a], people[found.b], images, bool(all_kept)), groups, number, rate)
    fair = None if matches is None else shuffled_fmr(matches, images, groups, number, rng)
    shown, distances = found.of_people
    pairs = np.bincount(shown, minlength=len(images))
    rejected = np.bincount(shown, distances >= np.float32(threshold), len(images))
    shares = np.where(pairs > 0, rejected / np.maximum(pairs, 1), np.nan)
    lost = [cell for cell in cells["fnmr"] if np.isfinite(cell.spread.error)]
    return {
        "fmr": _judged(within, fair, [cell.n for cell in within]),
        "fnmr": _judged(lost, shuffled_fnmr(shares, groups, number, rng), [cell.spread.people for cell in lost]),
    }


def _judged(cells: list[Cell], fair: Rates | None, sizes: Sequence[int]) -> Judged:
    values, errors = [cell.value for cell in cells], [cell.spread.error for cell in cells]
    rates = Rates(*(np.array(one, float) for one in (values, sizes, errors)))
    return Judged(cells, rates, _columns(fair, [cell.group_a for cell in cells]))


def _factors(judged: Judged, level: float) -> dict[int, float]:
    """Find, by group, which factor would have been found."""
    if judged.fair is None or len(judged.cells) < 2:
        return {}
    found = found_factors(judged.fair, level)
    return dict(zip((cell.group_a for cell in judged.cells), found.tolist(), strict=True))


def index_rows(judged: Mapping[str, Judged], factors: Mapping[str, dict[int, float]]) -> Iterator[tuple]:
    """Yield rate, index, value, interval, what is fair, p-value, factor and number of groups."""
    for rate, one in judged.items():
        factor = max(factors[rate].values(), default=np.nan, key=lambda value: np.nan_to_num(value, nan=np.inf))
        for index in OF_ONE:
            yield rate, index, *_index_row(index, [one]), (factor if index == TESTED else np.nan), len(one.cells)
    if judged:
        common = sorted(judged["fmr"].groups & judged["fnmr"].groups)
        for index in OF_BOTH:
            both = [judged[rate].of(common) for rate in ("fmr", "fnmr")]
            yield "both", index, *_index_row(index, both), np.nan, len(common)


def _index_row(index: str, parts: Sequence[Judged]) -> tuple:
    """Compute an index, its interval, the median and the limit of fair systems, and the p-value."""
    if len(parts[0].cells) < 2:
        return (np.nan,) * 6
    rates = [part.rates for part in parts]
    value = float(compute_index(index, rates))
    ends = index_interval(index, rates, [cell.spread for part in parts for cell in part.cells])
    shuffled = [part.fair for part in parts if part.fair is not None]
    if len(shuffled) < len(parts):
        return value, *ends, np.nan, np.nan, np.nan
    fair = compute_index(index, shuffled)
    is_high = index in HIGH_IS_FAIR
    median, limit = np.quantile(fair, [0.5, LEVEL if is_high else 1 - LEVEL])
    return value, *ends, float(median), float(limit), p_value(value, fair, is_high)


def with_verdicts(rows: Sequence[tuple], apart: Sequence[str] = ("rate",)) -> pd.DataFrame:
    """Add p-values that allow for how many tests there are (Holm 1979), and the verdicts, which rest on one index.

    Parameters
    ----------
    rows : sequence of tuple
        Rows of the table without either.
    apart : sequence of str
        What separates families of tests, besides the index and the false match rate.
    """
    names = [name for name in GROUP_INDICES.schema.names if name not in ("p_holm", "verdict")]
    frame = pd.DataFrame(rows, columns=names)
    tested = frame.groupby([*apart, "index", "fmr_target"])["p_value"]
    frame["p_holm"] = tested.transform(holm) if len(frame) else pd.Series(dtype=float)
    verdicts = np.where(frame["p_holm"] <= LEVEL, DIFFERENCE, NOISE)
    verdicts = np.where(frame["p_value"].isna(), np.where(frame["value"].isna(), TOO_FEW, TOO_MANY), verdicts)
    return frame.assign(verdict=pd.Series(verdicts, frame.index, dtype=object).where(frame["index"] == TESTED, None))


def holm(p_values: pd.Series) -> pd.Series:
    """Adjust p-values so that the smallest of all is below 5 % in 5 % of cases without any difference (Holm 1979)."""
    order = p_values.sort_values()
    left = order.notna().sum() - np.arange(len(order))
    return (order * np.maximum(left, 1)).clip(upper=1).cummax().reindex(p_values.index)


def rate_rows(
    grouping: Division, cells: Mapping[str, list[Cell]], target: float, factors: Mapping[str, dict[int, float]]
) -> Iterator[tuple]:
    """Yield rows of the table of rates."""
    for rate, found in cells.items():
        for cell in found:
            own = cell.group_b in (-1, cell.group_a)
            factor = factors[rate].get(cell.group_a, np.nan) if own else np.nan
            ends = share_interval(cell.value, cell.spread)
            values = [*grouping.values, ""]
            sides = values[cell.group_a], values[cell.group_b]
            yield (
                *(grouping.column, rate, target, *sides, cell.value, *ends),
                *(cell.n, cell.errors, cell.spread.people, factor),
            )


def _rows_without_threshold(
    collection: Collection, grouping: Grouping, embeddings: pd.DataFrame, images: pd.DataFrame, faces: pd.DataFrame
) -> Iterator[tuple]:
    """Yield rows of the shift of distances, and of failures to acquire where anybody looked for faces."""
    vectors = embeddings.set_index("image_id")["embedding"].loc[collection.embedded["image_id"]]
    shifts = {
        "genuine_shift": genuine_shifts(*collection.found.of_people, grouping),
        "impostor_shift": impostor_shifts(np.stack(vectors.tolist()), collection.people, grouping),
    }
    for rate, cells in shifts.items():
        for cell in cells:
            ends = plain_interval(cell.value, cell.spread)
            sides = grouping.values[cell.group_a], ""
            yield (
                *(grouping.column, rate, np.nan, *sides, cell.value, *ends),
                *(cell.n, None, cell.spread.people, np.nan),
            )
    if looked_for_faces(faces):
        for value, cell in fta_cells(faces, images, people_columns(images)[0][grouping.column]):
            ends = share_interval(cell.value, cell.spread)
            yield (
                *(grouping.column, "fta_rate", np.nan, value, "", cell.value, *ends),
                *(cell.n, cell.errors, cell.spread.people, np.nan),
            )
