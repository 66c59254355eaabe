"""The pairs of a dataset as rows, each made when it is asked for: a million dictionaries would take gigabytes."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd


class PairRows:
    """The rows of a table of pairs, in order of pair_id.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Python objects, in order of `pair_id`; see `whyface.site.content.joined_pairs`.
    """

    def __init__(self, pairs: pd.DataFrame):
        self._columns = {str(name): column.to_numpy() for name, column in pairs.items()}
        self._ids = self._columns["pair_id"]

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, place: int) -> dict[str, Any]:
        """Make the row at a place."""
        return {name: column[place] for name, column in self._columns.items()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Make one row after the other."""
        return (self[place] for place in range(len(self)))

    def place_of(self, pair_id: str) -> int | None:
        """Return the place of a pair, None if there is no such pair."""
        place = bisect_left(self._ids, pair_id)
        return place if place < len(self) and self._ids[place] == pair_id else None

    def find(self, pair_id: str) -> dict[str, Any] | None:
        """Make the row of a pair, None if there is no such pair."""
        place = self.place_of(pair_id)
        return None if place is None else self[place]

    def of(self, pair_id: str) -> dict[str, Any]:
        """Make the row of a pair.

        Raises
        ------
        KeyError
            There is no such pair.
        """
        row = self.find(pair_id)
        if row is None:
            raise KeyError(pair_id)
        return row


def outcome_of(row: Mapping) -> str:
    """Outcome of a pair; pairs that have none are `unlabelled` or `no-decision`."""
    if row["decision"] is None:
        return "no-decision"
    return row["outcome"] or "unlabelled"
