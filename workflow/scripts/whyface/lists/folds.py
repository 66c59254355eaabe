"""Checks that pairs can be judged by folds: each is judged by thresholds that are fitted on others, of both classes."""

import pandas as pd


def check_classes(pairs: pd.DataFrame, count_from_0: bool) -> None:
    """Check that each fold with labelled pairs has both classes.

    Parameters
    ----------
    pairs : pandas.DataFrame
        where (file:line), is_genuine, fold.
    count_from_0 : bool
        Whether the project numbers the folds, rather than the list, which the message then says.

    Raises
    ------
    ValueError
        Names file, line and fold.
    """
    for fold, group in pairs.dropna(subset=["fold", "is_genuine"]).groupby("fold"):
        if group["is_genuine"].nunique() == 1:
            label = "genuine" if group["is_genuine"].iloc[0] else "impostor"
            name = f"fold {fold}{' (folds count from 0)' if count_from_0 else ''}"
            raise ValueError(f"{group['where'].iloc[0]}: {name} holds {label} pairs only, wanted both")


def check_two_folds(pairs: pd.DataFrame, dataset: str, takes_column: bool) -> None:
    """Check that labelled pairs are in two folds or more: without a reference, there is nothing else to fit on.

    Parameters
    ----------
    pairs : pandas.DataFrame
        where (file:line), is_genuine, fold.
    dataset : str
        Name of the dataset, for the message.
    takes_column : bool
        Whether a column `fold` can be added to the list.

    Raises
    ------
    ValueError
        Names the file, what was found and what to do.
    """
    labelled = pairs[pairs["is_genuine"].notna()]
    folds = labelled["fold"].dropna()
    if folds.nunique() >= 2:
        return
    columns = "a column fold" if len(labelled) else "columns is_genuine and fold"
    remedy = f"Add {columns} (any whole numbers; best no person in two)" if takes_column else "Take a list with folds"
    raise ValueError(
        f"{pairs['where'].iloc[0].rpartition(':')[0]}: {_describe(len(pairs), len(labelled), folds)}; thresholds and "
        f"confidence need at least two folds, each with genuine and impostor pairs. {remedy}, or name a dataset to "
        f"borrow from: datasets.{dataset}.reference"
    )


def _describe(pairs: int, labelled: int, folds: pd.Series) -> str:
    """Say what is there, for example "its 96 labelled pairs are in 1 fold"."""
    if not labelled:
        return f"none of its {pairs} pairs is labelled"
    if folds.empty:
        return f"its {labelled} labelled pairs are in no fold"
    some = "its" if len(folds) == labelled else f"{len(folds)} of its"
    return f"{some} {labelled} labelled pairs are in 1 fold{'' if some == 'its' else ', the others in none'}"
