"""Words and numbers of the site: how values are written, and what names mean in plain language."""

import math
from typing import Any, NamedTuple

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


# confidence.method -> what it is
CONFIDENCE_METHODS = {
    "paper": "the published score",
    "logistic": "logistic regression on the distance",
    "isotonic": "isotonic regression, the falling steps nearest to the labels",
    "kde": "densities made of kernels, one for each kind of pair",
    "beta": "beta distributions, one for each kind of pair",
}


class Measure(NamedTuple):
    """What a metric is called, what it means, what it counts, and how its value is written."""

    title: str
    meaning: str
    counted: str = "pair"
    digits: int | None = None  # decimals; None: a rate, written as a percentage


_GENUINE, _IMPOSTOR = "genuine pair", "impostor pair"
METRICS: dict[str, Measure] = {
    "accuracy": Measure("Accuracy", "Share of right decisions; mean over the folds."),
    "accuracy_se": Measure("Accuracy, standard error", "Standard error of the mean over the folds."),
    "fmr": Measure("FMR", "False match rate: impostor pairs called same.", _IMPOSTOR),
    "fnmr": Measure("FNMR", "False non-match rate: genuine pairs called different.", _GENUINE),
    "fmr_floor": Measure("Lowest FMR to speak of", "3 / n: no errors in n pairs say no more, at 95 %.", _IMPOSTOR),
    "eer": Measure("EER", "Equal error rate: where false match and false non-match rate are the same."),
    "eer_threshold": Measure("Distance at the EER", "The threshold at which the two are the same.", digits=3),
    "auc": Measure(
        "AUC", "How often a genuine pair is closer than an impostor pair: 1 is perfect, 0.5 is chance.", digits=4
    ),
    "d_prime": Measure("d′", "Gap between the two distance distributions, in standard deviations.", digits=2),
    "fnmr_at_fmr_1e-1": Measure("FNMR at FMR 10 %", "Genuine pairs lost if 1 impostor in 10 may pass.", _GENUINE),
    "threshold_at_fmr_1e-1": Measure("Distance at FMR 10 %", "The threshold that does so.", _IMPOSTOR, 3),
    "fnmr_at_fmr_1e-2": Measure("FNMR at FMR 1 %", "Genuine pairs lost if 1 impostor in 100 may pass.", _GENUINE),
    "threshold_at_fmr_1e-2": Measure("Distance at FMR 1 %", "The threshold that does so.", _IMPOSTOR, 3),
    "fnmr_at_fmr_1e-3": Measure("FNMR at FMR 0.1 %", "Genuine pairs lost if 1 impostor in 1,000 may pass.", _GENUINE),
    "threshold_at_fmr_1e-3": Measure("Distance at FMR 0.1 %", "The threshold that does so.", _IMPOSTOR, 3),
    "fta_rate": Measure("FTA", "Failure to acquire: share of images in which no face was found.", "image"),
    "fnmr_acquired": Measure("FNMR, faces found", "FNMR among pairs with a face found in both images.", _GENUINE),
    "frr": Measure(
        "FRR", "False reject rate: FNMR if a genuine pair without a face in both images counts as rejected.", _GENUINE
    ),
    "cllr": Measure("Cllr", "Cost of the likelihood ratios in bits: 0 is perfect, 1 tells nothing.", digits=3),
    "cllr_min": Measure("Cllr min", "What would be left of Cllr if the calibration were perfect.", digits=3),
    "cllr_cal": Measure("Cllr cal", "Cllr less Cllr min: what the calibration costs.", digits=3),
    "log_loss": Measure("Log loss", "Mean surprise at the truth, in nats; 0 is perfect.", digits=3),
    "brier": Measure("Brier score", "Mean squared error of the stated probability; 0 is perfect.", digits=4),
    "ece": Measure(
        "ECE", "Expected calibration error: how far stated confidence is from the share that is right.", digits=4
    ),
    "llr_low": Measure("Lowest LR, log10", "The lowest log10 likelihood ratio that the pairs support.", digits=2),
    "llr_high": Measure("Highest LR, log10", "The highest log10 likelihood ratio that the pairs support.", digits=2),
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


def joined(names: list[str]) -> str:
    """Write a list: "nose", "nose and mouth", "nose, mouth and chin"."""
    return " and ".join([part for part in (", ".join(names[:-1]), *names[-1:]) if part])


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


def measure(metric: str) -> Measure:
    """Look up what is known of a metric."""
    return METRICS.get(metric, Measure(metric, "", digits=4))


def metric_value(metric: str, value: float) -> str:
    """Write a metric's value as its kind asks."""
    digits = measure(metric).digits
    return percent(value) if digits is None else fixed(value, digits)


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
