"""Evidence in words: bans, what a region carries of them, and what the model would say without it."""

from collections.abc import Mapping
from typing import Any

from whyface.site.words.numbers import MISSING, fixed, missing, percent

# The verbal scale of ENFSI (2015) for likelihood ratios, by the log10 that each word ends below.
SUPPORT = ((0.3, "no"), (1, "weak"), (2, "moderate"), (3, "moderately strong"), (4, "strong"), (1e9, "very strong"))
LEAST = 0.3  # bans: less than a factor of two is nothing to speak of


def support(value: float) -> str:
    """Say how strong evidence is, whichever way it points."""
    return next(word for most, word in SUPPORT if abs(value) < most)


def bans(value: float | None) -> str:
    """Write evidence with its sign: "+1.3"."""
    if value is None or missing(value):
        return MISSING
    size = fixed(abs(value), 1)
    sign = "" if size == "0.0" else "+" if value > 0 else "\u2212"
    return sign + size


def chance(row: Mapping[str, Any]) -> str:
    """Write what the model says under a cover, and the probability of same: "different, 31 %"."""
    if missing(row["decision"]):
        return MISSING
    return row["decision"] + ("" if missing(row["p_same"]) else f", {percent(row['p_same'], 0)}").replace(
        " %", "\u00a0%"
    )


def flip(row: Mapping[str, Any] | None, distance: float | None, largest_px: int) -> str:
    """Say whether a single patch turns the decision; empty if that is not known.

    Parameters
    ----------
    row : mapping or None
        The pair's row of the table flips.
    distance : float or None
        The pair's distance.
    largest_px : int
        Side of the largest patch of the run.
    """
    if row is None or missing(row["flipped"]):
        return ""
    if not row["flipped"]:
        return f"No single patch turns the decision, up to {largest_px} px."
    size, face = int(row["patch_px"]), row["side"].upper()
    moved = f"the distance goes from {fixed(distance)} to {fixed(row['cosine_distance'])}"
    return f"One patch of {size} x {size} px over face {face} turns the decision: {moved}."


def carried(region: str, row: Mapping[str, Any], whole: float, decision: str) -> str:
    """Say what a region carries of a pair's evidence, and what the model would say without it.

    Parameters
    ----------
    region : str
        The region.
    row : mapping
        The row of the table covers in which it is covered in both faces.
    whole : float
        The pair's log10 likelihood ratio, from the same fit.
    decision : str
        The pair's decision.
    """
    verb = "carry" if region.endswith("s") or " and " in region else "carries"
    size = fixed(abs(row["evidence"]), 1)
    of = f"{size} of this pair’s {fixed(abs(whole), 1)} bans" if whole * row["evidence"] > 0 else f"{size} bans"
    if not row["within"]:
        of = "most"  # how much is more than the pairs behind the fit can tell
    words = f"The {region} {verb} {of} for “{decision}”"
    if missing(row["decision"]):
        return f"{words}."
    still = "still say" if row["decision"] == decision else "say"
    sure = "" if missing(row["p_same"]) else f" ({percent(row['p_same'], 0)} same)".replace(" %", "\u00a0%")
    return f"{words}. Covered in both faces, the model would {still} “{row['decision']}”{sure}."
