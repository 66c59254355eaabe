"""What the tables say of groups of people."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whyface.evaluation.people_groups import people_columns
from whyface.tables.parquet import read_table
from whyface.tables.schemas import GROUP_INDICES, GROUP_RATES, PAIR_GROUP_INDICES, PAIR_GROUP_RATES, Table


@dataclass(frozen=True)
class PeopleGroups:
    """Groups of people of one model and collection; false if no column divides people.

    Attributes
    ----------
    rates, indices : pandas.DataFrame
        The tables `group_rates` and `group_indices`; empty if there are none.
    left_out : dict of str to str
        Columns of images that do not divide people, and why.
    where : str
        Folders of both tables below the table's own.
    """

    rates: pd.DataFrame
    indices: pd.DataFrame
    left_out: dict[str, str]
    where: str

    def __bool__(self) -> bool:
        return len(self.rates) > 0


def load_people_groups(tables: Path, model: str, collection: str, images: pd.DataFrame) -> PeopleGroups:
    """Read the tables of one model and collection."""
    where = f"model={model}/collection={collection}"
    rates, indices = _read(tables, where, GROUP_RATES, GROUP_INDICES)
    return PeopleGroups(rates, indices, people_columns(images)[1] if len(rates) else {}, where)


def load_pair_groups(tables: Path, where: str) -> PeopleGroups:
    """Read the tables `pair_group_rates` and `pair_group_indices` of one model and dataset, which are alike."""
    return PeopleGroups(*_read(tables, where, PAIR_GROUP_RATES, PAIR_GROUP_INDICES), {}, where)


def _read(tables: Path, where: str, *kinds: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    paths = [tables / f"{table.name}/{where}/{table.name}.parquet" for table in kinds]
    rates, indices = (
        read_table(path, table) if path.exists() else pd.DataFrame(columns=table.schema.names)
        for path, table in zip(paths, kinds, strict=True)
    )
    return rates, indices
