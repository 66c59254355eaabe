"""Groups of pairs: what the metrics of a dataset are broken down by, and what the site filters and averages by."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.lists.column_names import FACES_FOUND, KNOWN_LABEL_ERROR
from whyface.lists.images_csv import JOIN
from whyface.tables.schemas import IMAGES, PAIRS

logger = logging.getLogger("whyface")

MOST_VALUES = 20  # a column with more breaks nothing down; numbers become a range
LONGEST_VALUE = 100  # characters
DIGITS = 9  # of a difference: 41.5 - 30.2 is 11.3


def collect_groups(pairs: pd.DataFrame, images: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Collect the group columns of a dataset's pairs: what the pair list and the images say beyond their schemas.

    Parameters
    ----------
    pairs, images : pandas.DataFrame
        The tables; images of the whole collection.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        A row per pair, null as None, and why each other column is left out. Columns of at most `MOST_VALUES` values
        hold text; for an image column, the values of both images in order ("frontal + profile"). Numbers with more
        values stay numbers; for an image column, the difference between the two ("age, difference").
    """
    columns = dict(_all_columns(pairs, images))
    left_out = {name: why for name, column in columns.items() if (why := _why_not(column))}
    kept = {name: _plain(column) for name, column in columns.items() if name not in left_out}
    return pd.DataFrame(kept, index=pairs.index, dtype=object), left_out


def looked_for_faces(faces: pd.DataFrame) -> bool:
    """Whether anybody looked for faces: an image that is taken as it is has no landmarks, and nothing is wrong."""
    return not (faces["landmarks"].isna() & (faces["status"] == "ok")).any()


def faces_found(pairs: pd.DataFrame, faces: pd.DataFrame) -> np.ndarray:
    """Say of each pair whether a face was found in both images; true of all where nobody looked."""
    if not looked_for_faces(faces):
        return np.ones(len(pairs), bool)
    found = faces.loc[faces["status"] == "ok", "image_id"]
    return (pairs["image_a"].isin(found) & pairs["image_b"].isin(found)).to_numpy()


def metric_groups(pairs: pd.DataFrame, images: pd.DataFrame, found: np.ndarray) -> pd.DataFrame:
    """Collect the groups that metrics are broken down by: text columns, known label errors and faces found.

    Parameters
    ----------
    pairs, images : pandas.DataFrame
        As for `collect_groups`.
    found : numpy.ndarray
        As `faces_found` says.
    """
    columns, left_out = collect_groups(pairs, images)
    for name, why in left_out.items():
        logger.info("column %s: %s, no groups", name, why)
    groups = columns[[name for name in columns if not is_range(columns[name])]]
    own = {
        KNOWN_LABEL_ERROR: np.where(pairs["known_label_error"].ne(""), "yes", "no"),
        FACES_FOUND: np.where(found, "in both images", "in one image or none"),
    }
    for name, values in own.items():
        if len({*values}) > 1:
            groups.insert(len(groups.columns), name, values)  # stops if there is such a column
    return groups


def is_range(column: pd.Series) -> bool:
    """Whether a group column holds numbers, to be filtered by range."""
    return any(isinstance(value, float) for value in column.dropna().head(1))


def _all_columns(pairs: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield name and values of every group column, for each pair."""
    for name in pairs.columns.drop(PAIRS.schema.names, errors="ignore"):
        yield str(name), pairs[name].mask(pairs[name].eq(""))
    names = pd.Index(images["image_id"])
    rows = [names.get_indexer(pd.Index(pairs[f"image_{side}"])) for side in "ab"]
    for name in images.columns.drop(IMAGES.schema.names, errors="ignore"):
        yield _of_both(images[name], rows, pairs.index)


def _of_both(column: pd.Series, rows: list[np.ndarray], index: pd.Index) -> tuple[str, pd.Series]:
    """Combine the values of both images of each pair: joined if they are few, else the difference between numbers."""
    is_number = pd.api.types.is_numeric_dtype(column)
    if column.nunique() > MOST_VALUES and not is_number:
        return str(column.name), column  # left out, however few of the values the pairs show
    if column.nunique() <= MOST_VALUES:
        joined = pd.Series(_joined(as_texts(column), rows), index, dtype=object)
        if not is_number or joined.nunique() <= MOST_VALUES:
            return str(column.name), joined
    numbers = column.to_numpy(np.float64, na_value=np.nan)
    return f"{column.name}, difference", pd.Series(np.abs(numbers[rows[0]] - numbers[rows[1]]).round(DIGITS), index)


def _joined(texts: np.ndarray, rows: list[np.ndarray]) -> np.ndarray:
    """Join the texts of a pair's two images into one, in alphabetical order; None if one is null."""
    codes, values = pd.factorize(texts, sort=True)
    both = np.array([[a + JOIN + b for b in values] + [None] for a in values] + [[None] * (len(values) + 1)], object)
    low, high = np.sort(codes[np.stack(rows)], axis=0)
    return both[np.where(low < 0, -1, low), np.where(low < 0, -1, high)]


def _why_not(column: pd.Series) -> str:
    """Say why a column makes no groups; empty if it does."""
    values = column.dropna().unique()
    if len(values) < 2:
        return "one value" if len(values) else "no value"
    if pd.api.types.is_numeric_dtype(column):
        return ""
    longest = max(map(len, values))
    if len(values) > MOST_VALUES:
        return f"{len(values):,} values"
    return f"a value of {longest:,} characters" if longest > LONGEST_VALUE else ""


def _plain(column: pd.Series) -> pd.Series:
    """Turn a column into text if it has few values, else into numbers; null into None."""
    if column.nunique() <= MOST_VALUES:
        return pd.Series(as_texts(column), column.index, dtype=object)
    return column.astype(float).astype(object).where(column.notna(), None)


def as_texts(column: pd.Series) -> np.ndarray:
    """Write the values of a column as text, null as None; each distinct value once, for there may be a million rows."""
    codes, values = pd.factorize(column)
    return np.array([*map(_text, values), None], object)[codes]


def _text(value: object) -> str:
    return np.format_float_positional(value, trim="-") if isinstance(value, float) else str(value)
