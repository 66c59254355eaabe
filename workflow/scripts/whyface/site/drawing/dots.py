"""Values with intervals as dots on lines of one scale: geometry for a template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, MARGIN, MIDDLE = 160, 6, 7


@dataclass(frozen=True)
class Dot:
    """Where a value lies, and the SVG path of its interval; empty without one."""

    x: float
    line: str = ""


def place_dots(rows: Sequence[Sequence[float | None]]) -> list[Dot | None]:
    """Place values and the ends of their intervals on one scale, from the least of them to the largest.

    Parameters
    ----------
    rows : sequence of tuple
        Value, lower and upper end; None or NaN where there is none.

    Returns
    -------
    list of Dot or None
        None without a value.
    """
    numbers = [[math.nan if number is None else number for number in row] for row in rows]
    known = [number for row in numbers for number in row if math.isfinite(number)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)

    def place(number: float) -> float:
        share = (number - low) / (high - low) if high > low else 0.5
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    def line(*ends: float) -> str:
        if not all(map(math.isfinite, ends)):
            return ""
        start, end = map(place, ends)
        return f"M{start} {MIDDLE}H{end}M{start} 3v8M{end} 3v8"

    return [Dot(place(value), line(*ends)) if math.isfinite(value) else None for value, *ends in numbers]
