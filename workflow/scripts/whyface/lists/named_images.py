"""Which images of a collection a run needs: those that its pairs name."""

from collections.abc import Sequence

import pandas as pd


def named_images(images: pd.DataFrame, pair_lists: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Keep the images that pairs name, in the order of the table, with rows numbered from 0.

    Parameters
    ----------
    images : pandas.DataFrame
        A collection's images table.
    pair_lists : sequence of pandas.DataFrame
        Pairs tables of the collection's datasets.

    Raises
    ------
    ValueError
        No pair names an image of the collection.
    """
    names = {image_id for pairs in pair_lists for side in ("image_a", "image_b") for image_id in pairs[side]}
    named = images[images["image_id"].isin(names)]
    if named.empty:
        raise ValueError("no pair names an image of the collection; name one of its datasets in run.datasets")
    return named.reset_index(drop=True)
