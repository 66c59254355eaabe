"""What is known about the images of a pair that may make their comparison hard."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.tables.schemas import IMAGES

# Column of `faces` (`norm`: of `embeddings`) -> the best value; infinite: the higher the better.
BEST = {
    "probability": np.inf,
    "eye_distance_px": np.inf,
    "yaw": 0.0,
    "pitch": 0.0,
    "roll_deg": 0.0,
    "sharpness": np.inf,
    "brightness": 0.5,
    "contrast": np.inf,
    "norm": np.inf,
}


def goodness(name: str, values: np.ndarray) -> np.ndarray:
    """Turn values of a quality so that higher is better: as they are, or less the further from the best one.

    A quality that is not in `BEST`, such as a column of the user's, is better the higher it is.
    """
    best = BEST.get(name, np.inf)
    return values if np.isinf(best) else -np.abs(values - best)


def image_qualities(faces: pd.DataFrame, embeddings: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Collect the qualities of images: those of `faces.quality.BEST`, and numbers from the user's `images.csv`.

    Parameters
    ----------
    faces, embeddings, images : pandas.DataFrame
        Tables of one collection.

    Returns
    -------
    pandas.DataFrame
        By image_id, the columns that differ between images; NaN where unknown. A column of the user's that is named as
        one of ours has " (images.csv)" behind its name.
    """
    found = faces.merge(embeddings[["image_id", "norm"]], on="image_id", how="left").set_index("image_id")[[*BEST]]
    own = images.set_index("image_id").drop(columns=IMAGES.schema.names, errors="ignore").select_dtypes("number")
    own = own.rename(columns={name: f"{name} (images.csv)" for name in own if name in BEST})
    both = found.astype(np.float64).join(own.astype(np.float64))
    return both.loc[:, both.nunique() > 1]


def pair_qualities(pairs: pd.DataFrame, qualities: pd.DataFrame) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Give each quality of pairs: its name, that of the worse image (higher is better), and how far the two differ.

    Parameters
    ----------
    pairs : pandas.DataFrame
        n rows, columns image_a, image_b.
    qualities : pandas.DataFrame
        From `image_qualities`.

    Yields
    ------
    tuple
        The name; n values as `goodness` turns them, the lower of the two images; n absolute differences of the values
        themselves. NaN where one is unknown.
    """
    rows = [qualities.index.get_indexer(pd.Index(pairs[f"image_{side}"])) for side in "ab"]
    for name, column in qualities.items():
        known = np.append(column.to_numpy(np.float64), np.nan)  # the last is for images without a row, -1
        values = [known[side] for side in rows]
        worse = np.minimum(*(goodness(str(name), side) for side in values))
        yield str(name), worse, np.abs(values[0] - values[1])
