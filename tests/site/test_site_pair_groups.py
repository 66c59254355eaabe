"""The report's breakdown by groups says in words whether they differ by more than chance, as its tables say."""

import shutil

import pandas as pd
import pytest

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.site import render_site
from whyface.site.words.numbers import percent

WHERE = "model=demo/dataset=photos"
TARGET = 0.1  # the only one at which pairs within groups have 100 false matches
AXE = {"resultTypes": ["violations"], "preload": False}


@pytest.fixture(scope="module")
def grouped(few, tmp_path_factory):
    """Return a run with groups of pairs, and its site."""
    folder = tmp_path_factory.mktemp("grouped")
    shutil.copytree(few, folder / "results")
    fabricate.groups_of_pairs(folder / "results")
    render_site(fabricate.config(), folder / "results", folder / "site", REPOSITORY / "site_templates")
    return folder


def read(grouped, name):
    return pd.read_parquet(grouped / f"results/tables/{name}/{WHERE}/{name}.parquet")


def section(grouped):
    text = " ".join(Page(grouped / "site/demo/photos/index.html").text.split())
    return text.split("the same metrics for different kinds of pairs")[1].split("As files: pair_group_rates.parquet")[0]


def test_indices_and_mixed_cells_are_those_of_the_tables(grouped):
    text, rates, indices = section(grouped), read(grouped, "pair_group_rates"), read(grouped, "pair_group_indices")
    cells = rates[(rates["column"] == "pose") & (rates["rate"] == "fmr") & (rates["fmr_target"] == TARGET)]
    assert len(cells) == 3 and "FMR within and between groups" in text
    for value in cells["value"]:
        assert percent(value, 3) in text
    shown = indices[(indices["fmr_target"] == TARGET) & (indices["index"] != "wald")]
    assert len(shown) == 18
    for row in shown.itertuples():
        assert f"{row.value:.3g}" in text and f"{row.fair_median:.3g}" in text
    for name in ("pair_group_rates", "pair_group_indices"):
        assert (grouped / f"site/data/{name}/{WHERE}/{name}.parquet").is_file()


def test_verdicts_power_and_kind_of_column_are_said_in_words(grouped):
    text, rows = section(grouped), read(grouped, "pair_group_indices")
    own = rows[(rows["index"] == "wald") & (rows["fmr_target"] == TARGET)].set_index(["column", "rate"])
    assert own["verdict"].to_dict() == {
        ("age", "fmr"): "within noise",
        ("age", "fnmr"): "within noise",
        ("pose", "fmr"): "difference",
        ("pose", "fnmr"): "within noise",
    }
    assert "all 2 columns together" in text and "At a threshold for an FMR of 10⁻¹ over all impostor pairs" in text
    by_age = next(part for part in text.split("By ") if part.startswith("age At a threshold"))
    assert "Some people are in pairs of several groups" in by_age
    assert "Within noise. The differences of FMR are no larger than those that chance makes" in by_age
    assert f"Had any one group’s FMR been {own.loc[('age', 'fmr'), 'power_factor']:.2g} times as high" in by_age
    assert "Difference. The FMR within groups differs between groups by more than chance would explain" in text
    assert f"Highest: {fabricate.HOSTILE_GROUP}, " in text


def test_hostile_groups_are_text(grouped):
    html = (grouped / "site/demo/photos/index.html").read_text(encoding="utf-8")
    assert "<img src=x" not in html and "&lt;img src=x onerror=alert(2)&gt;" in html


def test_without_rows_the_section_is_as_it_was(results, grouped):
    empty = grouped / "site/mobile/synth/index.html"
    assert "fair system" not in empty.read_text(encoding="utf-8").split('id="groups"')[1].split("</section>")[0]


@pytest.mark.parametrize(("scheme", "viewport"), [("light", browsing.PHONE), ("dark", browsing.DESK)])
def test_the_section_fits_and_axe_finds_no_violation(grouped, browser, scheme, viewport):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser, viewport=viewport, color_scheme=scheme) as tab:
        tab.goto((grouped / "site/demo/photos/index.html").as_uri())
        tab.wait_for_load_state("networkidle")
        tab.locator("#groups details:not([open]) summary").first.click()
        found = axe.run(tab, options=AXE).response["violations"]
        assert [node["html"] for violation in found for node in violation["nodes"]] == []
        assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
