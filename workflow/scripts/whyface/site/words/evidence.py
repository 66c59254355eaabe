"""Evidence in words: bans, what a pair's decision rests on, and what would turn it."""

from collections.abc import Mapping
from typing import Any

from whyface.site.words.chances import Support, probability
from whyface.site.words.numbers import MISSING, fixed, missing

# The verbal scale of ENFSI (2015) for likelihood ratios, by the log10 that each word ends below.
SUPPORT = ((0.3, "no"), (1, "weak"), (2, "moderate"), (3, "moderately strong"), (4, "strong"), (1e9, "very strong"))
LEAST = 0.3  # bans: less than a factor of two is nothing to speak of
BEYOND = "†"  # marks evidence whose size the pairs behind the fit do not support


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


def likely(p_same: float | None, pairs: Support) -> str:
    """Write a probability of same in whole percent, near 0 and 1 with a decimal, no surer than its pairs support."""
    is_near_an_end = p_same is not None and not 0.01 <= p_same <= 0.99
    return probability(p_same, pairs, int(is_near_an_end)).replace(" ", "\u00a0")


def chance(cover: Mapping[str, Any], pairs: Support) -> str:
    """Write what the model says under a cover, and the probability of same: "different, 31 %"."""
    if missing(cover["decision"]):
        return MISSING
    return cover["decision"] + ("" if missing(cover["p_same"]) else f",\u00a0{likely(cover['p_same'], pairs)}")


def summary(decision: str, sure: str, leaning: str, turned_by: str) -> str:
    """Say in one sentence what a model says of a pair, on what that rests and what would turn it.

    Parameters
    ----------
    decision : str
        same or different.
    sure, leaning, turned_by : str
        As `how_sure`, `leaning` and `turned_by` write them; empty where nothing is known.
    """
    says = f"The model says “{decision}”{sure and ' '}{sure}{leaning and ', '}{leaning}"
    return f"{says}; {turned_by}." if turned_by else f"{says}."


def how_sure(p_same: float | None, decision: str, pairs: Support) -> str:
    """Write the probability of same beside a decision; empty if it is unknown.

    A threshold is set to make few errors, a probability supposes as many genuine as impostor pairs: they may disagree.
    """
    if p_same is None or missing(p_same):
        return ""
    yet = "yet " if (p_same > 0.5) != (decision == "same") else ""
    return f"({yet}{likely(p_same, pairs)} likely the same person)"


def leaning(region: str, face: str, cover: Mapping[str, Any], decision: str, pairs: Support) -> str:
    """Say that a decision rests on a region, and what the model would say without it.

    Parameters
    ----------
    region : str
        The region; empty if none stands out.
    face : str
        The face it is covered in, A or B; empty: both.
    cover : mapping
        The row of the table covers.
    decision : str
        The pair's decision.
    pairs : Support
        Pairs behind the fit.
    """
    if not region:
        return "leaning on no single region"
    where = f"the {region} of face {face}" if face else f"the {region}"
    if missing(cover["decision"]):
        return f"leaning most on {where}"
    covered = ("them" if is_plural(region) else "it") + " covered" + ("" if face else " in both faces")
    still = "still say" if cover["decision"] == decision else "say"
    sure = "" if missing(cover["p_same"]) else f" ({likely(cover['p_same'], pairs)})"
    return f"leaning most on {where}: with {covered} it would {still} “{cover['decision']}”{sure}"


def turned_by(row: Mapping[str, Any] | None, largest_px: int, is_fast: bool = False) -> str:
    """Say which single patch turns a decision; empty if that is not known.

    Parameters
    ----------
    row : mapping or None
        The pair's row of the table flips.
    largest_px : int
        Side of the largest patch of the run.
    is_fast : bool
        Whether only some patches were tried, so that their number is said.
    """
    if row is None or missing(row["flipped"]):
        return ""
    if not row["flipped"]:
        none = f"none of {int(row['patches']):,} single patches" if is_fast else "no single patch"
        return f"{none} of up to {largest_px}\u00a0px turns the decision"
    size = int(row["patch_px"])
    return f"one patch of {size}\u00a0x\u00a0{size}\u00a0px over face {row['side'].upper()} turns the decision"


def moved(row: Mapping[str, Any] | None, distance: float | None, is_fast: bool = False) -> str:
    """Say how far the patch that turns a decision moves the distance; empty without one. See `turned_by`."""
    if row is None or missing(row["flipped"]) or not row["flipped"]:
        return ""
    turning, patches = int(row["turning"]), int(row["patches"])
    alone = f"none of the other {patches - 1:,} single patches turns it" if is_fast else "no other patch turns it"
    others = f"{turning:,} of {patches:,} single patches turn it" if turning > 1 else alone
    ends = f"from {fixed(distance)} to {fixed(row['cosine_distance'])}"
    return f"The patch that turns the decision moves the distance {ends}; {others}."


def carried(region: str, face: str, cover: Mapping[str, Any], whole: float) -> str:
    """Say how many of a pair's bans a region carries.

    Parameters
    ----------
    region, face, cover
        As for `leaning`; without a region, none stands out.
    whole : float
        The pair's log10 likelihood ratio, from the same fit.
    """
    if not region:
        return "No region stands out: covering any of them takes away no more here than from most pairs."
    where = f"The {region} of face {face}" if face else f"The {region}"
    verb = "carry" if is_plural(region) else "carries"
    if not cover["within"]:
        return f"{where} {verb} more bans than the pairs behind the fit can tell."
    side = "same" if cover["evidence"] > 0 else "different"
    opposed = "" if whole * cover["evidence"] > 0 else f" for “{'same' if whole > 0 else 'different'}”"
    size, all_of_it = fixed(abs(cover["evidence"]), 1), fixed(abs(whole), 1)
    return f"{where} {verb} {size} bans for “{side}”; the pair has {all_of_it}{opposed}."


def against(region: str, face: str, decision: str) -> str:
    """Say which region speaks most against a decision; empty if none stands out."""
    if not region:
        return ""
    where = f"the {region} of face {face}" if face else f"the {region}"
    return f"Most against “{decision}” {'speak' if is_plural(region) else 'speaks'} {where}."


def in_all(whole: float, llr: float) -> str:
    """Say how many bans a pair has in all, and how strong that is: no stronger than the pairs behind the fit support.

    Parameters
    ----------
    whole, llr : float
        Log10 likelihood ratio of the pair by its fit, without bounds and within them.
    """
    side = "same" if llr > 0 else "different"
    words = f"{support(llr)} support" + (f" for “{side}”" if support(llr) != "no" else "")
    if abs(whole - llr) < 1e-6:
        return f"This pair has {bans(whole)} bans in all: {words}."
    return (
        f"This pair has {bans(llr)} bans in all, and the pairs behind the fit support no more: {words}. Without that "
        f"bound the fit says {bans(whole)}, and the regions’ bans come from there."
    )


def is_plural(region: str) -> bool:
    """Whether a region's name is a plural: eyes, hair and background."""
    return region.endswith("s") or " and " in region
