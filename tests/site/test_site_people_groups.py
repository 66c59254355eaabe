"""The report's section on groups of people says what its tables say, in words and not by shade alone."""

import shutil

import pandas as pd
import pytest

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.site import render_site
from whyface.site.words.numbers import percent

WHERE = "model=demo/collection=photos"
TARGET = 0.01  # the lowest at which groups have 100 false matches
AXE = {"resultTypes": ["violations"], "preload": False}


@pytest.fixture(scope="module")
def grouped(few, tmp_path_factory):
    """Return a run with groups of people, and its site."""
    folder = tmp_path_factory.mktemp("grouped")
    shutil.copytree(few, folder / "results")
    fabricate.groups_of_people(folder / "results")
    render_site(fabricate.config(), folder / "results", folder / "site", REPOSITORY / "site_templates")
    return folder


def read(grouped, name):
    return pd.read_parquet(grouped / f"results/tables/{name}/{WHERE}/{name}.parquet")


def section(grouped):
    text = " ".join(Page(grouped / "site/demo/photos/index.html").text.split())
    return text.split("does the model err more often on some?")[1].split("As files: group_rates.parquet")[0]


def test_rates_and_indices_are_those_of_the_tables(grouped):
    text, rates, indices = section(grouped), read(grouped, "group_rates"), read(grouped, "group_indices")
    shown = rates[(rates["fmr_target"] == TARGET) | rates["fmr_target"].isna()]
    assert len(shown) > 30 and "10⁻²" in text
    for row in shown[shown["rate"].isin(["fmr", "fnmr", "fta_rate"])].itertuples():
        assert percent(row.value, 3 if row.rate == "fmr" else 2) in text
    for row in indices[(indices["fmr_target"] == TARGET) & (indices["index"] != "wald")].itertuples():
        assert f"{row.value:.3g}" in text and f"{row.fair_median:.3g}" in text
    for name in ("group_rates", "group_indices"):
        assert (grouped / f"site/data/{name}/{WHERE}/{name}.parquet").is_file()


def test_verdicts_and_power_are_said_in_words(grouped):
    text = section(grouped)
    rows = read(grouped, "group_indices")
    verdicts = rows[(rows["index"] == "wald") & (rows["fmr_target"] == TARGET) & (rows["rate"] == "fmr")]
    by_column = verdicts.set_index("column")
    assert by_column["verdict"].to_dict() == {fabricate.HOSTILE_GROUP: "difference", "half": "within noise"}
    assert "Difference. The FMR within groups differs between groups by more than chance would explain" in text
    assert "Within noise. The differences of FMR within groups are no larger than those that chance makes" in text
    rates = read(grouped, "group_rates")
    within = rates[(rates["rate"] == "fmr") & (rates["fmr_target"] == TARGET) & rates["ci_low"].notna()]
    within = within[(within["group_a"] == within["group_b"]) & (within["column"] == fabricate.HOSTILE_GROUP)]
    for word, row in (("Highest", within["value"].idxmax()), ("Lowest", within["value"].idxmin())):
        assert f"{word}: {within.loc[row, 'group_a']}, {percent(within.loc[row, 'value'], 3)}." in text
    factor = by_column.loc["half", "power_factor"]
    assert f"Had any one group’s FMR been {factor:.2g} times as high" in text
    assert "too few people" in text and "few: " in text
    assert "Columns that do not divide people: pose (it varies from photo to photo of one person)" in text
    assert "for all 2 columns together" in text


def test_hostile_groups_are_text(grouped):
    html = (grouped / "site/demo/photos/index.html").read_text(encoding="utf-8")
    assert "<img src=x" not in html and "&lt;img src=x onerror=alert(2)&gt;" in html


def test_without_columns_of_people_there_is_no_section(built, grouped):
    for path in (built / "demo/photos/index.html", grouped / "site/mobile/photos/index.html"):
        assert "Groups of people" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "viewport"), [("light", browsing.PHONE), ("dark", browsing.DESK)])
def test_the_section_fits_and_axe_finds_no_violation(grouped, browser, scheme, viewport):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser, viewport=viewport, color_scheme=scheme) as tab:
        tab.goto((grouped / "site/demo/photos/index.html").as_uri())
        tab.wait_for_load_state("networkidle")
        tab.locator("#people-groups summary").first.click()
        found = axe.run(tab, options=AXE).response["violations"]
        assert [node["html"] for violation in found for node in violation["nodes"]] == []
        assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
