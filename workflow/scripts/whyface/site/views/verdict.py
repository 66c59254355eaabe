"""How far to trust the maps, in a sentence: for every page that shows maps."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from whyface.site.content.fidelity import FidelityRows, Row
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count, fixed, joined, missing
from whyface.site.words.trust import CENTRE, KINDS

LED_BY = "exchanged"  # the kind of twin whose scores stand for all
TOO_FEW = "Too few pairs have maps to say how right these are."
DIRECTIONS = {"same": "moved the faces apart", "different": "brought them together"}


def verdict(one: Shown, here: str = "this dataset") -> str:
    """Say in a sentence or two how far to trust a model's default maps; empty if nothing measured it.

    Known differences speak first, then covering: on the evaluation's own dataset where possible. `here` is what to call
    that dataset; a page of several gives its title.
    """
    method = one.main_method
    planted = next((says for rows in one.fidelity.values() if (says := planted_verdict(rows, method))), "")
    return planted or _covering_verdict(one, here)


def planted_verdict(rows: FidelityRows, method: str) -> str:
    """Say how often maps point at an exchanged part; empty if that was not measured."""
    hits = rows.find("hit", method=method, kind=LED_BY, region="")
    own, blob = mean_value(hits), mean_value(rows.find("hit", method=CENTRE, kind=LED_BY, region=""))
    if own is None or blob is None:
        return ""
    pairs = count(max(row["n"] for row in hits), "pair")
    return (
        f"On {pairs} of drawn faces with a part exchanged, the strongest “different” spot of {method} maps lies on "
        f"that part in {_of_100(own)} of 100 cases; that of a blob in the middle of the face does in {_of_100(blob)}."
    )


def _covering_verdict(one: Shown, here: str) -> str:
    dataset = one.evaluation.dataset
    own = {here: one.fidelity.get(dataset, FidelityRows())}
    others = {_title(one, name): rows for name, rows in one.fidelity.items() if name != dataset}
    measured = list((own | others).items())
    found = (covering_verdict(rows, one.main_method, where) for where, rows in measured)
    too_few = any(rows.find("fidelity", method=one.main_method) for _, rows in measured)
    return next(filter(None, found), TOO_FEW if too_few else "")


def covering_verdict(rows: FidelityRows, method: str, where: str) -> str:
    """Say how far covering moves the faces, compared with the best order found; empty if too few pairs measured it."""
    measured = {sign: rows.first("fidelity", method=method, sign=sign, fill="", kind="") for sign in DIRECTIONS}
    known = {sign: row for sign, row in measured.items() if row and not missing(row["ci_low"])}
    if not known:
        return ""
    pairs = count(max(row["n"] for row in known.values()), "pair")
    names = (f"{method} maps", "they")
    parts = [
        f"covering what {name} call “{sign}” {DIRECTIONS[sign]} by {fixed(row['value'], 2)}"
        for name, (sign, row) in zip(names, known.items(), strict=False)
    ]
    return f"On {pairs} of {where}, {joined(parts)}, where a random order is 0 and the best order found is 1."


def known_differences(one: Shown) -> str:
    """Count the pairs of a dataset made to test maps, in words: those with a known difference, or all if unmeasured."""
    kinds = one.evaluation.fidelity.find("moved", region="")
    known = sum(row["n"] for row in kinds if row["kind"] in KINDS)
    return f"{count(known, 'pair')} with a known difference" if known else count(len(one.rows), "pair")


def doubts(one: Shown, row: Mapping[Any, Any], kind: str) -> list[str]:
    """Say where maps of pairs like this one are no better than a blob in the middle of the face.

    Parameters
    ----------
    one : Shown
        The evaluation.
    row : mapping
        The pair.
    kind : str
        Its kind among twins; empty for any other pair.
    """
    rows = one.fidelity.get(one.evaluation.dataset, FidelityRows())
    if kind in KINDS and rows.find("auc", kind=kind):
        return list(_doubts_of_twins(rows, one.main_method, kind))
    label = {True: "genuine", False: "impostor", None: "unlabelled"}[row["is_genuine"]]
    return list(_doubts_of_covering(rows, one.main_method, label))


def _doubts_of_twins(rows: FidelityRows, method: str, kind: str) -> Iterator[str]:
    margins = rows.find("auc_over_centre", method=method, kind=kind, region="")
    weak = [row["side"] for row in margins if not is_better(row)]
    if weak:
        where = f" on face {weak[0].upper()}" if weak in (["a"], ["b"]) and len(margins) > 1 else ""
        blob = "a blob in the middle of the face"
        yield f"On pairs {KINDS[kind][1]}, these maps are not clearly better than {blob}{where}."


def _doubts_of_covering(rows: FidelityRows, method: str, label: str) -> Iterator[str]:
    for sign in DIRECTIONS:
        own, blob = (rows.first("fidelity", method=name, sign=sign, fill="", kind=label) for name in (method, CENTRE))
        if is_worse(own, blob):
            numbers = f"{fixed(own['value'], 2)} against {fixed(blob['value'], 2)}"  # type: ignore[index]
            yield (
                f"On {label} pairs of this dataset, covering what these maps call “{sign}” does less than covering "
                f"the middle of the face: {numbers}."
            )


def is_better(margin: Row) -> bool:
    """Whether a score's margin over the centre prior is clear of 0."""
    return not missing(margin["ci_low"]) and margin["ci_low"] > 0


def is_worse(own: Row | None, blob: Row | None) -> bool:
    """Whether the maps' value lies below that of the centre prior; unknown values do not."""
    values = [None if row is None else row["value"] for row in (own, blob)]
    return not any(map(missing, values)) and values[0] < values[1]  # type: ignore[operator]


def mean_value(rows: list[Row]) -> float | None:
    """Average the values of rows, such as those of the two faces; None if there are none."""
    values = [row["value"] for row in rows if not missing(row["value"])]
    return float(np.mean(values)) if values else None


def _of_100(share: float) -> str:
    return f"{round(100 * share)}"


def _title(one: Shown, dataset: str) -> str:
    return one.config["datasets"][dataset].get("title") or dataset
