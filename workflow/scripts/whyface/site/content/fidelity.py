"""The rows of a table `fidelity`: how right a model's maps are on a dataset."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[Any, Any]


class FidelityRows:
    """The rows of a table `fidelity`, found by score; false if there are none."""

    def __init__(self, rows: Iterable[Row] = ()):
        self._by_score: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._by_score[row["score"]].append(row)

    def __bool__(self) -> bool:
        return bool(self._by_score)

    def find(self, score: str, **columns: str) -> list[Row]:
        """List the rows of a score in which the given columns have the given values."""
        rows = self._by_score.get(score, [])
        return [row for row in rows if all(row[name] == value for name, value in columns.items())]

    def first(self, score: str, **columns: str) -> Row | None:
        """Find one such row."""
        return next(iter(self.find(score, **columns)), None)

    def kinds(self, score: str) -> list[str]:
        """Name the kinds of pairs that a score has rows of, as they come."""
        return list(dict.fromkeys(row["kind"] for row in self.find(score)))

    @property
    def knows_truth(self) -> bool:
        """Whether maps were judged against known differences."""
        return bool(self.find("auc"))
