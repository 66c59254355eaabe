"""The report's section on errors says what its tables say, with hostile values as text."""

import shutil
from types import SimpleNamespace

import pandas as pd
import pytest

import fabricate
from html_pages import Page
from whyface.site import render_site
from whyface.site.content.pair_rows import PairRows
from whyface.site.views import errors
from whyface.site.views.shown import Shown

REPORT = "demo/photos/index.html"


def words(built, page=REPORT):
    return " ".join(Page(built / page).text.split()).split("Worst slices", 1)[1].split("suspects.parquet")[0]


def test_a_worst_slice_is_told_and_one_that_is_no_worse_is_not(built):
    text = words(built)
    assert f"Genuine pairs, pose: {fabricate.HOSTILE_GROUP} and sharpness of the worse image: worst third" in text
    for word in ("5 of 31", "16.1 %", "2.0 %", "4.4", "0.012", "2 slices were looked at"):
        assert word in text
    assert "30, old" not in text


def test_a_suspect_says_why(built):
    text = words(built)
    assert "2 labels suspected" in text and "2 of 2 models" in text
    assert (
        "10,000 to 1 at least" in text
        and "130 to 1 at least" in text
        and "A 0.20, B 0.90" in text
        and "no other photos" in text
    )
    assert "61 % to 94 %" in text  # 10^3.2 x .001 / .999 = 1.586; 10^3.2 x .01 / .99 = 16.0


def test_without_the_tables_there_is_no_section_and_without_findings_a_sentence(few, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(few, folder)
    for name in ("slices", "clusters", "suspects"):
        shutil.rmtree(folder / "tables" / name)
    render_site(fabricate.config(), folder, tmp_path / "site")
    assert 'id="errors"' not in (tmp_path / "site" / REPORT).read_text(encoding="utf-8")


def suspect(pair_id, image="", subjects=("ann", "ben")):
    return {"pair_id": pair_id, "wrong_image": image, "subject_a": subjects[0], "subject_b": subjects[1]}


def test_suspects_that_share_an_image_or_two_people_are_one_entry(monkeypatch):
    rows = [suspect("1"), suspect("2", "x"), suspect("3", subjects=("ben", "ann")), suspect("4", "x")]
    rows += [suspect("5", subjects=("cy", "cy")), suspect("6", subjects=("", ""))]
    one = SimpleNamespace(evaluation=SimpleNamespace(suspects=rows), rows=PairRows(pd.DataFrame(rows)))
    monkeypatch.setattr(errors, "_suspect", lambda one, row: row["pair_id"])
    found = [(entry["image"], entry["people"], entry["pairs"]) for entry in errors._grouped(one)]
    assert found == [("", ["ann", "ben"], ["1", "3"]), ("x", [], ["2", "4"]), ("", [], ["5"]), ("", [], ["6"])]


@pytest.mark.parametrize(
    ("condition", "query"),
    [("a=b=c d", "&group.a%3Db=c+d"), ("a=z", "&group.a=z"), ("a=worst third", ""), ("sharpness, worse image=z", "")],
)
def test_a_slice_links_to_the_explorer_only_where_that_knows_the_group(condition, query):
    groups = pd.DataFrame({"a": ["z", "y"], "a=b": ["c d", None]})
    one = SimpleNamespace(evaluation=SimpleNamespace(groups=groups))
    one.group_query = lambda column, value: Shown.group_query(one, column, value)
    assert errors._query(one, condition) == query


def test_where_no_slice_is_worse_what_could_have_been_found_is_said():
    rows = [
        {"class": "genuine", "n": 64, "rest": 0.02, "p_value": 0.5, "findable": 0.141},
        {"class": "impostor", "n": 70, "rest": 0.0, "p_value": 0.0, "findable": None},
    ]
    assert [*map(len, (errors._tested(rows, kind) for kind in errors.KINDS))] == [1, 1]
    assert errors._findable(rows, "genuine") == "64 genuine pairs with an error rate of 14.1 % instead of 2.0 %"
    assert errors._findable(rows, "impostor") == "impostor pairs at no error rate"
