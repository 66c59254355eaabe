"""A run in a few lines: for each model and dataset, the figures that say how good the model is and how sure to be."""

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from whyface.evaluation.pair_metrics import ALL
from whyface.lists.findings import FAULT
from whyface.tables.parquet import read_table
from whyface.tables.schemas import METRICS, PROTOCOL

MOST_LINES = 8


def headlines(results: Path, evaluations: Iterable[tuple[str, str]], method: str) -> list[str]:
    """Give each evaluation's accuracy with its 95 % interval, EER and Cllr, in a line.

    Parameters
    ----------
    results : Path
        Folder of the run's results.
    evaluations : iterable of (str, str)
        Names of model and dataset.
    method : str
        The confidence method behind p_same.

    Returns
    -------
    list of str
        At most `MOST_LINES`, and how many there would be more.
    """
    pairs = list(evaluations)
    lines = [_headline(results, model, dataset, method) for model, dataset in pairs[:MOST_LINES]]
    more = len(pairs) - len(lines)
    return [*lines, f"and {more} more, all in the report"] if more > 0 else lines


def list_faults(results: Path, datasets: Iterable[str]) -> list[str]:
    """Count the faults of each dataset's pair list, in a line; lists without one are left out.

    Parameters
    ----------
    results : Path
        Folder of the run's results, with the table protocol of each dataset.
    datasets : iterable of str
        Their names.
    """
    lines = []
    for name in datasets:
        rows = read_table(results / f"tables/protocol/dataset={name}/protocol.parquet", PROTOCOL)
        faults = int(rows["status"].eq(FAULT).sum())
        lines += [f"{name}: {faults} fault{'s' if faults > 1 else ''} in its pair list"] if faults else []
    return lines


def _headline(results: Path, model: str, dataset: str, method: str) -> str:
    rows = read_table(results / f"tables/metrics/model={model}/dataset={dataset}/metrics.parquet", METRICS)
    chosen = rows[(rows["group"] == ALL) & rows["method"].isin(["", method])].set_index("metric")
    accuracy, eer, cllr = (chosen.reindex([name]).iloc[0] for name in ("accuracy", "eer", "cllr"))
    if math.isnan(accuracy["value"]):
        return f"{model} on {dataset}: no labelled pairs, so no figures"
    return f"{model} on {dataset}: accuracy {_share(accuracy)}, EER {_share(eer)}, Cllr {cllr['value']:.3f}"


def _share(row: pd.Series) -> str:
    interval = "" if math.isnan(row["ci_low"]) else f" ({100 * row['ci_low']:.1f} to {100 * row['ci_high']:.1f})"
    return f"{100 * row['value']:.1f} %{interval}"
