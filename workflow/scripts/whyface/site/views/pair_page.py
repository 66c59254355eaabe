"""View model of the page of a pair: its faces, numbers, evidence, neighbours and other models."""

import json
from collections.abc import Mapping
from typing import Any

from whyface.site.content.maps import PairMaps
from whyface.site.views.agreement import pair_agreement
from whyface.site.views.belief import pair_belief
from whyface.site.views.evidence import pair_evidence
from whyface.site.views.flip_set import pair_flip_set
from whyface.site.views.leakage import pair_leaks
from whyface.site.views.pair import pair_view
from whyface.site.views.quality import knowing_fact
from whyface.site.views.shown import Shown, fitted_pairs, no_probability, threshold_origin
from whyface.site.views.verdict import doubts, verdict
from whyface.site.words.chances import confidence, likelihood, probability, ratio
from whyface.site.words.numbers import fixed
from whyface.site.words.regions import STRENGTHS

_STRENGTHS = json.dumps(STRENGTHS)


def pair_page(one: Shown, others: list[Shown], index: int, maps: PairMaps | None) -> dict[str, Any]:
    """Make the views of page `index` of those of `one.with_pages`; `others` are other models on the same dataset."""
    row, last = one.rows[one.with_pages[index]], len(one.with_pages) - 1
    pair, base = pair_view(one, row), one.config["site"].get("base_url") or ""
    return {
        **one.titles,
        "pair": pair,
        "model_name": one.evaluation.model,
        "dataset_name": one.evaluation.dataset,
        "previous": _page_at(one, index - 1) if index else None,
        "next": _page_at(one, index + 1) if index < last else None,
        "position": f"{index + 1:,} of {last + 1:,}" + ("" if one.pages_for_all else " with maps"),
        "histogram": one.histogram,
        "marks": one.histogram.marks(row["threshold"], row["cosine_distance"]) if one.histogram else {},
        "belief": pair_belief(one, row),
        "facts": _facts(one, row),
        "leaks": pair_leaks(one, row),
        "at_bound": _at_bound(one, row),
        "evidence": pair_evidence(one, row) if maps else {},
        "flip_set": pair_flip_set(one.evaluation.flip_sets.get(row["pair_id"])) if maps else {},
        "agreement": pair_agreement(one, row["pair_id"]),
        "verdict": verdict(one) if maps else "",
        "doubts": doubts(one, row, one.evaluation.twin_kinds.get(row["pair_id"], "")) if maps else [],
        "strengths": _STRENGTHS,
        "permalink": base and f"{base.rstrip('/')}/{pair['page']}",
        "others": [
            {"model": other.titles["model"], **pair_view(other, found)}
            for other in others
            if (found := other.rows.find(row["pair_id"]))
        ],
    }


def _page_at(one: Shown, index: int) -> str:
    return one.pair_page(one.rows[one.with_pages[index]]["pair_id"])


def _facts(one: Shown, row: Mapping) -> list[tuple[str, str, str]]:
    """Rows of the table of numbers: name, value, explanation."""
    support = fitted_pairs(one, row["fold"])
    why_not = no_probability(one, row)
    return [
        ("Cosine distance", fixed(row["cosine_distance"], 4), "0 to 2; smaller is more alike"),
        ("Threshold", fixed(row["threshold"], 4), f"same below it; {threshold_origin(one, row['fold'])}"),
        (
            "Probability of same",
            probability(row["p_same"], support),
            why_not or "calibrated without this pair's fold, prior 0.5",
        ),
        *knowing_fact(one, row),
        ("Likelihood ratio, log10", fixed(row["llr"], 2), likelihood(row["llr"], support) + _bounds(one, row)),
        (
            "Confidence",
            confidence(row["confidence"], row["decision"], support),
            "probability that the decision is right",
        ),
        ("Paper score", fixed(row["paper_score"], 4), _about_paper_score(row)),
        (
            "Fold",
            "none" if row["fold"] is None else str(row["fold"]),
            "part of the cross-validation that the pair is in",
        ),
        ("Label", _label(row["is_genuine"]), "what the dataset says"),
    ]


def _about_paper_score(row: Mapping) -> str:
    failed = row["paper_score"] is None and row["cosine_distance"] is not None
    end = "; its fit failed on the pairs behind this decision" if failed else ""
    return f"confidence as published in 2023, 0.5 to 1; not a probability{end}"


def _at_bound(one: Shown, row: Mapping) -> bool:
    """Whether the likelihood ratio is the highest or the lowest that the pairs behind it support."""
    fit = one.fits.get(row["fold"], {})
    low, high = (fit.get(name) for name in ("llr_low", "llr_high"))
    return row["llr"] is not None and (
        (low is not None and row["llr"] <= low + 1e-6) or (high is not None and row["llr"] >= high - 1e-6)
    )


def _bounds(one: Shown, row: Mapping) -> str:
    """Say what likelihood ratios the pairs behind a fold support."""
    fit = one.fits.get(row["fold"], {})
    if fit.get("llr_low") is None or fit.get("llr_high") is None or row["llr"] is None:
        return ""
    end = "; this one is at the bound: the pairs support no more" if _at_bound(one, row) else ""
    return f". The pairs support likelihood ratios from {ratio(fit['llr_low'])} to {ratio(fit['llr_high'])}{end}"


def _label(is_genuine: bool | None) -> str:
    return "none" if is_genuine is None else "genuine" if is_genuine else "impostor"
