"""Words and numbers of the site: how values are written, and what names mean in plain language."""

import math
from typing import Any

MISSING = "–"

# outcome -> (label, whether the decision is right, what it means)
OUTCOMES: dict[str, tuple[str, bool | None, str]] = {
    "true-match": ("True match", True, "same person, and the model says same"),
    "false-match": ("False match", False, "two different persons, but the model says same"),
    "true-non-match": ("True non-match", True, "two different persons, and the model says different"),
    "false-non-match": ("False non-match", False, "same person, but the model says different"),
    "unlabelled": ("No label", None, "nobody told us whether it is the same person"),
    "no-decision": ("No decision", None, "an image could not be read"),
}

# metric -> (title, what it means, how it is written)
METRICS: dict[str, tuple[str, str, str]] = {
    "accuracy": ("Accuracy", "Share of right decisions; mean over the folds.", "percent"),
    "accuracy_se": ("Accuracy, standard error", "Standard error of the mean over the folds.", "percent"),
    "eer": ("EER", "Equal error rate: where false match and false non-match rate are the same.", "percent"),
    "auc": ("AUC", "How often a genuine pair is closer than an impostor pair: 1 is perfect, 0.5 is chance.", "number"),
    "d_prime": ("d′", "Gap between the two distance distributions, in standard deviations.", "number"),
    "fnmr_at_fmr_1e-1": ("FNMR at FMR 10 %", "Genuine pairs lost if 1 impostor in 10 may pass.", "percent"),
    "fnmr_at_fmr_1e-2": ("FNMR at FMR 1 %", "Genuine pairs lost if 1 impostor in 100 may pass.", "percent"),
    "fnmr_at_fmr_1e-3": ("FNMR at FMR 0.1 %", "Genuine pairs lost if 1 impostor in 1,000 may pass.", "percent"),
    "fta_rate": ("FTA", "Failure to acquire: share of images in which no face was found.", "percent"),
    "ece": ("ECE", "Expected calibration error: how far stated confidence is from the share that is right.", "number"),
    "brier": ("Brier score", "Mean squared error of the stated probability; 0 is perfect.", "number"),
    "log_loss": ("Log loss", "Mean surprise at the truth, in nats; 0 is perfect.", "number"),
    "cllr": ("Cllr", "Cost of the likelihood ratios in bits: 0 is perfect, 1 tells nothing.", "number"),
    "cllr_min": ("Cllr min", "Cllr if the calibration were perfect; the rest of Cllr is calibration loss.", "number"),
}

METHODS = {
    "all-to-all": "each covered version of one face against all covered versions of the other",
    "clean-to-all": "each covered version of one face against the other face as it is",
    "one-to-one": "both faces covered at the same place",
}

FACE_NOTES = {
    "ok": "",
    "centre-crop": "no face found; the middle of the image was used",
    "failed": "image unreadable",
}


def missing(value: Any) -> bool:
    """Whether a table's value is null."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def fixed(value: float | None, digits: int = 3) -> str:
    """Write a number with a fixed count of decimals."""
    return MISSING if missing(value) else f"{value:.{digits}f}".replace("-", "\u2212")


def percent(value: float | None, digits: int = 2) -> str:
    """Write a share as a percentage; one that is not 1 is never rounded up to 100 %."""
    if value is None or missing(value):
        return MISSING
    shown = 100 * value
    if value < 1:
        shown = min(shown, 100 - 10**-digits)
    return f"{shown:.{digits}f} %".replace("-", "\u2212")


def count(number: int, noun: str) -> str:
    """Write a number of things: "1 pair", "6,000 pairs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def probability(value: float | None, n_fit: int, digits: int = 2) -> str:
    """Write a probability as a percentage, no surer than the pairs it was fitted on can support.

    A class of n_fit / 2 pairs cannot tell an event that is rarer than one in n_fit / 2 from none.
    """
    if value is None or missing(value):
        return MISSING
    least = 2 / n_fit
    if value < least:
        return f"< {percent(least, digits)}"
    return f"> {percent(1 - least, digits)}" if value > 1 - least else percent(value, digits)


def sureness(confidence: float | None, n_fit: int) -> tuple[str, str]:
    """Confidence as a word and as a natural frequency, no surer than the pairs it was fitted on can support."""
    if confidence is None or missing(confidence):
        return "No confidence", "No confidence could be given for this pair."
    bands = ((0.99, "Very sure"), (0.95, "Sure"), (0.8, "Fairly sure"), (0.6, "Unsure"), (0.0, "A coin toss"))
    word = next(word for least, word in bands if confidence >= least)
    if confidence < 0.4:
        word = "Probably wrong"
    return word, _frequency(1 - confidence, n_fit)


def _frequency(wrong: float, n_fit: int) -> str:
    if wrong < 2 / n_fit:
        return f"Of {n_fit // 2:,} such decisions fewer than 1 is wrong; {n_fit:,} pairs can tell no more."
    base = 1000 if wrong >= 0.00095 else 10_000
    expected = round(wrong * base)
    return f"Of {base:,} such decisions about {expected:,} {'is' if expected == 1 else 'are'} wrong."


def likelihood(llr: float | None, n_fit: int) -> str:
    """Say a log10 likelihood ratio as a sentence about frequencies, no stronger than its pairs can support."""
    if llr is None or missing(llr):
        return "not available"
    kinds = ("genuine", "impostor") if llr >= 0 else ("impostor", "genuine")
    frequent = f"as frequent among {kinds[0]} as among {kinds[1]} pairs"
    if abs(llr) > math.log10(n_fit / 2):
        return f"such a distance is over {n_fit // 2:,} times {frequent}; {n_fit:,} pairs can tell no more"
    times = 10 ** abs(llr)
    shown = f"{times:,.1f}" if times < 10 else f"{float(f'{times:.2g}'):,.0f}"
    return f"such a distance is about {shown} times {frequent}"


def metric_value(metric: str, value: float | None) -> str:
    """Write a metric's value as its kind asks; one that the set cannot support says so."""
    if value is None or missing(value):
        return "set too small to claim"
    kind = METRICS[metric][2] if metric in METRICS else "number"
    return percent(value) if kind == "percent" else fixed(value, 4)
