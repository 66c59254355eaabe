"""Whether each group of a pair list has the same chance: pairs enough, and as many genuine ones as other groups."""

from collections.abc import Iterator

import pandas as pd

from whyface.evaluation.groups import collect_groups, is_range
from whyface.evaluation.intervals import RULE_OF_THREE
from whyface.lists.examination import SHARE_RANGE
from whyface.lists.findings import NOTE, OK, Finding
from whyface.lists.images_csv import JOIN
from whyface.lists.label_checks import labelled

LEAST_RATE = 0.1  # fewer than 3 / this pairs cannot tell even such an error rate from zero
LEAST = round(RULE_OF_THREE / LEAST_RATE)
GROUP_RATIO = 2.0  # of the largest group to the smallest


def group_balance(pairs: pd.DataFrame, images: pd.DataFrame) -> Iterator[Finding]:
    """Count the genuine and impostor pairs of each group, and compare the groups of each column.

    Parameters
    ----------
    pairs, images : pandas.DataFrame
        The tables.
    """
    groups, _ = collect_groups(pairs, images)
    known = pairs["is_genuine"].notna().to_numpy()
    genuine = pd.Series(labelled(pairs, True), groups.index)
    for column in groups:
        if known.any() and not is_range(groups[column]):
            yield from _column(str(column), groups.loc[known, column], genuine[known])


def _column(column: str, values: pd.Series, genuine: pd.Series) -> Iterator[Finding]:
    counts = genuine.groupby(values).agg(genuine="sum", pairs="size")
    counts["impostor"] = counts["pairs"] - counts["genuine"]
    for value, row in counts.iterrows():
        for label in ("genuine", "impostor"):
            n = int(row[label])
            no_such = label == "genuine" and not n and _is_mixed(str(value))
            status = NOTE if n < LEAST and not no_such else OK
            yield Finding(f"group_{label}", n, int(row["pairs"]), status, group=f"{column}={value}")
    yield from _compare(column, counts[[not _is_mixed(str(value)) for value in counts.index]])


def _is_mixed(value: str) -> bool:
    """Whether a value joins those of two images that differ: of such pairs none may be genuine, as of sexes."""
    one, joined, other = value.partition(JOIN)
    return bool(joined) and one != other


def _compare(column: str, counts: pd.DataFrame) -> Iterator[Finding]:
    """Compare the sizes of groups, and their shares of genuine pairs."""
    if len(counts) < 2:
        return
    ratio = float(counts["pairs"].max() / counts["pairs"].min())
    shares = counts["genuine"] / counts["pairs"]
    spread = float(shares.max() - shares.min())
    yield Finding("group_size_ratio", ratio, len(counts), NOTE if ratio > GROUP_RATIO else OK, group=column)
    yield Finding("group_genuine_range", spread, len(counts), NOTE if spread > SHARE_RANGE else OK, group=column)
