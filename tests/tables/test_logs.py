"""Logs are written even if a rule fails, and long work reports progress."""

import logging
import os
import subprocess
import sys

from conftest import REPOSITORY
from whyface.tables import logs


def test_an_uncaught_error_is_in_the_log(tmp_path):
    path = tmp_path / "logs" / "rule.log"
    code = f"from whyface.tables import logs; logs.setup({str(path)!r}); raise ValueError('file.csv:3: no such image')"
    run = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY / "workflow/scripts", capture_output=True)
    assert run.returncode != 0
    assert "ERROR file.csv:3: no such image" in path.read_text() and "Traceback" in path.read_text()


def test_warnings_from_libraries_are_in_the_log(tmp_path):
    path = tmp_path / "rule.log"
    code = f"from whyface.tables import logs; import warnings; logs.setup({str(path)!r}); warnings.warn('mind the gap')"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY / "workflow/scripts", check=True, capture_output=True)
    assert "mind the gap" in path.read_text()


def test_progress_counts_up_to_the_total(caplog):
    with caplog.at_level(logging.INFO, logger="whyface"):
        assert list(logs.progress("abc", 3, "letters", seconds=0)) == ["a", "b", "c"]
    assert [record.message.split(",")[0] for record in caplog.records] == [f"{i}/3 letters" for i in (1, 2, 3)]


def test_progress_is_logged_no_more_often_than_asked(caplog):
    with caplog.at_level(logging.INFO, logger="whyface"):
        list(logs.progress(range(1000), 1000, "steps", seconds=60))
    assert len(caplog.records) == 1


def test_progress_without_a_total_counts(caplog):
    with caplog.at_level(logging.INFO, logger="whyface"):
        list(logs.progress("ab", None, "letters", seconds=0))
    assert [record.message.split(",")[0] for record in caplog.records] == ["1 letters", "2 letters"]


def test_equal_values_are_counted_the_most_frequent_first():
    assert logs.tally(["b", "a", "a"]) == "2 a, 1 b"
    assert logs.tally([]) == "none"


def write_log(folder, name, age, *lines):
    path = folder / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, "Traceback (most recent call last):", "ValueError: x"]), encoding="utf-8")
    os.utime(path, (1000 - age, 1000 - age))


def test_the_last_error_of_each_log_of_this_run_is_found_the_latest_first(tmp_path):
    write_log(tmp_path, "list_pairs/a.b", 5, "12:00:00 ERROR a retry", "12:00:01 ERROR list.csv:3: no", "two: ERROR x")
    write_log(tmp_path, "align_faces/photos/box", 1, "12:00:02 WARNING an ERROR or not", "12:00:03 ERROR no face")
    write_log(tmp_path, "list_images/photos", 2, "12:00:00 INFO images: 3")
    write_log(tmp_path, "old/run", 11, "12:00:00 ERROR long mended")
    assert logs.last_errors(tmp_path, 990) == ["align_faces/photos/box: no face", "list_pairs/a.b: list.csv:3: no"]
    assert logs.last_errors(tmp_path, 990, most=1) == ["align_faces/photos/box: no face"]
    assert logs.last_errors(tmp_path / "none", 0) == []
