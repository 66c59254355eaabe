"""View model of what a report says above each breakdown by groups: whether they differ by more than chance."""

import math
from typing import Any

import pandas as pd

from whyface.site.views.people_groups import Column, indices_of, matrix_of, sentence, shown_target
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import power


def pair_groups_of(one: Shown) -> dict[str, Any]:
    """Describe each group column of the dataset's pairs by its name; nothing where pairs are made to test maps."""
    groups = one.evaluation.pair_groups
    names = groups.indices["column"].unique() if groups and not one.tests_maps else ()
    files = {
        table: f"data/{table}/{groups.where}/{table}.parquet" for table in ("pair_group_rates", "pair_group_indices")
    }
    columns = {
        name: _column(*(rows[rows["column"] == name] for rows in (groups.rates, groups.indices))) for name in names
    }
    return {"columns": columns, "files": files}


def _column(rates: pd.DataFrame, indices: pd.DataFrame) -> dict[str, Any]:
    target = shown_target(rates)
    rates, indices = rates[rates["fmr_target"] == target], indices[indices["fmr_target"] == target]
    column = Column(rates, indices, sorted(set(rates["group_a"])))
    is_mixed = ((rates["rate"] == "fmr") & (rates["group_a"] != rates["group_b"])).any()
    where = " within groups" if is_mixed else ""
    return {
        "target": power(round(math.log10(target))),
        "verdicts": [sentence(column, "fmr", where), sentence(column, "fnmr")],
        "groups": column.groups,
        "matrix": matrix_of(column, target) if is_mixed else [],
        "indices": list(indices_of(column)),
        "shares_people": bool(indices["shares_people"].any()),
    }
