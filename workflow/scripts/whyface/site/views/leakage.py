"""Leakage in words: what folds share with each other and with the reference, for the report and the pages of pairs."""

from collections.abc import Iterator, Mapping
from typing import Any

from whyface.lists.leakage import FOLDS, IMAGES, NAMES, PAIRS, PEOPLE, REFERENCE, UNFOLDED
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count, joined

_ONE = {PEOPLE: "person", IMAGES: "image", PAIRS: "pair"}
_THIS = {PEOPLE: "a person", IMAGES: "an image", PAIRS: "the pair itself"}
_SCOPES = {FOLDS: "Folds share", UNFOLDED: "Pairs without a fold share", REFERENCE: "This set shares"}
_WITH = {FOLDS: "", UNFOLDED: " with the folds", REFERENCE: " with its reference dataset {}"}
_FIGURES = {FOLDS: "on these folds", UNFOLDED: "on them", REFERENCE: "that rest on a fit from there"}
_TAUGHT = {FOLDS: "other folds", UNFOLDED: "the folds", REFERENCE: "that dataset"}


def leakage_words(one: Shown) -> str:
    """Say what is shared, or that nothing is; empty if nobody counted."""
    rows = one.evaluation.leakage
    words = [_scope(one, scope, kinds) for scope in _SCOPES if (kinds := _kinds(rows, scope))]
    return " ".join([*words, *_unknown(one)] if words else [])


def pair_leaks(one: Shown, row: Mapping) -> str:
    """Say what of a pair is among the pairs that it is judged by; empty if nothing is."""
    leaking = one.evaluation.leaking_pairs
    if row["pair_id"] not in leaking.index:
        return ""
    fitted_on = one.fits.get(row["fold"], {}).get("fitted_on")
    found: dict[str, list[str]] = {}
    for leak in sorted(leaking.loc[[row["pair_id"]]].itertuples(), key=lambda leak: [*_THIS].index(leak.kind)):
        if fitted_on == (leak.found_in if leak.scope == REFERENCE else one.evaluation.dataset):
            found.setdefault(_place(leak), []).append(_THIS[leak.kind])
    parts = [f"{joined(things)} in {place}" for place, things in found.items()]
    return f"Not all of this pair is new to the fit behind its decision, which saw {joined(parts)}." if parts else ""


def _kinds(rows: list[dict[Any, Any]], scope: str) -> dict[str, dict[Any, Any]]:
    return {row["kind"]: row for row in rows if row["scope"] == scope}


def _scope(one: Shown, scope: str, kinds: Mapping[str, Mapping]) -> str:
    """Say what is shared in one scope, and what that means for the figures."""
    compared = [kind for kind in _ONE if kind in kinds and kinds[kind]["n"]]
    shared = [kind for kind in compared if kinds[kind]["shared"]]
    fitted_on = kinds[PAIRS]["fitted_on"]
    partner = _WITH[scope].format(fitted_on)
    if not shared:
        nothing = _either([_ONE[kind] for kind in compared])
        words = f"No {nothing} is in two folds." if scope == FOLDS else f"{_SCOPES[scope]} no {nothing}{partner}."
        return words + _names(kinds)
    words = f"{_SCOPES[scope]} {joined([_of_all(kind, kinds[kind]) for kind in shared])}{partner}"
    if fitted_on in {fit["fitted_on"] for fit in one.fits.values()}:
        unseen = PEOPLE if PEOPLE in shared else IMAGES
        words += f": figures {_FIGURES[scope]} are not all on unseen {unseen}."
    else:
        words += f". No pair here is judged by a fit on {_TAUGHT[scope]}."
    return words + _names(kinds)


def _of_all(kind: str, row: Mapping) -> str:
    return f"{row['shared']:,} of {row['n']:,} {kind}"


def _names(kinds: Mapping[str, Mapping]) -> str:
    """Say what names of two collections tell of people."""
    if NAMES not in kinds or not kinds[NAMES]["n"]:
        return ""
    shared, n = kinds[NAMES]["shared"], kinds[NAMES]["n"]
    also = f"{shared:,} of {n:,} names occur in both, but may stand for different people" if shared else "no name does"
    return f" It is another collection: whether people occur in both is not known; {also}."


def _unknown(one: Shown) -> Iterator[str]:
    """Say whose people could not be compared."""
    pairs = one.evaluation.pairs
    images = {image for s in "ab" for image in pairs[f"image_{s}"][pairs[f"subject_{s}"] == ""]}
    if images and not (pairs.subject_a != "").any() and not (pairs.subject_b != "").any():
        yield "People could not be compared: the list does not say who is shown."
    elif images:
        yield f"{count(len(images), 'image')} without a known person could not be compared by person."


def _place(leak: Any) -> str:
    if leak.scope == REFERENCE:
        return f"the reference dataset {leak.found_in}"
    folds = leak.found_in.split(", ")
    return f"fold{'s' if len(folds) > 1 else ''} {joined(folds)}"


def _either(names: list[str]) -> str:
    """Write alternatives: "person, image or pair"."""
    return " or ".join([part for part in (", ".join(names[:-1]), *names[-1:]) if part])
