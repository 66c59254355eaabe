"""Groups of people: columns of images whose value is one for all images of a person."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from whyface.evaluation.groups import LONGEST_VALUE, MOST_VALUES, as_texts
from whyface.tables.schemas import IMAGES


class Grouping(NamedTuple):
    """A division of people into groups.

    Attributes
    ----------
    column : str
        Name of the column.
    values : list of str
        Its values, sorted.
    groups : numpy.ndarray
        Each person's value, by its place; -1 if unknown.
    """

    column: str
    values: list[str]
    groups: np.ndarray


def people_columns(images: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Find the columns that divide people, not images.

    Parameters
    ----------
    images : pandas.DataFrame
        The table of a collection. Images of unknown people tell nothing here.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        A row per person, by subject_id, of texts or None; and why each other column is left out.
    """
    named = images[images["subject_id"] != ""]
    found = {str(name): _of_people(named, name) for name in images.columns.drop(IMAGES.schema.names, errors="ignore")}
    left_out = {name: one for name, one in found.items() if isinstance(one, str)}
    kept = {name: one for name, one in found.items() if not isinstance(one, str)}
    return pd.DataFrame(kept, index=pd.Index(sorted(named["subject_id"].unique()), name="subject_id")), left_out


def _of_people(named: pd.DataFrame, name: str) -> pd.Series | str:
    """Give each person's value, or say why people have none."""
    texts = pd.Series(as_texts(named[name]), named.index, dtype=object)
    by_person = texts.groupby(named["subject_id"])
    number = texts.nunique()
    if number < 2:
        return "one value" if number else "no value"
    if number > MOST_VALUES:
        return f"{number:,} values"
    if (by_person.nunique() > 1).any():
        return "it varies from photo to photo of one person"
    longest = int(texts.dropna().str.len().max())
    return f"a value of {longest:,} characters" if longest > LONGEST_VALUE else by_person.first()


def groupings(images: pd.DataFrame, subjects: pd.Series, people: np.ndarray) -> Iterator[Grouping]:
    """Yield each division of the people who were compared.

    Parameters
    ----------
    images : pandas.DataFrame
        The table of a collection.
    subjects : pandas.Series
        subject_id of the images that were compared.
    people : numpy.ndarray
        The same people as whole numbers from 0.
    """
    columns, _ = people_columns(images)
    _, first = np.unique(people, return_index=True)
    shown = columns.reindex(subjects.to_numpy()[first])
    for name in columns:
        groups, values = pd.factorize(shown[name], sort=True)
        if len(values) > 1:
            yield Grouping(name, [*values], groups)
