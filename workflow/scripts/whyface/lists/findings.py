"""What an examination of a pair list finds: the rows of the table protocol."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

OK, NOTE, FAULT = "ok", "note", "fault"
EXAMPLES = 10  # named in a detail; all are counted


class Finding(NamedTuple):
    """A row of the table protocol, in which its columns are described."""

    check: str
    value: float | None
    n: int | None = None
    status: str = OK
    detail: str = ""
    fold: int | None = None
    group: str | None = None


def counted(check: str, items: Sequence[str], n: int, status: str) -> Finding:
    """Report how many items of n are wrong, and the first of them; ok if none is."""
    return Finding(check, len(items), n, status if len(items) else OK, name_examples(items, len(items)))


def name_examples(items: Sequence[str], count: int) -> str:
    """Name the first of `count` items, of which `items` are all or the first, and say how many more there are."""
    more = count - EXAMPLES
    return "; ".join(items[:EXAMPLES]) + (f"; and {more:,} more" if more > 0 else "")


def to_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Make the table protocol."""
    frame = pd.DataFrame(findings, columns=Finding._fields)
    return frame.astype({"value": "float64", "n": "Int64", "fold": "Int32"})
