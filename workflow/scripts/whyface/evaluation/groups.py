"""Groups: what the metrics of a dataset are broken down by."""

import logging

import numpy as np
import pandas as pd

from whyface.tables.schemas import IMAGES, PAIRS

logger = logging.getLogger("whyface")

MOST_VALUES = 20  # a column with more values breaks nothing down


def collect_groups(pairs: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Collect the groups that each pair belongs to.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The columns of a pairs table, and found: whether a face was found in both images.
    images : pandas.DataFrame
        An images table.

    Returns
    -------
    pandas.DataFrame
        A row per pair, text or null: the pairs' own group columns; those of their images, as the two values in order;
        label, whether it is known to be wrong; faces, whether both images show one. Columns with one value, or too
        many, are left out.
    """
    own = [name for name in pairs.columns if name not in _NOT_GROUPS]
    texts = {str(name): _as_text(pairs[name]) for name in own}
    names = pd.Index(images["image_id"])
    rows = [names.get_indexer(pd.Index(pairs[f"image_{side}"])) for side in "ab"]
    for name in [name for name in images.columns if name not in IMAGES.schema.names and name not in texts]:
        column = pd.Series(_as_text(images[name]))
        if column.nunique() <= MOST_VALUES:
            texts[str(name)] = _of_both(column, *rows)
        else:
            logger.info("group column %s: %d values of images, nothing to break down", name, column.nunique())
    groups = {name: pd.Series(values, index=pairs.index) for name, values in texts.items()}
    doubted, found = pairs["known_label_error"].ne(""), pairs["found"]
    groups["label"] = pd.Series(np.where(doubted, "known to be wrong", "not in doubt"), index=pairs.index)
    groups["faces"] = pd.Series(np.where(found, "found in both images", "not found in one or both"), index=pairs.index)
    kept = {name: column for name, column in groups.items() if 1 < column.nunique() <= MOST_VALUES}
    for name in groups.keys() - kept.keys():
        logger.info("group column %s: %d values, nothing to break down", name, groups[name].nunique())
    return pd.DataFrame(kept, index=pairs.index)


_NOT_GROUPS = {
    *PAIRS.schema.names,
    *("found", "cosine_distance", "threshold", "decision", "outcome", "p_same", "llr", "confidence", "paper_score"),
}


def _as_text(column: pd.Series) -> np.ndarray:
    """Write the values of a column as text, null as None; each distinct value is formatted once."""
    codes, values = pd.factorize(column)
    return np.array([*map(_text, values), None], object)[codes]


def _of_both(column: pd.Series, rows_a: np.ndarray, rows_b: np.ndarray) -> np.ndarray:
    """Join the texts of a pair's two images into one, in alphabetical order; None if one is null."""
    codes, values = pd.factorize(column, sort=True)
    texts = np.array([[f"{a} + {b}" for b in values] + [None] for a in values] + [[None] * (len(values) + 1)], object)
    low, high = np.sort([codes[rows_a], codes[rows_b]], axis=0)
    return texts[np.where(low < 0, -1, low), np.where(low < 0, -1, high)]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
