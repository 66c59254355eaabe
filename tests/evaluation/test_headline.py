"""The last lines of a run: figures as the metrics table has them, few lines, and words where there are no figures."""

import numpy as np
import pandas as pd
import pytest

from whyface.evaluation.headline import MOST_LINES, headlines, list_faults
from whyface.evaluation.metrics_table import COLUMNS
from whyface.lists.findings import FAULT, NOTE, Finding, to_frame
from whyface.tables.parquet import write_table
from whyface.tables.schemas import METRICS, PROTOCOL

NAN = np.nan
ROWS = [
    ("accuracy", "", "all", 0.98765, 0.97, 0.995, 300, 40),
    ("accuracy", "", "age=old", 0.5, NAN, NAN, 20, 9),
    ("eer", "", "all", 0.0123, NAN, NAN, 300, 40),
    ("cllr", "beta", "all", 0.0804, 0.04, 0.1, 300, 40),
    ("cllr", "kde", "all", 9.0, NAN, NAN, 300, 40),
]


def write(results, dataset, rows):
    path = results / f"tables/metrics/model=net/dataset={dataset}/metrics.parquet"
    write_table(pd.DataFrame(rows, columns=COLUMNS), path, METRICS)


def test_figures_are_those_of_all_pairs_and_of_the_chosen_method(tmp_path):
    write(tmp_path, "mine", ROWS)
    (line,) = headlines(tmp_path, [("net", "mine")], "beta")
    assert line == "net on mine: accuracy 98.8 % (97.0 to 99.5), EER 1.2 %, Cllr 0.080"


@pytest.mark.parametrize("rows", [[], [("accuracy", "", "all", NAN, NAN, NAN, 0, 0)]])
def test_without_labels_there_are_no_figures(tmp_path, rows):
    write(tmp_path, "mine", [*rows, ("fta_rate", "", "all", 0.0, NAN, NAN, 9, 9)])
    assert headlines(tmp_path, [("net", "mine")], "beta") == ["net on mine: no labelled pairs, so no figures"]


def test_many_datasets_end_in_a_count(tmp_path):
    for number in range(MOST_LINES + 3):
        write(tmp_path, f"d{number}", ROWS)
    lines = headlines(tmp_path, [("net", f"d{number}") for number in range(MOST_LINES + 3)], "beta")
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "and 3 more, all in the report"


def test_faults_of_lists_are_counted_and_lists_without_one_left_out(tmp_path):
    lists = {
        "mine": [Finding("pairs_listed_twice", 7, 9, FAULT), Finding("one_class_folds", 1, 2, FAULT)],
        "noted": [Finding("near_duplicates", 7, 9, NOTE), Finding("pairs", 9)],
        "other": [Finding("unreadable_images", 7, 9, FAULT), Finding("folds", 0, status=NOTE)],
    }
    for name, findings in lists.items():
        path = tmp_path / f"tables/protocol/dataset={name}/protocol.parquet"
        write_table(to_frame(findings), path, PROTOCOL)
    assert list_faults(tmp_path, lists) == ["mine: 2 faults in its pair list", "other: 1 fault in its pair list"]
    assert list_faults(tmp_path, ["noted"]) == []
