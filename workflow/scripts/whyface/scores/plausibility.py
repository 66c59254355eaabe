"""Whether distances look like those of a sound model: in words, for the log and the report."""

import pandas as pd

NARROW = 0.01  # a distance; sound models spread their distances over tenths


def implausible(pairs: pd.DataFrame) -> list[str]:
    """Say what is odd about a model's distances on a dataset.

    Nothing is rescaled to make up for it: the figures show the model as it was set up.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns is_genuine, cosine_distance.

    Returns
    -------
    list of str
        Sentences; none where nothing is odd.
    """
    distances = pairs["cosine_distance"].dropna().astype(float)
    means = distances.groupby(pairs["is_genuine"].astype("boolean")).mean()
    said = []
    if len(distances) > 1 and distances.max() - distances.min() <= NARROW:
        low, high = f"{distances.min():.4g}", f"{distances.max():.4g}"
        where = f"are {low}" if low == high else f"lie between {low} and {high}, within {NARROW} of one another"
        said.append(
            f"All {len(distances):,} distances {where}: "
            "are pixel_mean and pixel_std those that the model was trained with, and do the weights fit this network?"
        )
    if len(means) == 2 and means[True] >= means[False]:
        said.append(
            f"Genuine pairs lie no closer than impostor pairs (mean distances {means[True]:.4g} and "
            f"{means[False]:.4g}): the model does not tell these people apart."
        )
    return said
