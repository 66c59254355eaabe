"""Logs are written even if a rule fails, and long work reports progress."""

import logging
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
