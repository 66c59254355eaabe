"""Group columns of a dataset's pairs: what the pair list and the images say beyond the columns every dataset has."""

import numpy as np
import pandas as pd

from whyface.tables.schemas import IMAGES, PAIRS

MOST_CHOICES = 20  # a text column with more values is left out, a numeric one becomes a range


def filter_columns(pairs: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Collect the group columns that the explorer filters pairs by, with the names and texts of the table `metrics`.

    Parameters
    ----------
    pairs, images : pandas.DataFrame
        The tables; images of the whole collection.

    Returns
    -------
    pandas.DataFrame
        A row per pair, in the order of `pairs`, null as None. Columns of at most `MOST_CHOICES` values hold text;
        for an image column, the two values in order ("frontal + profile"). Other columns hold numbers; for an image
        column, the difference between the two. Columns with one value, or with many texts, are left out.
    """
    images = images.set_index("image_id")
    own = {str(name): pairs[name] for name in pairs.columns if name not in PAIRS.schema.names}
    theirs = [name for name in images.columns if name not in IMAGES.schema.names and name not in own]
    both = dict(_of_both(pairs, images[name]) for name in theirs if not _has_many_texts(images[name]))
    usable = {name: plain for name, column in (own | both).items() if (plain := _usable(column)) is not None}
    return pd.DataFrame(usable, index=pairs.index, dtype=object)


def is_range(column: pd.Series) -> bool:
    """Whether a group column holds numbers, to be filtered by range."""
    return any(isinstance(value, float) for value in column.dropna().head(1))


def _of_both(pairs: pd.DataFrame, values: pd.Series) -> tuple[str, pd.Series]:
    """Combine an image column for both images of each pair: numbers to their difference, texts to "one + other"."""
    a, b = (pairs[f"image_{side}"].map(values) for side in "ab")
    if values.nunique() > MOST_CHOICES:
        return f"{values.name}, difference", (a - b).abs()
    known, a, b = a.notna() & b.notna(), _texts(a), _texts(b)
    return str(values.name), (a + " + " + b).where(a <= b, b + " + " + a).where(known, None)


def _usable(column: pd.Series) -> pd.Series | None:
    """Turn a column into text or numbers, null as None; None if it has one value, or too many texts."""
    if column.nunique() < 2 or _has_many_texts(column):
        return None
    plain = _texts(column) if column.nunique() <= MOST_CHOICES else column.astype(float)
    return plain.astype(object).where(column.notna(), None)


def _has_many_texts(column: pd.Series) -> bool:
    return column.nunique() > MOST_CHOICES and not pd.api.types.is_numeric_dtype(column)


def _texts(column: pd.Series) -> pd.Series:
    """Write values as the table `metrics` writes them; each distinct value once, for there may be a million rows."""
    codes, values = pd.factorize(column)
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return pd.Series(np.array([*texts, ""], object)[codes], index=column.index)
