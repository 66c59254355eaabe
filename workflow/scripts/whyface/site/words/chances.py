"""Probabilities and likelihood ratios in words, no surer than the pairs behind them support.

*n* pairs of a class cannot tell an event rarer than one in *n* from one that never happens. How rare a distance is
among impostors limits what can be said for "same"; how rare it is among genuine pairs, what for "different".
"""

import math
from typing import NamedTuple

from whyface.site.words.numbers import MISSING, missing, percent

_BASES = (1000, 10_000, 100_000, 1_000_000)  # of natural frequencies


class Support(NamedTuple):
    """Pairs of either class behind a fit."""

    genuine: int
    impostor: int

    def for_decision(self, decision: str | None) -> tuple[int, str]:
        """Count the pairs that limit what can be said for a decision, and name their class."""
        return (self.impostor, "impostor") if decision == "same" else (self.genuine, "genuine")


def probability(value: float | None, support: Support, digits: int = 2) -> str:
    """Write the probability of same as a percentage, no surer than the pairs behind its fit support."""
    return _within(value, support.genuine, support.impostor, digits)


def confidence(value: float | None, decision: str | None, support: Support, digits: int = 2) -> str:
    """Write the probability that a decision is right, as `probability` does."""
    return _within(value, *(support if decision == "same" else support[::-1]), digits)


def _within(value: float | None, below: int, above: int, digits: int) -> str:
    """Write a probability within odds of 1 to `below` and `above` to 1."""
    if value is None or missing(value):
        return MISSING
    low, high = 1 / (below + 1), above / (above + 1)
    if value < low:
        return f"< {percent(low, digits)}"
    return f"> {percent(high, digits)}" if value > high else percent(value, digits)


def sureness(value: float | None, decision: str | None, support: Support) -> tuple[str, str]:
    """Say a confidence in a word and as a natural frequency, no surer than the pairs behind its fit support."""
    if value is None or missing(value):
        return "No confidence", "No confidence could be given for this pair."
    bands = ((0.99, "Very sure"), (0.95, "Sure"), (0.8, "Fairly sure"), (0.6, "Unsure"), (0.0, "A coin toss"))
    word = next(word for least, word in bands if value >= least)
    if value < 0.4:
        word = "Probably wrong"
    return word, _frequency(1 - value, *support.for_decision(decision))


def _frequency(wrong: float, pairs: int, kind: str) -> str:
    if wrong < 1 / (pairs + 1):
        return f"Of {pairs:,} such decisions fewer than 1 is wrong; {_no_finer(pairs, kind)}."
    base = next((base for base in _BASES if min(wrong, 1 - wrong) * base >= 0.95), _BASES[-1])
    expected = round(wrong * base)
    return f"Of {base:,} such decisions about {expected:,} {'is' if expected == 1 else 'are'} wrong."


def likelihood(llr: float | None, support: Support) -> str:
    """Say a log10 likelihood ratio as a sentence about frequencies, no stronger than its pairs support."""
    if llr is None or missing(llr):
        return "not available"
    kinds = ("genuine", "impostor") if llr >= 0 else ("impostor", "genuine")
    frequent = f"as frequent among {kinds[0]} as among {kinds[1]} pairs"
    pairs, kind = support.for_decision("same" if llr >= 0 else "different")
    if abs(llr) > math.log10(pairs):
        return f"such a distance is over {pairs:,} times {frequent}; {_no_finer(pairs, kind)}"
    times = 10 ** abs(llr)
    shown = f"{times:,.1f}" if times < 10 else f"{float(f'{times:.2g}'):,.0f}"
    return f"such a distance is about {shown} times {frequent}"


def _no_finer(pairs: int, kind: str) -> str:
    return f"{pairs:,} {kind} pair{' supports' if pairs == 1 else 's support'} no finer claim"


def ratio(llr: float | None) -> str:
    """Write a log10 likelihood ratio as the ratio itself, those below 1 as a fraction: "1/700", "1,500"."""
    if llr is None or missing(llr):
        return MISSING
    times = 10 ** abs(llr)
    shown = f"{times:.2g}" if times < 10 else f"{float(f'{times:.2g}'):,.0f}"
    return f"1/{shown}" if llr < 0 and shown != "1" else shown


def frequency(probability: float | None) -> str:
    """Write a probability as cases: "3 of 1,000 cases"."""
    if probability is None or missing(probability):
        return "an unknown share of cases"
    if round(100 * probability) >= 100:
        return "practically every case"
    base = next((base for base in (100, 1000, 10_000, 100_000) if probability * base >= 0.95), 0)
    return f"{round(probability * base):,} of {base:,} cases" if base else "fewer than 1 of 100,000 cases"
