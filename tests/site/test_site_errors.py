"""The report's section on errors says what its tables say, with hostile values as text."""

import shutil

import fabricate
from html_pages import Page
from whyface.site import render_site

REPORT = "demo/photos/index.html"


def words(built, page=REPORT):
    return " ".join(Page(built / page).text.split()).split("Worst slices", 1)[1].split("suspects.parquet")[0]


def test_a_worst_slice_is_told_and_one_that_is_no_worse_is_not(built):
    text = words(built)
    assert f"genuine pairs, pose: {fabricate.HOSTILE_GROUP} and sharpness, worse image: worst third" in text
    for word in ("5 of 31", "16.1 %", "2.0 %", "4.4", "0.012", "2 slices were looked at"):
        assert word in text
    assert "30, old" not in text


def test_a_suspect_says_why(built):
    text = words(built)
    assert "2 labels suspected" in text and "2 of 2 models" in text
    assert "10^4.0 to 1 at least" in text and "A 0.20, B 0.90" in text and "no other photos" in text
    assert "61 % to 94 %" in text  # 10^3.2 x .001 / .999 = 1.586; 10^3.2 x .01 / .99 = 16.0


def test_without_the_tables_there_is_no_section_and_without_findings_a_sentence(results, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(results, folder)
    for name in ("slices", "clusters", "suspects"):
        shutil.rmtree(folder / "tables" / name)
    render_site(fabricate.config(), folder, tmp_path / "site")
    assert 'id="errors"' not in (tmp_path / "site" / REPORT).read_text(encoding="utf-8")
