"""How numbers are written."""

import math
import re
from decimal import Decimal
from typing import Any

MISSING = "–"
TOO_FEW = "too few people"  # for an interval


def missing(value: Any) -> bool:
    """Whether a table's value is null."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def fixed(value: float | None, digits: int = 3) -> str:
    """Write a number with a fixed number of decimals."""
    return MISSING if missing(value) else f"{value:z.{digits}f}".replace("-", "\u2212")


def percent(value: float | None, digits: int = 2) -> str:
    """Write a share as a percentage; only 1 is written as 100 %."""
    if value is None or missing(value):
        return MISSING
    shown = 100 * value
    if value < 1:
        shown = min(shown, 100 - 10**-digits)
    return f"{shown:.{digits}f} %".replace("-", "\u2212")


def count(number: int, noun: str) -> str:
    """Write a number of things: "1 pair", "6,000 pairs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def people_behind(number: Any) -> str:
    """Write how many people are behind a figure: "1 person", "30 people"; empty if that is unknown."""
    return "" if missing(number) else f"{int(number):,} {'person' if number == 1 else 'people'}"


def share_range(low: float | None, high: float | None) -> str:
    """Write the interval of a share: "0.0071 to 0.014 %"; says if there is none."""
    if low is None or high is None or missing(low) or missing(high):
        return TOO_FEW
    ends = (f"{Decimal(f'{100 * end:.2g}'):f}" for end in (low, high))
    return f"{' to '.join(ends)} %"


def ordinals(low: int, high: int) -> str:
    """Write a range of ranks: "1st", "1st to 3rd"."""
    return _ordinal(low) if low == high else f"{_ordinal(low)} to {_ordinal(high)}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def power(exponent: int) -> str:
    """Write a power of ten: "10⁻⁵"."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def scientific(value: float) -> str:
    """Write a positive number with two digits and its power of ten: "3.4 × 10⁻⁴"."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits}\u00a0×\u00a0{power(int(exponent))}"


def duration(seconds: float) -> str:
    """Write a time span: "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size_words(size: float) -> str:
    """Write a file's size."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def joined(names: list[str], last: str = "and") -> str:
    """Write a list: "nose", "nose and mouth", "nose, mouth and chin"; `last` is the word before the last."""
    return f" {last} ".join([part for part in (", ".join(names[:-1]), *names[-1:]) if part])


def natural(text: str) -> list[tuple[int, str]]:
    """Sort key that puts "9" before "10": runs of digits count as numbers."""
    parts = [part.lstrip("0") if place % 2 else part for place, part in enumerate(re.split("([0-9]+)", text))]
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]
