"""What the names in tables mean in plain language: outcomes, methods, metrics."""

from typing import NamedTuple

from whyface.site.words.numbers import fixed, percent

# outcome -> (label, whether the decision is right, what it means)
OUTCOMES: dict[str, tuple[str, bool | None, str]] = {
    "true-match": ("True match", True, "same person, and the model says same"),
    "false-match": ("False match", False, "two different persons, but the model says same"),
    "true-non-match": ("True non-match", True, "two different persons, and the model says different"),
    "false-non-match": ("False non-match", False, "same person, but the model says different"),
    "unlabelled": ("No label", None, "the dataset does not say whether it is the same person"),
    "no-decision": ("No decision", None, "an image could not be read"),
}

# confidence.method -> what it is
CONFIDENCE_METHODS = {
    "paper": "the published score",
    "logistic": "logistic regression on the distance",
    "isotonic": "isotonic regression, the falling step function closest to the labels",
    "kde": "kernel density estimates, one for each kind of pair",
    "beta": "beta distributions, one for each kind of pair",
}

# Formulas for a percentage that people are shown elsewhere -> what they are; see `whyface.scores.percentages`.
PERCENTAGES = {
    "cosine": "cosine similarity × 100 %",
    "sigmoid": "a sigmoid of ten times the distance below the threshold",
    "face-recognition": "the formula in face_recognition’s wiki",
    "deepface": "DeepFace’s confidence, refitted",
}


class Metric(NamedTuple):
    """A metric's title and meaning, what it counts, and how its value is written."""

    title: str
    meaning: str
    counted: str = "pair"
    digits: int | None = None  # decimals; None: a rate, written as a percentage


_GENUINE, _IMPOSTOR = "genuine pair", "impostor pair"
METRICS: dict[str, Metric] = {
    "accuracy": Metric("Accuracy", "Share of right decisions; mean over the folds."),
    "accuracy_se": Metric("Accuracy, standard error", "Standard error of the mean over the folds."),
    "fmr": Metric("FMR", "False match rate: impostor pairs called same.", _IMPOSTOR),
    "fnmr": Metric("FNMR", "False non-match rate: genuine pairs called different.", _GENUINE),
    "turned": Metric("Turned by one patch", "Decisions on pairs with maps that one patch turns.", "mapped pair"),
    "fmr_floor": Metric("Lowest FMR supported", "3 / n: n pairs without an error support no less, at 95 %.", _IMPOSTOR),
    "eer": Metric("EER", "Equal error rate: where false match rate and false non-match rate are equal."),
    "eer_threshold": Metric("Distance at the EER", "The threshold at which the two rates are equal.", digits=3),
    "auc": Metric(
        "AUC", "How often a genuine pair is closer than an impostor pair: 1 is perfect, 0.5 is chance.", digits=4
    ),
    "d_prime": Metric("d′", "Gap between the two distance distributions, in standard deviations.", digits=2),
    "fnmr_at_fmr_1e-1": Metric("FNMR at FMR 10 %", "Genuine pairs lost if 1 impostor in 10 may pass.", _GENUINE),
    "threshold_at_fmr_1e-1": Metric("Distance at FMR 10 %", "The threshold at that rate.", _IMPOSTOR, 3),
    "fnmr_at_fmr_1e-2": Metric("FNMR at FMR 1 %", "Genuine pairs lost if 1 impostor in 100 may pass.", _GENUINE),
    "threshold_at_fmr_1e-2": Metric("Distance at FMR 1 %", "The threshold at that rate.", _IMPOSTOR, 3),
    "fnmr_at_fmr_1e-3": Metric("FNMR at FMR 0.1 %", "Genuine pairs lost if 1 impostor in 1,000 may pass.", _GENUINE),
    "threshold_at_fmr_1e-3": Metric("Distance at FMR 0.1 %", "The threshold at that rate.", _IMPOSTOR, 3),
    "fta_rate": Metric("FTA", "Failure to acquire: share of images in which no face was found.", "image"),
    "fnmr_acquired": Metric("FNMR, faces found", "FNMR among pairs with a face found in both images.", _GENUINE),
    "frr": Metric(
        "FRR", "False reject rate: FNMR if a genuine pair without a face in both images counts as rejected.", _GENUINE
    ),
    "cllr": Metric("Cllr", "Cost of the likelihood ratios in bits: 0 is perfect, 1 tells nothing.", digits=3),
    "cllr_min": Metric("Cllr min", "What Cllr would be with perfect calibration.", digits=3),
    "cllr_cal": Metric("Cllr cal", "Cllr minus Cllr min: what imperfect calibration costs.", digits=3),
    "log_loss": Metric("Log loss", "Mean surprise at the truth, in nats; 0 is perfect.", digits=3),
    "brier": Metric("Brier score", "Mean squared error of the stated probability; 0 is perfect.", digits=4),
    "ece": Metric(
        "ECE", "Expected calibration error: how far stated confidence is from the share of right decisions.", digits=4
    ),
    "wrong_at_99": Metric(
        "Wrong at 99 %", "Of the statements of 99 % and more, in either direction, those that were wrong.", "statement"
    ),
    "insightface_accuracy": Metric(
        "Accuracy, as InsightFace prints it",
        "Image and mirror summed; each tenth of the list at the best of 400 thresholds for the others.",
    ),
    "insightface_accuracy_sd": Metric("Its standard deviation", "Over the ten accuracies, as of a population."),
    "insightface_val": Metric(
        "VAL",
        "Genuine pairs accepted where 1 impostor pair in 1,000 is, in the other tenths. "
        "InsightFace states it however few impostor pairs there are.",
        _GENUINE,
    ),
    "insightface_val_sd": Metric("Standard deviation of VAL", "Over the ten tenths, as of a population.", _GENUINE),
    "insightface_far": Metric("FAR at VAL", "Impostor pairs in fact accepted at these thresholds.", _IMPOSTOR),
    "llr_low": Metric("Lowest LR, log10", "The lowest log10 likelihood ratio that the pairs support.", digits=2),
    "llr_high": Metric("Highest LR, log10", "The highest log10 likelihood ratio that the pairs support.", digits=2),
}

MAP_METHODS = {
    "pair-specific": "what covering does to this pair, beyond what it costs the face itself",
    "all-to-all": "each covered version of one face against all covered versions of the other",
    "clean-to-all": "each covered version of one face against the other face, uncovered",
    "one-to-one": "both faces covered at the same place",
}

FACE_NOTES = {
    "ok": "",
    "centre-crop": "no face found; the middle of the image was used",
    "failed": "image unreadable",
}


def metric_called(name: str) -> Metric:
    """Look up what is known of a metric."""
    return METRICS.get(name, Metric(name, "", digits=4))


def metric_value(name: str, value: float) -> str:
    """Write a metric's value as a percentage or with its decimals."""
    digits = metric_called(name).digits
    return percent(value) if digits is None else fixed(value, digits)
