"""Probabilities and likelihood ratios in words, no surer than the pairs behind them support."""

import math

from whyface.site.words.numbers import MISSING, missing, percent


def probability(value: float | None, n_fit: int, digits: int = 2) -> str:
    """Write a probability as a percentage, no surer than the pairs behind its fit support.

    From n_fit / 2 pairs, an event rarer than one in n_fit / 2 cannot be told from one that never happens.
    """
    if value is None or missing(value):
        return MISSING
    least = 2 / n_fit
    if value < least:
        return f"< {percent(least, digits)}"
    return f"> {percent(1 - least, digits)}" if value > 1 - least else percent(value, digits)


def sureness(confidence: float | None, n_fit: int) -> tuple[str, str]:
    """Say a confidence in a word and as a natural frequency, no surer than the pairs behind its fit support."""
    if confidence is None or missing(confidence):
        return "No confidence", "No confidence could be given for this pair."
    bands = ((0.99, "Very sure"), (0.95, "Sure"), (0.8, "Fairly sure"), (0.6, "Unsure"), (0.0, "A coin toss"))
    word = next(word for least, word in bands if confidence >= least)
    if confidence < 0.4:
        word = "Probably wrong"
    return word, _frequency(1 - confidence, n_fit)


def _frequency(wrong: float, n_fit: int) -> str:
    if wrong < 2 / n_fit:
        return f"Of {n_fit // 2:,} such decisions fewer than 1 is wrong; {n_fit:,} pairs support no finer claim."
    base = 1000 if wrong >= 0.00095 else 10_000
    expected = round(wrong * base)
    return f"Of {base:,} such decisions about {expected:,} {'is' if expected == 1 else 'are'} wrong."


def likelihood(llr: float | None, n_fit: int) -> str:
    """Say a log10 likelihood ratio as a sentence about frequencies, no stronger than its pairs support."""
    if llr is None or missing(llr):
        return "not available"
    kinds = ("genuine", "impostor") if llr >= 0 else ("impostor", "genuine")
    frequent = f"as frequent among {kinds[0]} as among {kinds[1]} pairs"
    if abs(llr) > math.log10(n_fit / 2):
        return f"such a distance is over {n_fit // 2:,} times {frequent}; {n_fit:,} pairs support no finer claim"
    times = 10 ** abs(llr)
    shown = f"{times:,.1f}" if times < 10 else f"{float(f'{times:.2g}'):,.0f}"
    return f"such a distance is about {shown} times {frequent}"


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
