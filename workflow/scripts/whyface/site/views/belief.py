"""What the sliders for a threshold and a prior of the reader's own start from."""

import json
import math
from collections.abc import Mapping
from typing import Any

from whyface.site.drawing.histogram import Histogram
from whyface.site.views.pair_index import DIGITS
from whyface.site.views.shown import Shown, fitted_pairs, no_probability
from whyface.site.words.chances import likelihood
from whyface.site.words.numbers import fixed

STEPS = 1000  # of the threshold's slider, for a distance of 1


def pair_belief(one: Shown, row: Mapping) -> dict[str, Any]:
    """Describe what a pair's page restates; empty without a decision."""
    if row["decision"] is None or one.histogram is None:
        return {}
    support = fitted_pairs(one, row["fold"])
    facts = {"distance": row["cosine_distance"], "llr": row["llr"], "support": support._asdict()}
    return {
        **_slider(one.histogram, row["threshold"], facts),
        "distance": fixed(row["cosine_distance"], 4),
        "threshold": fixed(row["threshold"], 4),
        "decision": row["decision"],
        "evidence": likelihood(row["llr"], support),
        "no_probability": no_probability(one, row),
    }


def report_belief(one: Shown) -> dict[str, Any]:
    """Describe what a report restates; empty without a distance.

    Its one threshold is at first the median over the pairs of their folds' thresholds, which the histogram marks too.
    """
    if one.histogram is None:
        return {}
    thresholds = one.evaluation.pairs.threshold.dropna().astype(float)
    low, high = fixed(thresholds.min(), 4), fixed(thresholds.max(), 4)
    facts = {"model": one.evaluation.model, "dataset": one.evaluation.dataset}
    # Rounded as the distances in the explorer's index are, so that a distance at the threshold stays there.
    threshold = round(float(thresholds.median()), DIGITS)
    return {
        **_slider(one.histogram, threshold, facts),
        "threshold": fixed(threshold, 4),
        "folds": "" if low == high else f"{low} to {high}",
    }


def _slider(histogram: Histogram, threshold: float, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Make a slider of the threshold over the histogram's distances."""
    return {
        "low": math.floor(histogram.low * STEPS) / STEPS,
        "high": math.ceil(histogram.high * STEPS) / STEPS,
        "step": 1 / STEPS,
        "start": threshold,
        "facts": json.dumps({"threshold": threshold, **facts}),
    }
