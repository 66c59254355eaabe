"""A set of cells that turns a decision, in words."""

from collections.abc import Mapping
from typing import Any

from whyface.site.words.numbers import joined, missing, percent

# How a face is covered, in the order in which it is said.
COVERS = {"mean": "its mean colour", "blur": "a blur", "noise": "noise", "black": "black"}


def flip_set(row: Mapping[str, Any] | None) -> str:
    """Say which share of a face turns the decision when covered, and with what; empty if that is not known.

    Parameters
    ----------
    row : mapping or None
        The pair's row of the table flip_sets.
    """
    if row is None or missing(row["turned"]):
        return ""
    if not row["turned"]:
        return "No set of cells that turns the decision was found in either face, up to half of it."
    cells, every = len(row["cells"]), int(row["cells_per_side"]) ** 2
    share = percent(cells / every, 0).replace(" %", "\u00a0%")
    holds = row["holds"].split()
    with_these = joined([words for fill, words in COVERS.items() if fill in holds], "or")
    others = joined([words for fill, words in COVERS.items() if fill not in holds], "or")
    but = f"; not with {others}" if others else ""
    covered = f"Covering {cells} of the {every} cells of face {row['side'].upper()} ({share} of it)"
    return f"{covered} turns the decision: with {with_these}{but}."
