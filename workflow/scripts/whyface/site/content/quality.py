"""What a run says about quality: error rates as images are discarded, and ratios that know the image."""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whyface.tables.parquet import read_table
from whyface.tables.schemas import CONDITIONAL, CONDITIONAL_CHOICE, DISCARD_AREAS, DISCARDS, Table

FNMR = "fnmr"


@dataclass(frozen=True)
class Quality:
    """Tables of one model on one dataset; empty where a run lacks them.

    Attributes
    ----------
    areas : list of dict
        The rows of `discard_areas` for FNMR.
    rates : dict of (str, int) to float
        FNMR by quality and percent of pairs discarded, from `discards`.
    choice : dict
        The row of `conditional_choice`.
    p_same : dict of str to float
        By pair_id, the probability that knows the images; empty unless it is used.
    """

    areas: list[dict[Hashable, Any]]
    rates: dict[tuple[str, int], float]
    choice: dict[Hashable, Any]
    p_same: dict[str, float]


def load_quality(tables: Path, both: str) -> Quality:
    """Read what there is; `both` are the folders of model and dataset."""

    def rows(table: Table) -> list[dict[Hashable, Any]]:
        path = tables / table.name / both / f"{table.name}.parquet"
        return read_table(path, table).to_dict("records") if path.exists() else []

    choice = next(iter(rows(CONDITIONAL_CHOICE)), {})
    used = rows(CONDITIONAL) if choice.get("verdict") == "used" else []
    return Quality(
        areas=[row for row in rows(DISCARD_AREAS) if row["error"] == FNMR],
        rates={
            (row["quality"], round(100 * row["discarded"])): row["rate"]
            for row in rows(DISCARDS)
            if row["error"] == FNMR
        },
        choice=choice,
        p_same={row["pair_id"]: row["p_same"] for row in used},
    )
